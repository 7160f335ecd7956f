"""Suppression lists: how an entry is read, and what being on a list means to an order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

from services.dedup.canonical import canonical_email
from services.dedup.fingerprint import Fingerprints
from shared.verdict import Check, Finding

HASH_BYTES = 32
Kind = Literal["existing_customer", "suppressed", "do_not_contact"]

_MESSAGES: dict[str, str] = {
    "existing_customer": "The person is the buyer's customer already.",
    "suppressed": "The person is one whom the buyer does not buy.",
    "do_not_contact": "The person asked not to be contacted.",
}
_NORTH_AMERICAN = re.compile(r"1?([2-9][0-9]{9})")
_NOT_DIGITS = re.compile(r"[^0-9]")
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Listed(NamedTuple):
    """A list that the person is on."""

    list: str
    kind: str


class ListVerdict(NamedTuple):
    """What one order says of the lists."""

    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()


def judge_listed(order: str, minded: Sequence[str] | None, listed: Sequence[Listed]) -> ListVerdict:
    """Hold the lists that a person is on against an order.

    Args:
        order: The order's name.
        minded: The lists that it minds; None: all; empty: none, and nothing is checked.
        listed: The lists that the person is on.
    """
    if minded is not None and not minded:
        return ListVerdict()
    kinds = sorted({one.kind for one in listed if minded is None or one.list in minded})
    rule, expected = "suppression.not_listed", "on none of the buyer's lists"
    if not kinds:
        return ListVerdict((), (Check(rule=rule, passed=True, observed="on none", expected=expected, order=order),))
    # Which list it is, and why somebody is on it, is the buyer's business.
    return ListVerdict(
        tuple(Finding(kind, _MESSAGES[kind]) for kind in kinds),
        tuple(Check(rule, False, "", "on a list", expected, kind, order) for kind in kinds),
    )


class Suppressions:
    """Makes the digests of entries, under one install's key."""

    def __init__(self, fingerprints: Fingerprints) -> None:
        self._fingerprints = fingerprints

    def of_phone(self, buyer_id: str, phone: str) -> bytes:
        """The digest of a phone in any usual writing.

        Raises:
            ValueError: it is none; the text never repeats it.
        """
        number = _e164(phone)
        return self._fingerprints.of_hash(buyer_id, "phone", sha256(number.encode()).digest())

    def of_email(self, buyer_id: str, email: str) -> bytes:
        """The digest of a mail address, whose dots and tags count no more than in a lead's.

        Raises:
            ValueError: it is none; the text never repeats it.
        """
        address = email.strip()
        if not _MAILBOX.fullmatch(address):
            raise ValueError("expected a mail address")
        return self._fingerprints.of_hash(buyer_id, "email", sha256(canonical_email(address).encode()).digest())

    def of_hash(self, buyer_id: str, kind: Literal["phone", "email"], hashed: bytes) -> bytes:
        """The digest of a detail of which only the SHA-256 is told.

        Raises:
            ValueError: it is no SHA-256.
        """
        if len(hashed) != HASH_BYTES:
            raise ValueError("expected the 32 bytes of a SHA-256")
        return self._fingerprints.of_hash(buyer_id, kind, hashed)


def _e164(phone: str) -> str:
    digits = _NOT_DIGITS.sub("", phone)
    if phone.lstrip().startswith("+") and 8 <= len(digits) <= 15:
        return f"+{digits}"
    known = _NORTH_AMERICAN.fullmatch(digits)
    if known is None:
        raise ValueError("expected a North American phone of ten digits, or + and a country code")
    return f"+1{known[1]}"
