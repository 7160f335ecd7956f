"""What FollowUpService shows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from leadline.routing.v1 import follow_up_service_pb2 as pb
from services.routing.follow_up_service import FollowUpService
from services.routing.work.task_store import TaskStore
from shared.rpc.errors import Malformed
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, OFFER, World, open_world


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with open_world(database_url, clock) as opened:
        yield opened


async def test_follow_up_of_a_lead_shows_its_task_and_its_delivery(world: World) -> None:
    lead_id = await world.buy()
    await world.send_due()
    shown = await FollowUpService(TaskStore(world.pool), world.store).GetFollowUp(
        pb.GetFollowUpRequest(buyer_id=BUYER, lead_id=lead_id),
        None,  # type: ignore[arg-type]
    )
    (task,), (delivery,) = shown.tasks, shown.deliveries
    assert (task.team, task.offer, task.state) == ("auto-east", OFFER, pb.TASK_STATE_OPEN)
    assert task.due_at.ToNanoseconds() - task.clock_started_at.ToNanoseconds() == 300 * 10**9
    assert (delivery.channel, delivery.state) == ("email", pb.DELIVERY_STATE_HANDED_OFF)
    assert delivery.HasField("handed_off_at")


async def test_tasks_are_listed_by_due_time_page_by_page_each_once(world: World) -> None:
    service = FollowUpService(TaskStore(world.pool), world.store)
    for index in range(7):
        await world.buy()
        # Pairs share a due time: the id decides between them.
        world.clock.advance(index % 2)
    await world.send_due()
    seen: list[pb.Task] = []
    token = ""
    while True:
        page = await service.ListTasks(
            pb.ListTasksRequest(buyer_id=BUYER, team="auto-east", page_size=2, page_token=token),
            None,  # type: ignore[arg-type]
        )
        seen += page.tasks
        token = page.next_page_token
        if not token:
            break
    assert len({task.task_id for task in seen}) == 7
    assert [task.due_at.ToNanoseconds() for task in seen] == sorted(task.due_at.ToNanoseconds() for task in seen)
    everyone = await service.ListTasks(pb.ListTasksRequest(buyer_id=BUYER), None)  # type: ignore[arg-type]
    assert [task.task_id for task in everyone.tasks] == [task.task_id for task in seen]
    nobody = await service.ListTasks(pb.ListTasksRequest(buyer_id=BUYER, team="other"), None)  # type: ignore[arg-type]
    assert not nobody.tasks


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.ListTasksRequest(), "buyer_id"),
        (pb.ListTasksRequest(buyer_id=BUYER, page_size=501), "page_size"),
        (pb.ListTasksRequest(buyer_id=BUYER, page_size=-1), "page_size"),
        (pb.ListTasksRequest(buyer_id=BUYER, page_token="nonsense"), "page_token"),
    ],
)
async def test_a_bad_listing_request_names_its_field(world: World, request_: pb.ListTasksRequest, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        await FollowUpService(TaskStore(world.pool), world.store).ListTasks(request_, None)  # type: ignore[arg-type]
    assert [violation.field for violation in caught.value.violations] == [field]
