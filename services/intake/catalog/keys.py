"""Access keys: how they are made, read and checked. Pure.

A key is `ll_live_<id>_<secret><checksum>`: a public id that names it, a secret of 256 random
bits, and a CRC-32 over all of that, so that a typing error is known without asking anybody.
The fixed beginning lets secret scanners find a key that leaked into a repository.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

PREFIX = "ll_live_"

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 10
#: 62^43 is the first power of 62 above 2^256, 62^6 the first above 2^32.
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_KEY = re.compile(rf"{PREFIX}([a-z2-7]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class KeyParts:
    """A key that is spelt right, which does not mean that it is any good."""

    key_id: str
    #: The whole key; kept out of `repr`, so that no log can show it.
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is stored of the key: the SHA-256 of the whole of it."""
        return hashlib.sha256(self.text.encode()).digest()


def generate(random_bytes: Callable[[int], bytes]) -> KeyParts:
    """A new key. `random_bytes(n)` gives n unguessable bytes, as `secrets.token_bytes` does."""
    key_id = "".join(_BASE32[byte % 32] for byte in random_bytes(_ID_LENGTH))
    secret = _base62(int.from_bytes(random_bytes(32), "big"), _SECRET_LENGTH)
    body = f"{PREFIX}{key_id}_{secret}"
    return KeyParts(key_id, body + _checksum(body))


def parse(text: str) -> KeyParts | None:
    """The parts of a key; None where the text cannot be a key or has a typing error."""
    match = _KEY.fullmatch(text)
    if match is None or text[-_CHECKSUM_LENGTH:] != _checksum(text[:-_CHECKSUM_LENGTH]):
        return None
    return KeyParts(match[1], text)


def verify(parts: KeyParts, stored_digest: bytes) -> bool:
    """True where this is the key that was stored; takes the same time whether it is or not."""
    return hmac.compare_digest(parts.digest, stored_digest)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
