"""Identity: which details stand for the same person, and digests that tell so without telling the detail."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from services.dedup.canonical import canonical_address, canonical_date, canonical_email, canonical_name

KEY_BYTES = 32
DIGEST_BYTES = 16
_HASH_BYTES = 32


class Details(NamedTuple):
    """What a lead tells of its person; canonical values, empty where not told."""

    #: E.164.
    phone: str = ""
    email: str = ""
    #: SHA-256 of the phone in E.164 and of the address in lower case, where only those are told.
    phone_sha256: bytes = b""
    email_sha256: bytes = b""
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    street: str = ""
    postal_code: str = ""
    date_of_birth: str = ""


#: The kinds that every lead is recognised by.
ALWAYS = ("phone", "email")


def read_key(text: str) -> bytes:
    """The key of an install, from hex.

    Raises:
        ValueError: not hex, or not 32 bytes; the text never repeats what was given.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"expected {KEY_BYTES} bytes in hex") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"expected {KEY_BYTES} bytes in hex, not {len(key)}")
    return key


class Fingerprints:
    """Makes digests under one install's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, buyer_id: str, details: Details, kinds: Sequence[str] = ALWAYS) -> tuple[tuple[str, bytes], ...]:
        """The identities of one person as (kind, digest), for those of the kinds whose details are all told.

        A detail that is not told gives no identity: two persons without a phone are not one.
        """
        told: dict[str, str] = {}
        identities = []
        for kind in kinds:
            value = _value(kind, details, told)
            if value:
                identities.append((kind, self.digest(f"{buyer_id}|{kind}|{value}")))
        return tuple(identities)

    def email_as_written(self, buyer_id: str, email: str) -> bytes | None:
        """The identity of an address whose tag or dots count, where that is another than `email`'s.

        Lists from elsewhere hold hashes of addresses as they were written.
        """
        address = email.strip().lower()
        if canonical_email(address) == address:
            return None
        return self.of_hash(buyer_id, "email", sha256(address.encode()).digest())

    def of_hash(self, buyer_id: str, kind: str, hashed: bytes) -> bytes:
        """The identity `phone` or `email` of a detail of which only its SHA-256 is known."""
        return self.digest(f"{buyer_id}|{kind}|{hashed.hex()}")

    def digest(self, text: str) -> bytes:
        """16 bytes that tell nothing of the text without the key."""
        return hmac.digest(self._key, text.encode(), "sha256")[:DIGEST_BYTES]


def _value(kind: str, details: Details, told: dict[str, str]) -> str:
    """The text that the kind's digest is made of; `told`: the single details that were worked out already."""
    value = told.get(kind)
    if value is not None:
        return value
    reader = _READERS.get(kind)
    if reader is not None:
        value = told[kind] = reader(details)
        return value
    values = [_value(part, details, told) for part in kind.split("+")]
    return "|".join(values) if all(values) else ""


def _phone(details: Details) -> str:
    return _hashed(details.phone, details.phone_sha256)


def _email(details: Details) -> str:
    return _hashed(canonical_email(details.email) if details.email else "", details.email_sha256)


def _hashed(value: str, sent: bytes) -> str:
    """By way of the hash, so that a person of whom only hashes are told is recognised too."""
    if value:
        return sha256(value.encode()).hexdigest()
    return sent.hex() if len(sent) == _HASH_BYTES else ""


_READERS: Mapping[str, Callable[[Details], str]] = {
    "phone": _phone,
    "email": _email,
    "name": lambda d: canonical_name(d.first_name, d.last_name, d.full_name),
    "address": lambda d: canonical_address(d.street, d.postal_code),
    "date_of_birth": lambda d: canonical_date(d.date_of_birth),
}
