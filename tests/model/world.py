"""The real thing: intake, dedup and routing in one process on a real Postgres, and ways to kill intake at any point."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Coroutine, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import asyncpg

from leadline.common.v1 import error_reason_pb2, lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.validation.v1 import validation_service_pb2 as validation_pb2
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import LikenessStore
from services.dedup.service import DedupService
from services.dedup.similar import SimilarPeople
from services.dedup.store import ClaimStore
from services.intake.books import posting_store
from services.intake.books.proof_store import BooksProof
from services.intake.books.transfer import Kind, Movement, transfer_id
from services.intake.catalog import keys
from services.intake.catalog.diff import plan
from services.intake.catalog.directory import Directory
from services.intake.catalog.store import Approval, CatalogStore, KeyRecord
from services.intake.chain import Chain
from services.intake.opening import Opening
from services.intake.pending import PendingLeads
from services.intake.pings.bids import Bids
from services.intake.pings.store import PingStore
from services.intake.pings.token import BidSigner
from services.intake.pipeline import Pipeline
from services.intake.rate_store import LocalLimits
from services.intake.rows import Batch, Obstacle
from services.intake.settlement import Settlement
from services.intake.store import LeadStore
from services.intake.trace import LeadTraces
from services.routing.service import RoutingService
from services.routing.store import CapacityStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool, open_pool
from shared.rpc.errors import Unavailable, WrongState
from shared.runtime.settings import DatabaseSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.model.catalog import SELLERS, catalog_of
from tests.model.model import Answer, Item, Terms, Transfer
from tests.model.steps import Correct, Crash

_T = TypeVar("_T")
REPLICAS = 2
_STILL_THERE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"


class World:
    """Replicas of intake that share a database. One buyer after the other lives in it: each schedule has its own."""

    def __init__(self, url: str, stack: AsyncExitStack, admin: asyncpg.Connection, dedup: Pool, routing: Pool) -> None:
        self._url, self._stack = url, stack
        self.admin = admin
        self.clock = FakeClock()
        self.buyer = ""
        self._keys: dict[str, str] = {}
        self._dedup_pool, self._routing_pool = dedup, routing
        self._intakes: list[_Intake] = []
        self._names: dict[Pool, str] = {}

    async def begin(self, terms: Mapping[str, Terms]) -> None:
        """A new buyer with these terms, at the clock's beginning."""
        # Whoever refreshes reads every buyer: those of schedules that are over only cost time.
        await self.admin.execute("DELETE FROM catalog.head; TRUNCATE outbox.message")
        self.clock = FakeClock()
        self.buyer = f"buyer-{uuid.uuid4().hex[:12]}"
        stages = self._stages()
        pools = [intake.pool for intake in self._intakes] or [await self._connect() for _ in range(REPLICAS)]
        self._intakes = [_Intake(pool, stages, self.clock) for pool in pools]
        await self.apply(terms, 0)
        store = self._intakes[0].catalog
        for seller in SELLERS:
            key = keys.generate(secrets.token_bytes)
            self._keys[seller] = key.text
            await store.add_key(_key_record(self.buyer, seller, key, self.clock))

    async def apply(self, terms: Mapping[str, Terms], delay: int) -> None:
        """Put terms into force, so many seconds from now."""
        now = self.clock.now()
        approval = Approval("tracey", "model", now, now + timedelta(seconds=delay))
        wanted = catalog_of(self.buyer, terms)
        await self._intakes[0].catalog.apply(
            self.buyer, approval, lambda current: plan(current, wanted), supersede=True
        )

    async def send(self, items: Sequence[Item], replica: int = 0) -> list[tuple[Answer, str]]:
        """One batch; answers with their leads' ids."""
        intake = self._intakes[replica % REPLICAS]
        await intake.directory.refresh()
        results = await intake.pipeline.submit([self._message(item) for item in items])
        return [_answer(result) for result in results]

    async def race(self, items: Sequence[Item]) -> list[tuple[Answer, str]]:
        """Every submission by itself, at once."""
        answers = await asyncio.gather(*[self.send([item], n) for n, item in enumerate(items)])
        return [answer for (answer,) in answers]

    async def crash(self, step: Crash) -> bool:
        """Send and die; afterwards nothing of it is at work any more. False: it was over before it could die."""
        intake = self._intakes[0]
        await intake.directory.refresh()
        died = _Died()
        sending = intake.pipeline.submit([self._message(step.item)])
        if step.how in ("before", "after"):
            intake.store.fails = (step.how, died)
        else:
            sending = _Dying(sending, step.at, intake.pool if step.how == "cut" else None, died).run()
        try:
            await asyncio.ensure_future(sending)
        except asyncio.CancelledError:
            if not died.yes:
                raise
        intake.store.fails = None
        await self._restart(intake)
        return died.yes

    async def correct(self, step: Correct, lead: str, amount: int, undone: Transfer | None) -> str:
        """Post to the books: `posted`, `known` or `refused`."""
        movement = Movement(
            kind=step.kind,
            amount_minor=amount,
            cause=cause_of(step),
            who="tracey",
            why="model",
            lead_id=lead,
            undoes=transfer_id(cast(Kind, undone.kind), undone.cause) if undone else "",
        )
        try:
            async with self._intakes[0].pool.acquire() as connection, connection.transaction():
                new = await posting_store.post(connection, self.buyer, [movement], self.clock.now())
        except WrongState:
            return "refused"
        return "posted" if new else "known"

    async def defects(self) -> list[str]:
        """What the product's own proof has against the books."""
        return await BooksProof(self._intakes[0].pool).defects(self.buyer)

    def _message(self, item: Item) -> pb.SubmitLeadItem:
        fields = {name: value for name, value in (("phone", item.phone), ("email", item.email)) if value}
        submission = lead_pb2.Submission(
            order=item.order, external_id=item.external_id, source=f"{item.seller}.example", fields=fields
        )
        return pb.SubmitLeadItem(access_key=self._keys[item.seller], submission=submission)

    def _stages(self) -> Chain:
        # As the services' own composition roots do it, without the wire between them.
        fingerprints = Fingerprints(b"k" * 32)
        dedup = DedupService(
            catalogs=CatalogReader(self._dedup_pool),
            store=ClaimStore(self._dedup_pool),
            people=SimilarPeople(LikenessStore(self._dedup_pool), fingerprints),
            fingerprints=fingerprints,
            clock=self.clock,
        )
        routing = RoutingService(CatalogReader(self._routing_pool), CapacityStore(self._routing_pool))
        return Chain(
            validation=cast(Any, SimpleNamespace(ValidateLeads=_nothing_wrong)),
            dedup=cast(
                Any, SimpleNamespace(CheckLeads=lambda request, timeout: dedup.CheckLeads(request, cast(Any, None)))
            ),
            routing=cast(
                Any, SimpleNamespace(RouteLeads=lambda request, timeout: routing.RouteLeads(request, cast(Any, None)))
            ),
            clock=self.clock,
        )

    async def _connect(self) -> Pool:
        settings = DatabaseSettings(url=self._url, pool_size=4)
        name = f"model-{uuid.uuid4().hex}"
        pool = await self._stack.enter_async_context(open_pool(settings, role="leadline_intake", name=name))
        self._names[pool] = name
        return pool

    async def _restart(self, dead: _Intake) -> None:
        """What the dead one left to Postgres comes to its end there; then another one takes its place."""
        dead.pool.terminate()
        # Not idle but gone: one that has not read yet what it was sent is idle too.
        while await self.admin.fetchval(_STILL_THERE, self._names[dead.pool]):  # noqa: ASYNC110 - Postgres tells nobody
            await asyncio.sleep(0.001)
        self._intakes[0] = _Intake(await self._connect(), dead.stages, self.clock)


