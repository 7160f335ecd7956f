"""dedup as a process sees it: over gRPC, on real Postgres, under its own role."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from leadline.common.v1 import lead_pb2 as common
from leadline.common.v1 import reason_pb2
from leadline.dedup.v1 import dedup_service_pb2 as pb
from leadline.dedup.v1 import person_service_pb2 as persons_pb
from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceStub, add_DedupServiceServicer_to_server
from leadline.dedup.v1.person_service_pb2_grpc import PersonServiceStub, add_PersonServiceServicer_to_server
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import LikenessStore
from services.dedup.person_service import PersonService
from services.dedup.service import DedupService
from services.dedup.settings import Settings
from services.dedup.similar import SimilarPeople
from services.dedup.store import ClaimStore
from shared.catalog.snapshot import CatalogReader, encode
from shared.catalog.terms import DuplicateTerms
from shared.db.pool import open_pool
from shared.rpc.client import call, open_channel
from shared.rpc.errors import Malformed, NotFound
from shared.rpc.server import RpcServer
from shared.runtime.settings import load
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.unit.routing.terms import catalog, order

if TYPE_CHECKING:
    # Only the types know an asynchronous stub of its own.
    from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceAsyncStub
    from leadline.dedup.v1.person_service_pb2_grpc import PersonServiceAsyncStub

KEY = "42" * 32
PHONE, EMAIL = "+15125550123", "ann.lee@gmail.com"


@dataclasses.dataclass
class World:
    """A running dedup, and the settlement that claims."""

    stub: DedupServiceAsyncStub
    persons: PersonServiceAsyncStub
    settlement: asyncpg.Connection[asyncpg.Record]
    clock: FakeClock

    async def check(self, *leads: pb.LeadToCheck, **request: Any) -> list[pb.CheckedLead]:
        """Ask for a batch."""
        given: dict[str, Any] = {"buyer_id": "big-bank", "catalog_revision": 7, "leads": leads} | request
        response = await call(self.stub.CheckLeads, pb.CheckLeadsRequest(**given), timeout=5)
        return list(response.results)

    async def buy(
        self,
        lead: pb.LeadToCheck,
        *,
        own: bool = False,
        product: str = "auto-loan",
        exclusive_until: datetime | None = None,
    ) -> None:
        """Claim a lead's identities, as they came back from the check, at this moment."""
        (checked,) = await self.check(lead)
        refused = await self.settlement.fetch(
            "SELECT * FROM dedup.claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            "big-bank",
            self.clock.now(),
            [lead.lead_id],
            [lead.seller],
            [own],
            [product],
            [exclusive_until],
            [1] * len(checked.identities),
            [identity.kind for identity in checked.identities],
            [identity.digest for identity in checked.identities],
            [0] * len(checked.identities),
            ["buyer"] * len(checked.identities),
            [1] * len(checked.likenesses),
            [likeness.digest for likeness in checked.likenesses],
            [None] * len(checked.likenesses),
        )
        assert refused == []
        details = {"phone": lead.phone, "email": lead.email} | {
            field.name: value for field, value in lead.person.ListFields()
        }
        await self.settlement.execute(
            "INSERT INTO intake.person (buyer_id, lead_id, fields, submission, payload) VALUES ($1, $2, $3, '', '')",
            "big-bank", lead.lead_id, json.dumps(details),
        )  # fmt: skip


@pytest_asyncio.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    orders = (
        order("month"),
        order("week", duplicates=DuplicateTerms(window_days=7, match=("email",))),
        order("never", duplicates=DuplicateTerms(window_days=0)),
        order(
            "home",
            product="home-loan",
            duplicates=DuplicateTerms(match=("address+name", "name+date_of_birth", "phone+date_of_birth")),
        ),
        order("alike", duplicates=DuplicateTerms(fuzzy="reject")),
        order("marks", duplicates=DuplicateTerms(fuzzy="flag", match=("name+address",))),
        order("sellers", duplicates=DuplicateTerms(match=("name+address",), scope="seller")),
    )
    connection = await asyncpg.connect(database_url)
    insert = "INSERT INTO catalog.snapshot VALUES ('big-bank', 7, $1, 'tracey', '', now())"
    await connection.execute(insert, encode(catalog(*orders)))
    await connection.execute("SET ROLE leadline_intake")
    settings = load(
        Settings,
        {
            "LEADLINE_POSTGRES_URL": database_url,
            "LEADLINE_IDENTITY_KEY": KEY,
            "LEADLINE_DEDUP_PORT": "0",
            "LEADLINE_DEDUP_METRICS_PORT": "0",
        },
    )
    async with open_pool(settings.database, role="leadline_dedup", name="test-dedup") as pool:
        store = ClaimStore(pool)
        server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=Metrics())
        fingerprints = Fingerprints(settings.identity_key)
        service = DedupService(
            catalogs=CatalogReader(pool),
            store=store,
            people=SimilarPeople(LikenessStore(pool), fingerprints),
            fingerprints=fingerprints,
            clock=clock,
        )
        server.add(add_DedupServiceServicer_to_server, service, "leadline.dedup.v1.DedupService")
        server.add(add_PersonServiceServicer_to_server, PersonService(), "leadline.dedup.v1.PersonService")
        async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
            yield World(DedupServiceStub(channel), PersonServiceStub(channel), connection, clock)
    await connection.close()


