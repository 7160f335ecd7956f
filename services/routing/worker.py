"""Hands due deliveries to their channel.

At least once: a worker that dies between the channel's yes and the record of it loses its lease, and another sends
a copy with the same Message-ID. A yes that cannot be recorded at once is kept and recorded as soon as possible.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from random import random
from typing import Protocol
from uuid import uuid4

import asyncpg
import structlog

from services.routing.contacts_client import Contacts
from services.routing.follow_up import (
    Delivery,
    Outcome,
    Postponed,
    Refused,
    Settled,
    retry_seconds,
    settle,
)
from services.routing.follow_up_events import message_handed_off
from services.routing.follow_up_store import FollowUpStore
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.messages.composition import CompositionError, compose, parsed_mailbox
from services.routing.messages.filling import Recipient, render
from shared.catalog.snapshot import CatalogReader
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
#: Seconds between looks at the queue when no bell rings.
POLL_SECONDS = 0.25
#: Seconds in which a claim's outcomes are waited for, to record them in one transaction.
TOGETHER_SECONDS = 0.02
#: Waits between attempts to record outcomes while Postgres is away; about the length of a lease in all.
_RECORD_RETRIES = (0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 10.0)


class Bell(Protocol):
    """What wakes the worker; see `shared.wake.Doorbell`."""

    async def wait(self, timeout: float) -> object:
        """Return when rung, or after `timeout` seconds."""


class Channel(Protocol):
    """What takes messages; see `services.routing.messages.mail.Mailer`."""

    async def send(self, sender: str, recipient: str, message: bytes, *, begin_before: float) -> Outcome:
        """Hand one message over; every failure is an outcome."""


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
        store: FollowUpStore,
        contacts: Contacts,
        catalogs: CatalogReader,
        channel: Channel,
        bell: Bell,
        telemetry: FollowUpTelemetry,
        clock: Clock,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._pool = pool
        self._store = store
        self._contacts = contacts
        self._catalogs = catalogs
        self._channel = channel
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
        claimed = await self._store.claim(self._clock.now(), limit, uuid4())
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

    async def _send(self, delivery: Delivery, recipient: Recipient | None, begin_before: float) -> Outcome:
        outcome = await self._try(delivery, recipient, begin_before)
        if isinstance(outcome, Postponed) and outcome.outage:
            self._pause.failed()
        else:
            self._pause.succeeded()
        return outcome

    async def _try(self, delivery: Delivery, recipient: Recipient | None, begin_before: float) -> Outcome:
        if recipient is None:
            return Refused("contact: unknown or forgotten")
        if not recipient.email:
            return Refused("contact: no e-mail address")
        try:
            sender, address, message = await self._message(delivery, recipient)
        except CompositionError as error:
            return Refused(f"compose: {error}")
        except AppError as error:
            return Postponed(f"catalog: {error.code.name.lower()}")
        return await self._channel.send(sender, address, message, begin_before=begin_before)

    async def _message(self, delivery: Delivery, recipient: Recipient) -> tuple[str, str, bytes]:
        view = await self._catalogs.get(delivery.lead.buyer_id, delivery.lead.catalog_revision)
        order = view.order(delivery.lead.order)
        playbook = view.playbook(order.follow_up.playbook) if order is not None else None
        product = view.product(order.product) if order is not None else None
        step = playbook.confirmation if playbook is not None else None
        template = view.template(step.template) if step is not None and step.template is not None else None
        if order is None or template is None or product is None:
            raise CompositionError("the order, its product, its playbook or the template is not in the catalog")
        confirmation = render(
            template,
            first_name=recipient.first_name,
            offer=order.follow_up.offer,
            buyer=view.buyer,
            product=product.name,
        )
        sender = parsed_mailbox(view.buyer.email_from, "the buyer's email_from")
        address = parsed_mailbox(recipient.email, "the contact's email")
        return sender.address, address.address, compose(delivery, confirmation, sender, address)

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
        settled = [(delivery, settle(delivery, outcome, now, self._jitter())) for delivery, outcome in tries]
        async with self._pool.acquire() as conn, conn.transaction():
            changed = await self._store.settle(conn, settled)
            recorded = [(delivery, result) for delivery, result in settled if delivery.delivery_id in changed]
            events = [
                message_handed_off(delivery, result.handed_off_at)
                for delivery, result in recorded
                if result.handed_off_at is not None
            ]
            if events:
                await outbox.put(conn, events)
        for delivery, result in recorded:
            self._tell(delivery, result)

    def _tell(self, delivery: Delivery, result: Settled) -> None:
        if result.handed_off_at is not None:
            self._telemetry.handed_off(delivery, result.handed_off_at)
        elif result.state == "dead":
            self._telemetry.dead(delivery)


def _went_well(send: asyncio.Task[Outcome]) -> bool:
    if not send.cancelled() and (error := send.exception()) is not None:
        _log.error("delivery broke off", exc_info=error)
    return not send.cancelled() and send.exception() is None
