"""One clock: what it was told, what it passes, and when. Pure.

Two facts come from outside, in any order and any number of times: the earliest real attempt, and that the lead needs
no attempt any more (returned, opted out). Whichever lies earlier ends the clock. `advance` draws the conclusions, and
draws them from the facts alone: what was told first makes no difference to what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.routing.sla.calendar import Calendar
from shared.catalog.sales import AgreedClock, Sla

Point = Literal["reminder", "breach", "escalated", "met"]
#: Where a clock stands: still running; attempted in time or late; run out without an attempt; excused before that.
Standing = Literal["running", "met", "late", "never", "excused"]

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A clock to be started with the first task of a lead."""

    buyer_id: str
    lead_id: UUID
    task_id: UUID
    order: str
    #: Whose agreement it is, and whose hours count, whoever calls in the end; empty: nobody's.
    team: str
    seller: str
    source: str
    #: Its team's schedule counts, whatever was applied since.
    catalog_revision: int
    clock: AgreedClock
    agreed_seconds: int
    started_at: datetime
    #: None: no reminder.
    remind_at: datetime | None
    due_at: datetime
    #: Empty: nobody.
    escalate_to: str
    reassign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A person's own try to reach the lead's person; never a program's, and never a task that was written."""

    attempt_id: UUID
    began_at: datetime
    team: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClock:
    """A clock as stored."""

    start: Start
    reminded_at: datetime | None = None
    breached_at: datetime | None = None
    #: The earliest that is known.
    attempt: Attempt | None = None
    #: Of that attempt, on the agreed clock; None: not measured yet.
    clock_milliseconds: int | None = None
    excused_at: datetime | None = None

    @property
    def ended_at(self) -> datetime | None:
        """When the person no longer waited to be called; None: they wait."""
        facts = [] if self.excused_at is None else [self.excused_at]
        if self.attempt is not None:
            facts.append(self.attempt.began_at)
        return min(facts, default=None)

    def standing(self, now: datetime) -> Standing:
        """Where it stands at an instant."""
        due_at = self.start.due_at
        if self.excused_at is not None and self.ended_at == self.excused_at and self.excused_at <= due_at:
            return "excused"
        if self.attempt is not None:
            return "met" if self.attempt.began_at <= due_at else "late"
        return "running" if now <= due_at else "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What a look at a clock leaves behind."""

    clock: RunningClock
    #: Passed by this look, in their order.
    points: tuple[Point, ...]
    #: When to look again; None: not before it is told something.
    next_at: datetime | None

    @property
    def reassigns(self) -> bool:
        """True where the task leaves its agent now."""
        return "escalated" in self.points and self.clock.start.reassign


def plan(
    *,
    buyer_id: str,
    lead_id: UUID,
    task_id: UUID,
    order: str,
    team: str,
    seller: str,
    source: str,
    catalog_revision: int,
    started_at: datetime,
    sla: Sla,
    calendar: Calendar,
) -> Start:
    """The clock of a task by what is agreed.

    Args:
        started_at: The lead's purchase: a slow system is not the agent's gain. For a lead that a hold-out holds back,
            the end of that wait, which is nobody's fault.
        calendar: Of the agreement's clock and the team.
    """
    remind_after = sla.remind_after_seconds
    return Start(
        buyer_id=buyer_id,
        lead_id=lead_id,
        task_id=task_id,
        order=order,
        team=team,
        seller=seller,
        source=source,
        catalog_revision=catalog_revision,
        clock=sla.clock,
        agreed_seconds=sla.seconds,
        started_at=started_at,
        remind_at=None if remind_after is None else calendar.due_at(started_at, remind_after),
        due_at=calendar.due_at(started_at, sla.seconds),
        escalate_to=sla.escalate_to or "",
        reassign=sla.reassign,
    )


def advance(clock: RunningClock, now: datetime, calendar: Calendar) -> Advanced:
    """What a clock passes by `now`, each point once.

    An attempt at the very instant at which the clock runs out is in time. Somebody who looks too late reminds of
    nothing that has run out. A breach is told although a late attempt is known by then, and then not escalated.
    """
    start, ended_at = clock.start, clock.ended_at
    points: list[Point] = []
    waits = ended_at is None
    in_time = ended_at is not None and ended_at <= start.due_at
    reminded_at, breached_at, measured = clock.reminded_at, clock.breached_at, clock.clock_milliseconds
    if start.remind_at is not None and waits and reminded_at is None and start.remind_at <= now <= start.due_at:
        points.append("reminder")
        reminded_at = now
    if not in_time and breached_at is None and now > start.due_at:
        points.append("breach")
        breached_at = now
        if waits and (start.escalate_to or start.reassign):
            points.append("escalated")
    if clock.attempt is not None and measured is None:
        measured = calendar.business_time(start.started_at, clock.attempt.began_at) // _MILLISECOND
        points.append("met")
    after = RunningClock(
        start=start,
        reminded_at=reminded_at,
        breached_at=breached_at,
        attempt=clock.attempt,
        clock_milliseconds=measured,
        excused_at=clock.excused_at,
    )
    return Advanced(clock=after, points=tuple(points), next_at=_next(after, now, in_time))


def _next(clock: RunningClock, now: datetime, in_time: bool) -> datetime | None:
    if in_time or clock.breached_at is not None:
        return None
    remind_at = clock.start.remind_at
    if clock.ended_at is None and clock.reminded_at is None and remind_at is not None and now < remind_at:
        return remind_at
    return clock.start.due_at
