"""A bad lead that got through, from the purchase to the settled dispute, as buyer and seller meet it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest

from deploy.demo.bodies import Body
from deploy.local.up import CATALOG
from tests.chaos.checker import violations
from tests.e2e.market import Answer, Market, Poster, leadline, open_market

pytestmark = pytest.mark.timeout(180)

_ORDER = "  - slug: marco-auto-2026\n"
_TERMS = "    returns: {reasons: [disconnected, no_contact], attempts: {no_contact: 3}}\n"


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    """Where Marco takes leads back; at the end, books, reports and leads agree to the cent."""
    with open_market() as opened:
        opened.apply(CATALOG.read_text().replace(_ORDER, _ORDER + _TERMS, 1))
        yield opened
        assert asyncio.run(violations(opened.suite, [])) == []


@pytest.fixture
async def poster(market: Market) -> AsyncIterator[Poster]:
    async with Poster(market) as opened:
        yield opened


async def said(market: Market, *arguments: str) -> Any:
    status, out, err = await leadline(market, "returns", *arguments, "--by", "tracey", "--json")
    assert status == 0, err
    return json.loads(out)


async def test_a_lead_is_returned_disputed_and_settled_on_a_part_of_its_price(market: Market, poster: Poster) -> None:
    key = market.keys["marco"]

    async def say(return_id: str, action: str, **word: str) -> Answer:
        path = f"/v1/returns/{return_id}/{action}"
        return await poster.post(Body(path, "application/json", json.dumps(word).encode()), key)

    bought = await poster.sell(next(lead for lead in market.good(811) if lead.order == "marco-auto-2026"))
    assert bought.body["outcome"] == "accepted", bought.text
    lead_id, price = bought.body["lead_id"], Decimal(bought.body["price"]["amount"])

    await said(market, "request", lead_id, "--reason", "disconnected", "--note", "no such number")
    listed = await poster.get("/v1/returns?state=granted", key)
    (one,) = [one for one in listed.body["returns"] if one["lead_id"] == lead_id]
    assert (one["order"], one["amount"]["amount"]) == (bought.body["order"], str(price))
    assert "dispute_by" in one

    no = await say(one["id"], "dispute", why="it rings at noon")
    assert (no.status, no.body["state"]) == (200, "disputed"), no.text
    assert (await say(one["id"], "dispute", why="once more")).status == 409
    held = (await poster.get("/v1/statement", key)).body
    assert (held["closing"]["amount"], held["closing_held"]["amount"]) == ("0.00", str(price))

    await said(market, "uphold", one["id"], "--note", "half each", "--amount", "10.00")
    told = (await poster.get(f"/v1/returns/{one['id']}", key)).body
    assert (told["state"], told["amount"]["amount"]) == ("granted", "10.00")
    assert [step["action"] for step in told["history"]] == ["request", "dispute", "uphold"]
    assert [step["who"] for step in told["history"]] == ["the buyer", "marco", "the buyer"]

    statement = (await poster.get("/v1/statement", key)).body
    assert Decimal(statement["closing"]["amount"]) == price - 10
    assert statement["closing_held"]["amount"] == "0.00"
    kinds = [entry["kind"] for entry in statement["entries"] if entry["lead_id"] == lead_id]
    assert sorted(kinds) == ["charge", "credit", "credit", "hold", "release", "reversal"]
    # Another seller's key finds nothing of it, and says nothing about it.
    other = market.keys["big-bank-web"]
    assert (await poster.get(f"/v1/returns/{one['id']}", other)).status == 404
    assert (await poster.get("/v1/returns", other)).body == {"returns": []}
