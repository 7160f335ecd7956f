"""The contact gate on real Postgres, with people who are made up in the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import structs

from services.dedup.fingerprint import Fingerprints
from services.routing.gate.decision import ContactRequest
from services.routing.gate.digests import Digests
from services.routing.gate.facts import Scope
from services.routing.gate.gate import Gate, GateDecision, Registers
from services.routing.gate.gate_service import GateService
from services.routing.gate.gate_store import GateStore
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.opt_outs import Notice, OptOuts
from services.routing.gate.person import Consent, Person
from services.routing.gate.rules import rules
from shared.catalog import snapshot
from shared.catalog.following import ContactTerms
from shared.catalog.snapshot import CatalogReader
from shared.catalog.terms import Catalog
from shared.db.pool import Pool, open_pool
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.integration.follow_up_world import ORDER
from tests.integration.follow_up_world import catalog as one_order

KEY = b"k" * 32
#: A Monday, noon in New York: lawful nearly everywhere.
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
TEXT = "By clicking I agree that Marco Media LLC and Big Bank may call and text me, also by automated technology."


def person(number: int = 0, **changes: Any) -> Person:
    """Somebody in Austin who agreed to everything; another number is somebody else."""
    told: dict[str, Any] = {
        "lead_id": UUID(uuid7()),
        "order": ORDER,
        "order_version": 1,
        "seller": "marco",
        "source": "cars.example",
        "decided_at": NOON - timedelta(minutes=1),
        "first_name": "Ann",
        "email": f"ann{number}@mail.example",
        "phone": f"+1512{5550000 + number % 10_000 + number // 10_000 * 1_000_000}",
        "state": "TX",
        "postal_code": "78701",
        "exclusivity": "exclusive",
        "opt_in": "single",
        "consent": Consent(captured_at=NOON - timedelta(minutes=2), text=TEXT, disclosure="marco-tcpa"),
    }
    return Person(**(told | changes))


def contact(who: Person | None, channel: str = "call", *, automatic: bool = False, **changes: Any) -> ContactRequest:
    """A contact with somebody."""
    told: dict[str, Any] = {"purpose": "follow_up", "lead_id": who.lead_id if who else UUID(int=1)}
    return ContactRequest(channel=channel, automatic=automatic, person=who, **(told | changes))  # type: ignore[arg-type]


class People:
    """Contacts, as intake would tell them."""

    def __init__(self) -> None:
        self.known: dict[UUID, Person] = {}

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """By index."""
        return [self.known.get(lead_id) for lead_id in lead_ids]


@dataclass(slots=True)
class GateWorld:
    """One process's gate; `gates` more of them on connections of their own."""

    url: str
    #: Every world is another buyer.
    buyer: str
    pool: Pool
    clock: FakeClock
    people: People
    digests: Digests
    gates: list[Gate]
    opt_outs: list[OptOuts]
    service: GateService
    #: What playbooks heard of.
    told: list[tuple[list[UUID], Scope]] = field(default_factory=list)

    @property
    def gate(self) -> Gate:
        """The first of them."""
        return self.gates[0]

    async def decide(self, *requests: ContactRequest) -> list[GateDecision]:
        """Ask, and hand nothing over."""
        async with self.gate.permits(self.buyer, requests) as decisions:
            return list(decisions)

    async def one(self, request: ContactRequest) -> GateDecision:
        """The decision on one contact."""
        return (await self.decide(request))[0]

    async def opt_out(self, who: Person, scope: Scope = "all", **changes: Any) -> UUID:
        """Somebody says so, now."""
        told: dict[str, Any] = {"said_by": "agent", "said_at": self.clock.now(), "recorded_by": "test"}
        told |= {"lead_id": who.lead_id, "person": who}
        return await self.opt_outs[0].record(Notice(buyer_id=self.buyer, scope=scope, **(told | changes)))

    async def list_numbers(self, name: str, version: date, *phones: str) -> None:
        """Import a do-not-call list."""
        found = [address.digest for phone in phones for address in self.digests.of(self.buyer, phone, "")]
        store = OptOutStore(self.pool)
        await store.add_numbers(self.buyer, name, version, sorted(found), now=self.clock.now(), last=True)

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """What a table holds of this buyer."""
        return [
            dict(row) for row in await self.pool.fetch(f"SELECT * FROM routing.{table} WHERE buyer_id = $1", self.buyer)
        ]

    async def suppress(self, name: str, kind: str, *, phone: str = "", email: str = "") -> None:
        """Put somebody on a suppression list, as dedup does: a mailbox by the hash of how it is written."""
        key = Fingerprints(KEY)
        hashed = sha256((phone or email).encode()).digest()
        digest = key.of_hash(self.buyer, "phone" if phone else "email", hashed)
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(
                "INSERT INTO dedup.suppression_list VALUES ($1, $2, $3, $4, $4)", self.buyer, name, kind, NOON
            )
            await connection.execute("INSERT INTO dedup.suppressed VALUES ($1, $2, $3)", self.buyer, digest, name)
        finally:
            await connection.close()

    async def end_locks(self) -> None:
        """Postgres ends every connection that holds this world's locks."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                f"locks of {self.buyer}"[:63],
            )
        finally:
            await connection.close()

    async def publish(self, contact_terms: ContactTerms, *, names_buyer: bool = False) -> None:
        """The order's owner says something else of messages, or of consent."""
        revision: int = await self.pool.fetchval(
            "SELECT max(revision) FROM catalog.snapshot WHERE buyer_id = $1", self.buyer
        )
        catalog = one_order(revision + 1, "auto loans")
        order = catalog.orders[0]
        changed = structs.replace(
            order,
            follow_up=structs.replace(order.follow_up, contact=contact_terms),
            consent=structs.replace(order.consent, names_buyer=names_buyer),
        )
        await put_in_force(self.url, self.buyer, structs.replace(catalog, orders=(changed,)))


