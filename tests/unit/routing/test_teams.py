"""The draw of a team: by weight, and always the same for the same lead."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.teams import TeamDraw

WEIGHTS = {"north": 5, "south": 3, "west": 2}
IDS = st.uuids().map(str)


def test_shares_approach_the_weights() -> None:
    draw = TeamDraw(WEIGHTS)
    drawn = Counter(draw.draw(str(UUID(int=number))) for number in range(20_000))
    # Four standard deviations of a binomial share of 20,000.
    for team, weight in WEIGHTS.items():
        assert drawn[team] / 20_000 == pytest.approx(weight / 10, abs=0.015)


@given(IDS)
def test_the_same_lead_always_draws_the_same_team(lead_id: str) -> None:
    turned_around = dict(reversed(WEIGHTS.items()))
    assert TeamDraw(WEIGHTS).draw(lead_id) == TeamDraw(turned_around).draw(lead_id)


def test_the_draw_is_the_documented_one() -> None:
    # Recorded: whoever has the id and the terms can repeat a draw, with any release.
    draw = TeamDraw(WEIGHTS)
    drawn = [draw.draw(f"lead-{number}") for number in range(6)]
    assert drawn == ["south", "west", "north", "north", "south", "south"]


def test_one_team_gets_all_and_none_gets_none() -> None:
    assert TeamDraw({"only": 7}).draw("x") == "only"
    assert TeamDraw({}).draw("x") == ""
