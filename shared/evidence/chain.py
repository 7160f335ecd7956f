"""How records of evidence hang together. Whoever keeps them and whoever checks a pack reckons the same."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

#: Before the first record.
NO_HASH = bytes(32)


def record_hash(
    previous: bytes, *, buyer_id: str, position: int, lead_id: str, kind: str, keep_until: date, record: str
) -> bytes:
    """SHA-256 over the hash before it and all that a record says; `compliance.evidence_hash` in SQL does the same."""
    said = (buyer_id, str(position), lead_id, kind, keep_until.isoformat(), record)
    return sha256(previous + "\n".join(said).encode()).digest()


def part_hash(previous: bytes, *, name: str, digest: bytes) -> bytes:
    """SHA-256 over the hash before it, the part's name and the SHA-256 of its content: the chain of a pack's parts."""
    return sha256(previous + name.encode() + b"\n" + digest).digest()
