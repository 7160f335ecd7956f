"""The real thing: intake, dedup and routing in one process on a real Postgres, and ways to kill intake at any point."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast

import asyncpg

from leadline.common.v1 import error_reason_pb2, lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ping_service_pb2 as ping_pb
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
from services.intake.catalog.store import Approval, CatalogStore, KeyRecord
from services.intake.chain import Chain
from services.intake.returns.desk import Asked
from services.intake.returns.judgement import Claim
from services.routing.service import RoutingService
from services.routing.store import CapacityStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool, open_pool
from shared.rpc.errors import DeadlineExceeded, Unavailable, WrongState
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.model.catalog import SELLERS, catalog_of
from tests.model.facts import Answer, Item, Terms, Transfer
from tests.model.replica import Died, Dying, Replica
from tests.model.steps import Correct

REPLICAS = 2
_FORGET_ALL = """
DELETE FROM catalog.head; TRUNCATE outbox.message; DELETE FROM intake.pending; DELETE FROM intake.hold;
UPDATE intake.return_request SET state = 'withdrawn', answer_by = NULL WHERE state = 'open'
"""
_STILL_THERE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"


class World:
    """Replicas of intake that share a database. One buyer after the other lives in it: each schedule has its own."""

    def __init__(self, url: str, stack: AsyncExitStack, admin: asyncpg.Connection, dedup: Pool, routing: Pool) -> None:
        self._url, self._stack = url, stack
        self.admin = admin
        self.clock = FakeClock()
        self.buyer = ""
        #: Nobody can decide: the chain is not there.
        self.away = False
        self._keys: dict[str, str] = {}
        #: By ping.
        self._tokens: dict[str, str] = {}
        self._dedup_pool, self._routing_pool = dedup, routing
        self._replicas: list[Replica] = []
        self._names: dict[Pool, str] = {}

    async def begin(self, terms: Mapping[str, Terms]) -> None:
        """A new buyer with these terms, at the clock's beginning."""
        # Whoever refreshes or sweeps looks at every buyer: those of schedules that are over only cost time.
        await self.admin.execute(_FORGET_ALL)
        self.clock = FakeClock()
        self.buyer, self.away, self._tokens = f"buyer-{uuid.uuid4().hex[:12]}", False, {}
        stages = self._stages()
        pools = [replica.pool for replica in self._replicas] or [await self._connect() for _ in range(REPLICAS)]
        self._replicas = [Replica(pool, stages, self.clock) for pool in pools]
        await self.apply(terms, 0)
        store = CatalogStore(pools[0])
        for seller in SELLERS:
            key = keys.generate(secrets.token_bytes)
            self._keys[seller] = key.text
            await store.add_key(_key_record(self.buyer, seller, key, self.clock))

    async def apply(self, terms: Mapping[str, Terms], delay: int) -> None:
        """Put terms into force, so many seconds from now."""
        now = self.clock.now()
        approval = Approval("tracey", "model", now, now + timedelta(seconds=delay))
        wanted = catalog_of(self.buyer, terms)
        await CatalogStore(self._replicas[0].pool).apply(
            self.buyer, approval, lambda current: plan(current, wanted), supersede=True
        )

    async def send(self, items: Sequence[Item], replica: int = 0) -> list[tuple[Answer, str]]:
        """One batch; answers with their leads' ids."""
        one = self._replicas[replica % REPLICAS]
        await one.directory.refresh()
        results = await one.pipeline.submit([self._message(item) for item in items])
        return [_answer(result) for result in results]

    async def race(self, items: Sequence[Item]) -> list[tuple[Answer, str]]:
        """Every submission by itself, at once."""
        answers = await asyncio.gather(*[self.send([item], n) for n, item in enumerate(items)])
        return [answer for (answer,) in answers]

    async def ping(self, items: Sequence[Item]) -> list[tuple[Answer, str]]:
        """Every ping by itself, at once; answers with their ids."""
        answers = await asyncio.gather(*[self.ping_once(item, n) for n, item in enumerate(items)])
        return list(answers)

    async def ping_once(self, item: Item, replica: int = 0) -> tuple[Answer, str]:
        """One ping to one replica."""
        one = self._replicas[replica % REPLICAS]
        await one.directory.refresh()
        (result,) = await one.pings.submit([self._ping_message(item)])
        if result.HasField("answer") and result.answer.bid_token:
            self._tokens[result.answer.ping_id] = result.answer.bid_token
        return _ping_answer(result)

    async def wait_until_due(self) -> None:
        """Let time pass until every lead that was kept may be looked at, also where its clock was set back."""
        due = await self.admin.fetchval("SELECT max(due_at) FROM intake.pending WHERE buyer_id = $1", self.buyer)
        if due is not None:
            self.clock.advance(max(0.0, (due - self.clock.now()).total_seconds()))

    async def sweep(self, replicas: int) -> None:
        """What replicas do by themselves, once, by one of them or by several at once."""
        for replica in self._replicas[:replicas]:
            await replica.directory.refresh()
        await asyncio.gather(*[replica.sweep() for replica in self._replicas[:replicas]])

    async def sweep_once(self) -> None:
        """The same, by the first."""
        await self._replicas[0].sweep()

    async def ask(self, lead: str, amount: int, times: int) -> list[str]:
        """Ask a lead back, so many times at once: ids of the returns; empty where it was not possible."""
        return list(await asyncio.gather(*[self.ask_once(lead, amount, n) for n in range(times)]))

    async def ask_once(self, lead: str, amount: int, replica: int = 0) -> str:
        """The same, of one replica."""
        claim = Claim(reason="disconnected", asked_at=self.clock.now(), amount_minor=amount or None)
        asked = Asked(lead_id=lead, claim=claim, evidence=[], note="model")
        try:
            return (await self._replicas[replica].returns.request(self.buyer, asked, "tracey")).return_id
        except WrongState:
            return ""

    async def act(self, return_id: str, action: str, amount: int, times: int) -> list[bool]:
        """Take a return a step further, so many times at once: whether it was possible."""
        return list(await asyncio.gather(*[self.act_once(return_id, action, amount, n) for n in range(times)]))

    async def act_once(self, return_id: str, action: str, amount: int, replica: int = 0) -> bool:
        """The same, by one replica."""
        party = "seller" if action in ("agree", "contest", "dispute") else "buyer"
        words = {"amount_minor": amount or None, "party": party, "who": "tracey", "why": "model"}
        try:
            await self._replicas[replica].returns.act(self.buyer, return_id, cast(Any, action), **cast(Any, words))
        except WrongState:
            return False
        return True

    async def crash(self, what: Coroutine[Any, Any, object], how: str, at: int) -> bool:
        """Do something with the first replica, which dies; afterwards nothing of it is at work any more.

        Returns:
            False: it was over before it could die.
        """
        replica, died = self._replicas[0], Died()
        await replica.directory.refresh()
        doing: Coroutine[Any, Any, object] = what
        if how in ("before", "after"):
            replica.store.fails = (how, died)
        else:
            doing = Dying(what, at, replica.pool if how == "cut" else None, died).run()
        try:
            await asyncio.ensure_future(doing)
        except asyncio.CancelledError:
            if not died.yes:
                raise
        except (Unavailable, DeadlineExceeded, asyncpg.InterfaceError):
            # Whoever asked a dead one.
            if not died.yes:
                raise
        replica.store.fails = None
        await self._restart(replica)
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
            async with self._replicas[0].pool.acquire() as connection, connection.transaction():
                new = await posting_store.post(connection, self.buyer, [movement], self.clock.now())
        except WrongState:
            return "refused"
        return "posted" if new else "known"

    async def defects(self) -> list[str]:
        """What the product's own proof has against the books."""
        return await BooksProof(self._replicas[0].pool).defects(self.buyer)

    async def token_of(self, ping: str) -> None:
        """Learn the token of a bid whose asker died before it heard the answer, as whoever asks again does."""
        if ping not in self._tokens:
            stored = await self.admin.fetchval("SELECT answer FROM intake.ping WHERE ping_id = $1::uuid", ping)
            self._tokens[ping] = ping_pb.PingAnswer.FromString(stored).bid_token

    def _message(self, item: Item) -> pb.SubmitLeadItem:
        fields = {name: value for name, value in (("phone", item.phone), ("email", item.email)) if value}
        return pb.SubmitLeadItem(access_key=self._keys[item.seller], submission=self._submission(item, fields))

    def _ping_message(self, item: Item) -> ping_pb.SubmitPingItem:
        told = (("phone_sha256", item.phone), ("email_sha256", item.email))
        fields = {name: sha256(value.encode()).hexdigest() for name, value in told if value}
        return ping_pb.SubmitPingItem(access_key=self._keys[item.seller], submission=self._submission(item, fields))

    def _submission(self, item: Item, fields: dict[str, str]) -> lead_pb2.Submission:
        return lead_pb2.Submission(
            order=item.order, external_id=item.external_id, source=f"{item.seller}.example", fields=fields,
            bid_token=self._tokens[item.bid] if item.bid else "",
        )  # fmt: skip

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
            validation=cast(Any, SimpleNamespace(ValidateLeads=self._validate)),
            dedup=cast(
                Any, SimpleNamespace(CheckLeads=lambda request, timeout: dedup.CheckLeads(request, cast(Any, None)))
            ),
            routing=cast(
                Any, SimpleNamespace(RouteLeads=lambda request, timeout: routing.RouteLeads(request, cast(Any, None)))
            ),
            clock=self.clock,
        )

    async def _validate(
        self, request: validation_pb2.ValidateLeadsRequest, timeout: float
    ) -> validation_pb2.ValidateLeadsResponse:
        if self.away:
            raise Unavailable("validation is away")
        return _nothing_wrong(request)

    async def _connect(self) -> Pool:
        settings = DatabaseSettings(url=self._url, pool_size=4)
        name = f"model-{uuid.uuid4().hex}"
        pool = await self._stack.enter_async_context(open_pool(settings, role="leadline_intake", name=name))
        self._names[pool] = name
        return pool

    async def _restart(self, dead: Replica) -> None:
        """What the dead one left to Postgres comes to its end there; then another one takes its place."""
        dead.pool.terminate()
        # Not idle but gone: one that has not read yet what it was sent is idle too.
        while await self.admin.fetchval(_STILL_THERE, self._names[dead.pool]):  # noqa: ASYNC110 - Postgres tells nobody
            await asyncio.sleep(0.001)
        self._replicas[0] = Replica(await self._connect(), dead.stages, self.clock)


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
        return _refused(result.refusal), ""
    told = said(result.answer)
    return told._replace(replay_of=result.answer.lead_id if result.answer.replayed else ""), result.answer.lead_id


