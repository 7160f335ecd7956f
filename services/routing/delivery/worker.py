"""Hands due deliveries to their channel.

At least once: a worker that dies between the channel's yes and the record of it loses its lease, and another sends
a copy with the same Message-ID. A yes that cannot be recorded at once is kept and recorded as soon as possible.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from random import random
from typing import Protocol
from uuid import uuid4

import asyncpg
import structlog

from services.routing.contacts_client import Contacts
from services.routing.delivery.delivery import (
    Blocked,
    ChannelName,
    Delivery,
    HandedOff,
    Outcome,
    Postponed,
    Refused,
    Settled,
    retry_seconds,
    settle,
)
from services.routing.delivery.store import DeliveryStore, Try
from services.routing.follow_up_events import message_handed_off
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.gate.person import Person
from shared.db import outbox
from shared.db.pool import Pool
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

_log = structlog.get_logger(__name__)

#: Deliveries of one claim.
BATCH = 50
#: Deliveries claimed and not yet settled; bounds memory and what a crash sends twice.
MAX_UNDER_WAY = 100
#: Seconds after its claim in which a delivery may still be begun: the rest of the lease is for sending it.
BEGIN_WITHIN = 10.0
_LANES = ("email",)
#: Seconds between looks at the queue when no bell rings.
POLL_SECONDS = 0.25
#: Seconds in which a claim's outcomes are waited for, to record them in one transaction.
TOGETHER_SECONDS = 0.02
#: Waits between attempts to record outcomes while Postgres is away; about the length of a lease in all.
_RECORD_RETRIES = (0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 10.0)
_OUTCOMES = {HandedOff: "handed_off", Postponed: "postponed", Refused: "refused", Blocked: "blocked"}


class Bell(Protocol):
    """What wakes the worker; see `shared.wake.Doorbell`."""

    async def wait(self, timeout: float) -> object:
        """Return when rung, or after `timeout` seconds."""


class Channel(Protocol):
    """What takes deliveries of one kind; see `services.routing.messages.email_channel.EmailChannel`."""

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Hand one over; every failure is an outcome, none an exception.

        Two calls for one delivery are two copies of one message: they carry the delivery's id.

        Args:
            begin_before: monotonic seconds; what cannot be begun by then is postponed, for its lease runs out.
        """