def lead(phone: str = PHONE, email: str = EMAIL, *, seller: str = "marco", orders: str = "month") -> pb.LeadToCheck:
    candidates = [common.OrderRef(order=name, version=3) for name in orders.split()]
    return pb.LeadToCheck(lead_id=str(uuid4()), seller=seller, phone=phone, email=email, candidates=candidates)


def reasons(checked: pb.CheckedLead) -> list[list[str]]:
    """Codes of the findings, per candidate."""
    return [[reason_pb2.Reason.Name(f.reason)[7:].lower() for f in each.findings] for each in checked.candidates]


async def test_a_new_person_has_identities_and_no_findings(world: World) -> None:
    (checked,) = await world.check(lead(orders="month week never"))
    assert [identity.kind for identity in checked.identities][:2] == ["phone", "email"]
    assert all(len(identity.digest) == 16 for identity in checked.identities)
    assert reasons(checked) == [[], [], []]
    assert [(c.order.order, c.order.version, list(c.match), c.window_seconds) for c in checked.candidates] == [
        ("month", 3, ["phone", "email"], 30 * 86_400),
        ("week", 3, ["email"], 7 * 86_400),
        ("never", 3, ["phone", "email"], 0),
    ]


async def test_details_written_differently_are_the_same_person(world: World) -> None:
    await world.buy(lead(seller="polo"))
    (checked,) = await world.check(lead(phone="+15125559999", email="A.N.N.L.E.E+loans@googlemail.com"))
    assert reasons(checked) == [["duplicate_other_seller"]]


async def test_each_candidate_answers_by_its_own_window_and_kinds(world: World) -> None:
    await world.buy(lead())
    world.clock.advance(10 * 86_400)
    (checked,) = await world.check(lead(orders="month week never gone"))
    assert reasons(checked) == [["duplicate_same_seller"], [], [], []]
    world.clock.advance(20 * 86_400 - 1)
    assert reasons((await world.check(lead()))[0]) == [["duplicate_same_seller"]]
    world.clock.advance(1)
    assert reasons((await world.check(lead()))[0]) == [[]]


async def test_the_newest_purchase_is_the_one_that_counts(world: World) -> None:
    await world.buy(lead(seller="polo"))
    world.clock.advance(5 * 86_400)
    await world.buy(lead(seller="own-site"), own=True)
    (checked,) = await world.check(lead())
    assert reasons(checked) == [["existing_customer"]]


async def test_a_bought_lead_is_no_duplicate_of_itself(world: World) -> None:
    bought = lead()
    await world.buy(bought)
    assert reasons((await world.check(bought))[0]) == [[]]


async def test_answers_stand_in_the_order_of_the_request(world: World) -> None:
    await world.buy(lead("+15125550001", ""))
    results = await world.check(
        lead("", ""), lead("+15125550002", ""), lead("+15125550001", ""), lead("", "x@example.com"), lead("", "")
    )
    assert [reasons(each) for each in results] == [[[]], [[]], [["duplicate_same_seller"]], [[]], [[]]]
    assert [len(each.identities) for each in results] == [0, 1, 1, 1, 0]


