"""Under load, every process is killed, frozen and restarted in turn; what was promised stays true."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import chain

import pytest
import redis.asyncio as redis

from deploy.demo.lead import DemoLead
from deploy.local.launch import Suite
from deploy.local.processes import SERVICES
from tests.chaos.checker import violations
from tests.chaos.client import SellerClient
from tests.chaos.conftest import FIRST_SEED
from tests.chaos.history import Sent
from tests.e2e.market import Market

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

#: Nobody waits longer for an answer (promise 10).
DEADLINE_SECONDS = 5.0
#: Posts a second.
RATE = 80.0
#: They decide nothing, so no lead waits for them.
BYSTANDERS = ("reporting", "follow_up", "evidence", "notices")
#: Posts before, during and after each injury.
SOME = 80


@asynccontextmanager
async def load(market: Market, leads: Iterator[DemoLead], *, retries: bool) -> AsyncIterator[SellerClient]:
    """Sellers that post until the block ends; at its end everything they sent is decided, or given up."""
    print(f"streams from seed {FIRST_SEED}")
    ended = asyncio.Event()
    client = SellerClient(market.suite.gateway_url, market.keys, rate=RATE, retries=retries, seed=FIRST_SEED)

    def until_ended() -> Iterator[DemoLead]:
        while not ended.is_set():
            yield next(leads)

    selling = asyncio.create_task(client.sell(until_ended()))
    try:
        await client.more(SOME)
        yield client
        await client.more(SOME)
    finally:
        ended.set()
        await selling


async def off(act: Callable[[str], None], name: str) -> None:
    """Do something to a member without stopping the load."""
    await asyncio.to_thread(act, name)


def answered_late_or_wrongly(history: list[Sent]) -> list[str]:
    return [
        f"{sent.lead.external_id}: HTTP {post.status} {post.fault} after {post.seconds:.2f} s"
        for sent in history
        for post in sent.posts
        if post.status not in (200, 202) or post.seconds > DEADLINE_SECONDS
    ]


def first_statuses(history: list[Sent]) -> Counter[int]:
    return Counter(sent.posts[0].status for sent in history)


def pids(suite: Suite, *names: str) -> list[int]:
    return [suite.pid(name) for name in names]


@pytest.mark.parametrize("stage", ["validation", "dedup", "routing", *BYSTANDERS])
async def test_a_killed_stage_keeps_nobody_waiting_and_its_leads_are_decided_when_it_is_back(
    market: Market, crowd: Iterator[DemoLead], stage: str
) -> None:
    async with load(market, crowd, retries=False) as client:
        await off(market.suite.kill, stage)
        await client.more(SOME)
        await off(market.suite.restart, stage)

    assert answered_late_or_wrongly(client.history) == []
    assert (first_statuses(client.history)[202] > 0) == (stage not in BYSTANDERS)
    assert await violations(market.suite, client.history) == []


@pytest.mark.parametrize("edge", ["intake", "gateway"])
async def test_a_seller_that_sends_again_gets_the_one_true_answer_when_the_edge_was_killed(
    market: Market, crowd: Iterator[DemoLead], edge: str
) -> None:
    async with load(market, crowd, retries=True) as client:
        for _ in range(2):
            await off(market.suite.kill, edge)
            await off(market.suite.restart, edge)
            await client.more(SOME)

    assert await violations(market.suite, client.history) == []


async def test_a_killed_postgres_loses_nothing_acknowledged_and_no_service_needs_a_restart(
    market: Market, crowd: Iterator[DemoLead]
) -> None:
    services = [program.name for program in SERVICES]
    before = pids(market.suite, *services)
    async with load(market, crowd, retries=True) as client:
        await off(market.suite.kill, "postgres")
        await client.more(SOME // 2)
        await off(market.suite.restart, "postgres")

    assert await violations(market.suite, client.history) == []
    assert pids(market.suite, *services) == before
    assert market.suite.fallen() == []


async def test_without_valkey_no_duplicate_is_bought_and_no_cap_is_passed(
    market: Market, crowd: Iterator[DemoLead]
) -> None:
    people = [next(crowd) for _ in range(SOME)]
    copies = [replace(lead, external_id=f"{lead.external_id}-{n}") for n in range(5) for lead in people]
    async with load(market, chain(copies, crowd), retries=False) as client:
        await _flush(market.suite.redis_url)
        await client.more(SOME)
        await off(market.suite.kill, "valkey")
        await client.more(2 * SOME)
        await off(market.suite.restart, "valkey")

    assert answered_late_or_wrongly(client.history) == []
    assert await violations(market.suite, client.history) == []
    ours = {copy.external_id for copy in copies}
    bought = Counter(
        sent.lead.external_id.rpartition("-")[0]
        for sent in client.history
        if sent.final is not None and sent.final["outcome"] == "accepted" and sent.lead.external_id in ours
    )
    assert bought
    assert set(bought.values()) == {1}


async def _flush(url: str) -> None:
    client = redis.from_url(url)
    try:
        await client.flushall()
    finally:
        await client.aclose()


async def test_a_frozen_dedup_keeps_nobody_waiting_and_its_leads_are_decided_when_it_goes_on(
    market: Market, crowd: Iterator[DemoLead]
) -> None:
    async with load(market, crowd, retries=False) as client:
        await off(market.suite.pause, "dedup")
        await client.more(2 * SOME)
        await off(market.suite.resume, "dedup")

    assert answered_late_or_wrongly(client.history) == []
    assert first_statuses(client.history)[202] > 0
    assert await violations(market.suite, client.history) == []


async def test_a_rolling_restart_of_everything_shows_no_error_to_a_seller_that_sends_again(
    market: Market, crowd: Iterator[DemoLead]
) -> None:
    async with load(market, crowd, retries=True) as client:
        for program in SERVICES:
            await off(market.suite.restart, program.name)
            await client.more(SOME // 2)

    assert await violations(market.suite, client.history) == []
    assert {sent.posts[-1].status for sent in client.history} <= {200, 202}
    assert market.suite.fallen() == []
