"""What ten million earlier claims cost: dedup's look-up and the settlement, beside the same on an empty store.

    python -m tests.bench.claims [--claims 10000000] [--rounds 6] [--buffers 2GB] [--data FOLDER]

Two databases of one Postgres, whose writes are durable, are asked in turn, call by call, so that what else the machine
does falls on both. The claims lie in an index as full as one that grew. Digests are random, as keyed ones are: every
look-up and every claim goes to a page of its own. `--buffers` is what Postgres keeps in its own memory: whoever has
ten million claims gives it what their index needs, 1.4 GB. `--data` keeps the filled store for the next run.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import structlog
from rich.console import Console
from rich.table import Table

from deploy.local.postgres import EmbeddedPostgres
from leadline.common.v1.lead_pb2 import OrderRef
from leadline.dedup.v1.dedup_service_pb2 import CheckLeadsRequest
from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceStub, add_DedupServiceServicer_to_server
from leadline.intake.v1.intake_service_pb2 import SubmitLeadItem
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import LikenessStore
from services.dedup.service import DedupService
from services.dedup.similar import SimilarPeople
from services.dedup.store import ClaimStore
from services.intake.rows import Batch, Obstacle
from services.intake.store import LeadStore
from shared.catalog.snapshot import CatalogReader
from shared.db.migrate import migrate
from shared.db.pool import open_pool
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.bench.machine import machine
from tests.clock import FakeClock
from tests.integration.intake_world import World, intake_world

if TYPE_CHECKING:
    from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceAsyncStub

BUYER = "big-bank"
#: Leads of one call, as the chain has them under load, and calls of one round, of which the first are not counted.
LEADS, LOOK_UPS, SETTLEMENTS, WARM_UP = 16, 300, 120, 20
#: An index that grew by random keys is about this full (ln 2).
GROWN = 69

_FILL = """
INSERT INTO dedup.identity_claim (buyer_id, digest, kind, lead_id, seller, own, claimed_at, product)
SELECT $1, substring(sha256(('claim ' || n)::bytea) FOR 16), CASE n % 2 WHEN 0 THEN 'phone' ELSE 'email' END,
       md5((n / 2)::text)::uuid, 'marco', false, now() - interval '80 days' * (n::float8 / $3), 'auto-loan'
FROM generate_series($2::bigint, $2 + 499999) AS n WHERE n < $3
"""
_KEY = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = 'dedup.identity_claim'::regclass AND conname = 'identity_claim_pkey'
"""


@dataclass
class Store:
    """One database under measurement."""

    name: str
    url: str
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def measured(self, what: str, seconds: float, *, counted: bool) -> None:
        """Remember one call, if it counts."""
        if counted:
            self.seconds.setdefault(what, []).append(seconds)


def main(argv: Sequence[str]) -> int:
    """Run the benchmark; 0 where every figure is within a fifth of the empty store's."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.claims", description=__doc__)
    parser.add_argument("--claims", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=6, choices=range(51), help="0: fill the store only")
    parser.add_argument("--buffers", default="2GB", help="shared_buffers of Postgres")
    parser.add_argument("--data", type=Path, default=None)
    options = parser.parse_args(argv)
    console = Console(width=150)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="leadline-claims-") as name:
        folder: Path = options.data or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        with EmbeddedPostgres(folder / "postgres", settings={"shared_buffers": options.buffers}) as server:
            stores = asyncio.run(_prepare(server, options.claims, console))
            for _ in range(options.rounds):
                asyncio.run(_round(stores))
    return _report(stores, console) if options.rounds else 0


async def _prepare(server: EmbeddedPostgres, claims: int, console: Console) -> tuple[Store, Store]:
    connection = await asyncpg.connect(server.url)
    full = f"full_{claims}"
    await connection.execute("DROP DATABASE IF EXISTS empty_store WITH (FORCE)")
    await connection.execute("CREATE DATABASE empty_store")
    await migrate(server.url_of("empty_store"))
    if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", full):
        started = time.monotonic()
        await connection.execute(f"CREATE DATABASE {full}_filling")
        await migrate(server.url_of(f"{full}_filling"))
        await _fill(server.url_of(f"{full}_filling"), claims)
        await connection.execute(f"ALTER DATABASE {full}_filling RENAME TO {full}")
        console.print(f"filled {claims:,} claims in {time.monotonic() - started:.0f} s")
    await connection.close()
    await _warm(server.url_of(full))
    return Store("empty", server.url_of("empty_store")), Store("full", server.url_of(full))


async def _fill(url: str, claims: int) -> None:
    connection = await asyncpg.connect(url)
    key = await connection.fetchval(_KEY)
    await connection.execute("ALTER TABLE dedup.identity_claim DROP CONSTRAINT identity_claim_pkey")
    for first in range(0, claims, 500_000):
        await connection.execute(_FILL, BUYER, first, claims)
    await connection.execute("SET maintenance_work_mem = '1GB'")
    await connection.execute(f"ALTER TABLE dedup.identity_claim ADD {key} WITH (fillfactor = {GROWN})")
    await connection.execute("VACUUM (ANALYZE) dedup.identity_claim")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def _warm(url: str) -> None:
    """Read the index once, as a server that has been running has: what a disk costs is not the question here."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET enable_seqscan = off")
    size = await connection.fetchval("SELECT pg_size_pretty(pg_relation_size('dedup.identity_claim_pkey'))")
    await connection.fetchval("SELECT count(lead_id) FROM dedup.identity_claim WHERE buyer_id = $1", BUYER)
    await connection.close()
    print(f"index of the full store: {size}")


