"""Follow-up from the event of a purchase to the message in the mailbox, over real servers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from leadline.routing.v1 import follow_up_service_pb2 as pb
from services.routing.delivery.delivery import Delivery, Postponed, settle
from services.routing.delivery.store import DeliveryStore, Try
from services.routing.follow_up_service import FollowUpService
from services.routing.work.task_store import TaskStore
from shared.db.pool import Connection, Pool
from shared.rpc.errors import Unavailable
from shared.runtime.settings import TelemetrySettings
from shared.telemetry import tracing
from tests.clock import FakeClock
from tests.integration.follow_up_world import (
    BUYER,
    LATER_OFFER,
    OFFER,
    World,
    add_catalog,
    catalog,
    decided,
    open_world,
)


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with open_world(database_url, clock) as opened:
        yield opened


async def test_an_accepted_lead_gets_one_mail_and_one_task_however_often_its_event_comes(world: World) -> None:
    lead_id = await world.buy()
    await world.send_due()
    for _ in range(3):
        await world.deliver(decided(lead_id, world.clock.now()))
        await world.send_due()
    assert world.mail.recipients == [f"{lead_id}@mail.example"]
    assert await world.admin.fetchval("SELECT count(*) FROM routing.call_task") == 1
    assert len(await world.events_of("task_created")) == 1
    assert len(await world.events_of("message_handed_off")) == 1


async def test_the_mail_quotes_the_offer_of_the_order_that_bought_not_of_a_later_one(world: World) -> None:
    await world.buy(revision=1)
    await world.send_due()
    message = world.mail.taken[0]
    body = message.get_body(("plain",))
    assert body is not None
    assert OFFER in body.get_content()
    assert LATER_OFFER not in body.get_content()
    assert message["Subject"] == "Ann, your auto loan request has reached Big Bank"


async def test_an_event_that_names_no_revision_is_followed_up_by_the_catalog_in_force(world: World) -> None:
    await world.buy(revision=0)
    await world.send_due()
    body = world.mail.taken[0].get_body(("plain",))
    assert body is not None
    assert LATER_OFFER in body.get_content()


async def test_a_rejected_lead_is_left_alone(world: World) -> None:
    await world.buy(accepted=False)
    await world.send_due()
    assert world.mail.taken == []
    assert await world.admin.fetchval("SELECT count(*) FROM outbox.message") == 0


async def test_a_playbook_without_calls_sends_mail_only(world: World) -> None:
    await add_catalog(world.admin, catalog(3, OFFER, call=False))
    await world.buy(revision=3)
    await world.send_due()
    assert len(world.mail.taken) == 1
    assert await world.admin.fetchval("SELECT count(*) FROM routing.call_task") == 0


async def test_events_tell_the_clock_points_and_no_contact_data(world: World) -> None:
    lead_id = await world.buy("Zebedee")
    await world.send_due()
    (event,) = await world.events_of("message_handed_off")
    told = event.message_handed_off
    assert (event.lead_id, told.channel, told.seller, told.source) == (lead_id, "email", "marco", "cars.example")
    assert told.handed_off_at.ToDatetime(tzinfo=world.clock.now().tzinfo) == world.clock.now()
    assert told.submitted_at.ToDatetime(tzinfo=world.clock.now().tzinfo) == world.clock.now() - timedelta(seconds=2)
    assert b"Zebedee" not in event.SerializeToString()
    assert b"@mail.example" not in event.SerializeToString()


async def test_no_contact_data_is_stored(world: World) -> None:
    await world.buy("Zebedee")
    world.mail.rcpt_answers = ["550 <zebedee@mail.example> unknown"]
    await world.send_due()
    for table in ("routing.delivery", "routing.call_task"):
        for row in await world.admin.fetch(f"SELECT t::text AS told FROM {table} AS t"):
            assert "Zebedee" not in row["told"]
            assert "mail.example" not in row["told"]


@pytest.mark.parametrize("answer", ["451 greylisted", "421 too busy", "452 full"])
@pytest.mark.parametrize("phase", ["rcpt", "data"])
async def test_a_temporary_refusal_is_tried_again_after_a_while(world: World, answer: str, phase: str) -> None:
    lead_id = await world.buy()
    (world.mail.rcpt_answers if phase == "rcpt" else world.mail.data_answers).append(answer)
    worker = world.worker()
    await world.send_due(worker)
    waiting = await world.delivery(lead_id)
    assert (waiting["state"], waiting["attempts"]) == ("waiting", 1)
    assert waiting["last_error"] == f"{phase}: {answer[:3]}"
    await world.send_due(worker)
    assert world.mail.taken == []
    world.clock.advance(1.1)
    await world.send_due(worker)
    done = await world.delivery(lead_id)
    assert (done["state"], done["attempts"], done["last_error"]) == ("handed_off", 2, "")
    assert len(world.mail.taken) == 1
    tries = await world.admin.fetch("SELECT attempt, outcome, error FROM routing.delivery_try ORDER BY attempt")
    assert [tuple(one) for one in tries] == [(1, "postponed", f"{phase}: {answer[:3]}"), (2, "handed_off", "")]


async def test_a_final_refusal_is_dead_at_once_and_shown_without_the_servers_words(world: World) -> None:
    lead_id = await world.buy()
    world.mail.rcpt_answers = ["550 no such user <someone@mail.example>"]
    await world.send_due()
    world.clock.advance(3600)
    await world.send_due()
    assert world.mail.taken == []
    shown = await FollowUpService(TaskStore(world.pool), world.store).GetFollowUp(
        pb.GetFollowUpRequest(buyer_id=BUYER, lead_id=lead_id),
        None,  # type: ignore[arg-type]
    )
    (delivery,) = shown.deliveries
    assert (delivery.state, delivery.last_error, delivery.attempts) == (pb.DELIVERY_STATE_DEAD, "rcpt: 550", 1)
    assert world.metrics.value("leadline_follow_ups_total", channel="email", outcome="dead") == 1


async def test_one_refused_message_does_not_spoil_the_next_of_its_session(world: World) -> None:
    for _ in range(4):
        await world.buy()
    world.mail.rcpt_answers = ["550 no"]
    await world.send_due()
    assert len(world.mail.taken) == 3


async def test_a_server_that_went_away_gets_everything_when_it_is_back(world: World) -> None:
    leads = [await world.buy() for _ in range(30)]
    await world.mail.stop()
    worker = world.worker()
    await world.send_due(worker)
    assert (await world.delivery(leads[0]))["last_error"] == "connect: unreachable"
    for _ in range(4):
        world.clock.advance(31)
        await world.send_due(worker)
    await world.mail.start()
    for _ in range(3):
        world.clock.advance(37)
        await world.send_due(worker)
    assert Counter(world.mail.recipients) == Counter(f"{lead_id}@mail.example" for lead_id in leads)


async def test_an_outage_costs_the_waiting_deliveries_no_tries(world: World) -> None:
    await world.mail.stop()
    worker = world.worker()
    await world.buy()
    await world.send_due(worker)
    later = [await world.buy() for _ in range(20)]
    for _ in range(3):
        world.clock.advance(31)
        await world.send_due(worker)
    tries = [(await world.delivery(lead_id))["attempts"] for lead_id in later]
    assert sum(tries) <= 3


async def test_a_session_that_the_server_closed_meanwhile_costs_no_try(world: World) -> None:
    worker = world.worker()
    await world.buy()
    await world.send_due(worker)
    await world.mail.stop()
    await world.mail.start()
    second = await world.buy()
    await world.send_due(worker)
    assert (await world.delivery(second))["attempts"] == 1
    assert len(world.mail.taken) == 2


async def test_sessions_are_few_and_used_again(world: World) -> None:
    worker = world.worker()
    for _ in range(60):
        await world.buy()
    await world.send_due(worker)
    assert len(world.mail.taken) == 60
    assert world.mail.sessions <= 8


async def test_intake_being_away_postpones_and_nothing_is_lost(world: World) -> None:
    lead_id = await world.buy()
    world.intake.away = True
    worker = world.worker()
    await world.send_due(worker)
    waiting = await world.delivery(lead_id)
    assert (waiting["state"], waiting["last_error"]) == ("waiting", "contacts: unavailable")
    world.intake.away = False
    world.clock.advance(2)
    await world.send_due(worker)
    assert (await world.delivery(lead_id))["state"] == "handed_off"


@pytest.mark.parametrize(
    ("contact", "reason"),
    [(None, "contact: unknown or forgotten"), (("Ann", ""), "contact: no e-mail address")],
)
async def test_a_person_who_cannot_be_written_to_is_given_up_with_the_reason(
    world: World, contact: tuple[str, str] | None, reason: str
) -> None:
    lead_id = await world.buy()
    del world.intake.contacts[lead_id]
    if contact is not None:
        world.intake.contacts[lead_id] = contact
    await world.send_due()
    dead = await world.delivery(lead_id)
    assert (dead["state"], dead["last_error"]) == ("dead", reason)


async def test_contacts_are_asked_for_in_batches(world: World) -> None:
    for _ in range(50):
        await world.buy()
    await world.send_due()
    assert [len(call) for call in world.intake.calls] == [50]


@pytest.mark.parametrize("first_name", ["Ann\r\nBcc: spy@evil.example", "Ann\nX-Spam: 1\n\nbody", "Visit evil.example"])
async def test_a_name_adds_neither_a_header_nor_a_recipient_nor_a_link(world: World, first_name: str) -> None:
    lead_id = await world.buy(first_name)
    await world.send_due()
    (message,) = world.mail.taken
    assert world.mail.recipients == [f"{lead_id}@mail.example"]
    assert message["Bcc"] is None
    assert message["X-Spam"] is None
    assert b"evil.example" not in message.as_bytes()


async def test_one_worker_gets_through_more_than_it_holds_at_once(world: World) -> None:
    for _ in range(130):
        await world.buy()
    await world.send_due()
    assert len(world.mail.taken) == 130


async def test_two_workers_share_the_work_and_send_nothing_twice(world: World) -> None:
    leads = [await world.buy() for _ in range(120)]
    await world.consumer().step()
    await asyncio.gather(*(world.send_due(world.worker()) for _ in range(2)))
    assert Counter(world.mail.recipients) == Counter(f"{lead_id}@mail.example" for lead_id in leads)
    assert len(await world.events_of("message_handed_off")) == 120


class HangingStore(DeliveryStore):
    """A store that records nothing until its worker is gone, and then fails."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.reached = asyncio.Event()
        self.gone = asyncio.Event()

    async def settle(self, conn: Connection, tries: Sequence[Try]) -> set[UUID]:
        """Never succeeds."""
        self.reached.set()
        await self.gone.wait()
        raise ConnectionError


