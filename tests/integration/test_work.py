"""The queue of calls: who gets what, when it is lost, and what nobody can take."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.routing.work.agent import LEASE, PASS
from services.routing.work.desk import Ranked
from services.routing.work.lawful import Callability
from services.routing.work.tasks import cancel_tasks
from shared.catalog.buying import DayHours, Schedule
from shared.catalog.sales import Team
from shared.rpc.errors import NotFound, WrongState
from tests.clock import FakeClock
from tests.integration.work_world import BUYER, EAST, Floor, open_floor


@pytest.fixture
async def floor(shared_database_url: str, clock: FakeClock) -> AsyncIterator[Floor]:
    async with open_floor(shared_database_url, clock) as opened:
        yield opened


async def test_sixty_four_agents_who_claim_at_once_get_a_task_each_and_none_twice(
    shared_database_url: str, clock: FakeClock
) -> None:
    async with open_floor(shared_database_url, clock, connections=20) as floor:
        agents = [await floor.agent(f"agent-{at}") for at in range(64)]
        tasks = [await floor.task(age=at) for at in range(60)]
        got = await asyncio.gather(*(floor.claim(agent) for agent in agents))
        taken = [one for one in got if isinstance(one, UUID)]
        assert Counter(taken) == Counter(task.task_id for task in tasks)
        assert Counter(one for one in got if not isinstance(one, UUID)) == {"queue_empty": 4}
        assert len(await floor.events("task_assigned")) == 60


async def test_one_agent_who_claims_from_sixteen_windows_gets_no_more_than_the_capacity(floor: Floor) -> None:
    await floor.agent("ann", capacity=3)
    for _ in range(10):
        await floor.task()
    got = await asyncio.gather(*(floor.claim("ann") for _ in range(16)))
    assert sum(isinstance(one, UUID) for one in got) == 3
    assert got.count("at_capacity") == 13


async def test_the_best_task_is_given_with_the_parts_of_its_place(floor: Floor) -> None:
    await floor.agent("ann")
    await floor.task(age=10)
    urgent = await floor.task(age=280)
    await floor.task(age=4000, due=8000)
    found = await floor.desk.claim(BUYER, "ann")
    assert isinstance(found, Ranked)
    assert found.task.task_id == urgent.task_id
    assert {part.name for part in found.score.parts} == {"sla", "contact"}
    assert found.task.lease_until == floor.clock.now() + LEASE


@pytest.mark.parametrize(
    "terms",
    [
        {"states": ("NY", "NJ")},
        {"products": ("mortgage",)},
        {"lead_types": ("shared",)},
        {"languages": ("es",)},
    ],
)
async def test_a_task_is_not_given_to_who_may_not_have_it(floor: Floor, terms: Any) -> None:
    await floor.agent("ann", **terms)
    task = await floor.task()
    assert await floor.claim("ann") == "none_suitable"
    with pytest.raises(WrongState):
        await floor.claim("ann", task)


async def test_an_agent_of_another_team_finds_nothing_but_what_is_for_anybody(
    shared_database_url: str, clock: FakeClock
) -> None:
    async with open_floor(shared_database_url, clock, EAST, Team(slug="west", name="West")) as floor:
        await floor.agent("wes", "west", capacity=2)
        task = await floor.task("east")
        assert await floor.claim("wes") == "queue_empty"
        with pytest.raises(WrongState):
            await floor.claim("wes", task)
        anybody = await floor.task("")
        assert await floor.claim("wes") == anybody.task_id


async def test_who_is_paused_off_shift_or_unknown_gets_nothing(floor: Floor) -> None:
    await floor.task()
    await floor.agent("paul", state="paused")
    assert await floor.claim("paul") == "paused"
    closed = Schedule(hours=(DayHours(day="wed", opens="09:00", closes="10:00"),))
    await floor.agent("olga", shifts=closed)
    assert await floor.claim("olga") == "off_shift"
    with pytest.raises(NotFound):
        await floor.claim("nobody")
    with pytest.raises(NotFound):
        await floor.agent("una", "unknown-team")


async def test_a_team_that_is_closed_gives_nothing_out(shared_database_url: str, clock: FakeClock) -> None:
    today = clock.now().date()
    async with open_floor(
        shared_database_url, clock, Team(slug="east", name="East", schedule=Schedule(closed_on=(today,)))
    ) as floor:
        await floor.agent("ann")
        await floor.task()
        assert await floor.claim("ann") == "team_closed"


async def test_a_call_that_would_not_be_lawful_now_is_given_to_nobody_until_it_is(floor: Floor) -> None:
    await floor.agent("ann", capacity=5)
    early, fine = await floor.task(age=290), await floor.task(age=10)
    at = floor.clock.now() + timedelta(hours=2)
    floor.hours.said[early.lead.lead_id] = Callability(False, at)
    assert await floor.claim("ann") == fine.task_id
    found = await floor.desk.claim(BUYER, "ann")
    assert not isinstance(found, Ranked)
    assert (await floor.row(early))["unattended"] == "not_lawful_now"
    floor.clock.advance(2 * 3600)
    assert await floor.claim("ann") == early.task_id
    assert (await floor.row(early))["unattended"] == ""


async def test_when_only_unlawful_calls_are_left_the_hour_is_told(floor: Floor) -> None:
    await floor.agent("ann")
    at = floor.clock.now() + timedelta(hours=2)
    for _ in range(20):
        floor.hours.said[(await floor.task()).lead.lead_id] = Callability(False, at)
    found = await floor.desk.claim(BUYER, "ann")
    assert not isinstance(found, Ranked)
    assert (found.why, found.not_before) == ("not_lawful_now", at)


async def test_many_who_find_only_unlawful_calls_at_once_do_not_stand_in_each_others_way(floor: Floor) -> None:
    at = floor.clock.now() + timedelta(hours=2)
    agents = [await floor.agent(f"agent-{number}") for number in range(16)]
    tasks = [await floor.task(age=number) for number in range(40)]
    for task in tasks[1:]:
        floor.hours.said[task.lead.lead_id] = Callability(False, at)
    got = await asyncio.gather(*(floor.claim(agent) for agent in agents))
    assert [one for one in got if isinstance(one, UUID)] == [tasks[0].task_id]
    assert set(got) - {tasks[0].task_id} == {"not_lawful_now"}


async def test_whom_nobody_may_ever_call_is_taken_off_the_queue(floor: Floor) -> None:
    await floor.agent("ann")
    task = await floor.task()
    floor.hours.said[task.lead.lead_id] = Callability(False)
    assert await floor.claim("ann") == "queue_empty"
    row = await floor.row(task)
    assert (row["state"], row["ended_by"]) == ("cancelled", "unreachable")


async def test_an_agent_who_vanishes_loses_the_task_and_it_is_told(floor: Floor) -> None:
    await floor.agent("ann")
    await floor.agent("bob")
    task = await floor.task()
    assert await floor.claim("ann") == task.task_id
    floor.clock.advance(LEASE.total_seconds() - 1)
    assert await floor.dispatcher.take_back() == 0
    assert [held.task_id for held in await floor.desk.heartbeat(BUYER, "ann")] == [task.task_id]
    floor.clock.advance(LEASE.total_seconds() - 1)
    assert await floor.dispatcher.take_back() == 0
    floor.clock.advance(1)
    assert await floor.dispatcher.take_back() == 1
    assert await floor.desk.heartbeat(BUYER, "ann") == []
    assert [event.task_assigned.agent for event in await floor.events("task_assigned")] == ["ann", ""]
    assert await floor.claim("ann") == "none_suitable"
    assert await floor.claim("bob") == task.task_id


async def test_who_goes_away_leaves_the_tasks_to_the_queue(floor: Floor) -> None:
    await floor.agent("ann", capacity=3)
    for _ in range(3):
        await floor.task()
        await floor.claim("ann")
    await floor.agent("ann", state="away", seen=False)
    await floor.agent("bob", capacity=3)
    assert [isinstance(await floor.claim("bob"), UUID) for _ in range(3)] == [True] * 3


async def test_a_declined_task_goes_to_another_and_comes_back_only_after_a_while(floor: Floor) -> None:
    await floor.agent("ann")
    task = await floor.task()
    await floor.claim("ann")
    await floor.desk.decline(BUYER, "ann", task.task_id)
    await floor.desk.decline(BUYER, "ann", task.task_id)
    assert len(await floor.events("task_assigned")) == 2
    assert await floor.claim("ann") == "none_suitable"
    floor.clock.advance(PASS.total_seconds() + 1)
    assert await floor.claim("ann") == task.task_id


async def test_a_lead_that_needs_no_call_any_more_is_taken_from_whoever_has_it(floor: Floor) -> None:
    await floor.agent("ann")
    task = await floor.task()
    await floor.claim("ann")
    async with floor.pool.acquire() as conn, conn.transaction():
        for _ in range(2):
            await cancel_tasks(conn, BUYER, [task.lead.lead_id], "returned", floor.clock.now())
    assert (await floor.row(task))["state"] == "cancelled"
    assert await floor.desk.heartbeat(BUYER, "ann") == []
    assert [event.task_assigned.agent for event in await floor.events("task_assigned")] == ["ann", ""]


@pytest.mark.parametrize("way", ["weighted", "round_robin", "shortest_queue"])
async def test_a_team_that_is_given_its_work_gets_it_by_its_law(
    shared_database_url: str, clock: FakeClock, way: str
) -> None:
    team = Team(slug="east", name="East", distribution=way)  # type: ignore[arg-type]
    async with open_floor(shared_database_url, clock, team) as floor:
        for name, weight in (("ann", 3), ("bob", 1)):
            await floor.agent(name, weight=weight, capacity=50)
        for at in range(40):
            await floor.task(age=at)
        assert await floor.claim("ann") == "given_by_the_team"
        await asyncio.gather(*(floor.dispatcher.round() for _ in range(4)))
        held = {name: len(await floor.desk.heartbeat(BUYER, name)) for name in ("ann", "bob")}
        assert held == ({"ann": 30, "bob": 10} if way == "weighted" else {"ann": 20, "bob": 20})
        told = Counter(event.task_assigned.agent for event in await floor.events("task_assigned"))
        assert told == held


async def test_who_is_not_heard_of_or_has_enough_is_given_nothing(shared_database_url: str, clock: FakeClock) -> None:
    async with open_floor(
        shared_database_url, clock, Team(slug="east", name="East", distribution="round_robin")
    ) as floor:
        await floor.agent("ann", seen=False, capacity=9)
        await floor.agent("bob", capacity=2)
        tasks = [await floor.task() for _ in range(3)]
        await floor.dispatcher.round()
        assert len(await floor.desk.heartbeat(BUYER, "bob")) == 2
        assert len([task for task in tasks if (await floor.row(task))["state"] == "open"]) == 1
        assert await floor.left_over() == {"": 2, "all_at_capacity": 1}
        assert floor.metrics.value("leadline_tasks_unattended", team="east", reason="all_at_capacity") == 1
        await floor.desk.heartbeat(BUYER, "ann")
        await floor.dispatcher.round()
        assert len(await floor.desk.heartbeat(BUYER, "ann")) == 1
        assert floor.metrics.value("leadline_tasks_unattended", team="east", reason="all_at_capacity") == 0


async def test_what_nobody_can_take_is_seen_with_its_reason_and_goes_to_the_fallback_in_the_end(
    shared_database_url: str, clock: FakeClock
) -> None:
    east = Team(slug="east", name="East", fallback="west", fallback_seconds=60)
    west = Team(slug="west", name="West", fallback="east", fallback_seconds=60)
    async with open_floor(shared_database_url, clock, east, west) as floor:
        await floor.agent("ann", states=("NY",))
        await floor.agent("wes", "west")
        texan, new_yorker = await floor.task(us_state="TX"), await floor.task(us_state="NY")
        await floor.dispatcher.round()
        assert await floor.left_over() == {"none_licensed": 1, "": 1}
        assert floor.metrics.value("leadline_tasks_unattended", team="east", reason="none_licensed") == 1
        floor.clock.advance(59)
        await floor.desk.heartbeat(BUYER, "ann")
        await floor.dispatcher.round()
        assert (await floor.row(texan))["queue"] == "east"
        floor.clock.advance(1)
        await floor.dispatcher.round()
        assert (await floor.row(texan))["queue"] == "west"
        assert (await floor.row(new_yorker))["queue"] == "east"
        (moved,) = await floor.events("task_assigned")
        assert (moved.task_assigned.team, moved.task_assigned.agent) == ("west", "")
        await floor.desk.heartbeat(BUYER, "wes")
        assert await floor.claim("wes") == texan.task_id


async def test_a_task_that_went_round_stays_visible_where_it_is(shared_database_url: str, clock: FakeClock) -> None:
    east = Team(slug="east", name="East", fallback="west", fallback_seconds=10)
    west = Team(slug="west", name="West", fallback="east", fallback_seconds=10)
    async with open_floor(shared_database_url, clock, east, west) as floor:
        task = await floor.task()
        for _ in range(5):
            await floor.dispatcher.round()
            floor.clock.advance(11)
        row = await floor.row(task)
        assert (row["queue"], row["state"]) == ("west", "open")
        assert await floor.left_over() == {"no_team": 1}
        assert len(await floor.events("task_assigned")) == 1


async def test_two_dispatchers_at_once_give_nothing_twice(shared_database_url: str, clock: FakeClock) -> None:
    async with open_floor(
        shared_database_url, clock, Team(slug="east", name="East", distribution="shortest_queue")
    ) as floor:
        for at in range(6):
            await floor.agent(f"agent-{at}", capacity=10)
        for _ in range(30):
            await floor.task()
        await asyncio.gather(*(floor.dispatcher.round() for _ in range(6)))
        await floor.dispatcher.round()
        held = [len(await floor.desk.heartbeat(BUYER, f"agent-{at}")) for at in range(6)]
        assert held == [5] * 6
        assert len(await floor.events("task_assigned")) == 30


async def test_a_certain_task_can_be_asked_for_by_one_only(floor: Floor) -> None:
    await floor.agent("ann")
    await floor.agent("bob")
    task = await floor.task()
    assert await floor.claim("ann", task) == task.task_id
    with pytest.raises(WrongState):
        await floor.claim("bob", task)
    with pytest.raises(NotFound):
        await floor.desk.claim(BUYER, "bob", uuid4())
