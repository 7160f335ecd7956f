"""Leads to the buyer's systems over real servers: every way of failing, retries, breakers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver
from msgspec.structs import replace

from services.routing.delivery.delivery import GIVE_UP_AFTER, RETRY_SECONDS
from shared.webhook.courier import Courier, Guard
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER
from tests.integration.http_receiver import flood, hang, raw, reset, status, trickle
from tests.integration.receivers_world import DEAD, TAKEN, WAITING, Office, open_office


@pytest.fixture
async def office(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, clock, tmp_path) as opened:
        yield opened


REDIRECTED = "it answered 302, and redirects are not followed"
BROKEN = "the connection broke, or what came was not HTTP"
WAYS = {
    "taken": (status(204), TAKEN, ""),
    "taken-late-body": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), TAKEN, ""),
    "two-lengths": (status(200, "Content-Length: 5"), WAITING, BROKEN),
    "redirect": (
        status(302, "Location: http://169.254.169.254/"),
        DEAD,
        "it answered 302, and redirects are not followed",
    ),
    "bad-request": (status(400), DEAD, "it answered 400"),
    "unauthorised": (status(401), DEAD, "it answered 401"),
    "gone": (status(410), DEAD, "it answered 410"),
    "too-slow": (status(408), WAITING, "it answered 408"),
    "too-early": (status(425), WAITING, "it answered 425"),
    "too-many": (status(429), WAITING, "it answered 429"),
    "error": (status(500, body=b"Ann of mail.example"), WAITING, "it answered 500"),
    "away": (status(503), WAITING, "it answered 503"),
    "reset": (reset, WAITING, BROKEN),
    "closed": (raw(b""), WAITING, BROKEN),
    "half": (raw(b"HTTP/1.1 20"), WAITING, BROKEN),
    "not-http": (raw(b"220 mail.example ESMTP\r\n\r\n"), WAITING, BROKEN),
    "long-line": (raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n"), WAITING, BROKEN),
    "hanging": (hang, WAITING, "no answer within 1 seconds"),
    "trickling": (trickle, WAITING, "no answer within 1 seconds"),
    "endless-body": (flood(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"), TAKEN, ""),
}


async def test_every_way_to_answer_or_to_fail_has_its_own_outcome_and_holds_up_nobody(office: Office) -> None:
    for slug, (answer, _, _) in WAYS.items():
        office.http.answers[f"/{slug}"] = answer
    nowhere = replace(office.webhook("nowhere"), url="http://127.0.0.1:9/")
    await office.receivers(*(office.webhook(slug) for slug in WAYS), nowhere)
    lead_id = await office.buy("Zebedee")
    started = asyncio.get_running_loop().time()
    await office.send()
    assert asyncio.get_running_loop().time() - started < 5
    found = await office.deliveries()
    outcomes = {slug: (one.state, one.last_error) for slug, one in found.items()}
    expected = {slug: (state, error) for slug, (_, state, error) in WAYS.items()}
    assert outcomes == expected | {"nowhere": (WAITING, "no connection")}
    assert all(one.attempts == 1 for one in found.values())
    for row in await office.world.admin.fetch("SELECT t::text AS told FROM routing.delivery_try AS t"):
        assert "Zebedee" not in row["told"]
        assert "mail.example" not in row["told"]
    assert len(office.http.heard) == len(WAYS)
    assert all(json.loads(one.body)["data"]["lead_id"] == lead_id for one in office.http.heard)


async def test_an_answer_that_never_ends_is_given_up_without_being_kept(office: Office) -> None:
    office.http.answers["/crm"] = flood(b"HTTP/1.1 200 OK\r\n")
    await office.receivers(office.webhook("crm"))
    await office.buy()
    await office.send()
    assert (await office.deliveries())["crm"].state == WAITING


async def test_without_its_secret_nothing_is_sent_and_with_it_all_is(office: Office) -> None:
    await office.receivers(office.webhook("crm", secrets=("crm-2027",)))
    await office.buy()
    await office.send()
    assert office.http.heard == []
    assert (await office.deliveries())["crm"].last_error == "secret crm-2027 is not there"
    (office.folder.parent / "crm-2027").write_text("whsec_" + base64.b64encode(b"x" * 32).decode())
    office.world.clock.advance(1.1)
    await office.send()
    assert (await office.deliveries())["crm"].state == TAKEN


async def test_a_failing_receiver_is_tried_by_the_schedule_for_three_days_under_one_id(office: Office) -> None:
    office.http.answers["/crm"] = status(500)
    await office.receivers(office.webhook("crm"))
    await office.buy()
    began = office.world.clock.now()
    waits = [*RETRY_SECONDS, *[RETRY_SECONDS[-1]] * 30]
    await office.send()
    tries = 1
    while (one := (await office.deliveries())["crm"]).state == WAITING:
        due = one.due_time.ToDatetime(UTC)
        assert due - office.world.clock.now() == timedelta(seconds=waits[tries - 1])
        office.world.clock.advance((due - office.world.clock.now()).total_seconds() - 0.5)
        await office.send()
        assert len(office.http.heard) == tries
        office.world.clock.advance(0.5)
        await office.send()
        tries += 1
        assert len(office.http.heard) == tries
    assert one.state == DEAD
    spent = office.world.clock.now() - began
    assert GIVE_UP_AFTER - timedelta(hours=4) < spent <= GIVE_UP_AFTER
    assert len(set(office.http.ids("/crm"))) == 1
    assert len(await office.tries(one.delivery_id)) == tries == one.attempts


@pytest.mark.parametrize("header", ["Retry-After: 900", "Retry-After: {date}"])
async def test_a_receiver_that_asks_for_peace_is_left_in_peace(office: Office, header: str) -> None:
    until = office.world.clock.now() + timedelta(seconds=902)
    header = header.replace("{date}", until.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    office.http.answers["/crm"] = status(429, header)
    await office.receivers(office.webhook("crm"))
    await office.buy()
    await office.send()
    await office.buy()
    office.http.answers.clear()
    for seconds in (1, 60, 600):
        office.world.clock.advance(seconds)
        await office.send()
    assert len(office.http.heard) == 1
    assert (await office.status("crm")).breaker == "open"
    office.world.clock.advance(300)
    await office.send()
    assert len(office.http.heard) == 3


async def test_a_receiver_that_is_away_costs_its_deliveries_no_tries_and_gets_all_when_it_is_back(
    office: Office,
) -> None:
    await office.receivers(office.webhook("away"), office.webhook("well"))
    office.http.answers["/away"] = status(503)
    for _ in range(12):
        await office.buy()
    await office.send()
    heard = office.http.ids("/away")
    assert 5 <= len(heard) <= 8
    assert len(set(office.http.ids("/well"))) == 12
    for seconds in (20, 20, 61):
        office.world.clock.advance(seconds)
        await office.send()
    # Two probes: after half a minute, and after a minute more.
    assert len(office.http.ids("/away")) == len(heard) + 2
    seen = await office.status("away")
    assert (seen.breaker, seen.last_error, seen.waiting) == ("open", "it answered 503", 12)
    assert office.world.metrics.value("leadline_receiver_open", lane=f"webhook:{BUYER}/away") == 1
    office.http.answers.clear()
    office.world.clock.advance(121)
    await office.send()
    office.world.clock.advance(600)
    await office.send()
    assert len(set(office.http.ids("/away"))) == 12
    assert (await office.status("away")).breaker == "closed"
    assert office.world.metrics.value("leadline_receiver_open", lane=f"webhook:{BUYER}/away") == 0


async def test_what_a_receiver_that_stays_away_never_saw_dies_after_three_days_all_the_same(office: Office) -> None:
    await office.http.stop()
    await office.receivers(office.webhook("crm"))
    for _ in range(12):
        await office.buy()
    for _ in range(3):
        await office.send()
        office.world.clock.advance(100)
    office.world.clock.advance(GIVE_UP_AFTER.total_seconds())
    for _ in range(2):
        await office.send()
    states = await office.world.admin.fetch("SELECT state, last_error FROM routing.delivery WHERE purpose = 'lead'")
    assert {row["state"] for row in states} == {"dead"}
    assert {row["last_error"] for row in states} == {"no connection", "its receiver was away for days"}


class Rebinding(AbstractResolver):
    """A name that is of the open net when it is looked at, and of our own the next time."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        """The next address."""
        return await self._inner.resolve(self.addresses.pop(0), port, family)

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_name_that_leads_inward_reaches_nothing_however_often_it_changes_its_mind(office: Office) -> None:
    names = Rebinding("10.1.2.3", "169.254.169.254", "127.0.0.1", "::1")
    guard = Guard(names, loopback=False)
    connector = aiohttp.TCPConnector(resolver=guard, use_dns_cache=False, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        courier = Courier(session, loopback=False)
        while names.addresses:
            answer = await courier.send(f"https://crm.example:{office.http.port}/hook", {}, b"{}", deadline_seconds=2)
            assert answer.final
            assert answer.failure == "the address is not one of the open net"
    assert office.http.heard == []


async def test_the_worker_after_a_crash_begins_with_what_the_one_before_found(office: Office) -> None:
    await office.receivers(office.webhook("crm"))
    office.http.answers["/crm"] = status(503)
    for _ in range(8):
        await office.buy()
    await office.send()
    await office.send()
    heard = len(office.http.heard)
    fresh = office.new_worker()
    stop = asyncio.Event()
    stop.set()
    await fresh.run(stop)
    office.world.clock.advance(20)
    await office.world.send_due(fresh)
    assert len(office.http.heard) == heard
    office.world.clock.advance(20)
    await office.world.send_due(fresh)
    assert len(office.http.heard) == heard + 1
