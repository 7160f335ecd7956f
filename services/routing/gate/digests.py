"""Addresses as digests that tell nothing without the install's key. Pure."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Literal, NamedTuple

DIGEST_BYTES = 16
#: Providers that deliver `a.nn@` to `ann@` (support.google.com/mail/answer/7436150).
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


class Address(NamedTuple):
    """One way to reach a person, as it is kept."""

    kind: Literal["phone", "email"]
    digest: bytes

    @property
    def lock(self) -> int:
        """What stands for the address among advisory locks: of its own, so that no other part of the system, which
        locks digests for the time of a transaction, waits for a message that is being handed over."""
        return int.from_bytes(sha256(b"contact gate|" + self.digest).digest()[:8], signed=True)


class Digests:
    """Makes digests under one install's key, over `buyer|kind|SHA-256 of the address`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, buyer_id: str, phone: str, email: str) -> tuple[Address, ...]:
        """The addresses of one person; those that are not told are absent.

        Args:
            buyer_id: the buyer.
            phone: E.164; empty: none.
            email: in any spelling; empty: none.
        """
        found = []
        if phone:
            found.append(self.of_hash(buyer_id, "phone", sha256(phone.encode()).digest()))
        if email:
            found.append(self.of_hash(buyer_id, "email", sha256(_mailbox(email).encode()).digest()))
        return tuple(found)

    def as_written(self, buyer_id: str, email: str) -> bytes:
        """The digest of a mailbox whose tag and dots count, as lists from elsewhere have it."""
        return self.of_hash(buyer_id, "email", sha256(email.strip().lower().encode()).digest()).digest

    def of_hash(self, buyer_id: str, kind: Literal["phone", "email"], hashed: bytes) -> Address:
        """The address of which only the SHA-256 is known: of E.164, or of the mailbox in its plainest spelling."""
        text = f"{buyer_id}|{kind}|{hashed.hex()}"
        return Address(kind, hmac.digest(self._key, text.encode(), "sha256")[:DIGEST_BYTES])


def _mailbox(email: str) -> str:
    """The one spelling of a mailbox: lower case, no tag (RFC 5233), no dots where they do not count."""
    local, at, domain = email.strip().lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}{at}{domain}"
