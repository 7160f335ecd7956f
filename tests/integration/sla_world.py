"""Clocks on a real Postgres, and who looks at them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.routing.sla import store as sla
from services.routing.sla.clock import Start
from services.routing.sla.desk_store import TaskDesk
from services.routing.sla.store import SlaStore
from services.routing.sla.worker import Alert, Pager, SlaWorker
from shared.catalog.sales import Sla
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Connection, Pool, open_pool
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.unit.sla.samples import NOW, attempt

BUYER = "big-bank"
ESCALATED = Sla(seconds=300, escalate_to="rescue", reassign=True)


@dataclass
class Heard:
    """A pager that remembers."""

    alerts: list[Alert] = field(default_factory=list)
    any: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(self, conn: Connection, alerts: Sequence[Alert]) -> None:
        self.alerts += alerts
        self.any.set()


class Broken:
    """A pager that fails half-way, after everything else was written."""

    async def tell(self, conn: Connection, alerts: Sequence[Alert]) -> None:
        raise asyncpg.InterfaceError("killed")


@dataclass
class World:
    """Clocks, and who looks at them."""

    pool: Pool
    clock: FakeClock
    store: SlaStore
    heard: Heard = field(default_factory=Heard)

    def worker(self, pager: Pager | None = None) -> SlaWorker:
        desk = TaskDesk()
        return SlaWorker(self.pool, self.store, CatalogReader(self.pool), desk, pager or self.heard, self.clock)

    async def starts(self, *starts: Start) -> None:
        async with self.pool.acquire() as conn:
            await sla.start(conn, starts)

    async def stops(self, lead_id: UUID, seconds: float, number: int = 1) -> None:
        async with self.pool.acquire() as conn:
            await sla.stop(conn, BUYER, lead_id, attempt(seconds, number))

    async def at(self, seconds: float) -> None:
        """Look at the clocks so many seconds after NOW."""
        self.clock.jump(NOW + timedelta(seconds=seconds))
        await self.worker().step()

    async def row(self, lead_id: UUID) -> dict[str, object]:
        found = await self.pool.fetchrow("SELECT * FROM routing.sla WHERE lead_id = $1", lead_id)
        assert found is not None
        return dict(found)

    async def task(self, start: Start, agent: str = "ann") -> None:
        """A call task that an agent has."""
        await self.pool.execute(
            "INSERT INTO routing.call_task (buyer_id, task_id, lead_id, team, queue, queues, state, offer,"
            " clock_started_at, due_at, created_at, agent, lease_until)"
            " VALUES ($1, $2, $3, $4, $4, ARRAY[$4], 'claimed', '', $5, $6, $5, $7, $6)",
            start.buyer_id, start.task_id, start.lead_id, start.team, start.started_at, start.due_at, agent,
        )  # fmt: skip


@asynccontextmanager
async def sla_world(url: str) -> AsyncIterator[World]:
    """A world on a migrated database, at NOW."""
    async with open_pool(DatabaseSettings(url=url), role="leadline_routing", name="routing") as pool:
        yield World(pool, FakeClock(NOW), SlaStore(pool))
