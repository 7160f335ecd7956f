"""IP addresses: RFC 791 and RFC 4291 texts, canonical by RFC 5952, and where they belong."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.plain import NOTHING, Read, ascii_like, plain_reader, wrong

_RULE = "ip.readable"
_EXPECTED = "Expected an IP address such as 203.0.114.7 or 2600:1700::1."
_EXPECTED_ONE = "Expected one IP address: the consumer's, not the list of those that passed the request on."
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", re.ASCII)
_BRACKETS = re.compile(r"\[([0-9a-f:.]+)\](?::\d{1,5})?", re.ASCII | re.IGNORECASE)
_NETWORK = re.compile(r"([0-9a-f:.]+)/\d{1,3}", re.ASCII | re.IGNORECASE)
_PADDED = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)

#: IANA's special-purpose registries (RFC 6890 and its updates), the narrower before the wider.
_SCOPES_4 = tuple(
    (IPv4Network(network), scope)
    for network, scope in {
        "10.0.0.0/8": "private", "172.16.0.0/12": "private", "192.168.0.0/16": "private",
        "100.64.0.0/10": "carrier", "127.0.0.0/8": "loopback", "169.254.0.0/16": "link-local",
        "192.0.2.0/24": "documentation", "198.51.100.0/24": "documentation", "203.0.113.0/24": "documentation",
        "198.18.0.0/15": "reserved", "192.0.0.0/24": "reserved", "192.88.99.0/24": "reserved", "0.0.0.0/8": "reserved",
        "224.0.0.0/4": "multicast", "240.0.0.0/4": "reserved",
    }.items()
)  # fmt: skip
_SCOPES_6 = tuple(
    (IPv6Network(network), scope)
    for network, scope in {
        "::1/128": "loopback", "fc00::/7": "private", "fe80::/10": "link-local", "ff00::/8": "multicast",
        "2001:db8::/32": "documentation", "3fff::/20": "documentation", "100::/64": "reserved", "::/8": "reserved",
    }.items()
)  # fmt: skip
#: Addresses outside of it have not been given to anybody (RFC 4291, 2.4).
_GLOBAL_6 = ip_network("2000::/3")
#: First bytes of the IPv4 networks above: the others need no search.
_SPECIAL_FIRST = frozenset(
    first
    for network, _ in _SCOPES_4
    for first in range(network.network_address.packed[0], network.broadcast_address.packed[0] + 1)
)


def read_ip(text: str) -> Read:
    """One address. A port and brackets are taken off, and an IPv4 address in IPv6's clothes is shown as it is.

    A private, loopback or documentation address is well written; its `scope` says that it is no consumer's.
    The unspecified address (0.0.0.0, ::) stands for none.
    """
    text = ascii_like(text).strip(" '\".")
    if text.casefold() == "unknown":
        # What proxies write in the place of an address that they hide (RFC 7239, 6.2).
        return NOTHING
    if "," in text or " " in text:
        return _of_several(text)
    if match := _PORT.fullmatch(text) or _BRACKETS.fullmatch(text):
        text = match[1]
    address = _address(text)
    if address is None:
        return wrong(_EXPECTED, _likely(text))
    if not int(address):
        return NOTHING
    scope = scope_of(address)
    return Read(str(address), {"version": str(address.version), "scope": scope}, observed=f"{scope} address")


def ip_reader(field: str) -> Reader:
    """A reader of IP addresses."""
    return plain_reader(field, _RULE, "an IP address", read_ip, personal=True)


def scope_of(address: IPv4Address | IPv6Address) -> str:
    """`public`, or why nobody can be reached there: `private`, `carrier` (RFC 6598), `loopback`, `link-local`…"""
    if isinstance(address, IPv4Address):
        if address.packed[0] not in _SPECIAL_FIRST:
            return "public"
        return next((scope for network, scope in _SCOPES_4 if address in network), "public")
    special = next((scope for network, scope in _SCOPES_6 if address in network), None)
    return special or ("public" if address in _GLOBAL_6 else "reserved")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            # A zone means something on the one machine only.
            return None
        return address.ipv4_mapped or address
    return address


def _of_several(text: str) -> Read:
    """X-Forwarded-For, as many forms pass it on. Anybody can write its beginning, so none of it is believed."""
    found = [_address(part.strip()) for part in re.split(r"[, ]+", text) if part]
    public = [address for address in found if address is not None and scope_of(address) == "public"]
    known = len(found) > 1 and None not in found
    return wrong(_EXPECTED_ONE if known else _EXPECTED, str(public[0]) if public else "")


def _likely(text: str) -> str:
    if network := _NETWORK.fullmatch(text):
        text = network[1]
    elif "%" in text:
        text = text.partition("%")[0]
    elif _PADDED.fullmatch(text):
        # A leading zero is octal to some readers and padding to others (RFC 6943, 3.1.1).
        text = ".".join(str(int(part)) for part in text.split("."))
    found = _address(text)
    return "" if found is None else str(found)
