"""Playbooks over time, over a real Postgres and intake's contacts: what is opened when, once, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from leadline.common.v1.transfer_pb2 import TRANSFER_KIND_CREDIT
from leadline.events.v1 import lead_event_pb2 as events
from leadline.intake.v1 import record_service_pb2_grpc as intake_rpc
from services.routing.contacts_client import IntakeContacts
from services.routing.playbook.arms import arm_of
from services.routing.playbook.lawful import PeoplesHours
from services.routing.playbook.run_store import RunStore
from services.routing.playbook.runner import REST, PlaybookRunner
from services.routing.playbook.runs import (
    AttemptMade,
    DispositionSet,
    Fact,
    Forgotten,
    OptedOut,
    Returned,
    react,
)
from services.routing.work.tasks import cancel_tasks
from shared.catalog.following import Condition, ContactTerms, HoldOut, Playbook, Step, Template
from shared.catalog.terms import Catalog
from shared.runtime.ids import uuid7
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, OFFER, World, add_catalog, catalog, decided, open_world

UNANSWERED = Condition(answered=False)
PATIENT = Playbook(
    slug="standard",
    steps=(
        Step(name="confirmation", channel="email", template="confirmation"),
        Step(name="call-1", channel="call"),
        Step(name="call-2", channel="call", after="30m", since="previous", when=UNANSWERED),
        Step(name="call-3", channel="call", after="1d", since="previous", when=UNANSWERED),
        Step(name="email-2", channel="email", template="reminder", after="2h", when=UNANSWERED),
    ),
)
#: A minute after a purchase of the world's first moment.
SOON = datetime(2026, 11, 23, 16, 1, tzinfo=UTC)
HELD_BACK = HoldOut(percent=50, delay_seconds=3600)


def patient(revision: int, hold_out: HoldOut | None = None) -> Catalog:
    """The world's catalog with a playbook over days."""
    plain = catalog(revision, OFFER)
    (order,) = plain.orders
    follow_up = msgspec.structs.replace(order.follow_up, contact=ContactTerms(automatic_texts=True), hold_out=hold_out)
    return msgspec.structs.replace(
        plain,
        templates=(*plain.templates, Template(slug="reminder", subject="Still open", text="{first_name}: {offer}.")),
        playbooks=(PATIENT,),
        orders=(msgspec.structs.replace(order, follow_up=follow_up),),
    )


class Rings:
    """Counts who would be woken."""

    def __init__(self) -> None:
        self.times = 0

    def ring(self) -> None:
        """One more."""
        self.times += 1


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    # Ten in the morning at the person's place, Austin, on a Monday.
    async with open_world(database_url, FakeClock(datetime(2026, 11, 23, 16, 0, tzinfo=UTC))) as opened:
        opened.intake.place = ("TX", "78701", "+15124782365")
        await add_catalog(opened.admin, patient(3))
        await add_catalog(opened.admin, patient(4, HELD_BACK))
        yield opened


def runner_of(world: World) -> PlaybookRunner:
    contacts = IntakeContacts(intake_rpc.RecordServiceStub(world.channel))
    hours = PeoplesHours(contacts)
    return PlaybookRunner(
        world.pool, RunStore(world.pool), world.catalogs, hours, Rings(), world.telemetry, world.clock
    )


async def bought(world: World, revision: int = 3) -> UUID:
    lead_id = await world.buy(revision=revision)
    await world.consumer().step()
    return UUID(lead_id)


async def pass_time(world: World, minutes: float) -> None:
    world.clock.advance(minutes * 60)
    await runner_of(world).step()


async def tell(world: World, lead_id: UUID, fact: Fact) -> None:
    async with world.pool.acquire() as conn, conn.transaction():
        await react(conn, BUYER, lead_id, fact)


async def no_answer(world: World, lead_id: UUID) -> None:
    await tell(world, lead_id, AttemptMade(channel="call", automatic=False, began_at=world.clock.now(), live=False))


async def run_row(world: World, lead_id: UUID) -> asyncpg.Record:
    row = await world.admin.fetchrow("SELECT * FROM routing.run WHERE lead_id = $1", lead_id)
    assert row is not None
    return row


async def opened(world: World, lead_id: UUID) -> list[str]:
    rows = await world.admin.fetch(
        "SELECT name FROM routing.step WHERE lead_id = $1 AND state = 'opened' ORDER BY at, position", lead_id
    )
    return [row["name"] for row in rows]


