"""Bid tokens: what a bid promises, signed, so that nobody but this install can have written it. Pure.

A token is `bid1.<claims>.<signature>`, both parts in unpadded base64url: MessagePack of the claims, and HMAC-SHA256
over everything before the last dot. The token promises; what is still free is in Postgres.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

VERSION = "bid1"
KEY_BYTES = 32
#: Longer than any token of ours.
MOST_CHARACTERS = 1024


class BidClaims(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a bid promises, and to whom."""

    ping_id: str
    buyer_id: str
    seller: str
    order: str
    order_version: int
    catalog_revision: int
    price_minor: int
    #: Unix seconds: the first instant at which the bid is over.
    expires_at: int
    test: bool


class BidSigner:
    """Writes and reads tokens under one install's key."""

    def __init__(self, key: bytes) -> None:
        """`key`: KEY_BYTES of randomness, the same on every replica."""
        self._key = key

    def sign(self, claims: BidClaims) -> str:
        """The token of a bid."""
        body = f"{VERSION}.{_text(msgspec.msgpack.encode(claims))}"
        return f"{body}.{self._signature(body)}"

    def read(self, token: str) -> BidClaims | None:
        """What a token says; None where it was altered, or is none of this install's."""
        body, dot, signature = token.rpartition(".")
        if not dot or len(token) > MOST_CHARACTERS or not token.isascii():
            return None
        # The text is compared, not the bytes: base64 has several spellings of some.
        if not hmac.compare_digest(signature, self._signature(body)) or not body.startswith(f"{VERSION}."):
            return None
        packed = body.removeprefix(f"{VERSION}.")
        return msgspec.msgpack.decode(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), type=BidClaims)

    def digest(self, text: str) -> bytes:
        """16 bytes that say of a text only whether another one is equal."""
        return hmac.digest(self._key, f"detail.{text}".encode(), "sha256")[:16]

    def _signature(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), "sha256"))


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
