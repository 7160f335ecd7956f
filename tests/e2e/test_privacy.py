"""Nothing of a person is ever told to a log, a metric or an error text, whichever way a lead goes."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import asyncpg
import pytest
from redis.asyncio import Redis

from deploy.demo.bodies import Body, body_of
from deploy.demo.lead import DemoLead, Format
from deploy.local.processes import SERVICES
from services.intake.sealing import unseal
from tests.e2e.market import POST_SECONDS, Market, Poster, open_market

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True, slots=True)
class Canary:
    """A person who exists nowhere else, so that every trace of them is a leak."""

    first_name: str
    last_name: str
    email: str
    #: Ten digits.
    phone: str
    street: str
    ssn: str

    @property
    def fields(self) -> dict[str, str]:
        """As a lead carries them."""
        return {name: getattr(self, name) for name in ("first_name", "last_name", "email", "phone", "street", "ssn")}

    @property
    def traces(self) -> list[str]:
        """Every spelling by which they would be known, in lower case."""
        area, exchange, line = self.phone[:3], self.phone[3:6], self.phone[6:]
        phones = [f"{area}{exchange}{line}", f"{exchange}-{line}", f"{area}.{exchange}.{line}"]
        local = self.email.partition("@")[0]
        return [text.lower() for text in (self.first_name, self.last_name, local, self.street, *phones, *self.numbers)]

    @property
    def numbers(self) -> list[str]:
        """The Social Security number's spellings."""
        return [self.ssn, self.ssn.replace("-", ""), self.ssn.replace("-", " "), self.ssn.replace("-", "+")]


#: One for each way that a lead can go.
WAYS = ("good", "rejected", "pending", "malformed", "conflict", "refused", "store fails", "store away", "mail away")
CANARIES = {
    way: Canary(
        first_name=f"Quill{letter}on",
        last_name=f"Zara{letter}winter",
        email=f"quill{letter}on.zyx{n}@gmail.com",
        phone=f"51247{n}6{n + 1}19",
        street=f"{n}7{n} Vanta{letter}black Pl",
        ssn=f"51{n}-62-74{n}9",
    )
    for n, (way, letter) in enumerate(zip(WAYS, "abdefgiop", strict=True))
}


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market(LEADLINE_LOG_LEVEL="debug") as opened:
        yield opened


@pytest.fixture(scope="module")
def told(market: Market) -> list[str]:
    """Every answer that anybody got while each canary went its way."""
    return asyncio.run(_go_every_way(market))


async def _go_every_way(market: Market) -> list[str]:
    leads = {way: replace(lead, fields=lead.fields | CANARIES[way].fields) for way, lead in zip(
        WAYS, (lead for lead in market.good(55) if lead.format == "json"), strict=False)}  # fmt: skip
    async with Poster(market) as poster:
        texts = [await _sell(poster, leads["good"], "accepted")]
        texts.append(await _sell(poster, replace(leads["rejected"], consent_text=""), "rejected"))
        texts += [(await poster.post(body, market.keys["marco"])).text for body in _malformed(leads["malformed"])]
        texts += await _conflict(poster, leads["conflict"])
        texts.append((await poster.sell(leads["refused"], key="ll_live_nobodys_key_at_all_000000")).text)
        texts.append(await _with_a_failing_store(market, poster, leads["store fails"]))
        texts += await _with_members_away(market, poster, leads)
        for lead in leads.values():
            texts.append(await _until_decided(market, poster, lead))
        texts += await _in_every_format(market, poster, leads["good"])
    await _until_mailed(market)
    return texts


async def _sell(poster: Poster, lead: DemoLead, outcome: str) -> str:
    answer = await poster.sell(lead)
    assert answer.body["outcome"] == outcome, answer.text
    return answer.text


