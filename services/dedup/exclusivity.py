"""The watch over exclusivity: what was bought as nobody else's, and comes from another seller. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.dedup.alike import Similar
from services.dedup.duplicates import Seen
from services.dedup.persons.score import REJECT_SCORE


@dataclass(slots=True)
class Breach:
    """An earlier lead that was bought as exclusive, and the kinds of identity that another seller's lead shares."""

    earlier: Seen
    kinds: list[str] = field(default_factory=list)
    #: How much the persons are alike; 0: not compared.
    score: int = 0


def breaches(
    seller: str, *, own: bool, seen: Mapping[str, Sequence[Seen]], similar: Sequence[Similar] = (), now: datetime
) -> list[Breach]:
    """Exclusive leads that this one, by `seller`, shows to be none.

    A person who comes to the buyer's own site (`own`) was sold by nobody, and one who comes from the same seller again
    was not sold elsewhere. Of similar people, those count who are one for certain.
    """
    if own:
        return []
    found: dict[str, Breach] = {}
    for kind, earlier in seen.items():
        for one in earlier:
            if breaks(one, seller, now):
                found.setdefault(one.lead_id, Breach(one)).kinds.append(kind)
    for alike in similar:
        if alike.match.score >= REJECT_SCORE and breaks(alike.seen, seller, now):
            found.setdefault(alike.seen.lead_id, Breach(alike.seen)).score = alike.match.score
    return list(found.values())


def breaks(earlier: Seen, seller: str, now: datetime) -> bool:
    """True where a lead of `seller` should not come, since the earlier one was to be nobody else's by now."""
    until = earlier.exclusive_until
    return until is not None and until > now and not earlier.own and earlier.seller != seller
