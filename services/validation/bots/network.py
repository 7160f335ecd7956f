"""What the consumer's address says: a home or a telephone, or a machine room."""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from typing import NamedTuple

from services.validation.bots.sign import Sign
from services.validation.lead import Consent
from services.validation.lists.holders import DataCentres
from services.validation.verdict import Finding, Notes
from shared.catalog.words import NetworkKind

_ADDRESS = "bots.address"
_FIELD = "consent.ip"
_EXPECTED = "a home, an office or a telephone"
_FOUR_WITH_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?", re.ASCII)

#: Operators of machine rooms through which people do come: private relays, office lines, VPN exits, staff.
_CARRY_PEOPLE = frozenset(
    {"Google", "Meta", "Applebot", "Cogent", "DataCamp", "Leaseweb", "CDN77", "GTHost", "Melbicom", "Rackspace"}
)
_POINTS: dict[NetworkKind, int] = {"data_centre": 30, "crawler": 40, "tor": 40}
_WORDS: dict[NetworkKind, str] = {
    "data_centre": "a machine of {operator}",
    "crawler": "a crawler of {operator}",
    "tor": "an exit of the Tor network",
}


#: First and last addresses of the IPv4 blocks in which nobody is at home (IANA's special-purpose registry).
_SPECIAL = (
    (0x00000000, 0x00FFFFFF), (0x0A000000, 0x0AFFFFFF), (0x64400000, 0x647FFFFF), (0x7F000000, 0x7FFFFFFF),
    (0xA9FE0000, 0xA9FEFFFF), (0xAC100000, 0xAC1FFFFF), (0xC0000000, 0xC00002FF), (0xC0A80000, 0xC0A8FFFF),
    (0xC6120000, 0xC613FFFF), (0xC6336400, 0xC63364FF), (0xCB007100, 0xCB0071FF), (0xE0000000, 0xFFFFFFFF),
)  # fmt: skip
_SPECIAL_BEGINNINGS = frozenset(octet for first, last in _SPECIAL for octet in range(first >> 24, (last >> 24) + 1))


class Network(NamedTuple):
    """Where an address that is no home belongs."""

    kind: NetworkKind
    #: Such as `a machine of Hetzner`.
    told: str


def plain_address(text: str) -> str:
    """The address in what proxies write: the first of a list, without its port."""
    address = text.partition(",")[0].strip()
    found = _FOUR_WITH_PORT.fullmatch(address)
    if found is not None:
        return found[1]
    return address[1:].partition("]")[0] if address.startswith("[") else address


@lru_cache(maxsize=8192)
def consumer_network(text: str) -> bytes:
    """The network of a consumer's address: an IPv4 address, or the /64 of an IPv6 one.

    Empty for what is no address, and for one that is nobody's: private, reserved, or from a book's examples.
    """
    address = plain_address(text)
    try:
        if ":" not in address:
            packed = socket.inet_pton(socket.AF_INET, address)
            if packed[0] in _SPECIAL_BEGINNINGS:
                number = int.from_bytes(packed)
                return b"" if any(first <= number <= last for first, last in _SPECIAL) else packed
            return packed
        packed = socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return b""
    if packed.startswith(b"\0" * 10 + b"\xff\xff"):
        return consumer_network(socket.inet_ntoa(packed[12:]))
    # 2000::/3 is what is given out, 2001:db8::/32 what books use (RFC 3849).
    return packed[:8] if packed[0] >> 5 == 1 and packed[:4] != b"\x20\x01\x0d\xb8" else b""


def network_of(text: str, centres: DataCentres) -> Network | None:
    """Where an address belongs; None: perhaps to a person, or it is no address.

    Content networks and VPN exits are people's as well: private relays, browsers that save data, and companies that
    send their offices' traffic through one place.
    """
    # Some operators publish ranges that are anybody's, such as those of a book's examples.
    packed = consumer_network(text)
    machine = centres.holder(4 if len(packed) == 4 else 6, int.from_bytes(packed)) if packed else None
    if machine is None or machine.operator in _CARRY_PEOPLE:
        return None
    kind: NetworkKind
    if machine.kind == "tor":
        kind = "tor"
    elif machine.kind == "bot":
        kind = "crawler"
    elif machine.kind == "hosting":
        kind = "data_centre"
    else:
        return None
    return Network(kind, _WORDS[kind].format(operator=machine.operator))


def read_network(consent: Consent, centres: DataCentres, notes: Notes) -> Network | None:
    """Looks the consumer's address up. An address that was not told, or that cannot be read, says nothing."""
    if not consent.ip:
        return None
    network = network_of(consent.ip, centres)
    notes.passed(_ADDRESS, _FIELD, _EXPECTED if network is None else network.told, _EXPECTED)
    return network


def network_signs(network: Network | None) -> tuple[Sign, ...]:
    """What an address brings to the score."""
    return () if network is None else (Sign(network.kind, _POINTS[network.kind], network.told),)


def judge_network(network: Network | None, refused: tuple[NetworkKind, ...], notes: Notes) -> None:
    """Holds the address against the networks from which an order buys nothing."""
    if network is None or network.kind not in refused:
        return
    message = f"Expected the address of a consumer: {_EXPECTED}; this one is {network.told}."
    notes.failed(_ADDRESS, Finding("ip_risk", _FIELD, message), network.told, _EXPECTED)
