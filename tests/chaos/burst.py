"""A burst of leads while what follows them up is killed again and again: who was told what, and how often.

    python -m tests.chaos.burst [--leads 10000] [--rate 150]

The whole suite buys; confirmations go to a mailbox, leads to a webhook of this program that now and then fails. While
leads come and until the last is followed up, the worker is killed (SIGKILL) every five seconds; once Postgres is
killed, once Redis is emptied. At the end every accepted lead has its confirmation, its hand-over and its call exactly
once in effect: copies there may be, each with the id of what it is a copy of.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio as redis

from deploy.demo.judgement import percentile
from deploy.demo.lead import DemoLead
from deploy.local.up import CATALOG
from tests.bench.requests import Posts
from tests.chaos.client import SellerClient
from tests.e2e.market import Market, open_market
from tests.integration.http_receiver import Answer, HttpReceiver, reset, status

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1jcm0tb2YtdGhlLWJ1cnN0ISE="
_ID = re.compile(rb"^X-Leadline-Delivery: (\S+)\r?$", re.MULTILINE)
_KILL_SECONDS = 5.0
_PATIENCE = 900.0
_WAITING = "SELECT count(*) FROM routing.delivery WHERE state = 'waiting'"
_MADE = """
SELECT l.lead_id::text AS lead_id,
       (SELECT array_agg(d.delivery_id::text || ' ' || d.state) FROM routing.delivery AS d
         WHERE d.lead_id = l.lead_id AND d.purpose = 'confirmation') AS mails,
       (SELECT array_agg(d.delivery_id::text || ' ' || d.state) FROM routing.delivery AS d
         WHERE d.lead_id = l.lead_id AND d.channel = 'webhook') AS posts,
       (SELECT count(*) FROM routing.call_task AS t WHERE t.lead_id = l.lead_id) AS calls
FROM intake.lead AS l WHERE l.outcome = 'accepted'
"""
_SPEED = """
SELECT extract(epoch FROM handed_off_at - decided_at)::float AS seconds
FROM routing.delivery WHERE purpose = 'confirmation' AND state = 'handed_off'
"""


@dataclass(kw_only=True)
class Report:
    """What came of a burst."""

    accepted: int
    #: What is wrong; empty: every promise was kept.
    broken: list[str]
    kills: int
    #: Mails and posts beyond the first of each id.
    mail_copies: int
    post_copies: int
    #: From the first post to the last answer, and to the last hand-over.
    sold_seconds: float
    followed_up_seconds: float
    #: Accepted to handed over, of confirmations.
    p50_seconds: float
    p99_seconds: float

    def __str__(self) -> str:
        """For people."""
        return (
            f"{self.accepted} accepted in {self.sold_seconds:.1f} s, all followed up after "
            f"{self.followed_up_seconds:.1f} s; worker killed {self.kills} times; copies: {self.mail_copies} mails, "
            f"{self.post_copies} posts; accepted to mail p50 {self.p50_seconds:.2f} s, p99 {self.p99_seconds:.2f} s; "
            f"{len(self.broken)} promises broken"
        )


def people(market: Market, seed: int) -> Iterator[DemoLead]:
    """Leads without end that are all to be bought."""
    posts = Posts(market.wordings, market.keys["marco"], seed)
    while True:
        yield posts.another()


def with_crm(url: str) -> str:
    """The demo's catalog with a system that gets every lead."""
    text = Path(CATALOG).read_text().replace("      offer: ", "      deliver_to: [crm]\n      offer: ")
    return f"{text}\nreceivers:\n  - {{slug: crm, kind: webhook, url: '{url}', secrets: [crm], timeout_seconds: 5}}\n"


def moody(seed: int) -> Answer:
    """Mostly well; of a hundred posts, three are answered 503 after they were taken, and one breaks off."""
    dice = random.Random(seed)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rolled = dice.random()
        await (reset if rolled < 0.01 else status(503) if rolled < 0.04 else status(204))(reader, writer)

    return answer


@asynccontextmanager
async def killing(market: Market, every: float, most: int) -> AsyncIterator[list[float]]:
    """Kill the worker every so many seconds, at most so often; yields a list that grows by one for each time."""
    kills: list[float] = []
    ended = asyncio.Event()

    async def kill() -> None:
        while not ended.is_set() and len(kills) < most:
            try:
                async with asyncio.timeout(every):
                    await ended.wait()
            except TimeoutError:
                await asyncio.to_thread(market.suite.kill, "follow_up")
                await asyncio.to_thread(market.suite.restart, "follow_up")
                kills.append(time.monotonic())

    killer = asyncio.create_task(kill())
    try:
        yield kills
    finally:
        ended.set()
        await killer


