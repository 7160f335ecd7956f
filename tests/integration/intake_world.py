"""intake in one process: real Postgres, the demo catalog, and stages that answer what the test says."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.dedup.v1 import dedup_service_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ping_service_pb2 as ping_pb
from leadline.routing.v1 import routing_service_pb2
from leadline.validation.v1 import validation_service_pb2
from services.intake.books.proof_store import BooksProof
from services.intake.catalog import keys
from services.intake.catalog.diff import plan
from services.intake.catalog.directory import Directory
from services.intake.catalog.document import read_document
from services.intake.catalog.store import Approval, CatalogStore, KeyRecord
from services.intake.chain import ChainUnavailable
from services.intake.draft import Draft
from services.intake.opening import Opening
from services.intake.pending import PendingLeads, Sweeper
from services.intake.pings.bids import Bids
from services.intake.pings.desk import PingDesk
from services.intake.pings.store import PingStore
from services.intake.pings.sweeper import HoldSweeper
from services.intake.pings.token import BidSigner
from services.intake.pipeline import Pipeline
from services.intake.rate_store import LocalLimits
from services.intake.settlement import Settlement
from services.intake.store import LeadStore
from services.intake.trace import LeadTraces
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool, open_pool
from shared.runtime.settings import DatabaseSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock

DEMO = Path(__file__).parents[2] / "deploy" / "demo" / "catalog.yaml"
BUYER = "big-bank"
WINDOW_SECONDS = 90 * 86_400


class SpokenStages:
    """The three stages, saying what a test wants to hear: by default every lead is good for its first candidate."""

    def __init__(self) -> None:
        self.away = False
        self.indigestible: Callable[[Draft], bool] = lambda draft: False
        self.runs = 0
        self.day_cap: int | None = None
        self.price_minor = 3200
        self.finding: reason_pb2.Finding | None = None
        self.before: Callable[[Sequence[Draft]], None] = lambda drafts: None

    async def judge(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        self.runs += 1
        self.before(drafts)
        if self.away:
            raise ChainUnavailable("away")
        if any(self.indigestible(draft) for draft in drafts):
            raise ChainUnavailable("broken", defect=True)
        for draft in drafts:
            self._answer(draft)

    async def look_again(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        raise ChainUnavailable("these stages know nothing new")

    def _answer(self, draft: Draft) -> None:
        findings = [self.finding] if self.finding else []
        refs = [lead_pb2.OrderRef(order=order.slug, version=order.version) for order in draft.candidates.orders]
        fields = dict(draft.submission.fields)
        draft.validated = validation_service_pb2.ValidatedLead(
            fields=fields,
            source="best-auto-loans.example",
            findings=findings,
            candidates=[validation_service_pb2.CandidateValidation(order=ref) for ref in refs],
        )
        draft.checked = dedup_service_pb2.CheckedLead(
            identities=[
                dedup_service_pb2.Identity(kind=kind, digest=hashlib.sha256(fields[kind].encode()).digest()[:16])
                for kind in ("phone", "email")
                if fields.get(kind)
            ],
            candidates=[
                dedup_service_pb2.CandidateCheck(
                    order=ref, match=["phone", "email"], window_seconds=WINDOW_SECONDS, scope="buyer"
                )
                for ref in refs
            ],
        )
        routed = routing_service_pb2.RoutedLead(
            candidates=[routing_service_pb2.CandidateRouting(order=ref) for ref in refs],
            price=lead_pb2.Money(amount_minor=0 if draft.own else self.price_minor, currency="USD"),
            team="auto-east",
        )
        if refs and not findings:
            routed.chosen.CopyFrom(refs[0])
            if draft.bid is not None:
                routed.price.amount_minor = draft.bid.claims.price_minor
            elif self.day_cap is not None:
                demand = routed.demands.add(order=refs[0].order, window="day", max_leads=self.day_cap)
                demand.starts_at.FromSeconds(1_700_000_000)
        elif refs:
            routed.nearest.CopyFrom(refs[0])
        draft.routed = routed


@dataclass
class World:
    """Everything of intake that a test talks to."""

    pipeline: Pipeline
    sweeper: Sweeper
    stages: SpokenStages
    store: LeadStore
    ledger: BooksProof
    directory: Directory
    clock: FakeClock
    pool: Pool
    #: As the superuser, for looking into every schema.
    admin: asyncpg.Connection
    desk: PingDesk
    holds: HoldSweeper
    keys: dict[str, str] = field(default_factory=dict)
    another: Callable[[], Pipeline] = lambda: None  # type: ignore[assignment, return-value]

    def item(self, seller: str = "marco", order: str = "marco-auto-2026", **words: object) -> pb.SubmitLeadItem:
        """A submission: the lead's fields by name, and what of `_OF_SUBMISSION` is given."""
        own = {name: words.pop(name) for name in list(words) if name in _OF_SUBMISSION}
        fields = {"phone": "+15124728174", "email": "ann.lee@gmail.com", "state": "TX", **words}
        submission = lead_pb2.Submission(order=order, fields=fields, **own)  # type: ignore[arg-type]
        return pb.SubmitLeadItem(access_key=self.keys[seller], submission=submission)

    def ping(self, seller: str = "marco", order: str = "marco-auto-2026", **words: object) -> ping_pb.SubmitPingItem:
        """A ping without contact data; `words` as for `item`."""
        own = {name: words.pop(name) for name in list(words) if name in _OF_SUBMISSION}
        fields = {"state": "TX", **words}
        submission = lead_pb2.Submission(order=order, fields=fields, **own)  # type: ignore[arg-type]
        return ping_pb.SubmitPingItem(access_key=self.keys[seller], submission=submission)

    async def submit(self, *items: pb.SubmitLeadItem) -> list[pb.SubmitLeadResult]:
        """Send one batch."""
        return await self.pipeline.submit(items)

    async def count(self, table: str, where: str = "true") -> int:
        """Rows of any table."""
        return int(await self.admin.fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))


