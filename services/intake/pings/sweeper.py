"""Gives back what bids held and nobody used, and forgets old pings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.intake.pings.store import PingStore
from services.intake.submission import NAMED_KEY_LIFE
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

#: Holds given back in one transaction, and pings forgotten in one.
BATCH = 256
#: How long it rests when nothing is due, in seconds; a hold is back within a minute of its end (promise).
REST_SECONDS = 1.0
FORGET_SECONDS = 60.0


class HoldSweeper:
    """Ends holds. Any number of replicas may sweep at the same time."""

    def __init__(self, store: PingStore, clock: Clock, *, returned: Callable[[float], None]) -> None:
        """`returned`: told how many holds were given back."""
        self._store = store
        self._clock = clock
        self._returned = returned
        self._forgot_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until told to stop. A store that is away is waited for."""
        while not stop.is_set():
            try:
                busy = await self.sweep() == BATCH
            except AppError:
                busy = False
            if not busy:
                try:
                    await asyncio.wait_for(stop.wait(), REST_SECONDS)
                except TimeoutError:
                    continue

    async def sweep(self) -> int:
        """Give back what is due, once; returns how many holds that were."""
        count = await self._store.return_holds(self._clock.now(), BATCH)
        self._returned(count)
        if self._clock.monotonic() - self._forgot_at >= FORGET_SECONDS:
            self._forgot_at = self._clock.monotonic()
            await self._store.forget(self._clock.now() - NAMED_KEY_LIFE, BATCH)
        return count
