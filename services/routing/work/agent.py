"""Agents, what a task asks of one, and whether one takes work at a moment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.routing.holidays import ClosedDays
from services.routing.windows import is_open, next_opening, openings
from shared.catalog.buying import Schedule

AgentState = Literal["available", "paused", "away"]
#: Why an agent takes nothing now; empty: takes work.
Absence = Literal["", "paused", "away", "off_shift", "not_seen", "at_capacity"]
#: Why nobody can take a task; empty: somebody can.
Unattended = Literal[
    "", "no_team", "team_closed", "none_licensed", "none_skilled", "nobody_on_shift", "all_at_capacity",
    "not_lawful_now",
]  # fmt: skip

#: A schedule that never closes.
ALWAYS = Schedule()

#: An agent who claimed or was given a task and is not heard of for so long loses it.
LEASE = timedelta(seconds=120)
#: An agent who passed a task is not given it again for so long.
PASS = timedelta(seconds=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a task asks of an agent; an empty word is not known, and then only who takes any will do."""

    us_state: str = ""
    product: str = ""
    lead_type: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody who calls. See protos/leadline/routing/v1/work.proto for what the fields mean."""

    buyer_id: str
    agent: str
    team: str
    products: tuple[str, ...] = ()
    lead_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    states: tuple[str, ...] = ()
    capacity: int = 1
    weight: int = 1
    state: AgentState = "available"
    shifts: Schedule = ALWAYS

    def licensed(self, need: Need) -> bool:
        """True where the agent may speak with a person of that state."""
        return not self.states or need.us_state in self.states

    def skilled(self, need: Need) -> bool:
        """True where the agent knows the product, takes the type and speaks the language."""
        return (
            (not self.products or need.product in self.products)
            and (not self.lead_types or need.lead_type in self.lead_types)
            and need.language in self.languages
        )

    def fits(self, need: Need) -> bool:
        """True where the agent may have the task."""
        return self.licensed(need) and self.skilled(need)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNow:
    """An agent at a moment."""

    agent: Agent
    #: Tasks that the agent has.
    holding: int = 0
    seen_at: datetime | None = None
    #: Where the agent stands in the team's turns; see `distribution`.
    passed: float = 0.0
    present_in: int = 0
    assigned_at: datetime | None = None

    def absence(self, now: datetime, zone: str) -> Absence:
        """Why the agent takes nothing now. `zone`: of shifts that name none."""
        if self.agent.state != "available":
            return self.agent.state
        if not works_at(self.agent.shifts, zone, now):
            return "off_shift"
        if self.seen_at is None or self.seen_at < now - LEASE:
            return "not_seen"
        return "at_capacity" if self.holding >= self.agent.capacity else ""


def works_at(schedule: Schedule, zone: str, at: datetime) -> bool:
    """True where a schedule is open at an instant. `zone`: its own where it names one."""
    local = at.astimezone(ZoneInfo(schedule.time_zone or zone))
    return is_open(openings(schedule.hours), local, ClosedDays.of(schedule))


def next_work(schedule: Schedule, zone: str, after: datetime) -> datetime | None:
    """When a schedule opens next; None: not within a year."""
    local = after.astimezone(ZoneInfo(schedule.time_zone or zone))
    opens = next_opening(openings(schedule.hours), local, ClosedDays.of(schedule))
    return None if opens is None else opens.astimezone(UTC)


def unattended(
    need: Need, agents: Sequence[AgentNow], *, open_now: bool, now: datetime, zone: str
) -> tuple[Unattended, datetime | None]:
    """Why nobody of a team can take a task, and when that changes by itself where it is known.

    Args:
        agents: Of the team.
        open_now: Whether the team is within its business hours.
        zone: Of shifts that name none.
    """
    if not agents:
        return "no_team", None
    licensed = [one for one in agents if one.agent.licensed(need)]
    if not licensed:
        return "none_licensed", None
    fitting = [one for one in licensed if one.agent.skilled(need)]
    if not fitting:
        return "none_skilled", None
    if not open_now:
        return "team_closed", None
    absences = {one.absence(now, zone) for one in fitting}
    if "" in absences:
        return "", None
    if "at_capacity" in absences:
        return "all_at_capacity", None
    shifts = (next_work(one.agent.shifts, zone, now) for one in fitting if one.absence(now, zone) == "off_shift")
    return "nobody_on_shift", min((one for one in shifts if one is not None), default=None)