def _malformed(lead: DemoLead) -> list[Body]:
    whole = body_of(lead, datetime.now(UTC)).content
    fields = lead.fields
    spoiled = [
        ("application/json", whole[: len(whole) * 2 // 3]),
        ("application/json", json.dumps({"lead": [fields]}).encode()),
        ("application/json", json.dumps({"lead": fields, "consent": list(fields.values())}).encode()),
        ("application/json", json.dumps(fields | {"submitted_at": fields["last_name"]}).encode()),
        ("application/json", json.dumps(fields | {"phone": {"is": fields["phone"]}}).encode()),
        ("application/x-www-form-urlencoded", f"email={fields['email']}&phone={fields['phone']}%ff".encode()),
        ("application/x-adf+xml", f"<adf><prospect><email>{fields['email']}</prospect></adf>".encode()),
        ("text/plain", whole),
        ("application/json; charset=utf-16", whole),
    ]
    return [Body("/v1/leads", content_type, content) for content_type, content in spoiled]


async def _in_every_format(market: Market, poster: Poster, lead: DemoLead) -> list[str]:
    """The good canary again by every door, as a form or a person's note may carry the number."""
    number = CANARIES["good"].ssn
    texts = []
    formats: tuple[tuple[Format, dict[str, str]], ...] = (
        ("form", {"ssn": number.replace("-", " ")}),
        ("json_flat", {"ssn": number.replace("-", "")}),
        ("adf", {"ssn": number}),
        ("json", {"applicantSSN": number, "comments": f"call, social is {number}"}),
    )
    for format_, more in formats:
        again = replace(lead, format=format_, external_id=f"again-{format_}", fields=lead.fields | more)
        answer = await poster.sell(again)
        assert answer.status == 200, answer.text
        texts.append(answer.text)
    return texts


async def _conflict(poster: Poster, lead: DemoLead) -> list[str]:
    first = await poster.sell(lead)
    second = await poster.sell(replace(lead, fields=lead.fields | {"loan_amount": "7777"}))
    assert (first.status, second.status) == (200, 409)
    return [first.text, second.text]


async def _with_a_failing_store(market: Market, poster: Poster, lead: DemoLead) -> str:
    """Postgres refuses the person's row, and says so with the whole row in its message."""
    connection = await asyncpg.connect(market.suite.postgres_url)
    try:
        await connection.execute("ALTER TABLE intake.person ADD CONSTRAINT no_one CHECK (false) NOT VALID")
        answer = await poster.sell(lead)
        await connection.execute("ALTER TABLE intake.person DROP CONSTRAINT no_one")
    finally:
        await connection.close()
    assert answer.status == 500, answer.text
    return answer.text


async def _with_members_away(market: Market, poster: Poster, leads: dict[str, DemoLead]) -> list[str]:
    async with _away(market, "mailbox"):
        texts = [await _sell(poster, leads["mail away"], "accepted")]
        await _until_tried(market)
    async with _away(market, "dedup"):
        texts.append(await _sell(poster, leads["pending"], "pending"))
    async with _away(market, "postgres"):
        answer = await poster.sell(leads["store away"])
        assert answer.status == 503, answer.text
        texts.append(answer.text)
    return texts


@asynccontextmanager
async def _away(market: Market, name: str) -> AsyncIterator[None]:
    await asyncio.to_thread(market.suite.kill, name)
    try:
        yield
    finally:
        await asyncio.to_thread(market.suite.restart, name)


async def _until_decided(market: Market, poster: Poster, lead: DemoLead) -> str:
    """The decision, sent for as often as it takes: as it stands, whatever went wrong before."""
    until = time.monotonic() + POST_SECONDS
    body = body_of(lead, datetime.now(UTC))
    while True:
        answer = await poster.post(body, market.keys[lead.seller], Idempotency_Key=f"again-{lead.external_id}")
        if answer.status == 200:
            return answer.text
        assert answer.status in (202, 503), answer.text
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.05)


async def _until_tried(market: Market) -> None:
    """Until a delivery failed once and waits for its next try."""
    await _until(market, "SELECT count(*) = 0 FROM routing.delivery WHERE state = 'waiting' AND last_error <> ''")


async def _until_mailed(market: Market) -> None:
    await _until(market, "SELECT count(*) FROM routing.delivery WHERE state = 'waiting'")


async def _until(market: Market, nothing_left: str) -> None:
    until = time.monotonic() + POST_SECONDS
    connection = await asyncpg.connect(market.suite.postgres_url)
    try:
        while await connection.fetchval(nothing_left):
            assert time.monotonic() < until, nothing_left
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


def leaks(text: str) -> list[str]:
    """Ways whose canary the text betrays, with how."""
    lowered = text.lower()
    return [f"{way}: {trace}" for way, canary in CANARIES.items() for trace in canary.traces if trace in lowered]


async def test_nothing_keeps_a_social_security_number(market: Market, told: list[str]) -> None:
    kept = await _kept(market)
    assert CANARIES["good"].last_name in kept
    assert "***-**-7409" in kept
    numbers = {way: canary.numbers for way, canary in CANARIES.items()}
    assert {way: found for way, spelled in numbers.items() if (found := [one for one in spelled if one in kept])} == {}


async def _kept(market: Market) -> str:
    """Every value of every table and of Redis, receipts unsealed."""
    said: list[bytes] = []
    connection = await asyncpg.connect(market.suite.postgres_url)
    try:
        for schema, table in await connection.fetch(_TABLES):
            for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):
                receipt = row.get("receipt") if schema == "intake" else None
                said += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
                said.append(unseal(receipt) if receipt else b"")
    finally:
        await connection.close()
    async with Redis.from_url(market.suite.redis_url) as redis:
        async for key in redis.scan_iter():
            said += [key, await redis.dump(key) or b""]
    return b"\n".join(said).decode("latin-1")


_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"


def test_no_answer_repeats_what_was_sent_of_the_person(told: list[str]) -> None:
    assert len(told) > len(WAYS)
    assert [found for text in told for found in leaks(text)] == []


def test_no_log_of_any_process_holds_a_person(market: Market, told: list[str]) -> None:
    folder = market.suite.directory.path
    logs = [*folder.rglob("*.log"), *folder.rglob("log/*"), *folder.rglob("logs/*")]
    names = {file.stem for file in logs}
    assert names >= {program.name for program in SERVICES} | {"postgres", "mailbox"}, names
    texts = {file.name: file.read_text(errors="replace") for file in logs}
    assert "no_one" in texts["postgres.log"], "the failure of the store is not where it belongs"
    assert {name: found for name, text in texts.items() if (found := leaks(text))} == {}


@pytest.mark.parametrize("program", [program.name for program in SERVICES])
def test_no_metric_holds_a_person(market: Market, told: list[str], program: str) -> None:
    with urllib.request.urlopen(market.suite.metrics_url(program), timeout=5) as page:
        text = page.read().decode()
    assert "leadline_" in text
    assert leaks(text) == []


def test_the_search_finds_a_person_however_spelled() -> None:
    for way, canary in CANARIES.items():
        number = f"({canary.phone[:3]}) {canary.phone[3:6]}-{canary.phone[6:]}"
        for text in (canary.last_name.upper(), canary.email.upper(), f"+1{canary.phone}", number):
            assert any(found.startswith(way) for found in leaks(f"level=info {text}.")), text