async def put_in_force(url: str, buyer: str, catalog: Catalog) -> None:
    """Write a catalog, which the gate may only read."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at)"
            " VALUES ($1, $2, $3, 'test', '', now())",
            buyer, catalog.revision, snapshot.encode(catalog),
        )  # fmt: skip
    finally:
        await connection.close()


@asynccontextmanager
async def gate_world(
    url: str,
    *,
    processes: int = 1,
    registers: Registers | None = None,
    contacts: Any = None,
    national: bool = True,
) -> AsyncIterator[GateWorld]:
    """A buyer with one order, a national list of today (unless `national` is off), and gates in so many processes."""
    settings = DatabaseSettings(url=url, pool_size=8)
    people, digests = People(), Digests(KEY)
    clock = FakeClock(NOON)
    told: list[tuple[list[UUID], Scope]] = []
    buyer = f"buyer-{uuid7()[-12:]}"

    async def heard(_conn: object, _buyer: str, leads: Sequence[UUID], scope: Scope, _at: datetime) -> None:
        told.append((list(leads), scope))

    async with AsyncExitStack() as stack:
        gates, opt_outs, stores = [], [], []
        for number in range(processes):
            pool = await stack.enter_async_context(open_pool(settings, role="leadline_routing", name=f"gate {number}"))
            locks = await stack.enter_async_context(
                open_pool(settings, role="leadline_routing", name=f"locks of {buyer}")
            )
            store = GateStore(pool, locks)
            reader = CatalogReader(pool)
            gates.append(Gate(store, reader, digests, rules(), registers or Registers(), clock))
            opt_outs.append(OptOuts(pool, OptOutStore(pool), store, contacts or people, digests, clock, [heard]))
            stores.append((store, pool))
        store, pool = stores[0]
        service = GateService(
            gates[0], store, opt_outs[0], OptOutStore(pool), contacts or people, digests, rules(), clock
        )
        world = GateWorld(url, buyer, pool, clock, people, digests, gates, opt_outs, service, told)
        await put_in_force(url, buyer, one_order(1, "auto loans"))
        if national:
            await world.list_numbers("national", NOON.date())
        yield world
