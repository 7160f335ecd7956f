"""What the worker makes of the gate's word: sent, put off, blocked, tried later; and never sent around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from services.routing.delivery.worker import DeliveryWorker
from services.routing.gate.decision import ContactRequest, GateDecision, Reason
from shared.rpc.errors import Unavailable
from tests.clock import FakeClock
from tests.integration.follow_up_world import World, open_world


class Warden:
    """A gate that says what it is told to, and knows who is inside."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reason: Reason = ""
        self.not_before: datetime | None = None
        self.away = False
        self.asked: list[ContactRequest] = []
        self.inside = 0
        self.sent_outside = 0
        world.mail.on_taken = self._sent

    def _sent(self) -> None:
        self.sent_outside += not self.inside

    @asynccontextmanager
    async def permits(self, _buyer_id: str, requests: Sequence[ContactRequest]) -> AsyncIterator[list[GateDecision]]:
        """See `services.routing.gate.decision.Permits`."""
        if self.away:
            raise Unavailable("the gate's database is away")
        self.asked += requests
        self.inside += 1
        try:
            yield [
                GateDecision(
                    decision_id=uuid4(),
                    allowed=not self.reason,
                    rules=("rule",),
                    reason=self.reason,
                    not_before=self.not_before,
                )
                for _ in requests
            ]
        finally:
            self.inside -= 1


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with open_world(database_url, clock) as opened:
        yield opened


@pytest.fixture
def warden(world: World) -> Warden:
    return Warden(world)


@pytest.fixture
def worker(world: World, warden: Warden) -> DeliveryWorker:
    made = world.worker()
    made._gate = warden
    return made


async def test_what_may_be_sent_is_handed_over_before_the_gate_is_left(
    world: World, warden: Warden, worker: DeliveryWorker
) -> None:
    leads = [await world.buy() for _ in range(20)]
    await world.send_due(worker)
    assert len(world.mail.taken) == len(leads)
    assert warden.sent_outside == 0
    assert {str(request.lead_id) for request in warden.asked} == set(leads)
    assert {(one.channel, one.automatic, one.purpose) for one in warden.asked} == {("email", True, "confirmation")}


async def test_what_may_be_sent_later_waits_and_costs_no_breaker(
    world: World, warden: Warden, worker: DeliveryWorker
) -> None:
    lead_id = await world.buy()
    warden.reason, warden.not_before = "hours", world.clock.now() + timedelta(hours=9)
    await world.send_due(worker)
    waiting = await world.delivery(lead_id)
    assert (waiting["state"], waiting["due_at"], waiting["last_error"]) == ("waiting", warden.not_before, "gate: hours")
    warden.reason = ""
    world.clock.advance(9 * 3600 - 1)
    await world.send_due(worker)
    assert world.mail.taken == []
    world.clock.advance(1)
    await world.send_due(worker)
    assert len(world.mail.taken) == 1


async def test_what_may_never_be_sent_is_blocked_and_no_dead_letter(
    world: World, warden: Warden, worker: DeliveryWorker
) -> None:
    lead_id = await world.buy()
    warden.reason = "opted_out"
    await world.send_due(worker)
    world.clock.advance(86_400)
    await world.send_due(worker)
    blocked = await world.delivery(lead_id)
    assert (blocked["state"], blocked["last_error"], blocked["attempts"]) == ("blocked", "gate: opted_out", 1)
    assert world.mail.taken == []
    assert await world.events_of("message_handed_off") == []


async def test_with_the_gate_away_nothing_is_sent_and_nothing_is_lost(
    world: World, warden: Warden, worker: DeliveryWorker
) -> None:
    lead_id = await world.buy()
    warden.away = True
    await world.send_due(worker)
    assert world.mail.taken == []
    assert (await world.delivery(lead_id))["last_error"] == "gate: unavailable"
    warden.away = False
    world.clock.advance(2)
    await world.send_due(worker)
    assert (await world.delivery(lead_id))["state"] == "handed_off"
