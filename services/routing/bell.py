"""Wakes one worker of this process; `shared.wake.Doorbell` wakes other processes."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Bell:
    """Remembers that it rang until somebody waits."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the wait under way, or the next one."""
        self._rung.set()

    async def wait(self, timeout: float) -> bool:
        """Wait for a ring, at most `timeout` seconds; True where it rang."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        rung = self._rung.is_set()
        self._rung.clear()
        return rung


class Peal:
    """Several bells, rung together."""

    def __init__(self, *bells: Bell) -> None:
        self._bells = bells

    def ring(self) -> None:
        """Ring them all."""
        for bell in self._bells:
            bell.ring()
