"""A bad lead that got through, from the purchase to the settled dispute, as buyer and seller meet it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.demo.bodies import Body
from deploy.local.up import CATALOG
from tests.chaos.checker import violations
from tests.e2e.market import Answer, Market, Poster, leadline, open_market

pytestmark = pytest.mark.timeout(180)

_ORDER = "  - slug: marco-auto-2026\n"
_TERMS = "    returns: {reasons: [disconnected, no_contact], attempts: {no_contact: 3}}\n"
_SELLER = "  - slug: marco\n"


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    """Where Marco takes leads back; at the end, books, reports and leads agree to the cent."""
    with open_market(LEADLINE_INTAKE_RETURNS_SECONDS="0.3") as opened:
        opened.apply(_catalog())
        yield opened
        assert asyncio.run(violations(opened.suite, [])) == []


def _catalog(webhook_url: str = "") -> str:
    text = CATALOG.read_text().replace(_ORDER, _ORDER + _TERMS, 1)
    return text.replace(_SELLER, f"{_SELLER}    webhook_url: {webhook_url}\n", 1) if webhook_url else text


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


async def test_the_seller_is_told_by_a_webhook_that_it_can_check(market: Market, poster: Poster) -> None:
    heard: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def hear(request: web.Request) -> web.Response:
        heard.put_nowait(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", hear)
    async with TestServer(app) as server:
        market.apply(_catalog(str(server.make_url("/hook"))))
        status, out, err = await leadline(market, "notices", "secret", "marco")
        assert status == 0, err
        secret = base64.b64decode(out.strip().removeprefix("whsec_"))
        bought = await poster.sell(next(lead for lead in market.good(812) if lead.order == "marco-auto-2026"))
        await said(market, "request", bought.body["lead_id"], "--reason", "disconnected", "--note", "no such number")
        headers, body = await asyncio.wait_for(heard.get(), 30)

    told = json.loads(body)
    assert (told["type"], told["data"]["lead_id"]) == ("return.granted", bought.body["lead_id"])
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    status, out, _ = await leadline(market, "notices", "list", "marco", "--json")
    assert (status, [one["type"] for one in json.loads(out)]) == (0, ["return.granted"])


async def test_what_an_agent_says_of_a_lead_asks_it_back(market: Market, poster: Poster) -> None:
    key = market.keys["marco"]
    bought = await poster.sell(next(lead for lead in market.good(813) if lead.order == "marco-auto-2026"))
    lead_id = bought.body["lead_id"]

    async def run(*arguments: str) -> Any:
        status, out, err = await leadline(market, *arguments, "--json")
        return json.loads(out) if status == 0 else err

    async with asyncio.timeout(60):
        for team in ("auto-east", "auto-west"):
            await run("agents", "put", f"ann-{team}", "--team", team, "--capacity", "9")
        while not (tasks := [one for one in await run("work", "queue") if one["lead_id"] == lead_id]):
            pass
        (task,) = tasks
        said = await run(
            "work", "disposition", "disconnected", "--agent", f"ann-{task['queue']}", "--task", task["task_id"]
        )
        assert said["closed_by"] == "disconnected"
        found: list[Any] = []
        while not found:
            answer = await poster.get("/v1/returns?state=granted", key)
            found = [one for one in answer.body["returns"] if one["lead_id"] == lead_id]
    assert found[0]["reason"] == "disconnected"
    assert [one for one in await run("work", "queue") if one["lead_id"] == lead_id] == []
