"""Work with the real gate, clocks and playbooks: what one call does to all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from leadline.routing.v1 import work_pb2
from leadline.routing.v1 import work_service_pb2 as pb
from services.routing.gate.assembly import open_gate
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.person import Person
from services.routing.settings import GateSettings
from services.routing.work.assembly import assemble_work
from services.routing.work.service import WorkService
from shared.runtime.settings import DatabaseSettings, load
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, OFFER, ORDER, World, add_catalog, catalog, open_world
from tests.integration.gate_world import NOON, person

NOBODY: Any = None


class Willing:
    """Everybody is somebody in Austin who agreed to be called."""

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """By index."""
        return [person(lead_id=lead_id) for lead_id in lead_ids]


@pytest.fixture
async def floor(database_url: str) -> AsyncIterator[tuple[World, WorkService]]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(database_url, FakeClock(NOON)))
        await OptOutStore(world.pool).add_numbers(BUYER, "national", NOON.date(), [], now=NOON, last=True)
        contacts = Willing()
        settings = load(GateSettings, {"LEADLINE_IDENTITY_KEY": "07" * 32}, service="routing")
        database = DatabaseSettings(url=database_url)
        gate = await stack.enter_async_context(
            open_gate(settings, database, world.pool, world.catalogs, contacts, world.clock)
        )
        yield world, assemble_work(world.pool, world.catalogs, contacts, gate, world.clock)


async def test_one_call_passes_the_gate_stops_the_clock_and_moves_the_playbook(
    floor: tuple[World, WorkService],
) -> None:
    world, work = floor
    lead_id = await world.buy()
    await world.send_due()
    agent = work_pb2.Agent(agent="ann", team="auto-east")
    await work.PutAgent(pb.PutAgentRequest(buyer_id=BUYER, agent=agent), NOBODY)
    world.clock.advance(40)
    claimed = await work.ClaimTask(pb.ClaimTaskRequest(buyer_id=BUYER, agent="ann"), NOBODY)
    assert claimed.task.lead_id == lead_id
    attempt_id = str(uuid4())
    begin = pb.BeginAttemptRequest(buyer_id=BUYER, attempt_id=attempt_id, agent="ann", task_id=claimed.task.task_id)
    begun = await work.BeginAttempt(begin, NOBODY)
    assert (begun.allowed, begun.reason, begun.phone) == (True, "", "+15125550000")
    clock = await world.admin.fetchrow("SELECT * FROM routing.sla WHERE lead_id = $1", UUID(lead_id))
    assert clock is not None
    assert (clock["attempt_at"], clock["agent"]) == (world.clock.now(), "ann")
    world.clock.advance(60)
    await work.EndAttempt(pb.EndAttemptRequest(buyer_id=BUYER, attempt_id=attempt_id, live=True, seconds=55), NOBODY)
    said = pb.SetDispositionRequest(
        buyer_id=BUYER, agent="ann", task_id=claimed.task.task_id, disposition="do_not_contact"
    )
    answer = await work.SetDisposition(said, NOBODY)
    assert answer.standing.closed_by == "do_not_contact"
    run = await world.admin.fetchrow("SELECT * FROM routing.run WHERE lead_id = $1", UUID(lead_id))
    assert run is not None
    assert (run["state"], run["stopped_by"]) == ("stopped", "contacted")
    assert await world.admin.fetchval("SELECT count(*) FROM routing.opt_out") > 0


async def test_an_hour_at_which_nobody_may_call_gives_the_call_to_nobody(floor: tuple[World, WorkService]) -> None:
    world, work = floor
    await world.buy()
    await world.send_due()
    world.clock.advance(12 * 3600)
    await work.PutAgent(pb.PutAgentRequest(buyer_id=BUYER, agent=work_pb2.Agent(agent="ann", team="auto-east")), NOBODY)
    nothing = await work.ClaimTask(pb.ClaimTaskRequest(buyer_id=BUYER, agent="ann"), NOBODY)
    assert nothing.nothing == "not_lawful_now"
    assert nothing.not_before.ToDatetime(UTC) == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


async def test_a_lead_that_nobody_is_to_call_has_its_outcome_all_the_same(floor: tuple[World, WorkService]) -> None:
    world, work = floor
    await add_catalog(world.admin, catalog(3, OFFER, call=False))
    lead_id = await world.buy(revision=3)
    await world.send_due()
    await work.PutAgent(pb.PutAgentRequest(buyer_id=BUYER, agent=work_pb2.Agent(agent="ann", team="auto-east")), NOBODY)
    said = pb.SetDispositionRequest(
        buyer_id=BUYER, agent="ann", lead_id=lead_id, disposition="converted", product="auto-loan"
    )
    answer = await work.SetDisposition(said, NOBODY)
    assert answer.standing.closed_by == "converted"
    (event,) = await world.events_of("disposition_set")
    told = event.disposition_set
    assert (told.disposition, told.product, told.seller, told.order) == ("converted", "auto-loan", "marco", ORDER)
