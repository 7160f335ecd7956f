"""From a provider's signed message to Postgres and back: a real gateway, routing's services, the contact gate."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import structs

from leadline.events.v1 import lead_event_pb2 as events
from leadline.routing.v1.inbound_service_pb2_grpc import add_InboundServiceServicer_to_server
from leadline.routing.v1.message_service_pb2_grpc import add_MessageServiceServicer_to_server
from services.dedup.fingerprint import Details, Fingerprints
from services.routing.gate.assembly import stop_follow_up
from services.routing.gate.decision import ContactRequest, GateDecision
from services.routing.gate.digests import Digests
from services.routing.gate.gate import Gate, Registers
from services.routing.gate.gate_store import GateStore
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.opt_outs import OptOuts
from services.routing.gate.person import Consent, Person
from services.routing.gate.rules import rules
from services.routing.messages.assembly import inbound_service, message_service
from services.routing.messages.bad_address_store import BadAddresses
from services.routing.messages.email_channel import EmailChannel
from services.routing.messages.unsubscribe import UnsubscribeLinks
from services.routing.messages.writing import Writer
from services.routing.work.calls import Calls
from shared.catalog import snapshot
from shared.catalog.following import ContactTerms, Template
from shared.db.pool import open_pool
from shared.rpc.errors import Unavailable
from shared.rpc.server import RpcServer
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, OFFER, ORDER, World, add_catalog, catalog, decided, open_world
from tests.integration.gateway_suite import Suite, running
from tests.signed import signed

KEY = b"k" * 32
SECRET = b"a secret of thirty-two bytes, ok"
WRITTEN = "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgb2s="
#: A Monday, noon in New York: lawful nearly everywhere.
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
OUR_NUMBER = "+18005550100"
OUR_MAILBOX = "loans@bigbank.example"
OTHER_BUYER = "other-bank"
CONSENT = "By clicking I agree that Marco Media LLC and Big Bank may call and text me, also by automated technology."


class People:
    """Contacts, as intake would tell them."""

    def __init__(self) -> None:
        self.known: dict[UUID, Person] = {}
        self.away = False

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """By index."""
        if self.away:
            raise Unavailable("intake is away")
        return [self.known.get(lead_id) for lead_id in lead_ids]


@dataclass
class InboundWorld:
    """What a test turns and looks at. Each person has a number and a mailbox of his or her own."""

    suite: Suite
    base: World
    gate: Gate
    people: People
    channel: EmailChannel
    writer: Writer
    #: Where routing answers.
    target: str
    _count: int = field(default=0)

    @property
    def admin(self) -> asyncpg.Connection[asyncpg.Record]:
        return self.base.admin

    def person(self) -> Person:
        """Somebody in Austin who agreed to everything, and was not bought yet."""
        self._count += 1
        return Person(
            lead_id=UUID(uuid7()),
            order=ORDER,
            order_version=1,
            seller="marco",
            source="cars.example",
            decided_at=NOON - timedelta(minutes=1),
            first_name="Ann",
            email=f"ann.{self._count}@mail.example",
            phone=f"+1512555{self._count:04d}",
            state="TX",
            postal_code="78701",
            exclusivity="exclusive",
            opt_in="single",
            consent=Consent(captured_at=NOON - timedelta(minutes=2), text=CONSENT, disclosure="marco-tcpa"),
        )

    async def bought(self, person: Person | None = None) -> Person:
        """Somebody who was bought: follow-up has begun, and dedup knows the person by its own digests."""
        person = person or self.person()
        self.people.known[person.lead_id] = person
        await self.base.deliver(decided(str(person.lead_id), NOON - timedelta(minutes=1), revision=3))
        await self.base.consumer().step()
        for kind, digest in Fingerprints(KEY).of(BUYER, Details(phone=person.phone, email=person.email)):
            await self.admin.execute(
                "INSERT INTO dedup.identity_claim (buyer_id, digest, kind, lead_id, seller, own, claimed_at)"
                " VALUES ($1, $2, $3, $4, 'marco', false, $5)",
                BUYER, digest, kind, person.lead_id, NOON,
            )  # fmt: skip
        return person

    async def send(self, path: str, content: object, message_id: str = "") -> tuple[int, Any]:
        """A provider's message, signed."""
        body = json.dumps(content).encode()
        headers = signed(body, SECRET, message_id=message_id)
        status, _, answer = await self.suite.post(f"/v1/inbound/{path}", body, Authorization="", **headers)
        return status, answer

    async def text(self, person: Person, words: str, message_id: str = "", to: str = OUR_NUMBER) -> Any:
        """What the provider of texts is answered."""
        status, answer = await self.send("text", {"from": person.phone, "to": to, "text": words}, message_id)
        assert status == 200, answer
        return answer

    async def email(self, person: Person, message_id: str = "", **told: object) -> str:
        """What an e-mail was taken for."""
        content = {"type": "reply", "address": person.email, "to": OUR_MAILBOX, **told}
        status, answer = await self.send("email", content, message_id)
        assert status == 200, answer
        return str(answer["outcome"])

    async def permitted(self, person: Person, channel: str) -> GateDecision:
        """What the contact gate says of an automatic message now."""
        request = ContactRequest(
            lead_id=person.lead_id,
            channel=channel,  # type: ignore[arg-type]
            automatic=channel != "call",
            purpose="follow_up",
            person=person,
        )
        async with self.gate.permits(BUYER, [request]) as (decision,):
            return decision

    async def blocked(self, person: Person) -> dict[str, bool]:
        """By channel, whether an opt-out blocks it."""
        return {
            channel: (await self.permitted(person, channel)).reason == "opted_out"
            for channel in ("call", "text", "email")
        }

    async def run(self, person: Person) -> asyncpg.Record:
        """The person's playbook."""
        row = await self.admin.fetchrow("SELECT * FROM routing.run WHERE lead_id = $1", person.lead_id)
        assert row is not None
        return row

    async def attempts(self, person: Person) -> list[events.AttemptMade]:
        """What reporting is told of contacts with somebody."""
        found = [event for event in await self.base.events_of("attempt_made") if event.lead_id == str(person.lead_id)]
        return [event.attempt_made for event in found]


