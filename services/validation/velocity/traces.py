"""What is remembered of a lead: keyed digests of its details, from which nobody can read them. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from services.validation.bots.network import consumer_network
from services.validation.lead import Lead
from services.validation.source import host_of
from shared.catalog.terms import STANDARD_FIELDS

#: Kinds of details: people with it within a day; within an hour and a day; the source's last people.
DAY, HOUR_AND_DAY, LAST = b"d", b"h", b"l"
#: Bytes of a digest that names a detail, and of one that names a person among its people.
_DETAIL_BYTES, _PERSON_BYTES = 10, 6
#: Fewest answers that two people hardly give alike.
_ENOUGH_ANSWERS = 4
_FEWEST_PHONE_DIGITS = 7
_NOTHING, _NO_SECONDS = bytes(_PERSON_BYTES), bytes(8)


class Trace(NamedTuple):
    """One detail of a lead, and the person who came with it."""

    #: DAY, HOUR_AND_DAY or LAST.
    kind: bytes
    #: Which of the sightings it counts: `phone`, `email`, `device`, `ip` or `source`.
    detail: str
    #: Unix seconds to which its windows reach back from.
    at: int
    #: Digest of the detail.
    key: bytes
    #: Digest of the person.
    person: bytes


class Tracer:
    """Takes a lead's traces under one install's key, as one buyer sees them."""

    def __init__(self, secret: str) -> None:
        """`secret`: the same on every replica."""
        self._key = blake2b(secret.encode(), person=b"velocity").digest()

    def traces(self, lead: Lead) -> Iterator[Trace]:
        """The traces of a lead. The same lead gives the same ones however often it comes."""
        fields = lead.fields
        phone, email, name = _phone(fields.get("phone", "")), _email(fields.get("email", "")), _name(fields)
        person = self._digest(_PERSON_BYTES, "person", phone or email or name)
        at = int(lead.received_at)
        if phone:
            key = self._digest(_DETAIL_BYTES, "phone", phone)
            yield Trace(DAY, "phone", at, key, self._digest(_PERSON_BYTES, name, email))
        if email:
            key = self._digest(_DETAIL_BYTES, "email", email)
            yield Trace(DAY, "email", at, key, self._digest(_PERSON_BYTES, name, phone))
        if lead.signals.device_id:
            key = self._digest(_DETAIL_BYTES, "device", f"{lead.seller}|{lead.signals.device_id}")
            yield Trace(DAY, "device", at, key, person)
        network = consumer_network(lead.consent.ip) if lead.consent.ip else b""
        if network:
            yield Trace(HOUR_AND_DAY, "ip", at, self._digest(_DETAIL_BYTES, "ip", network.hex()), person)
        key = self._digest(_DETAIL_BYTES, "source", f"{lead.seller}|{host_of(lead.source)}")
        yield Trace(LAST, "source", int(lead.submitted_at or at), key, person + _seconds(lead) + self._answers(lead))

    def _answers(self, lead: Lead) -> bytes:
        """A digest of what was answered to the product's questions; nothing where that is too little to compare."""
        answers = [f"{name}={value}" for name, value in lead.fields.items() if name not in STANDARD_FIELDS and value]
        if len(answers) < _ENOUGH_ANSWERS:
            return _NOTHING
        answers.sort()
        return self._digest(_PERSON_BYTES, "answers", "\n".join(answers))

    def _digest(self, size: int, kind: str, text: str) -> bytes:
        return blake2b(f"{kind}|{text}".encode("utf-8", "replace"), key=self._key, digest_size=size).digest()


def _phone(text: str) -> str:
    digits = "".join(filter(str.isdigit, text))
    if len(digits) == 11 and digits[0] == "1":
        return digits[1:]
    return digits if len(digits) >= _FEWEST_PHONE_DIGITS else ""


def _email(text: str) -> str:
    return text.strip().lower() if "@" in text else ""


def _name(fields: Mapping[str, str]) -> str:
    first, last = fields.get("first_name", ""), fields.get("last_name", "")
    return "".join((f"{first}{last}" or fields.get("full_name", "")).split()).casefold()


def _seconds(lead: Lead) -> bytes:
    seconds = lead.signals.seconds_on_form
    return _NO_SECONDS if seconds is None else struct.pack("<d", seconds)
