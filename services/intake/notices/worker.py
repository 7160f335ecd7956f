"""Sees to it that every notice arrives at least once, or that somebody can see that it did not."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta

import structlog

from services.intake.catalog.directory import Directory
from services.intake.notices.store import Claimed, NoticeStore
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure as failure_of
from shared.telemetry.metrics import Metrics
from shared.webhook import signing
from shared.webhook.courier import DEADLINE_SECONDS, Courier

_MINUTE, _HOUR = 60.0, 3600.0
#: Seconds to wait after each failed attempt; the attempt after the last wait, some three days on, is the last.
WAITS = (5.0, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 20 * _HOUR)
#: Whoever holds a notice and says nothing for so long has died.
_LEASE = timedelta(seconds=6 * DEADLINE_SECONDS)
#: How long it can be looked up what was delivered; looked after now and then, some at a time.
KEPT = timedelta(days=90)
_TIDY_SECONDS, _TIDIED = 60.0, 1000
#: Receivers that are spoken to at the same time.
_AT_ONCE = 32

_log = structlog.get_logger(__name__)


class NoticeWorker:
    """Delivers notices, to each seller one at a time. Any number may run side by side."""

    def __init__(
        self,
        store: NoticeStore,
        directory: Directory,
        courier: Courier,
        clock: Clock,
        metrics: Metrics,
        *,
        idle_seconds: float = 1.0,
    ) -> None:
        self._store = store
        self._directory = directory
        self._courier = courier
        self._clock = clock
        self._idle = idle_seconds
        self._outcomes = {
            outcome: metrics.counter("leadline_notices_total", outcome=outcome)
            for outcome in ("delivered", "failed", "dead")
        }
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._tidied_at = -math.inf

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver what is due until `stop` is set, and finish what is under way."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                started = await self.step()
                await asyncio.wait(
                    {stopped, *self._under_way.values()},
                    timeout=0 if started else self._idle,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            stopped.cancel()
            await self.rest()

    async def rest(self) -> None:
        """Wait until nothing is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    async def step(self) -> int:
        """Set out with what is due; returns with how many."""
        free = _AT_ONCE - len(self._under_way)
        if free <= 0:
            return 0
        try:
            await self._directory.check()
            await self._tidy()
            claimed = await self._store.claim(self._clock.now(), self._under_way, _LEASE, free)
        except AppError as error:
            _log.warning("notices.claim_failed", reason=type(error).__name__)
            return 0
        for one in claimed:
            whose = (one.buyer_id, one.seller)
            task = asyncio.create_task(self._attempt(one))
            self._under_way[whose] = task
            task.add_done_callback(lambda _, whose=whose: self._under_way.pop(whose, None))  # type: ignore[misc]
        return len(claimed)

    async def _tidy(self) -> None:
        now = self._clock.monotonic()
        if now - self._tidied_at >= _TIDY_SECONDS:
            self._tidied_at = now
            await self._store.forget(self._clock.now() - KEPT, _TIDIED)

    async def _attempt(self, one: Claimed) -> None:
        try:
            failure = await self._send(one)
            await self._note(one, failure)
        except AppError as error:
            # Nobody knows that it was sent: when the lease is over, it is sent again.
            _log.warning("notices.note_failed", reason=type(error).__name__)
        except Exception as error:
            _log.error("a notice could not be sent", message_id=one.notice_id, **failure_of(error))

    async def _send(self, one: Claimed) -> str:
        # By the catalog in force now: a seller that moves gets what waits at its new address.
        seller = self._directory.current(one.buyer_id).seller(one.seller)
        if seller is None or not seller.webhook_url:
            return "the catalog has no webhook_url for this seller"
        if not one.secrets:
            return "the seller has no secret"
        body = one.payload.encode()
        headers = signing.headers(one.secrets, one.notice_id, self._clock.now(), body)
        return await self._courier.deliver(seller.webhook_url, headers, body)

    async def _note(self, one: Claimed, failure: str) -> None:
        now = self._clock.now()
        if not failure:
            await self._store.delivered(one, now)
            self._outcomes["delivered"].inc()
        elif one.attempts <= len(WAITS):
            await self._store.failed(one, failure, now + timedelta(seconds=WAITS[one.attempts - 1]))
            self._outcomes["failed"].inc()
        else:
            await self._store.died(one, failure, now)
            self._outcomes["dead"].inc()
            _log.error("a notice is given up", message_id=one.notice_id, seller=one.seller)