_OF_SUBMISSION = {"external_id", "idempotency_key", "test", "source", "sub_source", "bid_token"}


@asynccontextmanager
async def intake_world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    """Build intake on a migrated database and apply the demo catalog with a key for every seller."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            # Where 64 clients race on a machine that is busy, a statement waits for its turn; that is no fault.
            open_pool(
                DatabaseSettings(url=database_url, pool_size=16, statement_timeout_seconds=60),
                role="leadline_intake",
                name="test",
            )
        )
        admin = await asyncpg.connect(database_url)
        stack.push_async_callback(admin.close)
        catalog_store = CatalogStore(pool)
        directory = Directory(catalog_store, CatalogReader(pool), clock)
        made = await _apply(catalog_store, clock)
        store, stages, traces = LeadStore(pool), SpokenStages(), LeadTraces(Metrics())
        settlement = Settlement(store, clock, ring=lambda: None, stages=stages)

        ping_store, signer = PingStore(pool), BidSigner(b"k" * 32)
        bids = Bids(ping_store, CatalogReader(pool), signer, clock)
        opening = Opening(directory, clock, trace_ratio=0)

        def pipeline() -> Pipeline:
            return Pipeline(
                opening=opening,
                chain=stages,
                store=store,
                settlement=settlement,
                pending=PendingLeads(store, clock),
                limits=LocalLimits(clock),
                bids=bids,
                traces=traces,
                clock=clock,
                chain_seconds=1.0,
            )

        world = World(
            pipeline=pipeline(),
            sweeper=Sweeper(
                directory=directory,
                chain=stages,
                store=store,
                settlement=settlement,
                bids=bids,
                traces=traces,
                clock=clock,
                chain_seconds=1.0,
                idle_seconds=0.05,
            ),
            stages=stages,
            store=store,
            ledger=BooksProof(pool),
            directory=directory,
            clock=clock,
            pool=pool,
            admin=admin,
            keys=made,
            another=pipeline,
            desk=PingDesk(
                opening=opening,
                chain=stages,
                store=ping_store,
                limits=LocalLimits(clock),
                signer=signer,
                clock=clock,
                chain_seconds=1.0,
                count=lambda outcome: None,
            ),
            holds=HoldSweeper(ping_store, clock, returned=lambda count: None),
        )
        await directory.refresh()
        yield world


async def _apply(store: CatalogStore, clock: FakeClock) -> dict[str, str]:
    catalog = read_document(DEMO.read_text()).catalog
    assert catalog is not None
    await store.apply(BUYER, Approval("tracey", "first", clock.now()), lambda current: plan(current, catalog))
    made = {}
    for seller in catalog.sellers:
        key = keys.generate(secrets.token_bytes)
        made[seller.slug] = key.text
        await store.add_key(
            KeyRecord(
                buyer_id=BUYER,
                key_id=key.key_id,
                seller=seller.slug,
                orders=(),
                secret_sha256=key.digest,
                label="",
                created_at=clock.now(),
                expires_at=None,
                revoked_at=None,
            )
        )
    return made
