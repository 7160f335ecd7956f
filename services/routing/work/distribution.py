"""Who is given the next task, in teams that do not fetch their work themselves. Pure.

`weighted` and `round_robin` are stride scheduling: an agent stands at `passed`, moves on by 1/weight with each task,
and whoever stands furthest back is next. So at any time, of agents who were there all along,

    |n_a / w_a - n_b / w_b|  <=  max(1 / w_a, 1 / w_b)

where n is how many tasks each was given; under `round_robin` every weight is 1. An agent who was not there, and one who
fell behind because others' leads were not for him, starts again near where the team is (calibration): nobody gets a
burst to catch up. `shortest_queue` gives to whoever has least, and among those to whoever has waited longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from services.routing.work.agent import AgentNow

Distribution = Literal["pull", "weighted", "round_robin", "shortest_queue"]

#: Turns by which an agent who is there may be behind the team.
MOST_BEHIND = 2.0
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turns:
    """Where a team stands: how many tasks were given, and how far its agents have come."""

    round: int = 0
    reached: float = 0.0


@dataclass(frozen=True, slots=True)
class Given:
    """Who gets the task, and where everybody stands then."""

    agent: str
    turns: Turns
    #: Everybody who was there, as they stand now.
    present: tuple[AgentNow, ...]


def give(
    way: Distribution, present: Sequence[AgentNow], eligible: Sequence[str], turns: Turns, now: datetime
) -> Given | None:
    """Give one task; None where nobody is eligible.

    Args:
        present: Agents of the team who take work now.
        eligible: Those of them who may have this task.
    """
    standing = [_calibrated(one, turns) for one in present]
    takers = [one for one in standing if one.agent.agent in set(eligible)]
    if not takers:
        return None
    if way == "shortest_queue":
        taker = min(takers, key=lambda one: (one.holding, one.assigned_at or _LONG_AGO, one.agent.agent))
    else:
        taker = min(takers, key=lambda one: (one.passed, one.agent.agent))
    after = Turns(turns.round + 1, max(turns.reached, taker.passed))
    weight = taker.agent.weight if way == "weighted" else 1
    moved = replace(taker, passed=taker.passed + 1 / weight, holding=taker.holding + 1, assigned_at=now)
    return Given(
        taker.agent.agent,
        after,
        tuple(replace(moved if one is taker else one, present_in=after.round) for one in standing),
    )


def _calibrated(one: AgentNow, turns: Turns) -> AgentNow:
    was_there = one.present_in == turns.round
    return replace(one, passed=max(one.passed, turns.reached - (MOST_BEHIND if was_there else 0.0)))
