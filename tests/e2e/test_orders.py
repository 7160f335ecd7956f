"""Orders in full, as sellers and buyers meet them: prices by rule, pace, what is left, an amendment at an instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.demo.lead import DemoLead
from deploy.local.up import CATALOG
from tests.chaos.checker import violations
from tests.e2e.market import Answer, Market, Poster, leadline, open_market

pytestmark = pytest.mark.timeout(180)

SEED = 411
PACED = """
  - slug: marco-paced
    seller: marco
    product: auto-loan
    priority: 990
    sources: [{site: best-auto-loans.example, caps: [{window: total, leads: 3}]}, drive-today.example]
    lead: {exclusivity: exclusive}
    prices: [{amount: "10.00"}]
    price_rules:
      - {name: every-loan, field: loan_amount, minimum: 1, percent: 25}
      - {name: down, subtract: "0.13"}
    price_ceiling: "12.30"
    caps: [{window: day, leads: 50, spend: "500.00"}]
    pacing: {minimum_seconds: 1}
    consent: {disclosures: [marco-tcpa-2026]}
    follow_up: {playbook: exclusive-long, offer: "auto loans", teams: {auto-east: 1}}
"""


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market() as opened:
        opened.apply(CATALOG.read_text() + PACED)
        yield opened
        assert asyncio.run(violations(opened.suite, [])) == []


@pytest.fixture(scope="module")
def crowd(market: Market) -> Iterator[DemoLead]:
    """Good leads of one seller for the paced order, each of another person, each given out once."""
    return (paced(lead) for lead in market.good(SEED))


def paced(lead: DemoLead) -> DemoLead:
    lead.order, lead.format = "marco-paced", "json"
    return lead


@pytest.fixture
async def poster(market: Market) -> AsyncIterator[Poster]:
    async with Poster(market) as opened:
        yield opened


async def test_a_price_by_rule_is_paid_explained_and_charged(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    answer = await bought(poster, crowd)
    # 10.00 + 25 % = 12.50, less 0.13 = 12.37, at most 12.30.
    assert answer.body["price"]["amount"] == "12.30"
    status, shown, _ = await leadline(market, "lead", answer.body["lead_id"])
    assert status == 0
    for step in ("every-loan: 10.00 + 25 % = 12.50 USD", "down: 12.50 - 0.13 = 12.37 USD", "12.30 USD"):
        assert step in shown
    (charge,) = await market.rows("SELECT amount_minor FROM ledger.transfer WHERE lead_id = $1", answer.body["lead_id"])
    assert charge["amount_minor"] == 1230


async def test_a_dry_run_tells_what_a_bought_lead_has_still_to_come(market: Market) -> None:
    find = "SELECT lead_id::text FROM routing.run WHERE order_slug = 'marco-paced' AND state = 'running'"
    async with asyncio.timeout(30):
        while not (runs := await market.rows(find)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    status, shown, err = await leadline(market, "playbook", "--lead", runs[0]["lead_id"])
    assert (status, err) == (0, "")
    outcomes = {line.split()[3]: line for line in shown.splitlines() if line[3:7] == " 202"}
    assert " done " in outcomes["confirmation"]
    assert " open " in outcomes["call-1"]
    assert all(f" {name} " in shown for name in ("call-2", "call-6", "email-3"))
    assert "the order allows no automatic texts" in outcomes["text-1"]


async def test_leads_that_come_too_fast_are_told_to_come_again_and_a_seller_sees_what_is_left(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    await bought(poster, crowd)
    answers = await asyncio.gather(*[poster.sell(next(crowd)) for _ in range(12)])
    refused = [answer for answer in answers if answer.body["outcome"] == "rejected"]
    assert refused
    assert {(reason["code"], reason["retryable"]) for one in refused for reason in one.body["reasons"]} <= {
        ("pacing", True),
        # The one site's own cap.
        ("cap_reached", False),
    }
    told = await poster.get("/v1/orders", market.keys["marco"])
    assert told.status == 200
    (order,) = [one for one in told.body["orders"] if one["order"].startswith("marco-paced@")]
    assert order["prices"][0] == "10.00: every lead"
    (used,) = await market.rows(
        "SELECT leads, spend FROM routing.capacity WHERE order_slug = 'marco-paced' AND window_kind = 'day'"
    )
    day, site = order["windows"]
    assert (day["window"], day["leads_left"]) == ("day", 50 - used["leads"])
    assert day["spend_left"]["amount"] == f"{(50_000 - used['spend']) / 100:.2f}"
    assert (site["window"], site["source"]) == ("total", "best-auto-loans.example")
    assert 0 <= site["leads_left"] <= 3


async def test_an_amendment_decides_from_its_instant_on_and_not_before(
    market: Market, poster: Poster, tmp_path: Path
) -> None:
    leads = (lead for lead in market.good(SEED + 1) if lead.label == "good_exclusive_long")
    instant = datetime.now(UTC) + timedelta(seconds=4)
    text = CATALOG.read_text().replace('{form: long, amount: "32.00"}', '{form: long, amount: "31.75"}') + PACED
    file = tmp_path / "amended.yaml"
    file.write_text(text)
    status, out, err = await leadline(market, "apply", "-f", file, "--effective", instant.isoformat(), "--by", "joe")
    assert (status, err) == (0, "")
    assert "takes effect at" in out
    prices: list[tuple[bool, str]] = []
    while datetime.now(UTC) < instant + timedelta(seconds=1):
        answer = await poster.sell(next(leads))
        lead = await market.rows("SELECT received_at FROM intake.lead WHERE lead_id = $1::uuid", answer.body["lead_id"])
        prices.append((lead[0]["received_at"] >= instant, answer.body["price"]["amount"]))
        await asyncio.sleep(0.1)
    assert set(prices) == {(False, "32.00"), (True, "31.75")}


async def bought(poster: Poster, crowd: Iterator[DemoLead]) -> Answer:
    """The answer to a lead that the order's pace allows."""
    async with asyncio.timeout(30):
        while True:
            answer = await poster.sell(next(crowd))
            if answer.body["outcome"] == "accepted":
                return answer
            assert answer.reasons <= {"pacing", "order_not_found", "cap_reached"}, answer.text
            await asyncio.sleep(0.3)
