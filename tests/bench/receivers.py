"""One slow receiver among 200: what the others notice of it.

    python -m tests.bench.receivers [--seconds 15] [--rounds 2]

A worker hands leads to 200 webhooks of this process, one a second each, from a real Postgres. In every other round
one of them answers a byte at a time for a minute. What counts is the others' time from due to taken.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.demo.judgement import percentile
from deploy.local.launch import Suite
from deploy.local.settings import inherited
from services.routing.accepted import AcceptedLead
from services.routing.bell import Bell
from services.routing.delivery.delivery import Delivery
from services.routing.delivery.post_channel import PostChannel
from services.routing.delivery.receivers import Receivers
from services.routing.delivery.secrets_folder import Secrets
from services.routing.delivery.store import DeliveryStore, add_deliveries
from services.routing.delivery.worker import DeliveryWorker
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.gate.person import Person
from shared.catalog.receiving import Receiver
from shared.catalog.snapshot import CatalogReader, encode
from shared.catalog.terms import Buyer, Catalog
from shared.db.pool import Pool, open_pool
from shared.runtime.clock import SystemClock
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from shared.telemetry.metrics import Metrics
from shared.webhook.courier import Courier, open_courier
from tests.integration.http_receiver import HttpReceiver, trickle

RECEIVERS = 200
BUYER = "bench"
_SECRET = "whsec_" + "YmVuY2gtc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM="
_TICK = 0.05
_TAKEN = """
SELECT extract(epoch FROM handed_off_at - created_at)::float FROM routing.delivery
WHERE created_at >= $1 AND receiver <> $2 AND state = 'handed_off'
"""
_LATE = "SELECT count(*) FROM routing.delivery WHERE created_at >= $1 AND receiver <> $2 AND state <> 'handed_off'"


class Anybody:
    """Contacts: whoever is asked for."""

    async def fetch(self, _buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """See `services.routing.contacts_client.Contacts`."""
        now = SystemClock().now()
        return [Person(lead_id=one, decided_at=now, first_name="Ann", email="ann@mail.example") for one in lead_ids]


def _slug(number: int) -> str:
    return f"r{number:03}"


def _delivery(slug: str, now: datetime) -> Delivery:
    lead_id = UUID(uuid7())
    lead = AcceptedLead(
        buyer_id=BUYER,
        lead_id=lead_id,
        seller="marco",
        source="cars.example",
        order="none",
        catalog_revision=1,
        team="",
        submitted_at=None,
        received_at=now,
        decided_at=now,
        traceparent="",
    )
    return Delivery(
        delivery_id=UUID(uuid7()), lead=lead, channel="webhook", receiver=slug, purpose="lead", created_at=now
    )


async def _round(pool: Pool, bell: Bell, seconds: float, slow: str) -> tuple[list[float], int]:
    """Seconds from due to taken at every receiver but `slow`, and how many were not taken at all."""
    clock = SystemClock()
    began, sent = clock.now(), 0
    start = clock.monotonic()
    while (passed := clock.monotonic() - start) < seconds:
        due = int(passed * RECEIVERS)
        if due > sent:
            now = clock.now()
            batch = [_delivery(_slug(number % RECEIVERS), now) for number in range(sent, due)]
            async with pool.acquire() as conn, conn.transaction():
                await add_deliveries(conn, batch)
            bell.ring()
            sent = due
        await asyncio.sleep(_TICK)
    await asyncio.sleep(2.0)
    rows = await pool.fetch(_TAKEN, began, slow)
    return [float(row[0]) for row in rows], int(await pool.fetchval(_LATE, began, slow) or 0)


async def _measure(url: str, folder: Path, rounds: int, seconds: float) -> int:
    async with AsyncExitStack() as stack:
        http = HttpReceiver()
        await http.start()
        stack.push_async_callback(http.stop)
        receivers = tuple(
            Receiver(slug=_slug(number), kind="webhook", url=http.url(f"/{_slug(number)}"), secrets=("bench",))
            for number in range(RECEIVERS)
        )
        await _catalog(url, receivers)
        pool = await stack.enter_async_context(
            open_pool(DatabaseSettings(url=url), role="leadline_routing", name="bench")
        )
        courier = await stack.enter_async_context(open_courier(loopback=True))
        figures: dict[str, list[float]] = {"well": [], "slow": []}
        for number in range(2 * rounds):
            kind, slow = "slow" if number % 2 else "well", _slug(7)
            http.answers = {f"/{slow}": trickle} if kind == "slow" else {}
            taken, late = await _with_worker(pool, _channel(pool, courier, folder), seconds, slow)
            p50, p99 = percentile(taken, 0.5) * 1000, percentile(taken, 0.99) * 1000
            figures[kind].append(p99)
            print(f"{kind}: {len(taken)} taken by the others, {late} not; p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        ratio = statistics.median(figures["slow"]) / statistics.median(figures["well"])
        print(f"others' p99 with one slow receiver among {RECEIVERS}: {ratio:.2f} of that without (wanted <= 1.10)")
    return 0


def _channel(pool: Pool, courier: Courier, folder: Path) -> PostChannel:
    clock = SystemClock()
    receivers = Receivers(DeliveryStore(pool), CatalogReader(pool), clock)
    return PostChannel(courier, receivers, Secrets(folder, {}), clock)


async def _with_worker(pool: Pool, post: PostChannel, seconds: float, slow: str) -> tuple[list[float], int]:
    bell, stop = Bell(), asyncio.Event()
    telemetry = FollowUpTelemetry(Metrics())
    worker = DeliveryWorker(pool, DeliveryStore(pool), Anybody(), {"webhook": post}, bell, telemetry, SystemClock())
    running = asyncio.create_task(worker.run(stop))
    try:
        return await _round(pool, bell, seconds, slow)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await pool.execute("UPDATE routing.delivery SET state = 'discarded' WHERE state = 'waiting'")
        await pool.execute("UPDATE routing.lane SET state = 'closed', next_try_at = NULL")


async def _catalog(url: str, receivers: tuple[Receiver, ...]) -> None:
    buyer = Buyer(slug=BUYER, name="Bench", postal_address="1 Main Street", email_from="b@bench.example")
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(
            "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at)"
            " VALUES ($1, 1, $2, 'bench', '', now())",
            BUYER,
            encode(Catalog(revision=1, buyer=buyer, receivers=receivers)),
        )
    finally:
        await admin.close()


def main(argv: Sequence[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.receivers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=2, choices=range(1, 11))
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "bench").write_text(_SECRET)
        with Suite(folder / "data", free=True, environ=inherited(), services=()) as suite:
            return asyncio.run(_measure(suite.postgres_url, folder, options.rounds, options.seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
