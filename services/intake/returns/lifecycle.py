"""The life of a return: who may do what in which state, and what it does to the money. Pure.

    requested ─ within the terms ─▶ granted ─ disputed by the seller ─▶ disputed ─ upheld ─▶ granted (for good)
       │  └──── the seller is asked ▶ open ─ agreed, or not answered ─▶ granted        └──── yielded ▶ reversed
       │                               └─── contested ─▶ contested ─ upheld ─▶ granted (for good)
       └─ not within the terms ─▶ refused                  └─────── yielded ─▶ refused

A return that was reversed may be reinstated, and what was asked and not granted withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

State = Literal["open", "contested", "granted", "disputed", "reversed", "refused", "withdrawn"]
Action = Literal["agree", "contest", "lapse", "dispute", "uphold", "yield", "reinstate", "withdraw"]
Party = Literal["buyer", "seller", "system"]
#: What an action does to the lead's money: give the amount back; take the credit back and withhold the amount while
#: it is disputed; end that hold.
Money = Literal["credit", "reversal_and_hold", "release"]

STATES: tuple[State, ...] = get_args(State)
#: In these a lead counts as taken back, or as one that may yet be; each lead has at most one such return.
LIVE: tuple[State, ...] = ("open", "contested", "granted", "disputed")


class Step(NamedTuple):
    """What one action in one state leads to."""

    to: State
    by: Party
    money: tuple[Money, ...] = ()


STEPS: Mapping[tuple[State, Action], Step] = {
    ("open", "agree"): Step("granted", "seller", ("credit",)),
    # Deemed approved: the seller had its days to say no.
    ("open", "lapse"): Step("granted", "system", ("credit",)),
    ("open", "contest"): Step("contested", "seller"),
    ("open", "withdraw"): Step("withdrawn", "buyer"),
    ("contested", "uphold"): Step("granted", "buyer", ("credit",)),
    ("contested", "yield"): Step("refused", "buyer"),
    ("contested", "withdraw"): Step("withdrawn", "buyer"),
    ("granted", "dispute"): Step("disputed", "seller", ("reversal_and_hold",)),
    ("disputed", "uphold"): Step("granted", "buyer", ("release", "credit")),
    ("disputed", "yield"): Step("reversed", "buyer", ("release",)),
    ("reversed", "reinstate"): Step("granted", "buyer", ("credit",)),
}


def step(state: State, action: Action, party: Party) -> Step:
    """What an action leads to.

    Raises:
        ValueError: it is not possible in this state, or not for this party; says what is.
    """
    found = STEPS.get((state, action))
    if found is None or found.by != party:
        possible = sorted(name for (at, name), way in STEPS.items() if at == state and way.by == party)
        raise ValueError(f"a return that is {state} takes no {action}; possible: {', '.join(possible) or 'nothing'}")
    return found
