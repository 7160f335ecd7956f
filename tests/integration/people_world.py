"""intake with the real dedup, as several processes of each: their own pools, one Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle

from leadline.dedup.v1 import dedup_service_pb2 as dedup_pb
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import LikenessStore
from services.dedup.service import DedupService
from services.dedup.similar import SimilarPeople
from services.dedup.store import ClaimStore
from services.intake.catalog.diff import plan
from services.intake.catalog.document import read_document
from services.intake.catalog.store import Approval, CatalogStore
from services.intake.chain import to_check
from services.intake.draft import Draft, reached
from services.intake.pipeline import Pipeline
from services.intake.settlement import Settlement
from services.intake.store import LeadStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, DEMO, SpokenStages, World, intake_world


class CheckedStages(SpokenStages):
    """Validation and routing as spoken, and dedup as it is, by several replicas in turn."""

    def __init__(self, replicas: Sequence[DedupService]) -> None:
        super().__init__()
        self._replicas = cycle(replicas)
        self.looks = 0

    async def judge(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        await super().judge(drafts, ends_at=ends_at)
        await self._check(drafts)
        # Between looking and settling others settle: the look is old by then.
        await asyncio.sleep(0)

    async def look_again(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        self.looks += 1
        for draft in drafts:
            self._answer(draft)
        await self._check(drafts)

    async def _check(self, drafts: Sequence[Draft]) -> None:
        answer: dedup_pb.CheckLeadsResponse = await next(self._replicas).CheckLeads(
            to_check(drafts),
            None,  # type: ignore[arg-type] # it asks nothing of it
        )
        for draft, checked in zip(drafts, answer.results, strict=True):
            draft.checked = checked
            # Routing chooses among orders without findings, and tells the first one's otherwise.
            routed, first = reached(draft.routed), checked.candidates[0]
            if first.findings:
                routed.ClearField("chosen")
                routed.nearest.CopyFrom(first.order)


@asynccontextmanager
async def people_world(database_url: str, clock: FakeClock, *, duplicates: str) -> AsyncIterator[World]:
    """intake_world whose orders all have these duplicate terms, and pipelines of two processes of intake and dedup."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(intake_world(database_url, clock))
        fingerprints, replicas, stores = Fingerprints(bytes(range(32))), [], []
        for name in ("one", "two"):
            database = DatabaseSettings(url=database_url, pool_size=8)
            pool = await stack.enter_async_context(open_pool(database, role="leadline_dedup", name=name))
            replicas.append(
                DedupService(
                    catalogs=CatalogReader(pool),
                    store=ClaimStore(pool),
                    people=SimilarPeople(LikenessStore(pool), fingerprints),
                    fingerprints=fingerprints,
                    clock=clock,
                )
            )
            stores.append(
                LeadStore(await stack.enter_async_context(open_pool(database, role="leadline_intake", name=name)))
            )
        stages, ready, turn = CheckedStages(replicas), world.another, cycle(stores)

        def pipeline() -> Pipeline:
            made = ready()
            made._chain = stages
            made._settlement = Settlement(next(turn), clock, ring=lambda: None, stages=stages)
            return made

        world.another, world.pipeline, world.stages = pipeline, pipeline(), stages
        await apply(world, lambda text: _with_duplicates(text, duplicates))
        yield world


async def apply(world: World, change: Callable[[str], str]) -> None:
    """Put the demo's catalog in force with a change."""
    document = read_document(change(DEMO.read_text()))
    assert document.catalog is not None, document.faults
    catalog = document.catalog
    store = CatalogStore(world.pool)
    await store.apply(BUYER, Approval("tracey", "", world.clock.now()), lambda current: plan(current, catalog))
    world.clock.advance(1)
    await world.directory.refresh()


def _with_duplicates(text: str, terms: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(f"    duplicates: {terms}\n" if line.startswith("    duplicates:") else line for line in lines)
