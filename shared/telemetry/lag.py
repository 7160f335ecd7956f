"""How late the event loop runs what is due: the first sign that something computes where it should await."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.runtime.clock import Clock
from shared.telemetry.metrics import Metrics

EVERY_SECONDS = 0.5


class LoopLag:
    """Asks to be woken after `every_seconds` and observes by how much later it was."""

    def __init__(self, metrics: Metrics, clock: Clock, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._lag = metrics.histogram("leadline_event_loop_lag_seconds")
        self._clock = clock
        self._every = every_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Observes until `stop`."""
        while not stop.is_set():
            due = self._clock.monotonic() + self._every
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await stop.wait()
                return
            self._lag.observe(max(0.0, self._clock.monotonic() - due))
