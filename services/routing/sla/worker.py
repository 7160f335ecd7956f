"""Looks at clocks when they pass a point: reminds, tells of breaches, escalates, takes tasks away, measures.

All that a look leads to commits with the look: a worker that dies half-way has done nothing, and two workers never
look at one clock at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import structlog

from services.routing.sla.agreement import calendar_by
from services.routing.sla.calendar import WALL, Calendar
from services.routing.sla.clock import Advanced, Point, RunningClock, advance
from services.routing.sla.events import sla_passed
from services.routing.sla.store import SlaStore
from shared.catalog.snapshot import CatalogReader
from shared.db import outbox
from shared.db.failures import is_away, translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import AppError, Internal, NotFound
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

#: Clocks of one look.
BATCH = 200
#: Seconds between looks: a breach is told at most so much later than it happens.
IDLE_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Lead(NamedTuple):
    """Names a lead."""

    buyer_id: str
    lead_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A lead whose call leaves its agent. `team`: whose it is from now on; empty: its own team's still."""

    lead: Lead
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that people of a team are told."""

    clock: RunningClock
    point: Point
    #: Whom: the clock's team, or the one it is escalated to.
    team: str
    #: Who has the task; empty: nobody.
    agent: str
    at: datetime


class Desk(Protocol):
    """Where the tasks are; see `services.routing.sla.desk_store.TaskDesk`."""

    async def agents(self, conn: Connection, leads: Sequence[Lead]) -> dict[UUID, str]:
        """By lead, who has its task; leads that nobody has are left out."""
        ...

    async def relieve(self, conn: Connection, moves: Sequence[Move], at: datetime) -> set[UUID]:
        """Take tasks from their agents in the caller's transaction, without ever waiting for one.

        Returns the leads that are done with; the others are tried again soon.
        """
        ...


class Pager(Protocol):
    """What brings alerts to people; see `services.routing.sla.pager`."""

    async def tell(self, conn: Connection, alerts: Sequence[Alert], /) -> None:
        """See to it that people hear, in the caller's transaction."""
        ...


class SlaWorker:
    """Looks at clocks until told to stop. Any number may run, in any processes."""

    def __init__(
        self,
        pool: Pool,
        store: SlaStore,
        catalogs: CatalogReader,
        desk: Desk,
        pager: Pager,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._pool = pool
        self._metrics = metrics or Metrics()
        self._store = store
        self._catalogs = catalogs
        self._desk = desk
        self._pager = pager
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set; outages are waited out."""
        while not stop.is_set():
            if await self._looked() < BATCH:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), IDLE_SECONDS)

    async def _looked(self) -> int:
        try:
            return await self.step()
        except AppError as error:
            _log.warning("clocks were not looked at", **failure(error))
        except Exception as error:
            if not is_away(error):
                raise
            _log.warning("clocks were not looked at", **failure(error))
        return 0

    async def step(self) -> int:
        """Look once at what is due, at most `BATCH` clocks; returns how many.

        Raises:
            Unavailable, DeadlineExceeded, RaceLost: the database cannot answer now; nothing was done.
        """
        passed: list[tuple[RunningClock, Point]] = []
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            now = self._clock.now()
            clocks = await self._store.take(conn, now, BATCH)
            if clocks:
                passed = await self._look(conn, clocks, now)
        for clock, point in passed:
            self._metrics.counter("leadline_sla_points_total", point=point, team=clock.start.team).inc()
        return len(clocks)

    async def _look(
        self, conn: Connection, clocks: Sequence[RunningClock], now: datetime
    ) -> list[tuple[RunningClock, Point]]:
        calendars = {_lead(clock): await self._calendar(clock) for clock in clocks}
        looks = [advance(clock, now, calendars[_lead(clock)]) for clock in clocks]
        agents = await self._desk.agents(conn, [_lead(one.clock) for one in looks if one.points])
        if moves := [_move(one) for one in looks if one.reassigns]:
            # Whoever holds one of them may be calling at this moment: that clock is looked at again.
            done = await self._desk.relieve(conn, moves, now)
            looks = [one for one in looks if not one.reassigns or one.clock.start.lead_id in done]
        if not looks:
            return []
        await self._store.looked(conn, looks, now)
        passed = [(one.clock, point) for one in looks for point in one.points]
        await outbox.put(
            conn, [self._event(clock, point, now, calendars[_lead(clock)], agents) for clock, point in passed]
        )
        if alerts := [alert for one in looks for alert in _alerts(one, now, agents)]:
            await self._pager.tell(conn, alerts)
        return passed

    def _event(
        self, clock: RunningClock, point: Point, now: datetime, calendar: Calendar, agents: dict[UUID, str]
    ) -> outbox.OutboxRow:
        if point == "met" and clock.attempt is not None:
            seconds = (clock.clock_milliseconds or 0) / 1000
            return sla_passed(clock, point, clock.attempt.began_at, seconds, clock.attempt.agent)
        agent = agents.get(clock.start.lead_id, "")
        return sla_passed(clock, point, now, calendar.business_seconds(clock.start.started_at, now), agent)

    async def _calendar(self, clock: RunningClock) -> Calendar:
        if clock.start.clock == "wall":
            return WALL
        try:
            view = await self._catalogs.get(clock.start.buyer_id, clock.start.catalog_revision)
        except (NotFound, Internal) as error:
            # When it is due is known; only its seconds are then those of the wall.
            _log.error("a clock's catalog cannot be read", lead_id=str(clock.start.lead_id), **failure(error))
            return WALL
        return calendar_by(view, clock.start.team, clock.start.clock)


def _lead(clock: RunningClock) -> Lead:
    return Lead(clock.start.buyer_id, clock.start.lead_id)


def _move(look: Advanced) -> Move:
    return Move(lead=_lead(look.clock), team=look.clock.start.escalate_to)


def _alerts(look: Advanced, now: datetime, agents: dict[UUID, str]) -> list[Alert]:
    start = look.clock.start
    # A clock that ended by now needs nobody to hurry.
    if look.clock.ended_at is not None:
        return []
    told: list[tuple[Point, str]] = [(point, start.team) for point in look.points if point in ("reminder", "breach")]
    if "escalated" in look.points:
        told.append(("escalated", start.escalate_to))
    agent = agents.get(start.lead_id, "")
    return [Alert(clock=look.clock, point=point, team=team, agent=agent, at=now) for point, team in told if team]
