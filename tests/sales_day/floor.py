"""The sales floor: the real queue, calls, dispositions and clocks on a real Postgres, one fake clock for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2 as events
from services.routing.delivery.store import DeliveryStore
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.gate.decision import ContactRequest, GateDecision
from services.routing.gate.person import Person
from services.routing.scheduler import FollowUpScheduler
from services.routing.sla.desk_store import TaskDesk
from services.routing.sla.listening import ClockListener
from services.routing.sla.report_store import SlaReports
from services.routing.sla.store import SlaStore
from services.routing.sla.worker import Alert, SlaWorker
from services.routing.work.agent import Agent
from services.routing.work.calls import Calls
from services.routing.work.desk import Desk
from services.routing.work.dispatcher import Dispatcher
from services.routing.work.dispositions import Dispositions
from services.routing.work.lawful import Callability
from services.routing.work.team_store import TeamReader
from shared.catalog import snapshot
from shared.db.outbox import OutboxConsumer, OutboxRow, put
from shared.db.pool import Connection, Pool, open_pool
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.sales_day.roster import BEGINS, BUYER, Coming, catalog


class Everybody:
    """Contacts, lawful hours and the gate of a country in which everybody may be called at any hour."""

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """People, one a lead."""
        return [Person(lead_id=lead_id, decided_at=BEGINS, phone="+12125550100", state="NY") for lead_id in lead_ids]

    async def judge(self, buyer_id: str, lead_ids: Sequence[UUID], at: datetime) -> Mapping[UUID, Callability]:
        """Now."""
        return {lead_id: Callability(True) for lead_id in lead_ids}

    @asynccontextmanager
    async def permits(self, buyer_id: str, requests: Sequence[ContactRequest]) -> AsyncIterator[list[GateDecision]]:
        """Yes."""
        yield await self.preview(buyer_id, requests)

    async def preview(self, buyer_id: str, requests: Sequence[ContactRequest]) -> list[GateDecision]:
        """It would be yes."""
        return [
            GateDecision(decision_id=UUID(uuid7()), allowed=True, rules=(), reason="", not_before=None)
            for _ in requests
        ]

    async def opted_out(self, buyer_id: str, lead_id: UUID, at: datetime) -> None:
        """Nobody does on this day."""


@dataclass
class Heard:
    """What people on the floor are told."""

    alerts: list[Alert] = field(default_factory=list)

    async def tell(self, conn: Connection, alerts: Sequence[Alert]) -> None:
        """Remember."""
        self.alerts += alerts


class Silence:
    """A bell that nobody rings."""

    async def wait(self, timeout: float) -> bool:
        """At once."""
        return False


class Floor:
    """Everything that a day needs."""

    def __init__(self, pool: Pool, admin: asyncpg.Connection[asyncpg.Record], clock: FakeClock) -> None:
        catalogs, metrics, everybody = snapshot.CatalogReader(pool), Metrics(), Everybody()
        self.clock = clock
        self.pool = pool
        self.heard = Heard()
        self.clocks = SlaStore(pool)
        self.reports = SlaReports(pool, catalogs)
        self.worker = SlaWorker(pool, self.clocks, catalogs, TaskDesk(), self.heard, clock)
        teams = TeamReader(pool, catalogs, clock)
        self.desk = Desk(pool, teams, everybody, clock)
        self.calls = Calls(pool, everybody, everybody, [ClockListener()], clock)
        self.dispositions = Dispositions(pool, everybody, [ClockListener()], clock)
        self.dispatcher = Dispatcher(pool, teams, everybody, metrics, clock)
        scheduler = FollowUpScheduler(DeliveryStore(pool), catalogs, FollowUpTelemetry(metrics), clock)
        self._consumer = OutboxConsumer(pool, "routing", scheduler.handle, Silence())
        self._admin = admin

    async def staff(self, agent: str, team: str, state: str) -> None:
        """Put an agent on the list, or change what the agent does."""
        await self.desk.put_agent(Agent(buyer_id=BUYER, agent=agent, team=team, state=state))  # type: ignore[arg-type]

    async def buy(self, leads: Sequence[Coming]) -> None:
        """Let leads be bought, each at its own instant, and be scheduled now."""
        rows = []
        for lead in leads:
            body = events.LeadDecided(
                accepted=True,
                seller="marco",
                source="cars.example",
                order=lead_pb2.OrderRef(order=lead.order, version=1),
                product="auto-loan",
                team=lead.team,
                catalog_revision=1,
            )
            for point in (body.clock.received_at, body.clock.decided_at):
                point.FromDatetime(lead.at)
            event = events.LeadEvent(event_id=uuid7(), buyer_id=BUYER, lead_id=str(lead.lead_id), decided=body)
            rows.append(OutboxRow(BUYER, "routing", "decided", event.SerializeToString(), event.event_id))
        await put(self._admin, rows)
        await self._consumer.step()

    async def unattended_tasks(self) -> int:
        """Tasks of which the queue says that nobody can take them."""
        found = await self.pool.fetchval(
            "SELECT count(*) FROM routing.call_task JOIN routing.left_over"
            " USING (buyer_id, queue, us_state, product, lead_type, language) WHERE state IN ('open', 'waiting')"
        )
        return int(found)


@asynccontextmanager
async def open_floor(url: str, clock: FakeClock) -> AsyncIterator[Floor]:
    """A floor on a migrated database."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(DatabaseSettings(url=url), role="leadline_routing", name="routing")
        )
        admin = await asyncpg.connect(url)
        stack.push_async_callback(admin.close)
        await admin.execute(
            "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at, effective_at)"
            " VALUES ($1, 1, $2, 'test', '', $3, $3)",
            BUYER, snapshot.encode(catalog()), datetime(2026, 1, 1, tzinfo=BEGINS.tzinfo),
        )  # fmt: skip
        yield Floor(pool, admin, clock)