@dataclass
class Market:
    """A store with what asks it."""

    store: Store
    world: World
    dedup: DedupServiceAsyncStub

    @property
    def revision(self) -> int:
        """Of the catalog in force."""
        return self.world.directory.current(BUYER).revision


async def _round(stores: Sequence[Store]) -> None:
    async with AsyncExitStack() as stack:
        markets = [await _open(store, stack) for store in stores]
        for leads in (LEADS, 1):
            for n in range(LOOK_UPS + WARM_UP):
                for market in _in_turn(markets, n):
                    seconds = await _look_up(market, leads)
                    market.store.measured(f"dedup's answer, {leads} at once", seconds, counted=n >= WARM_UP)
        for n in range(SETTLEMENTS + WARM_UP):
            for market in _in_turn(markets, n):
                for seconds in await _settle(market):
                    market.store.measured(f"settlement, {LEADS} at once", seconds, counted=n >= WARM_UP)


def _in_turn(markets: list[Market], n: int) -> list[Market]:
    """Either is the first every other time."""
    return markets if n % 2 else markets[::-1]


async def _open(store: Store, stack: AsyncExitStack) -> Market:
    # The keys of the round before: a seller has two at most.
    connection = await asyncpg.connect(store.url)
    await connection.execute("DELETE FROM catalog.access_key")
    await connection.close()
    world = await stack.enter_async_context(intake_world(store.url, FakeClock(SystemClock().now())))
    return Market(store, world, await _dedup(store, stack))


async def _dedup(store: Store, stack: AsyncExitStack) -> DedupServiceAsyncStub:
    """dedup as its process serves it."""
    pool = await stack.enter_async_context(
        open_pool(DatabaseSettings(url=store.url), role="leadline_dedup", name="bench")
    )
    fingerprints = Fingerprints(bytes(32))
    service = DedupService(
        catalogs=CatalogReader(pool),
        store=ClaimStore(pool),
        people=SimilarPeople(LikenessStore(pool), fingerprints),
        fingerprints=fingerprints,
        clock=SystemClock(),
    )
    server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
    server.add(add_DedupServiceServicer_to_server, service, "leadline.dedup.v1.DedupService")
    await stack.enter_async_context(server)
    return DedupServiceStub(await stack.enter_async_context(open_channel(f"127.0.0.1:{server.port}")))


async def _look_up(market: Market, leads: int) -> float:
    """Seconds of one call about people whom nobody knows."""
    request = CheckLeadsRequest(buyer_id=BUYER, catalog_revision=market.revision)
    for _ in range(leads):
        name = uuid4()
        request.leads.add(
            lead_id=str(name), seller="marco", phone=f"+1{name.hex[:10]}", email=f"{name.hex}@x.org",
            candidates=[OrderRef(order="marco-auto-2026", version=1)],
        )  # fmt: skip
    started = time.perf_counter()
    await market.dedup.CheckLeads(request, timeout=5)
    return time.perf_counter() - started


class TimedStore(LeadStore):
    """Settles as intake does, and tells how long it took."""

    def __init__(self, inner: LeadStore, told: Callable[[float], None]) -> None:
        super().__init__(inner._pool)
        self._told = told

    async def settle(self, buyer_id: str, now: datetime, batch: Batch) -> list[Obstacle]:
        started = time.perf_counter()
        obstacles = await super().settle(buyer_id, now, batch)
        self._told(time.perf_counter() - started)
        return obstacles


async def _settle(market: Market) -> list[float]:
    """Seconds of the one settlement of a batch that is bought."""
    told: list[float] = []
    market.world.pipeline._settlement._store = TimedStore(market.world.store, told.append)
    results = await market.world.submit(*(_item(market.world) for _ in range(LEADS)))
    if any(result.answer.reasons or result.HasField("refusal") for result in results):
        raise RuntimeError(f"every lead was to be bought: {results[0]}")
    return told


def _item(world: World) -> SubmitLeadItem:
    name = uuid4().hex
    digits = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**10
    return world.item(external_id=name, phone=f"+1{digits:010d}", email=f"{name}@x.org")


def _report(stores: tuple[Store, Store], console: Console) -> int:
    empty, full = stores
    table = Table(title=f"Milliseconds of a call; {json.dumps(machine())}")
    for column in ("Call", "Figure", "Empty", "Full", "Ratio"):
        table.add_column(column, justify="left" if column in ("Call", "Figure") else "right")
    worst = 0.0
    for what in empty.seconds:
        for figure, of in (("median", median), ("p99", lambda values: quantiles(values, n=100)[98])):
            before, after = of(empty.seconds[what]) * 1000, of(full.seconds[what]) * 1000
            worst = max(worst, after / before)
            table.add_row(what, figure, f"{before:.3f}", f"{after:.3f}", f"{after / before:.3f}")
    console.print(table)
    return 0 if worst <= 1.2 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