async def tasks(world: World, lead_id: UUID) -> list[asyncpg.Record]:
    return list(
        await world.admin.fetch("SELECT * FROM routing.call_task WHERE lead_id = $1 ORDER BY created_at", lead_id)
    )


async def test_a_lead_that_nobody_answers_goes_all_the_way_and_the_run_is_finished(world: World) -> None:
    lead_id = await bought(world)
    assert await opened(world, lead_id) == ["confirmation", "call-1"]
    await no_answer(world, lead_id)
    await pass_time(world, 29)
    assert await opened(world, lead_id) == ["confirmation", "call-1"]
    await pass_time(world, 1)
    await no_answer(world, lead_id)
    await pass_time(world, 90)
    assert await opened(world, lead_id) == ["confirmation", "call-1", "call-2", "email-2"]
    await pass_time(world, 1440)
    await no_answer(world, lead_id)
    await pass_time(world, 1)
    assert (await run_row(world, lead_id))["state"] == "finished"
    calls = await tasks(world, lead_id)
    assert len(calls) == 3
    assert [(task["due_at"] - task["created_at"]).total_seconds() for task in calls[:2]] == [300, 300]
    deliveries = await world.admin.fetch(
        "SELECT template, purpose, step_id, delivery_id FROM routing.delivery WHERE lead_id = $1", lead_id
    )
    assert {(row["template"], row["purpose"]) for row in deliveries} == {
        ("confirmation", "confirmation"),
        ("reminder", "follow_up"),
    }
    assert all(row["step_id"] == row["delivery_id"] for row in deliveries)


async def test_the_first_step_tells_reporting_how_the_follow_up_began_once(world: World) -> None:
    lead_id = await bought(world)
    await world.deliver(decided(str(lead_id), world.clock.now(), 3))
    await world.consumer().step()
    (event,) = await world.events_of("follow_up_started")
    told = event.follow_up_started
    assert (told.playbook, told.team, told.order, told.arm, told.delay_seconds) == (
        *("standard", "auto-east", "marco-auto-2026", ""),
        0,
    )


async def test_a_call_that_falls_into_the_night_is_due_when_it_is_lawful_again(world: World) -> None:
    lead_id = await bought(world)
    await pass_time(world, 10 * 60 + 45)
    # 20:45 in Austin: half an hour later nobody may be called.
    await no_answer(world, lead_id)
    await pass_time(world, 30)
    assert await opened(world, lead_id) == ["confirmation", "call-1", "email-2"]
    morning = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert (await run_row(world, lead_id))["due_at"] == morning, "Texas opens at nine"
    await pass_time(world, (morning - world.clock.now()).total_seconds() / 60)
    assert (await opened(world, lead_id))[-1] == "call-2"


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (AttemptMade(channel="call", automatic=False, began_at=SOON, live=True), "contacted"),
        (DispositionSet(disposition="converted", at=SOON), "converted"),
        (OptedOut(scope="all", at=SOON), "opted_out"),
        (Returned(at=SOON), "returned"),
        (Forgotten(at=SOON), "forgotten"),
    ],
)
async def test_a_stop_ends_the_run_and_nothing_more_is_opened(world: World, fact: Fact, reason: str) -> None:
    lead_id = await bought(world)
    for _ in range(2):
        await tell(world, lead_id, fact)
    row = await run_row(world, lead_id)
    assert (row["state"], row["stopped_by"], row["due_at"]) == ("stopped", reason, None)
    await pass_time(world, 5 * 1440)
    assert await opened(world, lead_id) == ["confirmation", "call-1"]
    (task,) = await tasks(world, lead_id)
    withdrawn = isinstance(fact, OptedOut | Returned | Forgotten)
    assert (task["state"] == "cancelled") == withdrawn, "an agent's own word ends the agent's own task, not this"


async def test_a_lead_that_is_given_back_is_followed_up_no_more(world: World) -> None:
    lead_id = await bought(world)
    await no_answer(world, lead_id)
    await pass_time(world, 30)
    await world.deliver(given_back(lead_id, world.clock.now(), "adjustment:1"), "transferred")
    await world.consumer().step()
    assert (await run_row(world, lead_id))["state"] == "running"
    await world.deliver(given_back(lead_id, world.clock.now(), "return:1:1"), "transferred")
    await world.consumer().step()
    assert (await run_row(world, lead_id))["stopped_by"] == "returned"
    assert {task["state"] for task in await tasks(world, lead_id)} == {"cancelled"}