class OutagePause:
    """Stops claiming while contacts or the channel are away as a whole; then tries one delivery, then all.

    So an outage costs a handful of deliveries a try each, not every waiting one, and what waited goes out at full
    speed as soon as one got through.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._failures = 0
        self._until = 0.0

    @property
    def seconds_left(self) -> float:
        """Seconds until the next try; 0 or less: now."""
        return self._until - self._clock.monotonic() if self._failures else 0.0

    @property
    def probing(self) -> bool:
        """True until something got through again."""
        return self._failures > 0

    def failed(self) -> None:
        """Something was away. Many failures of one moment count once."""
        if self.seconds_left <= 0:
            self._failures += 1
            self._until = self._clock.monotonic() + retry_seconds(self._failures, True, self._jitter())

    def succeeded(self) -> None:
        """Something got through."""
        self._failures = 0


class DeliveryWorker:
    """Claims, sends and settles deliveries until told to stop. Any number of them may run, in any processes."""

    def __init__(
        self,
        pool: Pool,
        store: DeliveryStore,
        contacts: Contacts,
        channels: Mapping[ChannelName, Channel],
        bell: Bell,
        telemetry: FollowUpTelemetry,
        clock: Clock,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._pool = pool
        self._store = store
        self._contacts = contacts
        self._channels = channels
        self._bell = bell
        self._telemetry = telemetry
        self._clock = clock
        self._jitter = jitter
        self._pause = OutagePause(clock, jitter)
        #: What runs, and for how many deliveries.
        self._under_way: dict[asyncio.Task[None], int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; then finish what is under way. Cancelled: leave that to whoever gets the leases."""
        try:
            while not stop.is_set():
                if not await self._begin_due_or_warn():
                    await self._bell.wait(POLL_SECONDS)
            await self.finish()
        finally:
            for task in self._under_way:
                task.cancel()

    async def _begin_due_or_warn(self) -> bool:
        try:
            return await self.begin_due()
        except AppError as error:
            _log.warning("deliveries not claimed", exc_info=error)
            return False

    async def begin_due(self) -> bool:
        """Claim what is due, as soon as there is room, and begin to send it; True where there may be more."""
        if self._pause.seconds_left > 0 or (self._pause.probing and self._under_way):
            return False
        # Never for a few: a claim costs about the same, whatever it brings.
        while sum(self._under_way.values()) > MAX_UNDER_WAY - BATCH:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        limit = 1 if self._pause.probing else BATCH
        begin_before = self._clock.monotonic() + BEGIN_WITHIN
        claimed = await self._store.claim(self._clock.now(), dict.fromkeys(_LANES, limit), uuid4())
        claimed.sort(key=lambda delivery: delivery.lead.buyer_id)
        for buyer_id, group in groupby(claimed, key=lambda delivery: delivery.lead.buyer_id):
            deliveries = list(group)
            task = asyncio.create_task(self._carry_out(buyer_id, deliveries, begin_before))
            self._under_way[task] = len(deliveries)
            task.add_done_callback(self._ended)
        return len(claimed) == limit and not self._pause.probing

    async def finish(self) -> None:
        """Wait until everything begun is settled."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _carry_out(self, buyer_id: str, deliveries: Sequence[Delivery], begin_before: float) -> None:
        try:
            recipients = await self._contacts.fetch(buyer_id, [delivery.lead.lead_id for delivery in deliveries])
        except AppError as error:
            self._pause.failed()
            away = Postponed(f"contacts: {error.code.name.lower()}", outage=True)
            await self._settle([(delivery, away) for delivery in deliveries])
            return
        await self._settle_together(
            {
                asyncio.create_task(self._send(delivery, recipient, begin_before)): delivery
                for delivery, recipient in zip(deliveries, recipients, strict=True)
            }
        )

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a claim broke off", exc_info=error)

    async def _settle_together(self, sends: dict[asyncio.Task[Outcome], Delivery]) -> None:
        """Settle a claim: at once where the channel is quick, else as outcomes come."""
        waiting = set(sends)
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, timeout=TOGETHER_SECONDS)
                if not done:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if tries := [(sends[send], send.result()) for send in done if _went_well(send)]:
                    await self._settle(tries)
        finally:
            for send in waiting:
                send.cancel()

    async def _send(self, delivery: Delivery, recipient: Person | None, begin_before: float) -> Outcome:
        outcome = await self._try(delivery, recipient, begin_before)
        if isinstance(outcome, Postponed) and outcome.outage:
            self._pause.failed()
        else:
            self._pause.succeeded()
        return outcome

    async def _try(self, delivery: Delivery, recipient: Person | None, begin_before: float) -> Outcome:
        if recipient is None:
            return Refused("contact: unknown or forgotten")
        return await self._channels[delivery.channel].send(delivery, recipient, begin_before=begin_before)

    async def _settle(self, tries: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Record outcomes, patiently: forgetting that a message was taken would send it again."""
        for wait in _RECORD_RETRIES:
            try:
                await self._record(tries)
                return
            except (AppError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await asyncio.sleep(wait)
        await self._record(tries)

    async def _record(self, tries: Sequence[tuple[Delivery, Outcome]]) -> None:
        now = self._clock.now()
        ended = [
            Try(
                delivery=delivery,
                ended_at=now,
                outcome=_OUTCOMES[type(outcome)],
                error="" if isinstance(outcome, HandedOff) else outcome.error,
                settled=settle(delivery, outcome, now, self._jitter()),
            )
            for delivery, outcome in tries
        ]
        async with self._pool.acquire() as conn, conn.transaction():
            changed = await self._store.settle(conn, ended)
            recorded = [one for one in ended if one.delivery.delivery_id in changed]
            events = [
                message_handed_off(one.delivery, one.settled.handed_off_at)
                for one in recorded
                if one.settled.handed_off_at is not None
            ]
            if events:
                await outbox.put(conn, events)
        for one in recorded:
            self._tell(one.delivery, one.settled)

    def _tell(self, delivery: Delivery, result: Settled) -> None:
        if result.handed_off_at is not None:
            self._telemetry.handed_off(delivery, result.handed_off_at)
        elif result.state == "dead":
            self._telemetry.dead(delivery)


def _went_well(send: asyncio.Task[Outcome]) -> bool:
    if not send.cancelled() and (error := send.exception()) is not None:
        _log.error("delivery broke off", exc_info=error)
    return not send.cancelled() and send.exception() is None
