"""Caps, pace, even spread and caps of sources under 64 clients and two replicas of intake and routing: never one over.

intake's pipelines and settlement, routing's decisions and `routing.consume` are the real ones on real Postgres;
validation and dedup are spoken for.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise

import pytest

from leadline.common.v1 import reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.routing.v1 import routing_service_pb2 as routing_pb
from services.intake.catalog.diff import plan
from services.intake.catalog.document import read_document
from services.intake.catalog.store import Approval, CatalogStore
from services.intake.chain import lead_to_route
from services.intake.draft import Draft
from services.intake.settlement import Settlement
from services.routing.service import RoutingService
from services.routing.store import CapacityStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, DEMO, SpokenStages, World, intake_world

CLIENTS, POSTS = 64, 640
ORDER = "marco-pilot-2026"
SITES = ("drive-today.example", "best-auto-loans.example")


class RoutedStages(SpokenStages):
    """Validation and dedup as spoken, and routing as it is, by several replicas in turn."""

    def __init__(self, replicas: Sequence[RoutingService]) -> None:
        super().__init__()
        self._replicas = cycle(replicas)

    async def judge(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        await super().judge(drafts, ends_at=ends_at)
        for draft in drafts:
            assert draft.validated is not None
            draft.validated.source = draft.submission.source
            draft.validated.lead_type.form = "long"
        request = routing_pb.RouteLeadsRequest(
            buyer_id=BUYER, catalog_revision=drafts[0].view.revision, leads=[lead_to_route(draft) for draft in drafts]
        )
        answer = await next(self._replicas).RouteLeads(request, None)  # type: ignore[arg-type] # it asks nothing of it
        # Between looking and settling others settle: the look is old by then.
        await asyncio.sleep(0)
        for draft, routed in zip(drafts, answer.results, strict=True):
            draft.routed = routed


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with (
        intake_world(database_url, clock) as built,
        open_pool(DatabaseSettings(url=database_url, pool_size=8), role="leadline_routing", name="one") as one,
        open_pool(DatabaseSettings(url=database_url, pool_size=8), role="leadline_routing", name="two") as two,
    ):
        replicas = [RoutingService(CatalogReader(pool), CapacityStore(pool)) for pool in (one, two)]
        stages = RoutedStages(replicas)
        ready = built.another

        def routed() -> object:
            pipeline = ready()
            pipeline._chain = stages
            pipeline._settlement = Settlement(built.store, clock, ring=lambda: None, stages=stages)
            return pipeline

        built.another = routed  # type: ignore[assignment]
        yield built


async def amend(world: World, terms: str) -> None:
    """Put the pilot order in force with these terms instead of its cap and its source."""
    text = DEMO.read_text()
    text = text.replace("    sources: [drive-today.example]\n", "")
    text = text.replace("    caps:\n      - {window: day, leads: 5}\n", terms)
    document = read_document(text)
    assert document.catalog is not None, document.faults
    catalog = document.catalog
    store = CatalogStore(world.pool)
    await store.apply(BUYER, Approval("tracey", "", world.clock.now()), lambda current: plan(current, catalog))
    # Leads are received after the change.
    world.clock.advance(3600)
    await world.directory.refresh()


async def race(world: World, seed: int) -> dict[datetime, str]:
    """64 clients post through two replicas; what was bought, by its receipt, with its site."""
    dice, ends_at = random.Random(seed), world.clock.now()
    items = []
    for n in range(POSTS):
        at = ends_at - timedelta(seconds=dice.uniform(0, 600))
        item = world.item(
            order=ORDER, external_id=f"r-{n}", phone=f"+1512{n:07d}", email=f"r{n}@x.org", source=dice.choice(SITES)
        )
        item.submission.received_at.FromDatetime(at)
        items.append((at, item))
    pipelines = [world.another(), world.another()]
    bought: dict[datetime, str] = {}

    async def client(number: int) -> None:
        for at, item in items[number::CLIENTS]:
            (result,) = await pipelines[number % 2].submit([item])
            assert result.HasField("answer"), result.refusal
            if result.answer.outcome == pb.OUTCOME_ACCEPTED:
                bought[at.astimezone(UTC)] = item.submission.source
            else:
                told.update(reason_pb2.Reason.Name(found.reason)[7:].lower() for found in result.answer.reasons)

    told: set[str] = set()
    await asyncio.gather(*map(client, range(CLIENTS)))
    assert told <= {"pacing", "cap_reached", "budget_exhausted"}
    assert len(bought) == await world.count("intake.lead", "outcome = 'accepted'")
    assert await world.ledger.defects(BUYER) == []
    return bought


async def test_leads_never_come_closer_than_the_pace(world: World) -> None:
    await amend(world, "    pacing: {minimum_seconds: 20}\n")
    bought = sorted(await race(world, 1))
    assert 1 < len(bought) <= 31
    assert all(later - earlier >= timedelta(seconds=20) for earlier, later in pairwise(bought))


async def test_an_even_spread_is_never_passed_at_any_moment(world: World) -> None:
    # A lead each 12 seconds.
    await amend(world, "    caps:\n      - {window: day, leads: 7200}\n    pacing: {even: true}\n")
    day = await day_of(world)
    spent = await world.admin.fetchval(
        "SELECT coalesce(sum(leads), 0) FROM routing.capacity WHERE order_slug = $1", ORDER
    )
    assert spent == 0
    # As if the day so far had been bought full, but for the last ten minutes.
    elapsed = int((world.clock.now() - timedelta(seconds=600) - day).total_seconds())
    await world.admin.execute(
        "INSERT INTO routing.capacity (buyer_id, order_slug, window_kind, starts_at, leads, spend)"
        " VALUES ($1, $2, 'day', $3, $4, 0)", BUYER, ORDER, day, elapsed // 12,
    )  # fmt: skip
    bought = sorted(await race(world, 2))
    assert bought
    for n, at in enumerate(bought, 1):
        assert elapsed // 12 + n <= 7200 * (at - day).total_seconds() / 86_400 + 1


async def test_every_source_keeps_its_own_cap_and_all_of_them_the_orders(world: World) -> None:
    sites = ", ".join(f"{{site: {site}, caps: [{{window: day, leads: 60}}]}}" for site in SITES)
    await amend(world, f"    sources: [{sites}]\n    caps:\n      - {{window: day, leads: 100}}\n")
    bought = list((await race(world, 3)).values())
    assert len(bought) == 100
    assert max(bought.count(site) for site in SITES) <= 60


async def test_a_budget_is_kept_to_the_cent_where_prices_differ(world: World) -> None:
    # 12.00 or 13.37, so that the last cents fit no lead.
    rule = f'    price_rules: [{{name: site, sources: [{SITES[0]}], add: "1.37"}}]\n'
    await amend(world, f'{rule}    caps:\n      - {{window: total, spend: "500.00"}}\n')
    bought = list((await race(world, 4)).values())
    spent = sum(1337 if site == SITES[0] else 1200 for site in bought)
    assert 50_000 - 1200 < spent <= 50_000
    assert await world.admin.fetchval("SELECT sum(amount_minor)::bigint FROM ledger.transfer") == spent


async def day_of(world: World) -> datetime:
    """The beginning of the buyer's day, in UTC."""
    found: datetime = await world.admin.fetchval(
        "SELECT date_trunc('day', $1::timestamptz, 'America/New_York')", world.clock.now()
    )
    return found.astimezone(UTC)
