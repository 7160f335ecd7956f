"""A bid that a post takes up."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.pings.comparison import Digest, Told
from services.intake.pings.token import BidClaims


@dataclass(frozen=True, slots=True)
class Bid:
    """What was promised, and what the post has to say again for it."""

    claims: BidClaims
    told: Told
    #: Makes the digests that `told` is held against.
    digest: Digest
