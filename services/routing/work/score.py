"""Which task is best to be done next, and why. Pure.

A score is a sum of parts, each in points and in words, so that an agent and a manager can see what put a task where it
is. It orders one queue at one moment and is stored nowhere.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from math import exp, log
from typing import Literal

PartName = Literal["promise", "sla", "contact"]

#: Odds of reaching somebody, by minutes since the purchase, relative to a call within the first minute.
#:
#: A call within a minute converts 391 % better than the average one, within the second minute 160 % better (Velocify,
#: about 3.5 million leads): 4.91 to 2.60. Within the first hour it is about 7 times as good as an hour later, and more
#: than 60 times as good as after a day (Harvard Business Review, March 2011, 1.25 million leads). All of it is
#: observed, most of it by vendors: good enough to put calls in order, and never a forecast. A hold-out measures what
#: speed is worth here.
CONTACT_ODDS: tuple[tuple[float, float], ...] = (
    (1, 1.0),
    (2, 2.60 / 4.91),
    (60, 1 / 4.91),
    (120, 1 / 4.91 / 7),
    (1440, 1 / 4.91 / 60),
)
#: What an agent who takes another task first costs this one.
LOST_MINUTES = 5.0

_PROMISE = 1000.0
_PER_MINUTE_LATE = 10.0
#: An agreement that can still be kept comes before one that is broken, until that one has waited for long.
_BROKEN, _BROKEN_MOST = 70.0, 130.0
_KEPT_MOST = 100.0
_BROKEN_MINUTES = 240.0


@dataclass(frozen=True, slots=True)
class Part:
    """Points, and what for."""

    name: PartName
    points: float
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """A task's place: the larger, the sooner."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> float:
        """The sum."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a task's place depends on."""

    #: The lead was bought.
    started_at: datetime
    #: The first attempt is due.
    due_at: datetime
    #: A call that was promised; None: none was.
    promised_at: datetime | None = None
    #: What the lead is worth, minor units.
    value_minor: int = 0


def score(task: Waiting, now: datetime) -> Score:
    """The place of a task at a moment."""
    parts = [part for part in (_promise(task, now), _sla(task, now), _contact(task, now)) if part.points > 0]
    return Score(tuple(sorted(parts, key=lambda part: -part.points)))


def contact_odds(minutes: float) -> float:
    """Odds of reaching somebody so many minutes after the purchase, relative to the first minute; from 1 down.

    Between the points that are known, straight on a scale on which both are logarithms; beyond the last, as its end.
    """
    ages = [age for age, _ in CONTACT_ODDS]
    if minutes <= ages[0]:
        return CONTACT_ODDS[0][1]
    above = min(bisect_left(ages, minutes), len(ages) - 1)
    (x0, y0), (x1, y1) = CONTACT_ODDS[above - 1], CONTACT_ODDS[above]
    share = (log(minutes) - log(x0)) / (log(x1) - log(x0))
    return exp(log(y0) + share * (log(y1) - log(y0)))


def _promise(task: Waiting, now: datetime) -> Part:
    if task.promised_at is None or task.promised_at > now:
        return Part("promise", 0, "no call was promised for now")
    late = _minutes(task.promised_at, now)
    return Part("promise", _PROMISE + late * _PER_MINUTE_LATE, f"a call was promised {_told(late)} ago")


def _sla(task: Waiting, now: datetime) -> Part:
    agreed, gone = _minutes(task.started_at, task.due_at), _minutes(task.started_at, now)
    if now > task.due_at:
        late = _minutes(task.due_at, now)
        points = _BROKEN + (_BROKEN_MOST - _BROKEN) * min(late / _BROKEN_MINUTES, 1)
        return Part("sla", points, f"the first attempt was due {_told(late)} ago")
    used = gone / agreed if agreed > 0 else 1.0
    return Part("sla", _KEPT_MOST * max(used, 0), f"the first attempt is due in {_told(agreed - gone)}")


def _contact(task: Waiting, now: datetime) -> Part:
    age = max(_minutes(task.started_at, now), 0)
    lost = contact_odds(age) - contact_odds(age + LOST_MINUTES)
    worth = task.value_minor / 100
    told = f"five minutes later {lost:.1%} of the first minute's odds are lost, of {worth:.2f}"
    return Part("contact", worth * lost, told)


def _minutes(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 60


def _told(minutes: float) -> str:
    seconds = round(minutes * 60)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