async def burst(
    market: Market, crm: HttpReceiver, leads: int, *, rate: float, every: float, most_kills: int = 10_000, seed: int = 1
) -> Report:
    """Sell so many leads, break things meanwhile, wait until all is followed up, and look.

    Args:
        market: everything, running.
        crm: the system that gets every lead.
        leads: so many.
        rate: posts begun a second.
        every: seconds between the ends of the worker.
        most_kills: after so many it is left alone.
        seed: of people and of the system's moods.
    """
    crm.answers["/crm"] = moody(seed)
    await asyncio.to_thread(market.apply, with_crm(crm.url("/crm")))
    source = people(market, seed)
    client = SellerClient(market.suite.gateway_url, market.keys, rate=rate, seed=seed)
    began = time.monotonic()
    async with killing(market, every, most_kills) as kills:
        sold_leads = client.sell([next(source) for _ in range(leads)])
        history, _ = await asyncio.gather(sold_leads, _break_stores(market, client, leads))
        sold = time.monotonic() - began
        accepted = {
            str(sent.final["lead_id"])
            for sent in history
            if sent.final is not None and sent.final["outcome"] == "accepted"
        }
        await _followed_up(market, len(accepted))
    followed_up = time.monotonic() - began
    undecided = sum(1 for sent in history if sent.acknowledged and sent.final is None)
    mails, posts = Counter(await asyncio.to_thread(_mailed, market)), Counter(crm.ids("/crm"))
    broken = [f"{undecided} leads were acknowledged and not decided"] if undecided else []
    broken += await _broken(market, accepted, mails, posts)
    speeds = [float(row["seconds"]) for row in await market.rows(_SPEED)]
    return Report(
        accepted=len(accepted),
        broken=broken,
        kills=len(kills),
        mail_copies=mails.total() - len(mails),
        post_copies=posts.total() - len(posts),
        sold_seconds=sold,
        followed_up_seconds=followed_up,
        p50_seconds=percentile(speeds, 0.5),
        p99_seconds=percentile(speeds, 0.99),
    )


async def _break_stores(market: Market, client: SellerClient, leads: int) -> None:
    """Kill Postgres after a third of the leads, empty Redis after two thirds."""
    await client.more(leads // 3)
    await asyncio.to_thread(market.suite.kill, "postgres")
    await asyncio.to_thread(market.suite.restart, "postgres")
    if (left := 2 * leads // 3 - client.posted) > 0:
        await client.more(left)
    await _flush(market.suite.redis_url)


async def _followed_up(market: Market, accepted: int) -> None:
    """Wait until nothing is left to schedule or to send."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            behind = await market.rows("SELECT count(*) FROM outbox.message WHERE consumer = 'routing'")
            made = await market.rows("SELECT count(*) FROM routing.delivery WHERE purpose = 'confirmation'")
            waiting = await market.rows(_WAITING)
            if behind[0][0] == 0 and made[0][0] >= accepted and waiting[0][0] == 0:
                return
            await asyncio.sleep(0.5)


async def _broken(market: Market, accepted: set[str], mails: Counter[str], posts: Counter[str]) -> list[str]:
    found = {row["lead_id"]: row for row in await market.rows(_MADE)}
    broken = [f"lead {lead_id} was said to be accepted and is not there" for lead_id in accepted - found.keys()]
    known: set[str] = set()
    for lead_id, row in found.items():
        if row["calls"] != 1:
            broken.append(f"lead {lead_id} has {row['calls']} calls")
        for what, made, received in (("confirmation", row["mails"], mails), ("hand-over", row["posts"], posts)):
            ids = dict(one.split(" ") for one in made or ())
            if len(ids) != 1 or set(ids.values()) != {"handed_off"}:
                broken.append(f"lead {lead_id} has {ids or 'no'} {what}")
            broken += [f"{what} {one} of lead {lead_id} never arrived" for one in ids if not received[one]]
            known |= ids.keys()
    return broken + [f"{one} arrived and is nobody's" for one in (mails.keys() | posts.keys()) - known]


def _mailed(market: Market) -> Iterator[str]:
    """The id of every mail that arrived, copies included."""
    for path in market.suite.directory.path.glob("**/new/*"):
        with path.open("rb") as file:
            found = _ID.search(file.read(4096))
        if found is not None:
            yield found[1].decode()


async def _flush(url: str) -> None:
    client = redis.from_url(url)
    try:
        await client.flushall()
    finally:
        await client.aclose()


async def _main(leads: int, rate: float) -> int:
    crm = HttpReceiver()
    await crm.start()
    try:
        market = open_market(LEADLINE_RECEIVER_SECRET_CRM=SECRET)
        opened = await asyncio.to_thread(market.__enter__)
        try:
            report = await burst(opened, crm, leads, rate=rate, every=_KILL_SECONDS)
        finally:
            await asyncio.to_thread(market.__exit__, None, None, None)
    finally:
        await crm.stop()
    print(report)
    for line in report.broken[:20]:
        print(line)
    return 1 if report.broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.burst", description=__doc__)
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=150.0, help="posts begun a second")
    options = parser.parse_args()
    sys.exit(asyncio.run(_main(options.leads, options.rate)))