class _Intake:
    """One replica."""

    def __init__(self, pool: Pool, stages: Chain, clock: FakeClock) -> None:
        self.pool, self.stages = pool, stages
        self.catalog = CatalogStore(pool)
        self.store = _MortalStore(pool)
        self.directory = Directory(self.catalog, CatalogReader(pool), clock)
        self.pipeline = Pipeline(
            opening=Opening(self.directory, clock, trace_ratio=0),
            chain=stages,
            store=self.store,
            settlement=Settlement(self.store, clock, ring=lambda: None, stages=stages),
            pending=PendingLeads(self.store, clock),
            limits=LocalLimits(clock),
            bids=Bids(PingStore(pool), CatalogReader(pool), BidSigner(b"k" * 32), clock),
            traces=LeadTraces(Metrics()),
            clock=clock,
            chain_seconds=30.0,
        )


class _Died:
    yes = False


class _MortalStore(LeadStore):
    """Whose settlement may end before it began, or after its commit and before anybody heard of it."""

    fails: tuple[str, _Died] | None = None

    async def settle(self, buyer_id: str, now: Any, batch: Batch) -> list[Obstacle]:
        if self.fails is None:
            return await super().settle(buyer_id, now, batch)
        when, died = self.fails
        died.yes = True
        if when == "after":
            await super().settle(buyer_id, now, batch)
        raise Unavailable("intake is dead")


