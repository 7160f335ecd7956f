"""The whole chain, as sellers meet it over HTTP: leads are bought, or it is said exactly why not."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from deploy.demo.bodies import Body, body_of
from deploy.demo.lead import DemoLead, Format
from deploy.local.up import CATALOG
from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
from leadline.intake.v1 import intake_service_pb2 as intake_pb
from tests.chaos.checker import violations
from tests.e2e.malformed import ADF, CANARY, MALFORMED
from tests.e2e.market import BUYER, CALL_SECONDS, Answer, Market, Poster, open_market

pytestmark = pytest.mark.timeout(180)

FORMATS: tuple[Format, ...] = ("json", "json_flat", "form", "adf", "google_ads", "meta")
#: Streams of this module; every test takes people that no other takes.
SEED, CROWD = 401, (402, 403)

_CAPPED = """
  - slug: marco-capped
    seller: marco
    product: auto-loan
    priority: 990
    starts_on: 2026-01-01
    lead: {exclusivity: exclusive}
    prices:
      - {amount: "10.00"}
    caps:
      - {window: day, leads: 100}
    consent: {disclosures: [marco-tcpa-2026]}
    follow_up:
      playbook: exclusive-long
      offer: "auto loans"
      teams: {auto-east: 1}
"""


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    """Where every test of this module sells; at the end, all of it together has kept every promise."""
    with open_market() as opened:
        yield opened
        assert asyncio.run(violations(opened.suite, [])) == []


@pytest.fixture(scope="module")
def crowd(market: Market) -> Iterator[DemoLead]:
    """Good leads of one seller, each of another person, each given out once."""
    return market.good(SEED)


@pytest.fixture
async def poster(market: Market) -> AsyncIterator[Poster]:
    async with Poster(market) as opened:
        yield opened


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Wait until a condition holds; returns how long that took."""
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def of_format(market: Market, wanted: Format, nth: int) -> DemoLead:
    """A good lead of a format; another `nth` is another lead."""
    leads = [lead for lead in market.stream(SEED + 10) if lead.good and lead.turn == 0 and lead.format == wanted]
    return leads[nth]


@pytest.mark.parametrize("wanted", FORMATS)
async def test_a_good_lead_of_every_format_is_bought_at_its_orders_price(
    market: Market, poster: Poster, wanted: Format
) -> None:
    lead = of_format(market, wanted, 0)

    answer = await poster.sell(lead)

    assert answer.status == 200, answer.text
    assert (answer.body["outcome"], answer.body["reasons"]) == ("accepted", []), answer.text
    assert answer.body["order"].partition("@")[0] == lead.order
    (row,) = await market.rows(
        "SELECT outcome, price_minor, order_slug || '@' || order_version AS named FROM intake.lead WHERE lead_id = $1",
        answer.body["lead_id"],
    )
    assert row["named"] == answer.body["order"]
    assert row["price_minor"] == int(Decimal(answer.body["price"]["amount"]) * 100)


@pytest.mark.parametrize("wanted", FORMATS)
async def test_a_bad_lead_of_every_format_is_told_every_reason_with_its_field(
    market: Market, poster: Poster, wanted: Format
) -> None:
    lead = of_format(market, wanted, 1)
    lead.fields["phone"] = "5555555555"
    lead.fields["email"] = "somebody@mailinator.com"
    lead.consent_text = ""

    answer = await poster.sell(lead)

    assert answer.status == 200, answer.text
    assert answer.body["outcome"] == "rejected"
    assert answer.body["price"]["amount"] == "0.00"
    assert answer.reasons == {"phone_fake", "email_disposable", "disclosure_missing"}
    assert all(reason["field"] and reason["message"] for reason in answer.body["reasons"])
    assert "5555555555" not in answer.text
    assert "mailinator" not in answer.text


