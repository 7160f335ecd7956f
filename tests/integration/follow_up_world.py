"""Everything that follow-up touches, real: Postgres, intake's GetContacts over gRPC, an SMTP server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
import grpc

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2 as events
from leadline.intake.v1 import intake_service_pb2 as intake
from leadline.intake.v1 import record_service_pb2_grpc as intake_rpc
from services.routing.contacts_client import IntakeContacts
from services.routing.delivery.store import DeliveryStore
from services.routing.delivery.worker import DeliveryWorker
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.gate.digests import Digests
from services.routing.messages.bad_address_store import BadAddresses
from services.routing.messages.email_channel import EmailChannel
from services.routing.messages.mail import Mailer, SmtpServer
from services.routing.messages.unsubscribe import UnsubscribeLinks
from services.routing.messages.writing import Writer
from services.routing.scheduler import FollowUpScheduler
from shared.catalog import snapshot
from shared.catalog.following import Playbook, Step, Template
from shared.catalog.sales import Team
from shared.catalog.terms import Buyer, Catalog, FollowUp, Order, Product, Seller
from shared.db.outbox import OutboxConsumer, OutboxRow, put
from shared.db.pool import Pool, open_pool
from shared.rpc.client import open_channel
from shared.runtime.clock import Clock
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.integration.smtp_server import MailServer

C = TypeVar("C", bound=Clock)

BUYER = "big-bank"
ORDER = "marco-auto-2026"
OFFER = "auto loans from 5.49 % APR"
_KEY = b"k" * 32
LATER_OFFER = "auto loans from 3.99 % APR"


def catalog(revision: int, offer: str, *, call: bool = True) -> Catalog:
    """A catalog with one order."""
    return Catalog(
        revision=revision,
        buyer=Buyer(
            slug=BUYER,
            name="Big Bank",
            postal_address="1 Main Street, New York, NY 10001",
            email_from="Big Bank <loans@bigbank.example>",
        ),
        sellers=(Seller(slug="marco", name="Marco"),),
        products=(Product(slug="auto-loan", name="auto loan"),),
        teams=(Team(slug="auto-east", name="Auto East"),),
        templates=(
            Template(
                slug="confirmation",
                subject="{first_name}, your {product} request has reached {buyer}",
                text="Hello {first_name},\n\nwe have what we need: {offer}.",
            ),
        ),
        playbooks=(
            Playbook(
                slug="standard",
                steps=(
                    Step(name="confirmation", channel="email", template="confirmation"),
                    *([Step(name="call-1", channel="call")] if call else []),
                ),
            ),
        ),
        orders=(
            Order(
                slug=ORDER,
                version=revision,
                seller="marco",
                product="auto-loan",
                follow_up=FollowUp(playbook="standard", offer=offer, teams={"auto-east": 1}, sla_seconds=300),
            ),
        ),
    )


class Intake(intake_rpc.RecordServiceServicer):
    """RecordService as far as follow-up calls it. What is not in `contacts` is unknown or forgotten."""

    def __init__(self) -> None:
        self.contacts: dict[str, tuple[str, str]] = {}
        #: State, ZIP and phone of everybody.
        self.place = ("", "", "")
        self.calls: list[list[str]] = []
        self.away = False

    async def GetContacts(
        self, request: intake.GetContactsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> intake.GetContactsResponse:
        """Answers by index."""
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        self.calls.append(list(request.lead_ids))
        return intake.GetContactsResponse(contacts=[self._contact(lead_id) for lead_id in request.lead_ids])

    def _contact(self, lead_id: str) -> intake.Contact:
        if lead_id not in self.contacts:
            return intake.Contact(lead_id=lead_id)
        first_name, address = self.contacts[lead_id]
        state, postal_code, phone = self.place
        return intake.Contact(
            lead_id=lead_id,
            first_name=first_name,
            email=address,
            found=True,
            state=state,
            postal_code=postal_code,
            phone=phone,
        )


class SilentBell:
    """A bell that nobody hears."""

    def ring(self) -> None:
        """In vain."""

    async def wait(self, timeout: float) -> bool:
        """At once: nothing here waits for work that is not there."""
        return False


@dataclass(kw_only=True)
class AnyWorld(Generic[C]):
    """What a test turns and looks at."""

    url: str
    pool: Pool
    admin: asyncpg.Connection[asyncpg.Record]
    intake: Intake
    channel: grpc.aio.Channel
    mail: MailServer
    clock: C
    records_target: str
    store: DeliveryStore
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.telemetry = FollowUpTelemetry(self.metrics)
        self.catalogs = snapshot.CatalogReader(self.pool)

    def consumer(self) -> OutboxConsumer:
        """A consumer that schedules."""
        scheduler = FollowUpScheduler(self.store, self.catalogs, self.telemetry, self.clock)
        return OutboxConsumer(self.pool, "routing", scheduler.handle, SilentBell())

    def worker(self, store: DeliveryStore | None = None, mailer: Mailer | None = None) -> DeliveryWorker:
        """A worker with sessions of its own and no jitter."""
        return DeliveryWorker(
            self.pool,
            store or self.store,
            IntakeContacts(intake_rpc.RecordServiceStub(self.channel)),
            {"email": self.emails(mailer or self.mailer())},
            SilentBell(),
            self.telemetry,
            self.clock,
            jitter=lambda: 0.5,
        )

    def emails(self, mailer: Mailer) -> EmailChannel:
        """The channel of e-mails, by these sessions."""
        writer, mailboxes = Writer(self.catalogs, UnsubscribeLinks(_KEY)), BadAddresses(self.pool, Digests(_KEY))
        return EmailChannel(mailer, writer, mailboxes)

    def mailer(self) -> Mailer:
        """Sessions to the test's server."""
        return Mailer(SmtpServer.parse(self.mail.url), self.clock)

    async def buy(
        self, first_name: str = "Ann", *, revision: int = 1, accepted: bool = True, traceparent: str = ""
    ) -> str:
        """Write the event of a decision now; returns the lead's id."""
        lead_id = uuid7()
        self.intake.contacts[lead_id] = (first_name, f"{lead_id}@mail.example")
        await self.deliver(decided(lead_id, self.clock.now(), revision, accepted, traceparent))
        return lead_id

    async def deliver(self, event: events.LeadEvent, topic: str = "decided") -> None:
        """Put an event into the outbox under a new message id, as a second delivery would come."""
        await put(self.admin, [OutboxRow(BUYER, "routing", topic, event.SerializeToString(), uuid7())])

    async def send_due(self, worker: DeliveryWorker | None = None) -> None:
        """Schedule what is in the outbox, then try every delivery that is due."""
        await self.consumer().step()
        worker = worker or self.worker()
        while await worker.begin_due():
            await worker.finish()
        await worker.finish()

    async def events_of(self, topic: str) -> list[events.LeadEvent]:
        """What reporting would be told under a topic."""
        rows = await self.admin.fetch(
            "SELECT payload FROM outbox.message WHERE consumer = 'reporting' AND topic = $1", topic
        )
        return [events.LeadEvent.FromString(row["payload"]) for row in rows]

    async def delivery(self, lead_id: str) -> asyncpg.Record:
        """The one delivery of a lead, as stored."""
        rows: Sequence[asyncpg.Record] = await self.admin.fetch(
            "SELECT * FROM routing.delivery WHERE lead_id = $1", UUID(lead_id)
        )
        assert len(rows) == 1
        return rows[0]


