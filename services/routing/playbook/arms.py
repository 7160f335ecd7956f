"""Which arm of a hold-out a lead is in. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal
from uuid import UUID

from shared.catalog.following import HoldOut

#: Empty: the order runs no hold-out.
Arm = Literal["", "at_once", "held_back"]


def arm_of(lead_id: UUID, hold_out: HoldOut | None) -> Arm:
    """The lead's arm: the same for everybody who has its id and the order's terms.

    BLAKE2b of the id's bytes, under a person of its own so that it is independent of the draw among teams; its first
    64 bits, modulo 100, below the percentage are held back. The modulo favours no residue by more than 1 in 10^17.
    """
    if hold_out is None:
        return ""
    digest = blake2b(lead_id.bytes, digest_size=8, person=b"hold-out").digest()
    return "held_back" if int.from_bytes(digest) % 100 < hold_out.percent else "at_once"
