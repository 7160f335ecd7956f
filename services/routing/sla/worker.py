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
from typing import Protocol
from uuid import UUID

import structlog

from services.routing.sla.calendar import WALL, Calendar, agreed_calendar
from services.routing.sla.clock import Advanced, Point, RunningClock, advance
from services.routing.sla.events import sla_passed
from services.routing.sla.store import SlaStore
from shared.catalog.buying import Schedule
from shared.catalog.snapshot import CatalogReader
from shared.db import outbox
from shared.db.failures import is_away, translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure

#: Clocks of one look.
BATCH = 200
#: Seconds between looks: a breach is told at most so much later than it happens.
IDLE_SECONDS = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A task that leaves its agent. `team`: whose it is from now on; empty: its own team's still."""

    buyer_id: str
    task_id: UUID
    lead_id: UUID
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that people of a team are told."""

    clock: RunningClock
    point: Point
    #: Whom: the clock's team, or the one it is escalated to.
    team: str
    at: datetime


class Desk(Protocol):
    """Where the tasks are; see `services.routing.work`."""

    async def agents(self, conn: Connection, tasks: Sequence[tuple[str, UUID]]) -> dict[UUID, str]:
        """Who has these tasks; none that nobody has."""
        ...

    async def relieve(self, conn: Connection, moves: Sequence[Move]) -> set[UUID]:
        """Take open tasks from their agents, in the caller's transaction.

        Never waits for a task that somebody is busy with at this moment. Returns those that are done with, be it
        because they are not open any more; the others are tried again soon.
        """
        ...


class Pager(Protocol):
    """What brings alerts to people; see `services.routing.sla.pager`."""

    async def tell(self, conn: Connection, alerts: Sequence[Alert]) -> None:
        """See to it that people hear, in the caller's transaction."""
        ...


class SlaWorker:
    """Looks at clocks until told to stop. Any number may run, in any processes."""

    def __init__(
        self, pool: Pool, store: SlaStore, catalogs: CatalogReader, desk: Desk, pager: Pager, clock: Clock
    ) -> None:
        self._pool = pool
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
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            now = self._clock.now()
            clocks = await self._store.take(conn, now, BATCH)
            if clocks:
                await self._look(conn, clocks, now)
        return len(clocks)

    async def _look(self, conn: Connection, clocks: Sequence[RunningClock], now: datetime) -> None:
        calendars = {clock.start.lead_id: await self._calendar(clock) for clock in clocks}
        looks = [advance(clock, now, calendars[clock.start.lead_id]) for clock in clocks]
        agents = await self._desk.agents(
            conn, [(one.clock.start.buyer_id, one.clock.start.task_id) for one in looks if one.points]
        )
        moves = [_move(one) for one in looks if one.reassigns]
        if moves:
            # Whoever holds one of them may be calling at this moment: that clock is looked at again.
            done = await self._desk.relieve(conn, moves)
            looks = [one for one in looks if not one.reassigns or one.clock.start.task_id in done]
        if not looks:
            return
        await self._store.looked(conn, looks, now)
        events = [
            self._event(one.clock, point, now, calendars[one.clock.start.lead_id], agents)
            for one in looks
            for point in one.points
        ]
        await outbox.put(conn, events)
        alerts = [alert for one in looks for alert in _alerts(one, now)]
        if alerts:
            await self._pager.tell(conn, alerts)

    def _event(
        self, clock: RunningClock, point: Point, now: datetime, calendar: Calendar, agents: dict[UUID, str]
    ) -> outbox.OutboxRow:
        if point == "met" and clock.attempt is not None:
            seconds = (clock.clock_milliseconds or 0) / 1000
            return sla_passed(clock, point, clock.attempt.began_at, seconds, clock.attempt.agent)
        agent = agents.get(clock.start.task_id, "")
        return sla_passed(clock, point, now, calendar.business_seconds(clock.start.started_at, now), agent)

    async def _calendar(self, clock: RunningClock) -> Calendar:
        if clock.start.clock == "wall":
            return WALL
        view = await self._catalogs.get(clock.start.buyer_id, clock.start.catalog_revision)
        team = view.team(clock.start.team)
        return agreed_calendar("business", team.schedule if team is not None else Schedule(), view.buyer.time_zone)


def _move(look: Advanced) -> Move:
    start = look.clock.start
    return Move(buyer_id=start.buyer_id, task_id=start.task_id, lead_id=start.lead_id, team=start.escalate_to)


def _alerts(look: Advanced, now: datetime) -> list[Alert]:
    start = look.clock.start
    # A clock that ended by now needs nobody to hurry.
    if look.clock.ended_at is not None:
        return []
    told: list[tuple[Point, str]] = [(point, start.team) for point in look.points if point in ("reminder", "breach")]
    if "escalated" in look.points and start.escalate_to:
        told.append(("escalated", start.escalate_to))
    return [Alert(clock=look.clock, point=point, team=team, at=now) for point, team in told if team]