async def test_a_bought_lead_is_found_again_with_its_timeline_and_receipt(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    lead = next(crowd)
    sold = await poster.sell(lead)

    again = await poster.get(f"/v1/leads/{sold.body['lead_id']}", market.keys["marco"])
    others = await poster.get(f"/v1/leads/{sold.body['lead_id']}", market.keys["quickquote"])
    seen = market.intake.GetLead(
        intake_pb.GetLeadRequest(buyer_id=BUYER, lead_id=sold.body["lead_id"]), timeout=CALL_SECONDS
    )

    assert again.status == 200
    assert {name: again.body[name] for name in sold.promise} == sold.promise
    assert again.body["external_id"] == lead.external_id
    assert others.status == 404
    clock = seen.clock
    points = [clock.submitted_at, clock.received_at, clock.intake_at, clock.validated_at, clock.deduplicated_at,
              clock.routed_at, clock.decided_at]  # fmt: skip
    moments = [point.ToNanoseconds() for point in points]
    assert all(moments)
    assert moments == sorted(moments)
    assert [stage.stage for stage in seen.receipt] == ["validation", "dedup", "routing", "settlement"]
    assert all(stage.checks for stage in seen.receipt[:3])


async def test_the_statement_grows_by_what_was_sold(market: Market, poster: Poster, crowd: Iterator[DemoLead]) -> None:
    key = market.keys["marco"]
    before = (await poster.get("/v1/statement", key)).body

    sold = [await poster.sell(next(crowd)) for _ in range(3)]

    after = (await poster.get("/v1/statement", key)).body
    paid = sum(Decimal(answer.body["price"]["amount"]) for answer in sold)
    assert paid > 0
    assert Decimal(after["total"]["amount"]) - Decimal(before["total"]["amount"]) == paid
    assert sum(line["leads"] for line in after["lines"]) == sum(line["leads"] for line in before["lines"]) + 3


@pytest.mark.parametrize("wanted", FORMATS)
async def test_the_same_submission_again_gets_the_same_answer_and_buys_nothing(
    market: Market, poster: Poster, wanted: Format
) -> None:
    lead = of_format(market, wanted, 2)
    body = body_of(lead, datetime.now(UTC))
    first = await poster.post(body, market.keys[lead.seller])
    rows = await market.stored()

    again = await poster.post(body, market.keys[lead.seller])

    assert (first.body["replayed"], again.body["replayed"]) == (False, True)
    assert again.promise == first.promise
    assert await market.stored() == rows


async def test_a_key_with_other_content_is_refused_and_changes_nothing(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    lead, other = next(crowd), next(crowd)
    first = await poster.sell(lead, Idempotency_Key="chain-1")
    rows = await market.stored()

    conflict = await poster.sell(other, Idempotency_Key="chain-1")

    assert conflict.status == 409
    assert conflict.headers["Content-Type"] == "application/problem+json"
    assert await market.stored() == rows
    again = await poster.get(f"/v1/leads/{first.body['lead_id']}", market.keys["marco"])
    assert again.body["outcome"] == first.body["outcome"]


async def test_fifty_sellers_with_one_person_at_the_same_moment_sell_one_lead(market: Market, poster: Poster) -> None:
    leads = market.stream(SEED + 20)
    shared = next(lead for lead in leads if lead.label == "bad_duplicate_other_seller")
    sold = next(lead for lead in leads if lead.label == "good_original" and _same_person(lead, shared))
    own = next(lead for lead in leads if lead.seller == "big-bank-web" and lead.format == "json")
    own = replace(own, fields=own.fields | {name: sold.fields[name] for name in ("phone", "email")})
    keys = {seller: [market.key(seller) for _ in range(4)] for seller in ("marco", "quickquote", "big-bank-web")}

    posts = []
    for n in range(50):
        lead = (sold, shared, own)[n % 3]
        copy = replace(lead, external_id=f"fifty-{n}", fields=dict(lead.fields))
        posts.append(poster.sell(copy, key=keys[lead.seller][n % 4]))
    answers = await asyncio.gather(*posts)

    assert {answer.status for answer in answers} == {200}
    assert Counter(answer.body["outcome"] for answer in answers) == {"accepted": 1, "rejected": 49}
    told = {code for answer in answers for code in answer.reasons}
    assert told <= {"duplicate_same_seller", "duplicate_other_seller", "existing_customer"}
    assert all(answer.reasons for answer in answers if answer.body["outcome"] == "rejected")


def _same_person(one: DemoLead, other: DemoLead) -> bool:
    return one.fields["email"].lower() == other.fields["email"].lower()


async def test_a_cap_of_a_hundred_buys_exactly_a_hundred_of_a_thousand_at_once(market: Market) -> None:
    market.apply(CATALOG.read_text() + _CAPPED)
    leads = [lead for seed in CROWD for lead in market.good(seed)][:1000]
    assert len(leads) == 1000
    for lead in leads:
        lead.order, lead.format = "marco-capped", "json"

    async with Poster(market, connections=100) as poster:
        await eventually(lambda: _known(market, poster), 5)
        answers = await asyncio.gather(*[poster.sell(lead) for lead in leads])

    assert Counter(answer.body["outcome"] for answer in answers) == {"accepted": 100, "rejected": 900}
    assert {code for answer in answers for code in answer.reasons} == {"cap_reached"}
    (used,) = await market.rows("SELECT leads, spend FROM routing.capacity WHERE order_slug = 'marco-capped'")
    assert (used["leads"], used["spend"]) == (100, 100_000)


async def _known(market: Market, poster: Poster) -> bool:
    """Whether the order is in force: a test lead takes nothing of its cap."""
    body = json.dumps({"order": "marco-capped", "test": True, "postal_code": "00001"}).encode()
    answer = await poster.post(Body("/v1/leads", "application/json", body), market.keys["marco"])
    return answer.status == 200 and bool(answer.body["outcome"] == "accepted")


async def test_one_submission_fifty_times_at_once_is_one_lead_one_charge_and_one_answer(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    lead = next(crowd)
    body = body_of(lead, datetime.now(UTC))

    answers = await asyncio.gather(*[poster.post(body, market.keys["marco"]) for _ in range(50)])

    assert {answer.status for answer in answers} == {200}
    assert all(answer.promise == answers[0].promise for answer in answers)
    assert Counter(answer.body["replayed"] for answer in answers) == {False: 1, True: 49}
    leads = await market.rows("SELECT lead_id FROM intake.lead WHERE external_id = $1", lead.external_id)
    charges = await market.rows("SELECT 1 FROM ledger.transfer WHERE lead_id = $1", answers[0].body["lead_id"])
    assert (len(leads), len(charges)) == (1, 1)


async def test_a_revoked_key_is_refused_within_five_seconds(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    key = market.key("marco")
    body = body_of(next(crowd), datetime.now(UTC))
    assert (await poster.post(body, key)).status == 200
    listed = market.catalogs.ListAccessKeys(catalog_pb.ListAccessKeysRequest(seller="marco"), timeout=CALL_SECONDS)
    key_id = next(one.key_id for one in listed.keys if one.key_id in key)

    market.catalogs.RevokeAccessKey(catalog_pb.RevokeAccessKeyRequest(key_id=key_id), timeout=CALL_SECONDS)

    async def refused() -> bool:
        return (await poster.post(body, key)).status == 401

    await eventually(refused, 5)
    assert (await poster.post(body, market.keys["marco"])).status == 200


async def test_a_key_for_one_order_fills_no_other(market: Market, poster: Poster, crowd: Iterator[DemoLead]) -> None:
    key = market.key("marco", "marco-pilot-2026")
    rows = await market.stored()

    async def known() -> bool:
        return (await poster.get("/v1/statement", key)).status == 200

    await eventually(known, 5)
    answer = await poster.sell(next(crowd), key=key)

    assert answer.status == 403
    assert await market.stored() == rows


async def test_an_amended_order_decides_from_then_on_and_its_leads_name_the_version(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    async def sell_long() -> Answer:
        lead = next(lead for lead in crowd if lead.label == "good_exclusive_long")
        return await poster.sell(lead)

    before = await sell_long()
    slug, _, version = before.body["order"].partition("@")
    market.apply(CATALOG.read_text().replace('{form: long, amount: "32.00"}', '{form: long, amount: "33.25"}'))

    async def amended() -> bool:
        return bool((await sell_long()).body["order"] != before.body["order"])

    await eventually(amended, 5)
    after = await sell_long()
    assert (before.body["price"]["amount"], after.body["price"]["amount"]) == ("32.00", "33.25")
    assert after.body["order"] == f"{slug}@{int(version) + 1}"
    kept = await poster.get(f"/v1/leads/{before.body['lead_id']}", market.keys["marco"])
    assert (kept.body["order"], kept.body["price"]["amount"]) == (before.body["order"], "32.00")


async def test_what_a_seller_says_of_the_time_is_kept_apart_from_ours(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    lead = next(crowd)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    answer = await poster.post(body_of(lead, tomorrow), market.keys["marco"])

    assert answer.status == 200
    assert 0 <= answer.body["decision_ms"] < 10_000


@pytest.mark.parametrize("case", MALFORMED)
async def test_what_cannot_be_read_is_refused_by_field_or_position_and_leaves_nothing(
    market: Market, poster: Poster, case: str
) -> None:
    path, content_type, content = MALFORMED[case]
    key = market.keys["big-bank-web" if "adapters" in path else "marco"]
    rows = await market.stored()

    answer = await poster.post(Body(path, content_type, content), key)

    assert 400 <= answer.status < 500, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.body
    assert problem["status"] == answer.status
    assert all(problem[name] for name in ("type", "title", "detail", "code"))
    # Too large is said of the whole body; everything else has a place.
    assert answer.status == 413 or problem.get("position") or all(error["expected"] for error in problem["errors"])
    assert answer.status == 413 or problem.get("position") or problem["errors"]
    assert CANARY not in answer.text
    assert await market.stored() == rows


async def test_a_fault_in_xml_is_told_by_its_line_its_column_and_its_byte(market: Market, poster: Poster) -> None:
    content = "<adf>\n<é>&</adf>".encode()

    answer = await poster.post(Body("/v1/leads", ADF, content), market.keys["marco"])

    assert answer.body["position"] == {"line": 2, "column": 5, "byte": content.index(b"</adf>")}
