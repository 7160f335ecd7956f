"""The life of a return: what is possible, and that money follows."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.returns.lifecycle import LIVE, STATES, STEPS, Action, Party, State, step

ACTIONS: tuple[Action, ...] = get_args(Action)
PARTIES: tuple[Party, ...] = get_args(Party)
#: What a state says of the money: the lead's price is given back, or withheld, or neither.
MONEY_OF: dict[State, str] = {
    "open": "owed", "contested": "owed", "granted": "given back", "disputed": "withheld", "reversed": "owed",
    "refused": "owed", "withdrawn": "owed",
}  # fmt: skip
#: What each movement needs and leads to.
MOVES = {
    "credit": ("owed", "given back"),
    "reversal_and_hold": ("given back", "withheld"),
    "release": ("withheld", "owed"),
}


@pytest.mark.parametrize(("state", "action"), STEPS)
def test_every_step_moves_the_money_from_where_it_is_to_where_the_new_state_says(state: State, action: Action) -> None:
    way = STEPS[state, action]
    money = MONEY_OF[state]
    for move in way.money:
        needs, leads_to = MOVES[move]
        assert money == needs
        money = leads_to
    assert money == MONEY_OF[way.to]


@given(st.sampled_from(STATES), st.sampled_from(ACTIONS), st.sampled_from(PARTIES))
def test_what_is_not_foreseen_is_refused_with_what_is(state: State, action: Action, party: Party) -> None:
    way = STEPS.get((state, action))
    if way is not None and way.by == party:
        assert step(state, action, party) == way
    else:
        with pytest.raises(ValueError, match=f"a return that is {state} takes no {action}; possible: "):
            step(state, action, party)


def test_nothing_is_live_for_ever_without_somebody_who_can_end_it() -> None:
    for state in LIVE:
        if state != "granted":
            assert any(at == state for at, _ in STEPS)


def test_an_ended_return_does_not_come_back_but_by_the_buyer() -> None:
    assert {way.by for (state, _), way in STEPS.items() if state not in LIVE} == {"buyer"}
