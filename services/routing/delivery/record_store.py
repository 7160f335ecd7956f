"""Records what became of tries, patiently: forgetting that something was taken would send it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import asyncpg

from services.routing.delivery.delivery import Blocked, Delivery, HandedOff, Outcome, Postponed, Refused, settle
from services.routing.delivery.store import DeliveryStore, Try
from services.routing.follow_up_events import message_handed_off
from services.routing.follow_up_telemetry import FollowUpTelemetry
from shared.db import outbox
from shared.db.pool import Pool
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

#: Waits between attempts while Postgres is away; about the length of a lease in all.
_RETRIES = (0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 10.0)
_NAMES = {HandedOff: "handed_off", Postponed: "postponed", Refused: "refused", Blocked: "blocked"}


class Recorder:
    """Settles deliveries, keeps their tries and tells reporting what was handed over, in one transaction."""

    def __init__(
        self,
        pool: Pool,
        store: DeliveryStore,
        telemetry: FollowUpTelemetry,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._jitter = jitter

    async def record(self, outcomes: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Record all; raises what the driver raises once patience is over."""
        for wait in _RETRIES:
            try:
                await self._record(outcomes)
                return
            except (AppError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await asyncio.sleep(wait)
        await self._record(outcomes)

    async def _record(self, outcomes: Sequence[tuple[Delivery, Outcome]]) -> None:
        tries = [self._try(delivery, outcome) for delivery, outcome in outcomes]
        async with self._pool.acquire() as conn, conn.transaction():
            changed = await self._store.settle(conn, tries)
            recorded = [one for one in tries if one.delivery.delivery_id in changed]
            events = [
                message_handed_off(one.delivery, one.settled.handed_off_at)
                for one in recorded
                # An alert is about leads; nobody and nothing was handed one.
                if one.settled.handed_off_at is not None and one.delivery.purpose != "alert"
            ]
            if events:
                await outbox.put(conn, events)
        for one in recorded:
            self._tell(one)

    def _try(self, delivery: Delivery, outcome: Outcome) -> Try:
        now = self._clock.now()
        return Try(
            delivery=delivery,
            ended_at=now,
            outcome=_NAMES[type(outcome)],
            error="" if isinstance(outcome, HandedOff) else outcome.error,
            settled=settle(delivery, outcome, now, self._jitter()),
        )

    def _tell(self, one: Try) -> None:
        if one.settled.handed_off_at is not None:
            self._telemetry.handed_off(one.delivery, one.settled.handed_off_at)
        elif one.settled.state == "dead":
            self._telemetry.dead(one.delivery)
