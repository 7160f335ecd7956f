"""One replica of intake, built as its composition root builds it, and the ways in which it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar, cast

from services.intake.catalog.directory import Directory
from services.intake.catalog.store import CatalogStore
from services.intake.chain import Stages
from services.intake.opening import Opening
from services.intake.pending import PendingLeads, Sweeper
from services.intake.pings.bids import Bids
from services.intake.pings.desk import PingDesk
from services.intake.pings.store import PingStore
from services.intake.pings.sweeper import HoldSweeper
from services.intake.pings.token import BidSigner
from services.intake.pipeline import Pipeline
from services.intake.rate_store import LocalLimits
from services.intake.returns.desk import ReturnDesk
from services.intake.returns.store import ReturnStore
from services.intake.rows import Batch, Obstacle
from services.intake.settlement import Settlement
from services.intake.store import LeadStore
from services.intake.trace import LeadTraces
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool
from shared.rpc.errors import Unavailable
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock

_T = TypeVar("_T")
_SECONDS = 30.0


class Replica:
    """One replica: what it takes posts, pings and returns with, and what it does by itself."""

    def __init__(self, pool: Pool, stages: Stages, clock: FakeClock) -> None:
        self.pool, self.stages = pool, stages
        self.store = MortalStore(pool)
        self.directory = Directory(CatalogStore(pool), CatalogReader(pool), clock)
        opening = Opening(self.directory, clock, trace_ratio=0)
        settlement = Settlement(self.store, clock, ring=lambda: None, stages=stages)
        pings, signer, limits, traces = PingStore(pool), BidSigner(b"k" * 32), LocalLimits(clock), LeadTraces(Metrics())
        bids = Bids(pings, CatalogReader(pool), signer, clock)
        self.pipeline = Pipeline(
            opening=opening,
            chain=stages,
            store=self.store,
            settlement=settlement,
            pending=PendingLeads(self.store, clock),
            limits=limits,
            bids=bids,
            traces=traces,
            clock=clock,
            chain_seconds=_SECONDS,
        )
        self.pings = PingDesk(
            opening=opening,
            chain=stages,
            store=pings,
            limits=limits,
            signer=signer,
            clock=clock,
            chain_seconds=_SECONDS,
            count=lambda outcome: None,
        )
        self.returns = ReturnDesk(ReturnStore(pool), CatalogReader(pool), clock, ring=lambda: None)
        self._holds = HoldSweeper(pings, clock, returned=lambda count: None)
        self._pending = Sweeper(
            directory=self.directory,
            chain=stages,
            store=self.store,
            settlement=settlement,
            bids=bids,
            traces=traces,
            clock=clock,
            chain_seconds=_SECONDS,
            idle_seconds=1.0,
        )

    async def sweep(self) -> None:
        """Whatever it does by itself, once."""
        await self._pending.sweep()
        await self._holds.sweep()
        await self.returns.sweep()


class Died:
    """Whether it did."""

    yes = False


class MortalStore(LeadStore):
    """Whose settlement may end before it began, or after its commit and before anybody heard of it."""

    fails: tuple[str, Died] | None = None

    async def settle(self, buyer_id: str, now: Any, batch: Batch) -> list[Obstacle]:
        if self.fails is None:
            return await super().settle(buyer_id, now, batch)
        when, died = self.fails
        died.yes = True
        if when == "after":
            await super().settle(buyer_id, now, batch)
        raise Unavailable("intake is dead")


class Dying(Awaitable[_T]):
    """A coroutine that dies the n-th time that it waits: cancelled, or its sockets shut with all it had under way."""

    def __init__(self, coroutine: Coroutine[Any, Any, _T], at: int, pool: Pool | None, died: Died) -> None:
        self._coroutine, self._at, self._pool, self._died = coroutine, at, pool, died

    async def run(self) -> _T:
        """To its end."""
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
