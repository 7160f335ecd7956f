"""Waking the consumers of the outbox after a commit, without making a settlement wait for Redis."""

from __future__ import annotations

import asyncio

from shared.wake import Doorbell

REST_SECONDS = 0.02


class Bells:
    """Rings the consumers' doorbell in the background; rings that come while one is under way become one more."""

    def __init__(self, bell: Doorbell) -> None:
        self._bell = bell
        self._again = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Say that there is something in the outbox. Returns at once and never fails."""
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            await self._bell.ring()
            # Who was rung at rests for longer than this anyway.
            await asyncio.sleep(REST_SECONDS)
