"""Bids while services die: a place is held or bought, never both, never lost, and comes back when nobody takes it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import aiohttp
import pytest

from deploy.demo.bodies import Body, body_of
from deploy.demo.lead import DemoLead
from deploy.local.up import CATALOG
from tests.chaos.checker import violations
from tests.chaos.client import AGAIN
from tests.e2e.market import Market, Poster, open_market

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

BID_SECONDS = 15
#: Pings a second, and how many of each ten are followed by a post.
RATE, POSTED_OF_TEN = 20.0, 7
#: What a ping tells of a lead.
TOLD = ("state", "postal_code", "loan_amount", "vehicle_year", "monthly_income")


@dataclass(slots=True)
class Dealt:
    """A lead, its ping's answer and its post's."""

    lead: DemoLead
    bid: dict[str, Any] = field(default_factory=dict)
    post: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market() as opened:
        text = CATALOG.read_text()
        opened.apply(text.replace("    follow_up:", f"    pings: {{bid_seconds: {BID_SECONDS}}}\n    follow_up:"))
        yield opened


def ping_of(lead: DemoLead) -> Body:
    hashed = sha256(lead.fields["email"].strip().lower().encode()).hexdigest()
    told = {name: lead.fields[name] for name in TOLD if name in lead.fields}
    value = {
        "order": lead.order,
        "source": lead.source,
        "external_id": lead.external_id,
        "lead": {**told, "email_sha256": hashed},
    }
    return Body("/v1/pings", "application/json", json.dumps(value).encode())


async def insist(poster: Poster, body: Body, key: str, **headers: str) -> dict[str, Any]:
    """Send the same until it is answered."""
    until = time.monotonic() + 60
    while True:
        try:
            answer = await poster.post(body, key, **headers)
            if answer.status not in AGAIN:
                assert answer.status in (200, 202), answer.text
                return dict(answer.body)
        except (aiohttp.ClientError, TimeoutError):
            pass
        assert time.monotonic() < until, "no answer in a minute"
        await asyncio.sleep(0.1)


async def deal(poster: Poster, market: Market, n: int, lead: DemoLead) -> Dealt:
    key, dealt = market.keys[lead.seller], Dealt(lead)
    dealt.bid = await insist(poster, ping_of(lead), key)
    if dealt.bid["outcome"] == "bid" and n % 10 < POSTED_OF_TEN:
        body = body_of(lead, datetime.now(UTC))
        dealt.post = await insist(poster, body, key, X_Bid_Token=dealt.bid["bid_token"])
    return dealt


async def test_bids_live_through_the_death_of_everybody_who_holds_them(market: Market) -> None:
    leads = [lead for seed in range(9900, 9902) for lead in market.good(seed) if lead.format in ("json", "json_flat")]
    async with Poster(market) as poster, asyncio.TaskGroup() as dealing:
        tasks = []
        for n, lead in enumerate(leads):
            tasks.append(dealing.create_task(deal(poster, market, n, lead)))
            await asyncio.sleep(1 / RATE)
            injured = {len(leads) // 4: "intake", len(leads) // 2: "postgres", 3 * len(leads) // 4: "intake"}.get(n)
            if injured:
                await asyncio.to_thread(market.suite.kill, injured)
                await asyncio.to_thread(market.suite.restart, injured)
    dealt = [task.result() for task in tasks]

    bids = [one for one in dealt if one.bid["outcome"] == "bid"]
    posts = [one for one in bids if one.post]
    assert len(bids) > len(leads) // 2
    assert len(posts) > len(bids) // 2
    for one in posts:
        if one.post["outcome"] == "accepted":
            assert (one.post["price"], one.post["order"]) == (one.bid["price"], one.bid["order"])
    assert sum(one.post["outcome"] == "accepted" for one in posts) > len(posts) // 2
    assert await violations(market.suite, []) == []

    until = time.monotonic() + BID_SECONDS + 60
    while (await market.rows("SELECT count(*) FROM intake.hold"))[0][0]:
        assert time.monotonic() < until, "places are held a minute after the end of their bids"
        await asyncio.sleep(0.2)
    assert await violations(market.suite, []) == []
