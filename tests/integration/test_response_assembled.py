"""What follow-up and an agent really tell, as reporting reads it: from a purchase to a lead's timeline."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from leadline.reporting.v1 import response_service_pb2 as response_pb
from leadline.reporting.v1.reporting_service_pb2 import ReportScope
from leadline.routing.v1 import work_pb2
from leadline.routing.v1 import work_service_pb2 as pb
from services.reporting.response_service import ResponseService
from services.reporting.response_store import ResponseStore
from services.reporting.story_store import StoryStore
from services.routing.gate.assembly import open_gate
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.person import Person
from services.routing.settings import GateSettings
from services.routing.work.assembly import assemble_work
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OutboxRow, put
from shared.db.pool import open_pool
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings, load
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, decided, open_world
from tests.integration.gate_world import NOON, person
from tests.integration.reporting_world import catch_up

NOBODY: Any = None


class Willing:
    """Everybody is somebody in Austin who agreed to be called."""

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """By index."""
        return [person(lead_id=lead_id) for lead_id in lead_ids]


async def test_what_an_agent_does_is_in_the_leads_timeline_and_in_the_agents_figures(database_url: str) -> None:
    database = DatabaseSettings(url=database_url)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(database_url, FakeClock(NOON)))
        reporting = await stack.enter_async_context(open_pool(database, role="leadline_reporting", name="test"))
        await OptOutStore(world.pool).add_numbers(BUYER, "national", NOON.date(), [], now=NOON, last=True)
        settings = load(GateSettings, {"LEADLINE_IDENTITY_KEY": "07" * 32}, service="routing")
        gate = await stack.enter_async_context(
            open_gate(settings, database, world.pool, world.catalogs, Willing(), world.clock)
        )
        work = assemble_work(world.pool, world.catalogs, Willing(), gate, world.clock)

        lead_id = await world.buy()
        told = decided(lead_id, world.clock.now())
        await put(world.admin, [OutboxRow(BUYER, "reporting", "decided", told.SerializeToString(), uuid7())])
        await world.send_due()
        agent = work_pb2.Agent(agent="ann", team="auto-east")
        await work.PutAgent(pb.PutAgentRequest(buyer_id=BUYER, agent=agent), NOBODY)
        world.clock.advance(40)
        claimed = await work.ClaimTask(pb.ClaimTaskRequest(buyer_id=BUYER, agent="ann"), NOBODY)
        world.clock.advance(5)
        attempt_id, task_id = str(uuid4()), claimed.task.task_id
        begin = pb.BeginAttemptRequest(buyer_id=BUYER, attempt_id=attempt_id, agent="ann", task_id=task_id)
        assert (await work.BeginAttempt(begin, NOBODY)).allowed
        world.clock.advance(60)
        end = pb.EndAttemptRequest(buyer_id=BUYER, attempt_id=attempt_id, live=True, seconds=55)
        await work.EndAttempt(end, NOBODY)
        booked = pb.BookAppointmentRequest(buyer_id=BUYER, agent="ann", task_id=task_id)
        booked.appointment_at.FromDatetime(world.clock.now() + timedelta(days=1))
        await work.BookAppointment(booked, NOBODY)

        await catch_up(reporting, batch=3)
        service = ResponseService(
            ResponseStore(reporting), StoryStore(reporting), CatalogReader(reporting), world.clock
        )
        timeline = await service.GetTimeline(response_pb.GetTimelineRequest(buyer_id=BUYER, lead_id=lead_id), NOBODY)
        by_agent = response_pb.GetResponseTimesRequest(
            scope=ReportScope(buyer_id=BUYER), grouping=response_pb.RESPONSE_GROUPING_AGENT
        )
        (row,) = (await service.GetResponseTimes(by_agent, NOBODY)).rows

    kinds = [point.kind for point in timeline.points]
    assert [kind for kind in kinds if kind in ("assigned", "attempt", "live", "disposition")] == [
        "assigned",
        "attempt",
        "live",
        "disposition",
    ]
    assert {"decided", "started", "task", "handed_over"} <= set(kinds)
    assert (timeline.parts.waiting_ms, timeline.parts.human_ms, timeline.lawful_ms) == (40_000, 5_000, 45_000)
    assert (row.team, row.agent, row.attempted, row.contacted, row.appointed) == ("auto-east", "ann", 1, 1, 1)
    assert row.wall_bands.within_5_minutes == row.lawful_bands.within_5_minutes == 1
