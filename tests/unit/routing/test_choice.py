"""The choice: its order of criteria, its sentence, and which order comes nearest."""

from __future__ import annotations

from itertools import permutations

import pytest

from services.routing.capacity import UNLIMITED
from services.routing.choice import Candidate, Choice, choose
from services.routing.matching import Eligibility
from shared.verdict import Finding


def candidate(
    order: str, *, priority: int = 100, price: int = 3200, room: int = UNLIMITED, own: int = 0, earlier: int = 0
) -> Candidate:
    findings = tuple(Finding("cap_reached", "Full.") for _ in range(own))
    return Candidate(Eligibility(order, priority, price, (), room, findings, ()), earlier)


@pytest.mark.parametrize(
    ("winner", "loser", "why"),
    [
        (
            candidate("b", priority=10, price=9900),
            candidate("a", priority=20, price=100),
            "b is preferred to a: the buyer's priority is 10 against 20.",
        ),
        (
            candidate("b", price=3200, room=1),
            candidate("a", price=3500),
            "b is preferred to a: it pays 32.00 against 35.00 USD, at the same priority.",
        ),
        (
            candidate("b", room=5),
            candidate("a", room=1),
            "b is preferred to a: it has room for 5 leads against 1 lead, at the same priority and price.",
        ),
        (
            candidate("a"),
            candidate("b"),
            "a is preferred to b: priority, price and room are the same, and its name comes first.",
        ),
    ],
)
def test_priority_then_price_then_room_then_name(winner: Candidate, loser: Candidate, why: str) -> None:
    assert choose([winner, loser], "USD") == Choice(0, None, why)
    assert choose([loser, winner], "USD") == Choice(1, None, why)


def test_the_choice_does_not_depend_on_the_order_of_the_candidates() -> None:
    candidates = [candidate("a", priority=2), candidate("b", priority=1, price=2), candidate("c", priority=1, price=1)]
    chosen = {
        arranged[choice.chosen].said.order
        for arranged in permutations(candidates)
        if (choice := choose(arranged, "USD")).chosen is not None
    }
    assert chosen == {"c"}


def test_an_order_that_any_stage_has_a_finding_against_is_never_chosen() -> None:
    refused_before = candidate("a", priority=1, earlier=1)
    refused_here = candidate("b", priority=1, own=1)
    choice = choose([refused_before, refused_here, candidate("c", priority=9)], "USD")
    assert choice == Choice(2, None, "c is the only order that can take the lead.")


def test_the_nearest_has_the_fewest_findings_of_all_stages_then_the_priority() -> None:
    far, near = candidate("a", priority=1, own=1, earlier=2), candidate("b", priority=9, own=0, earlier=2)
    assert choose([far, near], "USD").nearest == 1
    tied = candidate("c", priority=5, own=2)
    assert choose([far, near, tied], "USD") == Choice(
        None, 2, "No order can take the lead; c comes nearest, with 2 findings against it."
    )


def test_without_candidates_nothing_is_near() -> None:
    assert choose([], "USD") == Choice(None, None, "There was no order to hold the lead against.")
