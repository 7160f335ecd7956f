"""The returns desk and what stands around it, on a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from services.intake.catalog.diff import plan
from services.intake.catalog.store import Approval, CatalogStore
from services.intake.returns.desk import Asked, ReturnDesk
from services.intake.returns.judgement import Claim
from services.intake.returns.lifecycle import Action, Party
from services.intake.returns.record import Return
from services.intake.returns.store import ReturnStore
from shared.catalog.returning import ReturnTerms
from shared.catalog.snapshot import CatalogReader
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world

ORDER = "marco-auto-2026"
PRICE = 3200


@dataclass
class Office:
    """The returns desk and what stands around it."""

    world: World
    desk: ReturnDesk
    store: ReturnStore
    sold: int = 0

    async def terms(self, terms: ReturnTerms) -> None:
        """Have Marco's order say so from now on."""
        store = CatalogStore(self.world.pool)
        catalog = await store.current(BUYER, self.world.clock.now())
        assert catalog is not None
        orders = tuple(
            msgspec.structs.replace(order, returns=terms) if order.slug == ORDER else order for order in catalog.orders
        )
        wanted = msgspec.structs.replace(catalog, orders=orders)
        await store.apply(BUYER, Approval("tracey", "returns", self.world.clock.now()), lambda now: plan(now, wanted))
        await self.world.directory.refresh()

    async def sell(self, count: int = 1) -> list[str]:
        """Buy leads of different people."""
        first, self.sold = self.sold, self.sold + count
        results = await self.world.submit(
            *(
                self.world.item(external_id=f"m-{n}", phone=f"+1512472{n:04d}", email=f"ann{n}@gmail.com")
                for n in range(first, first + count)
            )
        )
        return [result.answer.lead_id for result in results]

    async def ask(self, lead_id: str, reason: str = "disconnected", **words: Any) -> Return:
        claim = Claim(reason=reason, asked_at=self.world.clock.now(), **words)  # type: ignore[arg-type]
        return await self.desk.request(BUYER, Asked(lead_id=lead_id, claim=claim, evidence=[], note="n"), "tracey")

    async def act(self, one: Return, action: Action, party: Party = "buyer", **words: Any) -> Return:
        return await self.desk.act(BUYER, one.return_id, action, party=party, who=party, why="because", **words)

    async def balances(self) -> dict[str, int]:
        rows = await self.world.admin.fetch("SELECT account, sum(balance_minor)::bigint FROM ledger.balance GROUP BY 1")
        assert sum(row[1] for row in rows) == 0
        return {row[0].partition(":")[0]: row[1] for row in rows}


@asynccontextmanager
async def open_office(database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    """A desk, and leads to be sold."""
    async with intake_world(database_url, clock) as world:
        store = ReturnStore(world.pool)
        yield Office(world, ReturnDesk(store, CatalogReader(world.pool), clock, ring=lambda: None), store)