class _Dying(Awaitable[_T]):
    """A coroutine that dies the n-th time that it waits: cancelled, or its sockets shut with all it had under way."""

    def __init__(self, coroutine: Coroutine[Any, Any, _T], at: int, pool: Pool | None, died: _Died) -> None:
        self._coroutine, self._at, self._pool, self._died = coroutine, at, pool, died

    async def run(self) -> _T:
        return await self

    def __await__(self) -> Generator[Any, Any, _T]:
        waits, thrown = 0, None
        while True:
            try:
                waited_for = self._coroutine.send(None) if thrown is None else self._coroutine.throw(thrown)
            except StopIteration as done:
                return cast(_T, done.value)
            waits, thrown = waits + 1, None
            if waits == self._at:
                self._die()
            try:
                yield waited_for
            except BaseException as error:
                thrown = error

    def _die(self) -> None:
        self._died.yes = True
        if self._pool is not None:
            self._pool.terminate()
        else:
            cast("asyncio.Task[Any]", asyncio.current_task()).cancel()


@asynccontextmanager
async def open_world(database_url: str) -> AsyncIterator[World]:
    """A world on a migrated database that is all its own."""
    async with AsyncExitStack() as stack:
        admin = await asyncpg.connect(database_url)
        stack.push_async_callback(admin.close)
        settings = DatabaseSettings(url=database_url, pool_size=4)
        dedup = await stack.enter_async_context(open_pool(settings, role="leadline_dedup", name="model-dedup"))
        routing = await stack.enter_async_context(open_pool(settings, role="leadline_routing", name="model-routing"))
        yield World(database_url, stack, admin, dedup, routing)


def cause_of(step: Correct) -> str:
    """What a correction is posted under."""
    return f"case:{step.cause}"


def _key_record(buyer: str, seller: str, key: keys.KeyParts, clock: FakeClock) -> KeyRecord:
    return KeyRecord(
        buyer_id=buyer, key_id=key.key_id, seller=seller, orders=(), secret_sha256=key.digest, label="",
        created_at=clock.now(), expires_at=None, revoked_at=None,
    )  # fmt: skip


def _answer(result: pb.SubmitLeadResult) -> tuple[Answer, str]:
    if result.HasField("refusal"):
        reason = error_reason_pb2.ErrorReason.Name(result.refusal.reason).removeprefix("ERROR_REASON_")
        return Answer("conflict" if reason == "SUBMISSION_CONFLICT" else reason.lower()), ""
    answer = result.answer
    reasons = (reason_pb2.Reason.Name(one.reason).removeprefix("REASON_").lower() for one in answer.reasons)
    told = Answer(
        pb.Outcome.Name(answer.outcome).removeprefix("OUTCOME_").lower(),
        answer.order.order,
        answer.price.amount_minor,
        frozenset(reasons),
        answer.lead_id if answer.replayed else "",
    )
    return told, answer.lead_id


async def _nothing_wrong(
    request: validation_pb2.ValidateLeadsRequest, timeout: float
) -> validation_pb2.ValidateLeadsResponse:
    return validation_pb2.ValidateLeadsResponse(
        results=[
            validation_pb2.ValidatedLead(
                fields=lead.submission.fields,
                source=lead.submission.source,
                lead_type=lead_pb2.LeadType(form="long", opt_in="single"),
                candidates=[validation_pb2.CandidateValidation(order=ref) for ref in lead.candidates],
            )
            for lead in request.leads
        ]
    )