async def test_a_worker_that_dies_before_recording_is_replaced_and_the_copy_can_be_told(world: World) -> None:
    lead_id = await world.buy()
    await world.consumer().step()
    store = HangingStore(world.pool)
    dying = asyncio.create_task(world.worker(store).run(asyncio.Event()))
    await store.reached.wait()
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying
    store.gone.set()

    world.clock.advance(29)
    await world.send_due()
    assert len(world.mail.taken) == 1
    world.clock.advance(2)
    await world.send_due()
    first, copy = world.mail.taken
    assert first["Message-ID"] == copy["Message-ID"]
    assert first["X-Leadline-Delivery"] == copy["X-Leadline-Delivery"]
    assert first.as_bytes() == copy.as_bytes()
    done = await world.delivery(lead_id)
    assert (done["state"], done["attempts"]) == ("handed_off", 2)
    assert len(await world.events_of("message_handed_off")) == 1


class FlakyStore(DeliveryStore):
    """A store whose database is away for the first two records."""

    failures = 2

    async def settle(self, conn: Connection, tries: Sequence[Try]) -> set[UUID]:
        """Fails twice, then works."""
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        return await super().settle(conn, tries)


async def test_a_message_that_was_taken_is_recorded_even_if_the_database_stumbles(world: World) -> None:
    lead_id = await world.buy()
    await world.send_due(world.worker(FlakyStore(world.pool)))
    done = await world.delivery(lead_id)
    assert (done["state"], done["attempts"]) == ("handed_off", 1)
    assert len(world.mail.taken) == 1


