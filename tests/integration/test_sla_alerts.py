"""Reminders, breaches and escalations on their way to people: over a real mail server and a real HTTP receiver."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from leadline.intake.v1 import record_service_pb2_grpc as records_rpc
from services.routing.contacts_client import IntakeContacts
from services.routing.delivery.secrets_folder import Secrets
from services.routing.delivery.worker import DeliveryWorker
from services.routing.sla import store as sla
from services.routing.sla.alert_channels import AlertMailChannel, AlertPostChannel, Notices
from services.routing.sla.desk_store import TaskDesk
from services.routing.sla.pager import Pager
from services.routing.sla.store import SlaStore
from services.routing.sla.worker import SlaWorker
from shared.catalog.receiving import Receiver
from shared.catalog.sales import Sla, Team
from shared.runtime.ids import uuid7
from shared.webhook.courier import open_courier
from shared.webhook.signing import headers
from tests.clock import FakeClock
from tests.integration.follow_up_world import OFFER, SilentBell, World, add_catalog, catalog, open_world
from tests.integration.http_receiver import HttpReceiver
from tests.unit.sla.samples import started

SECRET = b"s" * 32
ESCALATED = Sla(seconds=300, escalate_to="rescue", reassign=True)
EAST = Team(slug="auto-east", name="Auto East", alert_email="east@bigbank.example")
RESCUE = Team(slug="rescue", name="Rescue", alert_receiver="pager")


@dataclass
class Alarm:
    """Clocks, and what brings their alerts to people."""

    world: World
    http: HttpReceiver
    clocks: SlaWorker
    handovers: DeliveryWorker

    async def start(self, count: int = 1) -> list[UUID]:
        """Start clocks now; their leads are known to intake."""
        leads = [UUID(uuid7()) for _ in range(count)]
        for lead in leads:
            self.world.intake.contacts[str(lead)] = ("Zebedee", "zebedee@mail.example")
        now = self.world.clock.now()
        async with self.world.pool.acquire() as conn:
            await sla.start(
                conn, [started(ESCALATED, lead_id=lead, started_at=now, catalog_revision=3) for lead in leads]
            )
        return leads

    async def after(self, seconds: float) -> None:
        """Look at the clocks so much later, and hand over what is due."""
        self.world.clock.advance(seconds)
        await self.clocks.step()
        await self.deliver()

    async def deliver(self) -> None:
        """Hand over what is due."""
        while await self.handovers.begin_due():
            pass
        await self.handovers.finish()


@pytest.fixture
async def alarm(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Alarm]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(database_url, clock))
        http = HttpReceiver()
        await http.start()
        stack.push_async_callback(http.stop)
        (tmp_path / "pager-key").write_text("whsec_" + base64.b64encode(SECRET).decode())
        receiver = Receiver(slug="pager", kind="webhook", url=http.url("/pager"), secrets=("pager-key",))
        document = replace(catalog(3, OFFER), teams=(EAST, RESCUE), receivers=(receiver,))
        await add_catalog(world.admin, document)
        store, mailer = SlaStore(world.pool), world.mailer()
        stack.push_async_callback(mailer.close)
        courier = await stack.enter_async_context(open_courier(loopback=True, clock=clock))
        notices = Notices(store, world.store, world.catalogs)
        handovers = DeliveryWorker(
            world.pool,
            world.store,
            IntakeContacts(records_rpc.RecordServiceStub(world.channel)),
            {
                "alert_email": AlertMailChannel(mailer, notices),
                "alert_webhook": AlertPostChannel(courier, notices, Secrets(tmp_path, {}), clock),
            },
            SilentBell(),
            world.telemetry,
            clock,
            jitter=lambda: 0.5,
        )
        pager = Pager(world.catalogs)
        clocks = SlaWorker(world.pool, store, world.catalogs, TaskDesk(), pager, clock)
        yield Alarm(world, http, clocks, handovers)


async def test_a_team_is_mailed_before_and_at_the_breach_and_another_is_paged(alarm: Alarm) -> None:
    (lead,) = await alarm.start()
    await alarm.after(100)
    assert alarm.world.mail.taken == []
    await alarm.after(141)
    await alarm.after(60)
    reminder, breach = alarm.world.mail.taken
    assert alarm.world.mail.recipients == ["east@bigbank.example"] * 2
    assert reminder["Subject"] == "1 lead to be called soon: Auto East"
    assert breach["Subject"] == "1 lead waited too long: Auto East"
    assert str(lead) in breach.get_content()
    (paged,) = alarm.http.heard
    said = json.loads(paged.body)
    assert (said["type"], said["data"]["team"]) == ("sla.escalated", "rescue")
    assert [one["lead_id"] for one in said["data"]["clocks"]] == [str(lead)]
    signed = headers([SECRET], paged.headers["webhook-id"], alarm.world.clock.now(), paged.body)
    assert paged.headers["webhook-signature"] == signed["webhook-signature"]
    for text in (breach.as_string(), paged.body.decode()):
        assert "Zebedee" not in text
        assert "mail.example" not in text


async def test_leads_of_one_look_are_one_message(alarm: Alarm) -> None:
    leads = await alarm.start(30)
    await alarm.after(301)
    (mail,) = alarm.world.mail.taken
    assert mail["Subject"] == "30 leads waited too long: Auto East"
    assert all(str(lead) in mail.get_content() for lead in leads)
    assert len(alarm.http.heard) == 1


async def test_a_mail_server_that_is_away_delays_an_alert_and_does_not_lose_it(alarm: Alarm) -> None:
    await alarm.start()
    await alarm.world.mail.stop()
    await alarm.after(301)
    assert len(alarm.http.heard) == 1
    await alarm.world.mail.start()
    for _ in range(4):
        alarm.world.clock.advance(40)
        await alarm.deliver()
    assert len(alarm.world.mail.taken) == 1


async def test_an_alert_is_no_contact_and_no_hand_over_of_the_lead(alarm: Alarm) -> None:
    (lead,) = await alarm.start()
    await alarm.after(301)
    await alarm.after(5000)
    assert await alarm.world.events_of("message_handed_off") == []
    row = await alarm.world.admin.fetchrow("SELECT attempt_at, next_at FROM routing.sla WHERE lead_id = $1", lead)
    assert row is not None
    assert tuple(row) == (None, None)


async def test_a_team_without_an_address_is_told_by_its_queue_alone(alarm: Alarm) -> None:
    silent = replace(catalog(4, OFFER), teams=(replace(EAST, alert_email=""), replace(RESCUE, alert_receiver=None)))
    await add_catalog(alarm.world.admin, silent)
    await alarm.start()
    await alarm.after(301)
    assert await alarm.world.admin.fetchval("SELECT count(*) FROM routing.delivery") == 0
    assert await alarm.world.admin.fetchval("SELECT count(*) FROM routing.sla WHERE escalated_at IS NOT NULL") == 1


async def test_an_alert_goes_where_the_catalog_in_force_says(alarm: Alarm) -> None:
    await alarm.start()
    alarm.world.clock.advance(301)
    await alarm.clocks.step()
    moved = replace(catalog(4, OFFER), teams=(replace(EAST, alert_email="new@bigbank.example"), RESCUE))
    await add_catalog(alarm.world.admin, moved)
    await alarm.deliver()
    assert alarm.world.mail.recipients == ["new@bigbank.example"]
    refused = await alarm.world.admin.fetchrow(
        "SELECT state, last_error FROM routing.delivery WHERE receiver = 'pager'"
    )
    assert refused is not None
    assert tuple(refused) == ("dead", "the catalog has no webhook receiver pager")


async def test_clocks_are_told_at_the_instant_of_their_look(alarm: Alarm) -> None:
    first = await alarm.start()
    await alarm.after(200)
    second = await alarm.start()
    await alarm.after(101)
    await alarm.after(200)
    mails = [one.get_content() for one in alarm.world.mail.taken if "waited" in one["Subject"]]
    assert [[str(lead) in mail for lead in (*first, *second)] for mail in mails] == [[True, False], [False, True]]