def terms(revision: int) -> Any:
    """A catalog by which texts and promotional e-mails can be sent."""
    document = catalog(revision, OFFER)
    order = document.orders[0]
    follow_up = structs.replace(order.follow_up, contact=ContactTerms(automatic_texts=True))
    return structs.replace(
        document,
        buyer=structs.replace(
            document.buyer, text_from=OUR_NUMBER, caller_id=OUR_NUMBER, public_url="https://mail.bigbank.example"
        ),
        templates=(
            *document.templates,
            Template(slug="news", subject="{first_name}, rates fell", text="{offer}", promotional=True),
            Template(slug="hello", text="Hi {first_name}, {offer}."),
        ),
        orders=(structs.replace(order, follow_up=follow_up),),
    )


@asynccontextmanager
async def inbound_world(url: str) -> AsyncIterator[InboundWorld]:
    """A buyer that texts and mails, another one that does not, and everything between them and the providers."""
    clock, people, digests = FakeClock(NOON), People(), Digests(KEY)
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(open_world(url, clock))
        await add_catalog(base.admin, terms(3))
        other = structs.replace(
            terms(1),
            buyer=structs.replace(
                terms(1).buyer, slug=OTHER_BUYER, text_from="+18005550199", caller_id="", email_from="x@other.example"
            ),
        )
        await base.admin.execute(
            "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at)"
            " VALUES ($1, 1, $2, 'test', '', now())",
            OTHER_BUYER, snapshot.encode(other),
        )  # fmt: skip
        await base.admin.execute(
            "INSERT INTO routing.dnc_list (buyer_id, list, version, imported_at, complete)"
            " VALUES ($1, 'national', $2, now(), true)",
            BUYER, NOON.date(),
        )  # fmt: skip
        settings = DatabaseSettings(url=url, pool_size=8)
        locks = await stack.enter_async_context(open_pool(settings, role="leadline_routing", name="locks"))
        store = GateStore(base.pool, locks)
        gate = Gate(store, base.catalogs, digests, rules(), Registers(), clock)
        opt_outs = OptOuts(base.pool, OptOutStore(base.pool), store, people, digests, clock, [stop_follow_up])
        calls = Calls(base.pool, gate, people, [], clock)
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        inbound = inbound_service(base.pool, base.catalogs, people, opt_outs, calls, KEY, base.metrics, clock)
        server.add(add_InboundServiceServicer_to_server, inbound, "leadline.routing.v1.InboundService")
        messages = message_service(base.pool, base.catalogs, people, KEY, "")
        server.add(add_MessageServiceServicer_to_server, messages, "leadline.routing.v1.MessageService")
        await stack.enter_async_context(server)
        target = f"127.0.0.1:{server.port}"
        suite = await stack.enter_async_context(
            running(LEADLINE_INBOUND_SECRET=WRITTEN, LEADLINE_ROUTING_TARGET=target)
        )
        mailer = base.mailer()
        stack.push_async_callback(mailer.close)
        writer, mailboxes = Writer(base.catalogs, UnsubscribeLinks(KEY)), BadAddresses(base.pool, digests)
        stack.push_async_callback(mailboxes.close)
        yield InboundWorld(suite, base, gate, people, EmailChannel(mailer, writer, mailboxes), writer, target)
