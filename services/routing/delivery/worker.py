"""Hands due deliveries to their channel.

At least once: a worker that dies between the channel's yes and the record of it loses its lease, and another sends
a copy with the same id. A yes that cannot be recorded at once is kept and recorded as soon as possible.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import groupby
from random import random
from typing import Any, Protocol, cast
from uuid import uuid4

import structlog

from services.routing.contacts_client import Contacts
from services.routing.delivery.channel import BatchChannel, Channel
from services.routing.delivery.delivery import (
    TO_PEOPLE,
    Blocked,
    ChannelName,
    Delivery,
    Outcome,
    Postponed,
    Refused,
)
from services.routing.delivery.lanes import PEOPLE, Lanes, Pause, lane_name
from services.routing.delivery.record_store import Recorder
from services.routing.delivery.store import DeliveryStore
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.gate.decision import ContactRequest, Permits
from services.routing.gate.person import Person
from services.routing.gate.rules import Channel as PeopleChannel
from shared.db.pool import Pool
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

_log = structlog.get_logger(__name__)

#: The most contacts that are asked for at once.
_MOST_CONTACTS = 250
#: Seconds after its claim in which a delivery may still be begun: the rest of the lease is for sending it.
BEGIN_WITHIN = 10.0
#: Seconds between looks at the queue when no bell rings.
POLL_SECONDS = 0.25
#: Seconds in which a claim's outcomes are waited for, to record them in one transaction.
TOGETHER_SECONDS = 0.02
#: Seconds between looks for what waited too long behind an open breaker.
_GIVE_UP_SECONDS = 60.0

Pair = tuple[Delivery, Person]
Results = list[tuple[Delivery, Outcome]]


class Bell(Protocol):
    """What wakes the worker; see `services.routing.bell.Bell`."""

    def ring(self) -> None:
        """End the wait under way, or the next one."""

    async def wait(self, timeout: float) -> object:
        """Return when rung, or after `timeout` seconds."""


class DeliveryWorker:
    """Claims, sends and settles deliveries until told to stop. Any number of them may run, in any processes.

    Args:
        channels: how each kind is sent that this worker sends.
        bell: wakes it; it also rings it itself.
        batches: kinds of which everything due is sent together.
        gate: asked before people are reached.
    """

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
        *,
        batches: Mapping[ChannelName, BatchChannel] | None = None,
        gate: Permits | None = None,
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._channels = channels
        self._batches = batches or {}
        self._gate = gate
        self._bell = bell
        self._telemetry = telemetry
        self._clock = clock
        self._recorder = Recorder(pool, store, telemetry, clock, jitter)
        self._lanes = Lanes(clock, jitter)
        self._people = sorted(TO_PEOPLE & channels.keys())
        self._systems = bool(channels.keys() - TO_PEOPLE or self._batches)
        #: While contacts are away, nothing is claimed but a probe.
        self._pause = Pause(clock, jitter, PEOPLE.pauses)
        self._under_way: set[asyncio.Task[None]] = set()
        self._gave_up_at = -math.inf

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; then finish what is under way. Cancelled: leave that to whoever gets the leases."""
        await self._or_warn(self._adopt)
        try:
            while not stop.is_set():
                if not await self._or_warn(self.begin_due):
                    await self._bell.wait(POLL_SECONDS)
            await self.finish()
        finally:
            for task in self._under_way:
                task.cancel()

    async def _or_warn(self, work: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await work()
        except AppError as error:
            _log.warning("deliveries not claimed", exc_info=error)
            return False

    async def _adopt(self) -> bool:
        mine = [report for report in await self._store.lanes() if (":" in report.lane) == self._systems]
        self._lanes.adopt(mine)
        return True

    async def begin_due(self) -> bool:
        """Claim what is due and has room, and begin to send it; True where there may be more."""
        await self._look_after_lanes()
        if self._pause.seconds_left > 0 or (self._pause.probing and self._lanes.under_way):
            return False
        rooms = self._lanes.rooms(await self._due(), most=1 if self._pause.probing else None)
        if not rooms:
            return False
        begin_before = self._clock.monotonic() + BEGIN_WITHIN
        claimed = await self._store.claim(self._clock.now(), rooms, uuid4())
        more = self._lanes.begun(rooms, (_lane(delivery) for delivery in claimed))
        claimed.sort(key=lambda delivery: delivery.lead.buyer_id)
        for buyer_id, group in groupby(claimed, key=lambda delivery: delivery.lead.buyer_id):
            deliveries = list(group)
            for start in range(0, len(deliveries), _MOST_CONTACTS):
                part = deliveries[start : start + _MOST_CONTACTS]
                task = asyncio.create_task(self._carry_out(buyer_id, part, begin_before))
                self._under_way.add(task)
                task.add_done_callback(self._ended)
        return more and not self._pause.probing

    async def _due(self) -> Sequence[str]:
        systems = await self._store.systems_due(self._clock.now()) if self._systems else []
        return [*self._people, *systems]

    async def _look_after_lanes(self) -> None:
        """Tell what changed of them, and give up what waited too long for one that is not tried."""
        if changes := self._lanes.changes():
            try:
                await self._store.tell_lanes(changes, self._clock.now())
            except AppError:
                self._lanes.not_told(changes)
                raise
            for change in changes:
                self._telemetry.lane_changed(change)
        now = self._clock.monotonic()
        if now - self._gave_up_at >= _GIVE_UP_SECONDS:
            self._gave_up_at = now
            if opened := self._lanes.opened():
                for delivery in await self._store.give_up(self._clock.now(), opened):
                    self._telemetry.dead(delivery)

    async def finish(self) -> None:
        """Wait until everything begun is settled."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a claim broke off", exc_info=error)

    async def _carry_out(self, buyer_id: str, deliveries: Sequence[Delivery], begin_before: float) -> None:
        try:
            persons = await self._contacts.fetch(buyer_id, [delivery.lead.lead_id for delivery in deliveries])
        except AppError as error:
            self._pause.failed()
            await self._none_begun(deliveries, f"contacts: {error.code.name.lower()}")
            return
        self._pause.succeeded()
        pairs = list(zip(deliveries, persons, strict=True))
        known = [(delivery, person) for delivery, person in pairs if person is not None]
        unknown = Refused("contact: unknown or forgotten")
        await asyncio.gather(
            self._carry_to_people(buyer_id, [one for one in known if one[0].channel in TO_PEOPLE], begin_before),
            self._send_all([one for one in known if one[0].channel not in TO_PEOPLE], begin_before),
            self._settle_unsent([(delivery, unknown) for delivery, person in pairs if person is None]),
        )

    async def _carry_to_people(self, buyer_id: str, pairs: Sequence[Pair], begin_before: float) -> None:
        if self._gate is None or not pairs:
            await self._send_all(pairs, begin_before)
            return
        async with AsyncExitStack() as stack:
            # Whoever opts out waits at the gate until what it let pass is handed over.
            passage = self._gate.permits(buyer_id, [_request(delivery, person) for delivery, person in pairs])
            try:
                decisions = await stack.enter_async_context(passage)
            except AppError as error:
                await self._none_begun([delivery for delivery, _ in pairs], f"gate: {error.code.name.lower()}")
                return
            judged = list(zip(pairs, decisions, strict=True))
            await self._send_all([pair for pair, decision in judged if decision.allowed], begin_before)
        await self._settle_unsent(
            [
                (delivery, Blocked(f"gate: {decision.reason}", decision.not_before))
                for (delivery, _), decision in judged
                if not decision.allowed
            ]
        )

    async def _settle_unsent(self, results: Results) -> None:
        self._free(results)
        if results:
            await self._recorder.record(results)

    async def _none_begun(self, deliveries: Sequence[Delivery], error: str) -> None:
        """Nobody's fault who was to be sent to: no lane's breaker minds."""
        away = Postponed(error, outage=True)
        for delivery in deliveries:
            self._lanes.ended(_lane(delivery), None)
        await self._recorder.record([(delivery, away) for delivery in deliveries])

    async def _send_all(self, pairs: Sequence[Pair], begin_before: float) -> None:
        """Send, and settle: at once where the channel is quick, else as outcomes come."""
        waiting: set[asyncio.Task[Results]] = {asyncio.create_task(work) for work in self._work(pairs, begin_before)}
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, timeout=TOGETHER_SECONDS)
                if not done:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if results := [result for send in done for result in _results(send)]:
                    await self._recorder.record(results)
        finally:
            for send in waiting:
                send.cancel()

    def _work(self, pairs: Sequence[Pair], begin_before: float) -> list[Coroutine[Any, Any, Results]]:
        together: dict[str, list[Pair]] = {}
        work: list[Coroutine[Any, Any, Results]] = []
        for delivery, person in pairs:
            if delivery.channel in self._batches:
                together.setdefault(_lane(delivery), []).append((delivery, person))
            else:
                work.append(self._send([delivery], self._one(delivery, person, begin_before)))
        for batch in together.values():
            channel = self._batches[batch[0][0].channel]
            work.append(self._send([delivery for delivery, _ in batch], channel.send_all(batch)))
        return work

    async def _one(self, delivery: Delivery, person: Person, begin_before: float) -> list[Outcome]:
        return [await self._channels[delivery.channel].send(delivery, person, begin_before=begin_before)]

    async def _send(self, deliveries: Sequence[Delivery], sending: Awaitable[list[Outcome]]) -> Results:
        try:
            results = list(zip(deliveries, await sending, strict=True))
        except BaseException:
            for delivery in deliveries:
                self._lanes.ended(_lane(delivery), None)
            raise
        self._free(results)
        return results

    def _free(self, results: Results) -> None:
        """Their places are free again; where more may be waiting for them, look at once."""
        for delivery, outcome in results:
            if self._lanes.ended(_lane(delivery), outcome):
                self._bell.ring()


def _lane(delivery: Delivery) -> str:
    return lane_name(delivery.channel, delivery.lead.buyer_id, delivery.receiver)


def _request(delivery: Delivery, person: Person) -> ContactRequest:
    return ContactRequest(
        lead_id=delivery.lead.lead_id,
        channel=cast("PeopleChannel", delivery.channel),
        automatic=True,
        purpose="follow_up" if delivery.purpose == "lead" or delivery.purpose == "alert" else delivery.purpose,
        person=person,
    )


def _results(send: asyncio.Task[Results]) -> Results:
    if not send.cancelled() and (error := send.exception()) is not None:
        _log.error("delivery broke off", exc_info=error)
    return [] if send.cancelled() or send.exception() is not None else send.result()
