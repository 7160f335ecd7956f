"""Windows, scopes, likeness and exclusivity where they cost money: dedup and settlement together, on real Postgres."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from leadline.common.v1 import reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from services.intake.marks_store import MarkStore
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World
from tests.integration.people_world import people_world

CLIENTS = 64
PHONE = "+15124728174"


def codes(result: pb.SubmitLeadResult) -> list[str]:
    return sorted({reason_pb2.Reason.Name(one.reason).removeprefix("REASON_").lower() for one in result.answer.reasons})


@pytest.fixture
async def world(database_url: str, clock: FakeClock, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    terms = getattr(request, "param", "{window_days: 90}")
    async with people_world(database_url, clock, duplicates=terms) as built:
        yield built


async def post(world: World, items: list[pb.SubmitLeadItem]) -> list[pb.SubmitLeadResult]:
    """64 clients at once, through the pipelines of two processes."""
    pipelines, gate = [world.another() for _ in range(2)], asyncio.Semaphore(CLIENTS)

    async def one(n: int, item: pb.SubmitLeadItem) -> pb.SubmitLeadResult:
        async with gate:
            (result,) = await pipelines[n % 2].submit([item])
            return result

    return await asyncio.gather(*(one(n, item) for n, item in enumerate(items)))


ITEMS = ("marco", "marco-auto-2026"), ("quickquote", ""), ("leadriver", "")


async def test_one_person_from_64_clients_through_two_processes_is_bought_once(world: World) -> None:
    items = [world.item(*ITEMS[n % 3], external_id=f"r-{n}", email=f"{n}@x.org" if n % 2 else "") for n in range(192)]
    results = await post(world, items)
    assert Counter(result.answer.outcome for result in results) == {pb.OUTCOME_ACCEPTED: 1, pb.OUTCOME_REJECTED: 191}
    refused = [result.answer for result in results if result.answer.outcome == pb.OUTCOME_REJECTED]
    assert await world.count("ledger.transfer") == 1
    bought = await world.admin.fetchrow("SELECT lead_id::text, seller FROM intake.lead WHERE outcome = 'accepted'")
    assert bought is not None
    for answer in refused:
        told = " ".join(reason.message for reason in answer.reasons)
        seller = await world.admin.fetchval("SELECT seller FROM intake.lead WHERE lead_id = $1", answer.lead_id)
        if seller == bought["seller"]:
            assert f"as lead {bought['lead_id']}" in told, "also where only settlement saw it"
        else:
            assert bought["lead_id"] not in told
            assert bought["seller"] not in told


@pytest.mark.parametrize("world", ["{window_days: 90, scope: seller}"], indirect=True)
async def test_in_the_scope_of_a_seller_each_seller_sells_a_person_once(world: World) -> None:
    results = await post(world, [world.item(*ITEMS[n % 3], external_id=f"r-{n}") for n in range(96)])
    assert Counter(result.answer.outcome for result in results)[pb.OUTCOME_ACCEPTED] == 3
    assert {code for result in results for code in codes(result)} == {"duplicate_same_seller"}


@pytest.mark.parametrize("world", ["{window_days: 90, match: [name+address, phone]}"], indirect=True)
async def test_joined_details_hold_under_races(world: World) -> None:
    address = {"first_name": "Ann", "last_name": "Lee", "street": "12 Oak St", "postal_code": "78701"}
    items = [
        world.item(*ITEMS[n % 3], external_id=f"r-{n}", phone=f"+1512{n:07d}", email=f"{n}@x.org", **address)
        for n in range(96)
    ]
    results = await post(world, items)
    assert Counter(result.answer.outcome for result in results)[pb.OUTCOME_ACCEPTED] == 1


@pytest.mark.parametrize("world", ["{window_days: 90, fuzzy: reject}"], indirect=True)
async def test_similar_people_at_once_are_bought_once(world: World) -> None:
    """Every copy has its own phone and mailbox, its own slip, and comes at the same moment as the others."""
    person = {"first_name": "Robert", "last_name": "Whitfield", "date_of_birth": "1980-02-03",
              "street": "12 Cedar Avenue Apt 4", "city": "Austin", "state": "TX", "postal_code": "78701"}  # fmt: skip
    told = [{"first_name": "Bob"}, {"street": "12 Cedra Avenue Apt 4"}, {"street": "12 Cedar Ave #9"}]
    items = [
        world.item(
            *ITEMS[n % 3], external_id=f"r-{n}", phone=f"+1512{n:07d}", email=f"{n}@x.org", **(person | told[n % 3])
        )
        for n in range(96)
    ]
    results = await post(world, items)
    assert Counter(result.answer.outcome for result in results)[pb.OUTCOME_ACCEPTED] == 1
    reasons = {code for result in results for code in codes(result)}
    assert reasons <= {"duplicate_same_seller", "duplicate_other_seller", "try_again"}


@pytest.mark.parametrize("world", ["{window_days: 90, fuzzy: reject}"], indirect=True)
async def test_people_who_only_share_a_key_are_all_bought_however_many_come_at_once(world: World) -> None:
    """Neighbours of one street and one family name: the same keys, other people."""
    items = [
        world.item(
            "quickquote", "", external_id=f"r-{n}", phone=f"+1512{n:07d}", email=f"{n}@x.org",
            first_name=name, last_name="Smith", street=f"{n + 1} Oak St", postal_code="78701",
            date_of_birth=f"{1940 + n}-0{n % 9 + 1}-1{n % 9}",
        )
        for n, name in enumerate("James Jim Jimmy Jaime Janice Jane Jenny Jennifer Janet John Jack Jon Bob".split())
    ]  # fmt: skip
    results = await post(world, items)
    assert [codes(result) for result in results] == [[]] * len(items)


@pytest.mark.parametrize("world", ["{window_days: 90, fuzzy: flag, match: [email]}"], indirect=True)
async def test_a_similar_person_is_bought_and_marked_where_the_order_says_so(world: World) -> None:
    person = {"last_name": "Whitfield", "street": "12 Oak St", "postal_code": "78701", "date_of_birth": "1980-02-03"}
    (first,) = await world.submit(world.item(first_name="Robert", **person))
    second_item = world.item("quickquote", "", email="bob@x.org", first_name="Bob", **person)
    (second,) = await world.submit(second_item)
    assert (codes(first), codes(second)) == ([], [])
    marks = await MarkStore(world.pool).marks(BUYER, second.answer.lead_id)
    (alike,) = [mark for mark in marks if mark["flag"] == "possible_duplicate"]
    evidence = json.loads(alike["evidence"])
    assert alike["other_lead"] == first.answer.lead_id
    assert evidence["score"] >= 85
    assert "first name in another form" in evidence["why"]
    assert "Whitfield" not in alike["evidence"]


async def test_an_exclusive_lead_that_another_seller_brings_is_marked_kept_and_proposed_for_credit(
    world: World,
) -> None:
    (sold,) = await world.submit(world.item(external_id="a"))
    world.clock.advance(3 * 86_400)
    await world.directory.refresh()
    (again,) = await world.submit(world.item("quickquote", "", external_id="b"))
    assert codes(again) == ["duplicate_other_seller"]
    store = MarkStore(world.pool)
    (breach,) = await store.breaches(BUYER, "", None, 10)
    assert (breach["lead_id"], breach["seller"]) == (sold.answer.lead_id, "marco")
    assert (breach["other_lead"], breach["other_seller"], breach["other_outcome"]) == (
        again.answer.lead_id, "quickquote", "rejected",
    )  # fmt: skip
    assert breach["proposal"] == "open"
    evidence = json.loads(breach["evidence"])
    assert [one["kind"] for one in evidence["shared"]] == ["phone", "email"]
    assert PHONE not in breach["evidence"]
    for lead, flag in ((sold, "not_exclusive"), (again, "breaks_exclusivity")):
        assert [mark["flag"] for mark in await store.marks(BUYER, lead.answer.lead_id)] == [flag]
    assert await world.count("outbox.message", "topic = 'flagged' AND consumer = 'reporting'") == 2
    assert await store.breaches(BUYER, "quickquote", None, 10) == []


async def test_many_copies_of_an_exclusive_lead_make_one_proposal_and_a_breach_each(world: World) -> None:
    await world.submit(world.item(external_id="a"))
    await post(world, [world.item(*ITEMS[1 + n % 2], external_id=f"r-{n}") for n in range(40)])
    assert await world.count("intake.exclusivity_breach") == 40
    assert await world.count("intake.proposal") == 1
    first, rest = await MarkStore(world.pool).breaches(BUYER, "", None, 30), []
    after = (first[-1]["lead_id"], first[-1]["other_lead"])
    rest = await MarkStore(world.pool).breaches(BUYER, "", after, 30)
    assert len({row["other_lead"] for row in (*first, *rest)}) == 40


async def test_the_same_seller_the_own_site_and_later_days_break_no_exclusivity(world: World) -> None:
    await world.submit(world.item(external_id="a"))
    await world.submit(world.item(external_id="b"), world.item("big-bank-web", "own-auto-2026", external_id="c"))
    world.clock.advance(30 * 86_400 + 1)
    await world.directory.refresh()
    await world.submit(world.item("quickquote", "", external_id="d"))
    assert await world.count("intake.exclusivity_breach") == 0
    assert await world.count("intake.lead_flag") == 0


async def test_a_clock_that_goes_back_frees_nobody(world: World) -> None:
    await world.submit(world.item(external_id="a"))
    world.clock.jump(world.clock.now() - timedelta(hours=1))
    (again,) = await world.submit(world.item("quickquote", "", external_id="b"))
    assert codes(again) == ["duplicate_other_seller"]
