"""A sales floor: Postgres as it is, a catalog with teams, hours and a gate that a test turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from leadline.events.v1 import lead_event_pb2 as events
from services.routing.accepted import AcceptedLead
from services.routing.follow_up import CallTask
from services.routing.gate.decision import ContactRequest, GateDecision, Reason
from services.routing.gate.person import Person
from services.routing.work.agent import Agent
from services.routing.work.calls import Calls
from services.routing.work.desk import Desk, Ranked
from services.routing.work.dispatcher import Dispatcher
from services.routing.work.dispositions import Dispositions
from services.routing.work.lawful import Callability
from services.routing.work.outcome import Disposition, Standing
from services.routing.work.tasks import open_tasks
from services.routing.work.team_store import TeamReader
from shared.catalog import snapshot
from shared.catalog.sales import Team
from shared.catalog.terms import Buyer, Catalog
from shared.db.pool import Pool, open_pool
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock

BUYER = "big-bank"
#: What a floor leaves behind; tests of a file share a database, and each begins without.
_TABLES = (
    *(f"routing.{name}" for name in ("call_task", "agent", "turn", "left_over", "attempt", "disposition")),
    "outbox.message",
    "catalog.snapshot",
)
EAST = Team(slug="east", name="East")


class SetHours:
    """Hours by lead; a lead of which nothing is said may be called."""

    def __init__(self) -> None:
        self.said: dict[UUID, Callability] = {}

    async def judge(self, buyer_id: str, lead_ids: Sequence[UUID], at: datetime) -> Mapping[UUID, Callability]:
        """What the test says, as long as it holds."""
        return {lead_id: self._of(lead_id, at) for lead_id in lead_ids}

    def _of(self, lead_id: UUID, at: datetime) -> Callability:
        said = self.said.get(lead_id, Callability(True))
        return Callability(True) if said.not_before is not None and said.not_before <= at else said


class SetGate:
    """A gate that allows everything but what the test forbids."""

    def __init__(self) -> None:
        self.forbidden: dict[UUID, tuple[Reason, datetime | None]] = {}
        self.asked: list[ContactRequest] = []
        self.opted_out_at: dict[UUID, datetime] = {}
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def permits(self, buyer_id: str, requests: Sequence[ContactRequest]) -> AsyncIterator[list[GateDecision]]:
        """Decides each, and while it does so something else may happen."""
        self.asked += requests
        if self.meanwhile is not None:
            happen, self.meanwhile = self.meanwhile, None
            await happen()
        yield [self._decide(one.lead_id) for one in requests]

    async def preview(self, buyer_id: str, requests: Sequence[ContactRequest]) -> list[GateDecision]:
        """Decides each, and forgets it."""
        return [self._decide(one.lead_id) for one in requests]

    async def opted_out(self, buyer_id: str, lead_id: UUID, at: datetime) -> None:
        """Somebody wants to be left alone."""
        self.opted_out_at[lead_id] = at
        self.forbidden[lead_id] = ("opted_out", None)

    def _decide(self, lead_id: UUID) -> GateDecision:
        reason, not_before = self.forbidden.get(lead_id, ("", None))
        rules = (reason,) if reason else ("consent",)
        return GateDecision(decision_id=uuid4(), allowed=not reason, rules=rules, reason=reason, not_before=not_before)


class People:
    """Contact data for every lead."""

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """Somebody in Texas."""
        return [
            Person(
                lead_id=lead_id, decided_at=datetime.now().astimezone(), first_name="Ann", phone="+15125550123",
                state="TX", postal_code="78701",
            )
            for lead_id in lead_ids
        ]  # fmt: skip


@dataclass(kw_only=True)
class Floor:
    """What a test turns and looks at."""

    pool: Pool
    admin: asyncpg.Connection[asyncpg.Record]
    clock: FakeClock
    hours: SetHours = field(default_factory=SetHours)
    gate: SetGate = field(default_factory=SetGate)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.teams = TeamReader(self.pool, snapshot.CatalogReader(self.pool), self.clock)
        self.desk = Desk(self.pool, self.teams, self.hours, self.clock)
        self.dispatcher = Dispatcher(self.pool, self.teams, self.hours, self.metrics, self.clock)
        self.calls = Calls(self.pool, self.gate, People(), [], self.clock)
        self.dispositions = Dispositions(self.pool, self.gate, [], self.clock)
        self._revision = 0

    async def apply(self, *teams: Team) -> None:
        """Put a catalog with these teams in force."""
        self._revision += 1
        buyer = Buyer(slug=BUYER, name="Big Bank", postal_address="1 Main Street", email_from="a@bigbank.example")
        document = snapshot.encode(Catalog(revision=self._revision, buyer=buyer, teams=teams))
        await self.admin.execute(
            "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at, effective_at)"
            " VALUES ($1, $2, $3, 'test', '', $4, $4)",
            BUYER,
            self._revision,
            document,
            self.clock.now(),
        )

    async def agent(self, name: str, team: str = "east", *, seen: bool = True, **terms: Any) -> str:
        """Add somebody, who is there."""
        await self.desk.put_agent(Agent(buyer_id=BUYER, agent=name, team=team, **terms))
        if seen:
            await self.desk.heartbeat(BUYER, name)
        return name

    async def task(
        self,
        team: str = "east",
        *,
        age: float = 0,
        due: float = 300,
        value: int = 3200,
        us_state: str = "TX",
        product: str = "auto-loan",
        lead_type: str = "exclusive",
        language: str = "en",
    ) -> CallTask:
        """A lead that was bought so many seconds ago, to be called within so many seconds of then."""
        now = self.clock.now()
        decided_at = now - timedelta(seconds=age)
        lead = AcceptedLead(
            buyer_id=BUYER, lead_id=UUID(uuid7()), seller="marco", source="cars.example", order="marco-auto",
            catalog_revision=1, team=team, submitted_at=None, received_at=decided_at, decided_at=decided_at,
            traceparent="", product=product, lead_type=lead_type, us_state=us_state, price_minor=value,
        )  # fmt: skip
        task = CallTask(
            task_id=uuid4(), lead=lead, offer="5.49 %", due_at=decided_at + timedelta(seconds=due), created_at=now,
            value_minor=value, language=language,
        )  # fmt: skip
        async with self.pool.acquire() as conn:
            assert await open_tasks(conn, [task]) == {task.task_id}
        return task

    async def claim(self, agent: str, task: CallTask | None = None) -> UUID | str:
        """Claim as an agent: the task's id, or why there is none."""
        found = await self.desk.claim(BUYER, agent, task.task_id if task is not None else None)
        return found.task.task_id if isinstance(found, Ranked) else found.why

    async def say(self, task: CallTask, word: str, agent: str = "ann", **more: object) -> Standing:
        """Say what became of a task's lead."""
        told: dict[str, object] = {"disposition_id": uuid4(), "at": self.clock.now(), "task_id": task.task_id, **more}
        return await self.dispositions.say(
            BUYER,
            Disposition(lead_id=task.lead.lead_id, disposition=word, agent=agent, **told),  # type: ignore[arg-type]
        )

    async def row(self, task: CallTask) -> asyncpg.Record:
        """The task as stored."""
        row = await self.admin.fetchrow("SELECT * FROM routing.call_task WHERE task_id = $1", task.task_id)
        assert row is not None
        return row

    async def left_over(self) -> dict[str, int]:
        """Tasks of all queues, by why nobody can take them; empty: somebody can, or has them."""
        return dict(Counter(one.task.unattended for one in await self.desk.queue(BUYER, "", 500)))

    async def events(self, topic: str) -> list[events.LeadEvent]:
        """What reporting would be told, in the order in which it became true."""
        rows = await self.admin.fetch(
            "SELECT payload FROM outbox.message WHERE consumer = 'reporting' AND topic = $1 ORDER BY message_id", topic
        )
        return [events.LeadEvent.FromString(row["payload"]) for row in rows]


@asynccontextmanager
async def open_floor(url: str, clock: FakeClock, *teams: Team, connections: int = 10) -> AsyncIterator[Floor]:
    """A floor with these teams, else with one that fetches its calls."""
    async with AsyncExitStack() as stack:
        settings = DatabaseSettings(url=url, pool_size=connections)
        pool = await stack.enter_async_context(open_pool(settings, role="leadline_routing", name="work"))
        admin = await asyncpg.connect(url)
        stack.push_async_callback(admin.close)
        for table in _TABLES:
            await admin.execute(f"DELETE FROM {table}")
        floor = Floor(pool=pool, admin=admin, clock=clock)
        await floor.apply(*(teams or (EAST,)))
        yield floor
