"""Races of 64 clients through two replicas of every service: what was promised stays true whoever comes first."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

import aiohttp
import pytest

from deploy.demo.bodies import Body, body_of
from deploy.demo.lead import DemoLead
from deploy.local.processes import SERVICES
from deploy.local.up import CATALOG
from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
from tests.chaos.checker import violations
from tests.chaos.client import AGAIN
from tests.e2e.market import CALL_SECONDS, Answer, Market, Poster, open_market

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

CLIENTS = 64
SEED = 7300
#: Leads that the capped orders take: so many, or for so much money at 10.00.
ROOM = 20
#: A key that was taken back stops within so many seconds.
REVOKED_SECONDS = 5.0
#: What a ping tells of a lead.
TOLD = ("city", "state", "postal_code", "loan_amount", "vehicle_year", "monthly_income")
CAPPED = """
  - slug: {slug}
    seller: marco
    product: auto-loan
    priority: 990
    lead: {{exclusivity: exclusive}}
    prices: [{{amount: "10.00"}}]
    caps: [{{window: total, {cap}}}]
    consent: {{disclosures: [marco-tcpa-2026]}}
    follow_up: {{playbook: exclusive-long, offer: "auto loans", teams: {{auto-east: 1}}}}
"""
CAPS = {"marco-capped": f"leads: {ROOM}", "marco-budget": f'spend: "{ROOM * 10}.00"'}


class Edges:
    """Both gateways; client n goes to one, client n + 1 to the other."""

    def __init__(self, posters: Sequence[Poster], market: Market) -> None:
        self.posters, self._market = posters, market

    async def post(self, n: int, body: Body, key: str, **headers: str) -> Answer:
        """Until it is decided: whoever is told to come again does."""
        until = time.monotonic() + 60
        while True:
            answer = await self.posters[n % len(self.posters)].post(body, key, **headers)
            if answer.status not in AGAIN and not (isinstance(answer.body, dict) and waits(answer.body)):
                return answer
            assert time.monotonic() < until, "not decided in a minute"
            await asyncio.sleep(0.1)

    async def all(self, bodies: Sequence[tuple[Body, str]], **headers: str) -> list[Answer]:
        """Every client at once."""
        return list(await asyncio.gather(*[self.post(n, body, key, **headers) for n, (body, key) in enumerate(bodies)]))

    async def sell(self, leads: Sequence[DemoLead], **headers: str) -> list[Answer]:
        """Every lead at once, of its own seller."""
        return await self.all([(body(lead), self._market.keys[lead.seller]) for lead in leads], **headers)


def waits(answer: dict[str, Any]) -> bool:
    return answer.get("outcome") == "pending" or "try_again" in {one["code"] for one in answer.get("reasons", ())}


def body(lead: DemoLead) -> Body:
    return body_of(lead, datetime.now(UTC))


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market(replicas=2) as opened:
        opened.apply(CATALOG.read_text() + "".join(CAPPED.format(slug=slug, cap=cap) for slug, cap in CAPS.items()))
        yield opened


@pytest.fixture(scope="module")
def crowd(market: Market) -> Iterator[DemoLead]:
    """Good leads of one seller, each of another person, each given out once."""
    return (replace(lead, format="json") for seed in count(SEED) for lead in market.good(seed))


@pytest.fixture
async def edges(market: Market) -> AsyncIterator[Edges]:
    async with AsyncExitStack() as stack:
        posters = [
            await stack.enter_async_context(Poster(market, connections=CLIENTS, gateway=name))
            for name in ("gateway", "gateway.2")
        ]
        await until_everywhere(posters, market)
        yield Edges(posters, market)


@pytest.fixture(autouse=True)
async def every_promise_is_kept(market: Market) -> AsyncIterator[None]:
    """After each race the conservation checker is clean, and the books sum to zero."""
    yield
    assert await violations(market.suite, []) == []
    sums = await market.rows("SELECT coalesce(sum(balance_minor), 0)::bigint AS sum FROM ledger.balance")
    assert sums[0]["sum"] == 0


async def until_everywhere(posters: Sequence[Poster], market: Market) -> None:
    """Wait until every replica of intake knows the catalog in force; calls go to them in turn."""
    async with asyncio.timeout(20):
        for poster in posters:
            known = 0
            while known < 2 * len(posters):
                answer = await poster.get("/v1/orders", market.keys["marco"])
                known = known + 1 if answer.status == 200 and all(slug in answer.text for slug in CAPS) else 0


def outcomes(answers: Sequence[Answer]) -> Counter[str]:
    return Counter(answer.body["outcome"] if answer.status == 200 else str(answer.status) for answer in answers)


async def charges(market: Market, answers: Sequence[Answer]) -> int:
    leads = {answer.body["lead_id"] for answer in answers if answer.status == 200}
    rows = await market.rows(
        "SELECT count(*) AS n FROM ledger.transfer WHERE kind = 'charge' AND lead_id = ANY ($1::uuid[])", sorted(leads)
    )
    return int(rows[0]["n"])


async def test_one_submission_from_everywhere_is_one_decision_and_one_charge(
    market: Market, edges: Edges, crowd: Iterator[DemoLead]
) -> None:
    lead = next(crowd)
    answers = await edges.all([(body(lead), market.keys[lead.seller])] * CLIENTS)
    assert {json.dumps(answer.promise, sort_keys=True) for answer in answers} == {
        json.dumps(answers[0].promise, sort_keys=True)
    }
    assert outcomes(answers) == {"accepted": CLIENTS}
    # None of them, where the one decision was `pending` at first.
    assert sum(not answer.body["replayed"] for answer in answers) <= 1
    assert await charges(market, answers) == 1


async def test_of_two_contents_under_one_key_one_is_taken_and_the_other_changes_nothing(
    market: Market, edges: Edges, crowd: Iterator[DemoLead]
) -> None:
    one, other = next(crowd), next(crowd)
    key, contents = market.keys["marco"], [body(one), body(other)]
    # Two in a row go to one gateway's client each, so that either content goes through both.
    answers = await edges.all([(contents[n // 2 % 2], key) for n in range(CLIENTS)], Idempotency_Key="race-1")
    assert outcomes(answers) == {"accepted": CLIENTS // 2, "409": CLIENTS // 2}
    assert len({answer.body["lead_id"] for answer in answers if answer.status == 200}) == 1
    assert await charges(market, answers) == 1


async def test_a_person_whom_several_sellers_sell_at_once_is_bought_once(market: Market, edges: Edges) -> None:
    stream = market.stream(SEED - 1)
    first = {number(lead): lead for lead in stream if lead.label == "good_original"}
    others = [lead for lead in stream if lead.label == "bad_duplicate_other_seller"]
    together = [(first[number(lead)], lead) for lead in others][: CLIENTS // 8]
    copies = [
        replace(lead, format="json", external_id=f"{lead.external_id}-{n}")
        for n in range(4)
        for pair in together
        for lead in pair
    ]
    assert len(copies) == CLIENTS
    answers = await edges.sell(copies)
    bought: Counter[str] = Counter()
    for copy, answer in zip(copies, answers, strict=True):
        bought[number(copy)] += answer.body["outcome"] == "accepted"
        assert answer.body["outcome"] == "accepted" or answer.reasons <= DUPLICATES, answer.text
    assert bought == {number(lead): 1 for lead, _ in together}
    assert await charges(market, answers) == len(together)


def number(lead: DemoLead) -> str:
    """The phone, however it is written."""
    return "".join(character for character in lead.fields["phone"] if character.isdigit())[-10:]


DUPLICATES = {"duplicate_same_seller", "duplicate_other_seller"}


@pytest.mark.parametrize(("order", "reason"), [("marco-capped", "cap_reached"), ("marco-budget", "budget_exhausted")])
async def test_a_cap_is_filled_and_never_passed(
    market: Market, edges: Edges, crowd: Iterator[DemoLead], order: str, reason: str
) -> None:
    answers = await edges.sell([replace(lead, order=order) for lead in islice(crowd, CLIENTS)])
    assert outcomes(answers) == {"accepted": ROOM, "rejected": CLIENTS - ROOM}
    assert {code for answer in answers for code in answer.reasons} == {reason}
    assert await charges(market, answers) == ROOM


async def test_a_bid_that_everybody_takes_up_is_used_once(
    market: Market, edges: Edges, crowd: Iterator[DemoLead]
) -> None:
    first = next(crowd)
    alike = {name: first.fields[name] for name in TOLD}
    ping = {"order": "marco-auto-2026", "source": "best-auto-loans.example", "lead": alike}
    asked = Body("/v1/pings", "application/json", json.dumps(ping).encode())
    bid = await edges.post(0, asked, market.keys["marco"])
    assert bid.body["outcome"] == "bid", bid.text
    leads = [
        replace(lead, order="marco-auto-2026", source="best-auto-loans.example", fields={**lead.fields, **alike})
        for lead in [first, *islice(crowd, CLIENTS - 1)]
    ]
    answers = await edges.sell(leads, X_Bid_Token=bid.body["bid_token"])
    assert outcomes(answers) == {"accepted": 1, "rejected": CLIENTS - 1}
    assert {code for answer in answers for code in answer.reasons} == {"bid_mismatch"}
    assert await charges(market, answers) == 1


async def test_a_key_that_is_taken_back_stops_at_every_edge_within_five_seconds(
    market: Market, edges: Edges, crowd: Iterator[DemoLead]
) -> None:
    key, sent = market.key("marco"), body(next(crowd))
    async with asyncio.timeout(20):
        while {(await edges.post(n, sent, key)).status for n in range(8)} != {200}:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    listed = market.catalogs.ListAccessKeys(catalog_pb.ListAccessKeysRequest(seller="marco"), timeout=CALL_SECONDS)
    key_id = next(one.key_id for one in listed.keys if one.key_id in key)
    seen: list[tuple[float, int]] = []
    over = asyncio.Event()

    async def client(n: int) -> None:
        while not over.is_set():
            began = time.monotonic()
            seen.append((began, (await edges.post(n, sent, key)).status))
            await asyncio.sleep(0.25)

    async with asyncio.TaskGroup() as clients:
        for n in range(CLIENTS):
            clients.create_task(client(n))
        request = catalog_pb.RevokeAccessKeyRequest(key_id=key_id)
        await asyncio.to_thread(market.catalogs.RevokeAccessKey, request, timeout=CALL_SECONDS)
        revoked = time.monotonic()
        # Long enough that every client posts after its time.
        await asyncio.sleep(REVOKED_SECONDS + 2)
        over.set()
    assert {status for began, status in seen if began >= revoked + REVOKED_SECONDS} == {401}
    assert {status for _, status in seen} == {200, 401}


async def test_both_replicas_of_every_deciding_service_had_their_part(market: Market) -> None:
    deciding = {"gateway", "intake", "validation", "dedup", "routing"}
    names = [program.name for program in SERVICES if program.name in deciding]
    answered = {member: await calls(market, member) for name in names for member in (name, f"{name}.2")}
    assert min(answered.values()) > 10, answered


async def calls(market: Market, member: str) -> int:
    """How often it answered, by its own count."""
    async with aiohttp.ClientSession() as session, session.get(market.suite.metrics_url(member)) as response:
        lines = (await response.text()).splitlines()
    counts = [line.rpartition(" ")[2] for line in lines if line.startswith(_ANSWERED) and "health" not in line.lower()]
    return round(sum(float(text) for text in counts))


_ANSWERED = ("leadline_rpc_requests_total{", "leadline_http_requests_total{")
