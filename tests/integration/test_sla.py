"""Clocks on a real Postgres: facts in any order, every point once, whoever looks and whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID

import asyncpg
import pytest

from leadline.events.v1 import lead_event_pb2 as events
from services.routing.sla import store as sla
from services.routing.sla.calendar import WALL
from services.routing.sla.listening import ClockListener
from services.routing.sla.worker import BATCH, Alert
from services.routing.work.disposition_store import Attempt as MadeAttempt
from services.routing.work.outcome import Disposition
from services.routing.work.tasks import cancel_tasks
from shared.catalog.sales import Sla
from shared.db.pool import Connection
from shared.rpc.errors import AppError
from shared.runtime.ids import uuid7
from tests.integration.sla_world import BUYER, ESCALATED, Broken, World, sla_world
from tests.unit.sla.samples import NOW, attempt, started


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with sla_world(database_url) as opened:
        yield opened


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Callable[[], Awaitable[list[events.SlaPassed]]]]:
    """What reporting is told."""
    admin = await asyncpg.connect(database_url)

    async def read() -> list[events.SlaPassed]:
        rows = await admin.fetch("SELECT payload FROM outbox.message WHERE topic = 'sla_passed' ORDER BY message_id")
        return [events.LeadEvent.FromString(row["payload"]).sla_passed for row in rows]

    yield read
    await admin.close()


Told = Callable[[], Awaitable[list[events.SlaPassed]]]


async def test_facts_may_come_in_any_order_and_more_than_once(world: World) -> None:
    ends = set()
    for order in permutations(("start", "late", "early", "excuse", "look")):
        lead_id = UUID(uuid7())
        world.clock.jump(NOW + timedelta(seconds=1000))
        for fact in (*order, *order[:2]):
            async with world.pool.acquire() as conn:
                match fact:
                    case "start":
                        await sla.start(conn, [started(lead_id=lead_id)])
                    case "late":
                        await sla.stop(conn, BUYER, lead_id, attempt(700, 1))
                    case "early":
                        await sla.stop(conn, BUYER, lead_id, attempt(250.5, 2))
                    case "excuse":
                        await sla.excuse(conn, BUYER, [lead_id], NOW + timedelta(seconds=800), "returned")
                    case _:
                        await world.worker().step()
        await world.worker().step()
        row = await world.row(lead_id)
        ends.add((row["attempt_at"], row["attempt_id"], row["clock_milliseconds"], row["excused_at"], row["next_at"]))
    assert ends == {(attempt(250.5).began_at, attempt(0, 2).attempt_id, 250_500, NOW + timedelta(seconds=800), None)}


async def test_a_reminder_then_a_breach_then_the_measure_each_told_once(world: World, told: Told) -> None:
    start = started(ESCALATED)
    await world.starts(start)
    await world.task(start)
    for seconds in (100, 241, 242, 301, 302, 5000):
        await world.at(seconds)
    await world.stops(start.lead_id, 400)
    await world.at(6000)
    await world.at(7000)
    passed = await told()
    assert sorted(one.point for one in passed) == ["breach", "escalated", "met", "reminder"]
    assert {one.point: one.clock_seconds for one in passed} == {
        "reminder": 241, "breach": 301, "escalated": 301, "met": 400
    }  # fmt: skip
    assert {one.agent for one in passed} == {"ann"}
    heard = [(one.point, one.team, one.agent) for one in world.heard.alerts]
    assert heard == [("reminder", "auto-east", "ann"), ("breach", "auto-east", "ann"), ("escalated", "rescue", "ann")]


async def test_at_breach_the_task_leaves_its_agent_for_the_team_it_is_escalated_to(world: World) -> None:
    start = started(ESCALATED)
    await world.starts(start)
    await world.task(start)
    await world.at(301)
    task = await world.pool.fetchrow("SELECT team, queue, queues, agent, state FROM routing.call_task")
    assert task is not None
    assert tuple(task) == ("auto-east", "rescue", ["auto-east", "rescue"], "", "open")
    (clock,) = await world.store.clocks(
        BUYER, "auto-east", unattended=True, breached=True, now=world.clock.now(), after=None, limit=5
    )
    assert clock.escalated_at == world.clock.now()


async def test_a_task_that_an_agent_is_just_beginning_is_not_taken_and_not_waited_for(world: World, told: Told) -> None:
    start = started(ESCALATED)
    await world.starts(start)
    await world.task(start)
    async with world.pool.acquire() as agent, agent.transaction():
        await agent.execute("SELECT 1 FROM routing.call_task FOR UPDATE")
        async with asyncio.timeout(5):
            await world.at(301)
        await sla.stop(agent, BUYER, start.lead_id, attempt(300.5))
    await world.at(302)
    assert await world.pool.fetchval("SELECT agent FROM routing.call_task") == "ann"
    assert sorted(one.point for one in await told()) == ["breach", "met"]


async def test_an_attempt_in_time_is_followed_by_silence(world: World, told: Told) -> None:
    await world.starts(started())
    await world.stops(started().lead_id, 120)
    for seconds in (121, 241, 301, 9000):
        await world.at(seconds)
    assert [(one.point, one.clock_seconds) for one in await told()] == [("met", 120)]
    assert world.heard.alerts == []


async def test_a_programs_attempt_stops_nothing_and_a_persons_does(world: World, told: Told) -> None:
    start = started()
    await world.starts(start)
    made = MadeAttempt(
        buyer_id=BUYER,
        attempt_id=UUID(uuid7()),
        lead_id=start.lead_id,
        task_id=start.task_id,
        channel="email",
        automatic=True,
        team="auto-east",
        agent="",
        state="ended",
        began_at=NOW + timedelta(seconds=1),
    )
    person = replace(made, attempt_id=UUID(uuid7()), channel="call", automatic=False, agent="ann")
    for one in (made, replace(made, live=True, live_at=made.began_at)):
        async with world.pool.acquire() as conn:
            await ClockListener().attempted(conn, one)
    await world.at(301)
    assert (await world.row(start.lead_id))["attempt_at"] is None
    async with world.pool.acquire() as conn:
        await ClockListener().attempted(conn, replace(person, began_at=NOW + timedelta(seconds=400)))
    await world.at(500)
    assert sorted((one.point, one.clock_seconds) for one in await told()) == [("breach", 301), ("met", 400)]


async def test_whoever_ends_a_leads_calls_excuses_its_clock(world: World, told: Told) -> None:
    closed, cancelled, talked = (started(lead_id=UUID(uuid7())) for _ in range(3))
    await world.starts(closed, cancelled, talked)
    said = Disposition(
        disposition_id=UUID(uuid7()),
        lead_id=closed.lead_id,
        task_id=None,
        disposition="duplicate",
        at=NOW + timedelta(seconds=30),
    )
    async with world.pool.acquire() as conn:
        await ClockListener().disposed(conn, BUYER, said)
        await ClockListener().disposed(conn, BUYER, replace(said, lead_id=talked.lead_id, disposition="voicemail"))
        await cancel_tasks(conn, BUYER, [cancelled.lead_id], "returned", NOW + timedelta(seconds=40))
    await world.at(301)
    excuses = [(await world.row(one.lead_id))["excuse"] for one in (closed, cancelled, talked)]
    assert excuses == ["duplicate", "returned", ""]
    assert [one.point for one in await told()] == ["breach"]


async def test_two_workers_tell_each_breach_once(world: World, told: Told) -> None:
    starts = [started(ESCALATED, lead_id=UUID(uuid7())) for _ in range(BATCH + 50)]
    await world.starts(*starts)
    world.clock.jump(NOW + timedelta(seconds=301))
    first, second = world.worker(), world.worker()
    for _ in range(3):
        await asyncio.gather(first.step(), second.step())
    assert len([one for one in await told() if one.point == "breach"]) == len(starts)
    assert len({one.clock.start.lead_id for one in world.heard.alerts if one.point == "breach"}) == len(starts)
    assert len([one for one in world.heard.alerts if one.point == "breach"]) == len(starts)


async def test_a_worker_that_dies_half_way_has_done_nothing_and_the_next_does_it_all(world: World, told: Told) -> None:
    start = started(ESCALATED)
    await world.starts(start)
    await world.task(start)
    world.clock.jump(NOW + timedelta(seconds=301))
    with pytest.raises(Exception, match="database"):
        await world.worker(Broken()).step()
    assert await told() == []
    assert (await world.row(start.lead_id))["breached_at"] is None
    assert await world.pool.fetchval("SELECT agent FROM routing.call_task") == "ann"
    await world.worker().step()
    assert sorted(one.point for one in await told()) == ["breach", "escalated"]


async def test_a_worker_whose_connection_is_cut_half_way_leaves_no_trace(
    world: World, told: Told, database_url: str
) -> None:
    start = started(ESCALATED)
    await world.starts(start)
    await world.task(start)
    world.clock.jump(NOW + timedelta(seconds=301))

    class Cut:
        """A pager during which Postgres goes away."""

        async def tell(self, conn: Connection, _alerts: Sequence[Alert], /) -> None:
            pid = await conn.fetchval("SELECT pg_backend_pid()")
            admin = await asyncpg.connect(database_url)
            await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
            await admin.close()

    with pytest.raises(AppError):
        await world.worker(Cut()).step()
    assert await told() == []
    await world.worker().step()
    await world.worker().step()
    assert sorted(one.point for one in await told()) == ["breach", "escalated"]
    assert [one.point for one in world.heard.alerts] == ["breach", "escalated"]


async def test_a_leads_second_task_starts_no_second_clock(world: World) -> None:
    await world.starts(started())
    await world.starts(started(Sla(seconds=9), started_at=NOW + timedelta(hours=1)))
    row = await world.row(started().lead_id)
    assert (row["started_at"], row["agreed_seconds"]) == (NOW, 300)


async def test_a_worker_says_when_it_has_to_look_again(world: World) -> None:
    assert await world.store.next_look() is None
    await world.starts(started())
    assert await world.store.next_look() == NOW + timedelta(seconds=240)
    await world.at(241)
    assert await world.store.next_look() == NOW + timedelta(seconds=300)
    await world.at(301)
    assert await world.store.next_look() is None


async def test_a_worker_that_was_told_to_stop_stops_at_once(world: World) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(world.worker().run(stop))
    await world.starts(started())
    world.clock.jump(NOW + timedelta(seconds=301))
    async with asyncio.timeout(10):
        await world.heard.any.wait()
        stop.set()
        await running


def test_a_started_clock_is_the_plan_of_its_agreement() -> None:
    start = started(ESCALATED)
    assert start.due_at == WALL.due_at(NOW, 300)
    assert (start.escalate_to, start.reassign) == ("rescue", True)
    assert isinstance(start.remind_at, datetime)
