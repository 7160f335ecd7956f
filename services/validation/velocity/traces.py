"""What is remembered of a lead: keyed digests of its details, from which nobody can read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from struct import pack

from services.validation.bots.network import consumer_network
from services.validation.lead import Lead
from services.validation.source import host_of
from shared.catalog.terms import STANDARD_FIELDS

#: Bytes of a digest that names a detail, and of one that tells its people apart.
KEY_BYTES, PERSON_BYTES = 10, 6
#: A lead's record: two times (4 bytes each), four details with their person, the source with person, time on the form
#: and answers. What is absent is zeros.
RECORD_BYTES = 8 + 4 * (KEY_BYTES + PERSON_BYTES) + KEY_BYTES + PERSON_BYTES + 8 + PERSON_BYTES

#: Fewest answers that two people hardly give alike.
_ENOUGH_ANSWERS = 4
_FEWEST_PHONE_DIGITS = 7
_NO_PERSON, _NO_SECONDS = bytes(PERSON_BYTES), bytes(8)
_NO_DETAIL = bytes(KEY_BYTES + PERSON_BYTES)
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_LAST_SECOND = 2**32 - 1


class Tracer:
    """Takes the records of leads under one install's key."""

    def __init__(self, secret: str) -> None:
        """`secret`: the same on every replica."""
        key = blake2b(secret.encode(), digest_size=16, person=b"velocity").digest()
        # One state for each kind of detail: a phone and a device of the same text are two things.
        self._phone, self._email, self._name, self._device, self._ip, self._answers, self._source = (
            blake2b(bytes((kind,)) + key, digest_size=16) for kind in range(7)
        )
        self._of_source = lru_cache(maxsize=4096)(self._digest_source)

    def record(self, lead: Lead) -> bytes:
        """RECORD_BYTES of a lead. The same lead gives the same ones, but for its time, however often it comes."""
        fields, device = lead.fields, lead.signals.device_id
        phone = _digest(self._phone, _phone(fields.get("phone", "")))
        email = _digest(self._email, _email(fields.get("email", "")))
        name = _digest(self._name, _name(fields))
        network = consumer_network(lead.consent.ip) if lead.consent.ip else b""
        at = int(lead.received_at)
        person = (phone or email or name or _NO_DETAIL)[KEY_BYTES:]
        # Whom a detail came with: the name, and whichever of phone and address it is not itself.
        called, mailed = (name or _NO_DETAIL)[:3], (name or _NO_DETAIL)[3:6]
        seconds = lead.signals.seconds_on_form
        return b"".join(
            (
                pack(">II", _second(at), _second(lead.submitted_at or at)),
                phone[:KEY_BYTES] + called + (email or _NO_DETAIL)[:3] if phone else _NO_DETAIL,
                email[:KEY_BYTES] + mailed + (phone or _NO_DETAIL)[:3] if email else _NO_DETAIL,
                _digest(self._device, f"{lead.seller}|{device}".encode("utf-8", "replace"))[:KEY_BYTES] + person
                if device
                else _NO_DETAIL,
                _digest(self._ip, network)[:KEY_BYTES] + person if network else _NO_DETAIL,
                self._of_source(lead.seller, lead.source),
                person,
                _NO_SECONDS if seconds is None else pack("<d", seconds),
                self._answers_of(fields),
            )
        )

    def _answers_of(self, fields: Mapping[str, str]) -> bytes:
        """A digest of what was answered to the product's questions; nothing where that is too little to compare."""
        answers = [f"{name}={fields[name]}" for name in fields if name not in STANDARD_FIELDS and fields[name]]
        if len(answers) < _ENOUGH_ANSWERS:
            return _NO_PERSON
        answers.sort()
        return _digest(self._answers, "\n".join(answers).encode("utf-8", "replace"))[:PERSON_BYTES]

    def _digest_source(self, seller: str, source: str) -> bytes:
        return _digest(self._source, f"{seller}|{host_of(source)}".encode("utf-8", "replace"))[:KEY_BYTES]


def _digest(state: blake2b, content: bytes) -> bytes:
    """Sixteen bytes; none where there is nothing to digest."""
    if not content:
        return b""
    digest = state.copy()
    digest.update(content)
    return digest.digest()


def _second(time: float) -> int:
    return min(max(0, int(time)), _LAST_SECOND)


def _phone(text: str) -> bytes:
    digits = text.encode("utf-8", "replace").translate(None, _NOT_DIGITS)
    if len(digits) == 11 and digits[0] == ord("1"):
        return digits[1:]
    return digits if len(digits) >= _FEWEST_PHONE_DIGITS else b""


def _email(text: str) -> bytes:
    return text.strip().lower().encode("utf-8", "replace") if "@" in text else b""


def _name(fields: Mapping[str, str]) -> bytes:
    written = fields.get("first_name", "") + fields.get("last_name", "") or fields.get("full_name", "")
    return "".join(written.split()).casefold().encode("utf-8", "replace")