async def test_the_receipt_shows_what_was_seen_and_nothing_of_another_seller(world: World) -> None:
    earlier = lead(seller="polo")
    await world.buy(earlier)
    world.clock.advance(timedelta(days=3).total_seconds())
    (checked,) = await world.check(lead(email="else@example.com"))
    receipt = common.StageReceipt.FromString(checked.receipt)
    assert (receipt.stage, receipt.summary) == ("dedup", "This person was bought before.")
    assert [(c.rule, c.passed, c.observed, c.order) for c in receipt.checks] == [
        ("phone.not_bought_before", False, "phone seen within the window", "month"),
        ("email.not_bought_before", True, "e-mail not seen before", "month"),
        ("suppression.not_listed", True, "on none", "month"),
    ]
    # The buyer alone is told which lead of whom it was.
    (sighting,) = pb.Sightings.FromString(receipt.observations).sightings
    assert (sighting.lead_id, sighting.seller, list(sighting.kinds)) == (earlier.lead_id, "polo", ["phone"])
    told = str(receipt.checks) + str(receipt.summary) + str(checked.candidates)
    for secret in ("polo", earlier.lead_id, PHONE, EMAIL, "3 days"):
        assert secret not in told


async def test_the_same_seller_is_told_its_own_lead_and_day(world: World) -> None:
    earlier = lead()
    await world.buy(earlier)
    day = f"{world.clock.now():%Y-%m-%d}"
    world.clock.advance(timedelta(days=3).total_seconds())
    (checked,) = await world.check(lead())
    (found,) = checked.candidates[0].findings
    assert found.message.startswith(
        f"Bought from you on {day} as lead {earlier.lead_id}, with the same phone and e-mail"
    )


async def test_joined_details_and_scope_are_each_orders_own(world: World) -> None:
    person = pb.Person(
        first_name="Ann", last_name="Lee", street="12 North Main Street Apt 4", postal_code="78701-1234",
        date_of_birth="1980-02-03",
    )  # fmt: skip
    bought = lead(seller="polo")
    bought.person.CopyFrom(person)
    await world.buy(bought, product="auto-loan")
    again = lead("+15125550999", "other@example.com", orders="home month sellers")
    again.person.CopyFrom(person)
    again.person.street, again.person.postal_code = "12 n. main st. #4", "78701"
    (checked,) = await world.check(again)
    assert [identity.kind for identity in checked.identities] == [
        "phone", "email", "name+address", "name+date_of_birth", "phone+date_of_birth",
    ]  # fmt: skip
    assert reasons(checked) == [["duplicate_other_seller"], [], []]
    assert "same name and address and date of birth" in checked.candidates[0].findings[0].message
    again.person.ClearField("street")
    again.person.ClearField("date_of_birth")
    (checked,) = await world.check(again)
    assert reasons(checked) == [[], [], []], "what is not told matches nobody"


async def test_a_person_of_whom_only_hashes_are_told_is_recognised(world: World) -> None:
    await world.buy(lead(seller="polo"))
    ping = lead("", "")
    ping.phone_sha256 = hashlib.sha256(PHONE.encode()).digest()
    (checked,) = await world.check(ping)
    assert reasons(checked) == [["duplicate_other_seller"]]


async def test_an_exclusive_lead_that_another_seller_brings_is_a_breach(world: World) -> None:
    until = world.clock.now() + timedelta(days=30)
    sold = lead(seller="polo")
    await world.buy(sold, exclusive_until=until)
    (same,) = await world.check(lead(seller="polo"))
    (own,) = await world.check(lead(seller="own-site"))
    assert (len(same.breaches), len(own.breaches)) == (0, 0)
    (other,) = await world.check(lead("+15125559999"))
    (breach,) = other.breaches
    assert (breach.lead_id, breach.seller, [one.kind for one in breach.shared]) == (sold.lead_id, "polo", ["email"])
    assert breach.shared[0].digest == other.identities[1].digest
    world.clock.advance(30 * 86_400)
    (late,) = await world.check(lead("+15125559999"))
    assert len(late.breaches) == 0


async def test_a_batch_of_256_is_answered_and_one_more_is_malformed(world: World) -> None:
    batch = [lead(f"+1512555{number:04}") for number in range(257)]
    assert len(await world.check(*batch[:256])) == 256
    with pytest.raises(Malformed, match="leads: expected at most 256"):
        await world.check(*batch)


async def test_a_lead_id_that_is_none_is_named_as_malformed(world: World) -> None:
    wrong = lead()
    wrong.lead_id = "not-a-uuid"
    with pytest.raises(Malformed, match=r"leads\[1\]\.lead_id"):
        await world.check(lead(), wrong)


async def test_an_unknown_revision_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.check(lead(), catalog_revision=8)


