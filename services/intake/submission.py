"""What makes two submissions the same one.

A seller that never heard our answer sends again. The second copy must get the
first copy's answer, and a *different* lead under the same key must be refused,
so every submission has a key and a fingerprint of its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import msgspec

#: How long a key that the seller chose stands for one submission (promise 3).
NAMED_KEY_LIFE = timedelta(days=30)

#: How long equal content alone stands for one submission: long enough for
#: time-outs and double clicks, too short to be mistaken for the duplicate window.
CONTENT_KEY_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SubmissionKey:
    """The key of one submission, unique for its seller while it lives."""

    text: str
    life: timedelta


def submission_key(*, idempotency_key: str, external_id: str, content_hash: bytes) -> SubmissionKey:
    """Choose the key: the seller's Idempotency-Key, else its id of the lead, else the content itself."""
    if idempotency_key:
        return SubmissionKey(f"key:{idempotency_key}", NAMED_KEY_LIFE)
    if external_id:
        return SubmissionKey(f"id:{external_id}", NAMED_KEY_LIFE)
    return SubmissionKey(f"content:{content_hash.hex()}", CONTENT_KEY_LIFE)


def content_hash(scalars: Iterable[str], fields: Mapping[str, str]) -> bytes:
    """Fingerprint content, 16 bytes of BLAKE2b; the order of `fields` does not matter.

    MessagePack writes each part's length before it, so that no two contents are
    packed into the same bytes. What differs between two sendings of one lead (the time of
    receipt, the trace, the format's white space) must not be among the parts.
    """
    packed = msgspec.msgpack.encode((tuple(scalars), sorted(fields.items())))
    return hashlib.blake2b(packed, digest_size=16).digest()
