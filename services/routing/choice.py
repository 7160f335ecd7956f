"""The choice among the orders that would buy a lead, and why.

The buyer's priority decides, then the lower price, then more room left, then the name, so that the same input always
gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.routing.capacity import UNLIMITED
from services.routing.matching import Eligibility
from shared.catalog.money import Minor


class Candidate(NamedTuple):
    """One order with what all stages say. `earlier`: findings that stages before this one have against it."""

    said: Eligibility
    earlier: int

    @property
    def against(self) -> int:
        """Findings of all stages together."""
        return self.earlier + len(self.said.findings)


class Choice(NamedTuple):
    """Positions among the candidates; None: none. `why`: one sentence for the receipt."""

    chosen: int | None
    nearest: int | None
    why: str


def choose(candidates: Sequence[Candidate], currency: str) -> Choice:
    """Choose one of a lead's orders, or else the one that comes nearest: fewest findings, then priority, then name."""
    if not candidates:
        return Choice(None, None, "There was no order to hold the lead against.")
    satisfied = sorted((n for n, each in enumerate(candidates) if not each.against), key=lambda n: _rank(candidates[n]))
    if satisfied:
        first = candidates[satisfied[0]].said
        if len(satisfied) == 1:
            return Choice(satisfied[0], None, f"{first.order} is the only order that can take the lead.")
        second = candidates[satisfied[1]].said
        return Choice(
            satisfied[0], None, f"{first.order} is preferred to {second.order}: {_why(first, second, currency)}."
        )
    nearest = min(range(len(candidates)), key=lambda n: _distance(candidates[n]))
    against, order = candidates[nearest].against, candidates[nearest].said.order
    count = "1 finding" if against == 1 else f"{against} findings"
    return Choice(None, nearest, f"No order can take the lead; {order} comes nearest, with {count} against it.")


def _rank(candidate: Candidate) -> tuple[int, int, int, str]:
    said = candidate.said
    return said.priority, said.price, -said.room, said.order


def _distance(candidate: Candidate) -> tuple[int, int, str]:
    return candidate.against, candidate.said.priority, candidate.said.order


def _why(first: Eligibility, second: Eligibility, currency: str) -> str:
    if first.priority != second.priority:
        return f"the buyer's priority is {first.priority} against {second.priority}"
    if first.price != second.price:
        return f"it pays {Minor(first.price)} against {Minor(second.price)} {currency}, at the same priority"
    if first.room != second.room:
        return f"it has room for {_leads(first.room)} against {_leads(second.room)}, at the same priority and price"
    return "priority, price and room are the same, and its name comes first"


def _leads(count: int) -> str:
    if count == UNLIMITED:
        return "any number"
    return "1 lead" if count == 1 else f"{count} leads"