def ann(lead_to_check: pb.LeadToCheck, **other: str) -> pb.LeadToCheck:
    """The lead as Ann Whitfield's, with other details instead."""
    details = {
        "first_name": "Ann", "last_name": "Whitfield", "street": "12 Cedar Ave", "city": "Austin", "state": "TX",
        "postal_code": "78701", "date_of_birth": "1980-02-03",
    } | other  # fmt: skip
    lead_to_check.person.CopyFrom(pb.Person(**details))
    return lead_to_check


async def test_somebody_who_is_only_like_a_bought_person_is_refused_flagged_or_let_by_as_the_order_says(
    world: World,
) -> None:
    bought = ann(lead(seller="polo"))
    await world.buy(bought)
    again = ann(
        lead("+15125550132", "annie@example.com", orders="alike marks month"), first_name="Annie", street="12 Cedr Ave"
    )
    (checked,) = await world.check(again)
    assert reasons(checked) == [["duplicate_other_seller"], [], []]
    (marked,) = checked.candidates[1].alike
    assert marked.lead_id == bought.lead_id
    assert marked.score >= 85
    assert "same date of birth" in marked.why
    assert not checked.candidates[2].alike
    told = checked.candidates[0].findings[0].message
    assert told.startswith("Bought from another seller within the window: the persons are ")
    for secret in (bought.lead_id, "polo", "same date of birth"):
        assert secret not in told
    receipt = common.StageReceipt.FromString(checked.receipt)
    (sighting,) = pb.Sightings.FromString(receipt.observations).sightings
    assert (sighting.lead_id, sighting.seller, list(sighting.kinds)) == (bought.lead_id, "polo", [])
    assert sighting.score == marked.score


async def test_twins_and_spouses_are_not_one_person(world: World) -> None:
    await world.buy(ann(lead(seller="polo")))
    twin = ann(lead("+15125550777", "gwen@example.com", orders="alike marks"), first_name="Gwen")
    spouse = ann(lead(PHONE, "", orders="alike"), first_name="Carl", date_of_birth="1979-05-06")
    (of_twin, of_spouse) = await world.check(twin, spouse)
    assert reasons(of_twin) == [[], []]
    assert not of_twin.candidates[1].alike
    assert [found.message[:60] for found in of_spouse.candidates[0].findings] == [
        "Bought from another seller within the window, with the same "
    ], "the phone is the same; the person is not said to be"


async def test_similar_people_outside_the_window_do_not_count(world: World) -> None:
    await world.buy(ann(lead(seller="polo")))
    world.clock.advance(30 * 86_400)
    (checked,) = await world.check(ann(lead("+15125550132", "", orders="alike")))
    assert reasons(checked) == [[]]


async def test_details_that_are_compared_are_kept_by_intake_alone(world: World, database_url: str) -> None:
    await world.buy(ann(lead(seller="polo")))
    owner = await asyncpg.connect(database_url)
    dump = str(await owner.fetch("SELECT c::text, l::text FROM dedup.identity_claim c, dedup.likeness_claim l"))
    for detail in ("Ann", "Whitfield", "Cedar", "1980", "5550123", "ann.lee", "annlee"):
        assert detail not in dump
    await owner.execute("DELETE FROM intake.person")
    await owner.close()
    (checked,) = await world.check(ann(lead("+15125550132", "", orders="alike")))
    assert reasons(checked) == [[]], "who is forgotten is not compared any more"


async def test_pairs_are_compared_by_the_names_of_their_details(world: World) -> None:
    answer = await call(
        world.persons.MatchPersons,
        persons_pb.MatchPersonsRequest(
            pairs=[
                persons_pb.PersonPair(
                    a={"given_name": "Robert", "surname": "Whitfield", "dob": "19800203", "postcode": "78701"},
                    b={"first_name": "Bob", "last_name": "Whitfeild", "date_of_birth": "1980-02-03", "zip": "78701-12"},
                ),
                persons_pb.PersonPair(a={"name": "Ann Lee"}, b={"name": "Carl Zamora"}),
                persons_pb.PersonPair(),
            ]
        ),
        timeout=5,
    )
    assert [one.verdict for one in answer.results] == ["reject", "different", "different"]
    assert "first name in another form" in answer.results[0].why
    with pytest.raises(Malformed, match="pairs: expected at most 1000"):
        await call(world.persons.MatchPersons, persons_pb.MatchPersonsRequest(pairs=[persons_pb.PersonPair()] * 1001),
                   timeout=5)  # fmt: skip
