"""A lead that nobody calls: its team is mailed, another team has the call, and the commands show it."""

from __future__ import annotations

import asyncio
import json
import mailbox
import sys
import time
from collections.abc import Iterator
from email.message import Message

import asyncpg
import pytest

from deploy.local.child import ROOT
from deploy.local.up import CATALOG
from tests.e2e.market import BUYER, Market, Poster, environ, open_market

pytestmark = pytest.mark.timeout(180)

SEED = 551
EAST = '{slug: auto-east, name: "Auto loans, Eastern desk"'
AGREED = "sla: {seconds: 2, remind_at_percent: 50, escalate_to: digital, reassign: true}"


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    """The demo's catalog, with two seconds for the first call."""
    with open_market() as opened:
        document = CATALOG.read_text().replace("sla_seconds: 300", AGREED)
        opened.apply(document.replace(EAST, f"{EAST}, alert_email: east@bank.example"))
        yield opened


async def test_a_lead_that_nobody_calls_alarms_its_team_and_goes_to_another(market: Market) -> None:
    async with Poster(market) as poster:
        leads = [
            (await poster.sell(lead)).body["lead_id"] for _, lead in zip(range(8), market.good(SEED), strict=False)
        ]
    of_east = {
        str(row["lead_id"])
        for row in await waited_for(
            market,
            "SELECT lead_id FROM routing.sla WHERE buyer_id = $1 AND team = 'auto-east' AND breached_at IS NOT NULL",
        )
    }
    assert of_east <= set(leads)
    mails = await alerts(market, 2)
    assert {mail["To"] for mail in mails} == {"east@bank.example"}
    assert any("waited too long" in str(mail["Subject"]) for mail in mails)
    queues = await market.rows("SELECT DISTINCT queue FROM routing.call_task WHERE lead_id = ANY ($1)", list(of_east))
    assert [row["queue"] for row in queues] == ["digital"]
    clocks = json.loads(await leadline(market, "sla", "--team", "auto-east", "--open", "--breached", "--json"))
    assert {clock["lead_id"] for clock in clocks} >= of_east
    assert {clock["standing"] for clock in clocks} == {"never"}
    (row,) = [
        one
        for one in json.loads(await leadline(market, "report", "sla", "--by", "team", "--json"))
        if one["key"] == "auto-east"
    ]
    assert int(row["never"]) == len(clocks)


async def waited_for(market: Market, query: str) -> list[asyncpg.Record]:
    """The rows of a query, once there are any and no clock of theirs runs any more."""
    until = time.monotonic() + 30
    while True:
        rows = await market.rows(query, BUYER)
        running = await market.rows("SELECT 1 FROM routing.sla WHERE next_at IS NOT NULL AND agreed_seconds = 2")
        if rows and not running:
            return list(rows)
        assert time.monotonic() < until, "no clock ran out"
        await asyncio.sleep(0.2)


async def alerts(market: Market, count: int) -> list[Message]:
    """Mails to teams, once there are so many."""
    box = mailbox.Maildir(market.suite.directory.mail, create=False)
    until = time.monotonic() + 30
    while True:
        found = [mail for mail in box if str(mail["To"]).endswith("@bank.example")]
        if len(found) >= count:
            return list(found)
        assert time.monotonic() < until, "no alert was mailed"
        await asyncio.sleep(0.2)


async def leadline(market: Market, *words: str) -> str:
    """Run a command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", *words, "--buyer", BUYER),
        cwd=ROOT,
        env=environ(LEADLINE_ROUTING_TARGET=market.suite.target("routing")),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()