def said(answer: pb.LeadAnswer) -> Answer:
    """An answer as the model says it."""
    what = pb.Outcome.Name(answer.outcome).removeprefix("OUTCOME_").lower()
    return Answer(what, answer.order.order, answer.price.amount_minor, _reasons(answer.reasons))


def _ping_answer(result: ping_pb.SubmitPingResult) -> tuple[Answer, str]:
    if result.HasField("refusal"):
        return _refused(result.refusal), ""
    answer = result.answer
    what = ping_pb.PingOutcome.Name(answer.outcome).removeprefix("PING_OUTCOME_").lower()
    replayed = answer.ping_id if answer.replayed else ""
    told = Answer(what, answer.order.order, answer.price.amount_minor, _reasons(answer.reasons), replayed)
    return told, answer.ping_id


def _refused(refusal: Any) -> Answer:
    reason = error_reason_pb2.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")
    return Answer("conflict" if reason == "SUBMISSION_CONFLICT" else reason.lower())


def _reasons(found: Iterable[reason_pb2.Finding]) -> frozenset[str]:
    return frozenset(reason_pb2.Reason.Name(one.reason).removeprefix("REASON_").lower() for one in found)


def _nothing_wrong(request: validation_pb2.ValidateLeadsRequest) -> validation_pb2.ValidateLeadsResponse:
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