#: Where time stands still until told to move.
World = AnyWorld[FakeClock]


def decided(
    lead_id: str, at: datetime, revision: int = 1, accepted: bool = True, traceparent: str = ""
) -> events.LeadEvent:
    """The event of a decision: submitted two seconds, received ten milliseconds before."""
    body = events.LeadDecided(
        accepted=accepted,
        seller="marco",
        source="cars.example",
        order=lead_pb2.OrderRef(order=ORDER, version=1),
        team="auto-east",
        catalog_revision=revision,
    )
    body.clock.submitted_at.FromDatetime(at - timedelta(seconds=2))
    body.clock.received_at.FromDatetime(at - timedelta(milliseconds=10))
    body.clock.decided_at.FromDatetime(at)
    return events.LeadEvent(event_id=uuid7(), buyer_id=BUYER, lead_id=lead_id, traceparent=traceparent, decided=body)


@asynccontextmanager
async def open_world(url: str, clock: C) -> AsyncIterator[AnyWorld[C]]:
    """A world with a catalog of two revisions: the second makes another offer."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(DatabaseSettings(url=url), role="leadline_routing", name="routing")
        )
        admin = await asyncpg.connect(url)
        stack.push_async_callback(admin.close)
        for revision, offer in ((1, OFFER), (2, LATER_OFFER)):
            await add_catalog(admin, catalog(revision, offer))
        servicer = Intake()  # type: ignore[abstract]  # the rest is not for follow-up
        server = grpc.aio.server()
        intake_rpc.add_RecordServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        stack.push_async_callback(server.stop, None)
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{port}"))
        mail = MailServer()
        await mail.start()
        stack.push_async_callback(mail.stop)
        yield AnyWorld(
            url=url,
            pool=pool,
            admin=admin,
            intake=servicer,
            channel=channel,
            mail=mail,
            clock=clock,
            records_target=f"127.0.0.1:{port}",
            store=DeliveryStore(pool),
        )


async def add_catalog(admin: asyncpg.Connection[asyncpg.Record], document: Catalog) -> None:
    """Store a revision and put it in force."""
    await admin.execute(
        "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at)"
        " VALUES ($1, $2, $3, 'test', '', now())",
        BUYER,
        document.revision,
        snapshot.encode(document),
    )
    await admin.execute(
        "INSERT INTO catalog.head (buyer_id, revision, changed_at) VALUES ($1, $2, now())"
        " ON CONFLICT (buyer_id) DO UPDATE SET revision = excluded.revision",
        BUYER,
        document.revision,
    )