def given_back(lead_id: UUID, at: datetime, cause: str) -> events.LeadEvent:
    """The event of a credit."""
    body = events.Transferred(kind=TRANSFER_KIND_CREDIT, seller="marco", cause=cause)
    event = events.LeadEvent(event_id=uuid7(), buyer_id=BUYER, lead_id=str(lead_id), transferred=body)
    event.occurred_at.FromDatetime(at)
    return event


async def test_a_stop_takes_back_what_the_playbook_wanted_to_say_and_nobody_has_begun_to(world: World) -> None:
    lead_id = await bought(world)
    await world.send_due()
    await no_answer(world, lead_id)
    await pass_time(world, 120)
    await tell(world, lead_id, DispositionSet(disposition="converted", at=world.clock.now()))
    rows = await world.admin.fetch("SELECT template, state FROM routing.delivery WHERE lead_id = $1", lead_id)
    assert {row["template"]: row["state"] for row in rows} == {"confirmation": "handed_off", "reminder": "discarded"}


async def test_a_person_who_was_forgotten_stops_the_run(world: World) -> None:
    lead_id = await bought(world)
    await no_answer(world, lead_id)
    world.intake.contacts.clear()
    await pass_time(world, 30)
    assert (await run_row(world, lead_id))["stopped_by"] == "forgotten"


async def test_while_intake_is_away_nothing_is_opened_and_nothing_is_lost(world: World) -> None:
    lead_id = await bought(world)
    await no_answer(world, lead_id)
    world.intake.away = True
    await pass_time(world, 30)
    assert await opened(world, lead_id) == ["confirmation", "call-1"]
    world.intake.away = False
    await pass_time(world, REST.total_seconds() / 60)
    assert (await opened(world, lead_id))[-1] == "call-2"


async def test_a_lead_whose_playbook_is_gone_keeps_no_other_waiting(world: World) -> None:
    lost, lead_id = await bought(world), await bought(world)
    for one in (lost, lead_id):
        await no_answer(world, one)
    await world.admin.execute("UPDATE routing.run SET catalog_revision = 99 WHERE lead_id = $1", lost)
    await pass_time(world, 30)
    assert (await opened(world, lead_id))[-1] == "call-2"
    assert (await run_row(world, lost))["state"] == "running"


async def test_a_run_goes_on_where_its_call_was_cancelled(world: World) -> None:
    lead_id = await bought(world)
    async with world.pool.acquire() as conn, conn.transaction():
        await cancel_tasks(conn, BUYER, [lead_id], "unreachable", world.clock.now())
    await pass_time(world, 30)
    assert (await opened(world, lead_id))[-1] == "call-2"


async def test_many_runners_at_once_open_every_step_once(world: World) -> None:
    leads = [await bought(world) for _ in range(20)]
    for lead_id in leads:
        await no_answer(world, lead_id)
    world.clock.advance(30 * 60)
    await asyncio.gather(*(runner_of(world).step() for _ in range(4)))
    await runner_of(world).step()
    assert await world.admin.fetchval("SELECT count(*) FROM routing.call_task") == 40
    told = [event.task_created.task_id for event in await world.events_of("task_created")]
    assert len(told) == len(set(told)) == 40


async def test_a_hold_out_holds_the_calls_of_its_arm_back_and_says_so(world: World) -> None:
    leads = [await bought(world, revision=4) for _ in range(8)]
    held = [lead for lead in leads if arm_of(lead, HELD_BACK) == "held_back"]
    told: dict[str, events.FollowUpStarted] = {
        event.lead_id: event.follow_up_started for event in await world.events_of("follow_up_started")
    }
    for lead in leads:
        arm = "held_back" if lead in held else "at_once"
        assert (await run_row(world, lead))["arm"] == told[str(lead)].arm == arm
        assert told[str(lead)].delay_seconds == 3600
        assert await opened(world, lead) == (["confirmation"] if lead in held else ["confirmation", "call-1"])
    await pass_time(world, 60)
    for lead in held:
        assert await opened(world, lead) == ["confirmation", "call-1"]
        (task,) = await tasks(world, lead)
        assert task["due_at"] == world.clock.now() + timedelta(seconds=300), "its clock starts when it may be called"
        started_at = await world.admin.fetchval("SELECT started_at FROM routing.sla WHERE lead_id = $1", lead)
        assert started_at == world.clock.now()