async def test_a_worker_that_lost_its_lease_cannot_undo_what_its_successor_did(world: World) -> None:
    await world.buy()
    await world.consumer().step()
    (slow,) = await world.store.claim(world.clock.now(), {"email": 10}, UUID(int=1))
    world.clock.advance(31)
    await world.send_due()
    now = world.clock.now()
    late = settle(slow, Postponed("data: timeout"), now, 0.5)
    tried = Try(delivery=slow, ended_at=now, outcome="postponed", error="data: timeout", settled=late)
    async with world.pool.acquire() as conn:
        assert await world.store.settle(conn, [tried]) == set()
    assert (await world.delivery(str(slow.lead.lead_id)))["state"] == "handed_off"


async def test_speed_is_measured_for_every_lead_and_traced_for_sampled_ones(world: World) -> None:
    exporter = InMemorySpanExporter()
    traceparent = tracing.new_traceparent(sampled=True)
    async with AsyncExitStack() as stack:
        tracing.start(stack, "routing", TelemetrySettings(), processor=SimpleSpanProcessor(exporter))
        await world.buy(traceparent=traceparent)
        await world.buy(traceparent=tracing.new_traceparent(sampled=False))
        world.clock.advance(1)
        await world.send_due()
        spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"follow_up.task", "follow_up.email"}
    for span in spans.values():
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" == tracing.trace_id(traceparent)
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.end_time - span.start_time == 1_000_000_000
    assert world.metrics.value("leadline_stage_seconds_sum", stage="email") == pytest.approx(2.0)
    assert world.metrics.value("leadline_stage_seconds_count", stage="task") == 2
    assert world.metrics.value("leadline_speed_to_lead_seconds_sum", channel="email") == pytest.approx(6.0)


class AwayStore(DeliveryStore):
    """A store whose first claims find no database."""

    failures = 3

    async def claim(self, now: datetime, places: Mapping[str, int], lease_id: UUID) -> list[Delivery]:
        """Fails three times, then works."""
        if self.failures:
            self.failures -= 1
            raise Unavailable("the database is away")
        return await super().claim(now, places, lease_id)


async def test_a_worker_outlives_an_outage_of_the_database(world: World) -> None:
    await world.buy()
    await world.consumer().step()
    stop, taken = asyncio.Event(), asyncio.Event()
    world.mail.on_taken = taken.set
    running = asyncio.create_task(world.worker(AwayStore(world.pool)).run(stop))
    async with asyncio.timeout(10):
        await taken.wait()
        stop.set()
        await running
    assert len(await world.events_of("message_handed_off")) == 1
