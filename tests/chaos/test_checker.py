"""The checker itself: green on a whole run, red on every single thing that can be wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from typing import Any

import asyncpg
import pytest

from deploy.demo.bodies import Body
from deploy.demo.lead import DemoLead
from tests.chaos.checker import row_violations, violations
from tests.chaos.client import SellerClient
from tests.chaos.history import Attempt, Sent, contradictions
from tests.e2e.market import Market, Poster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

_ONE = "(SELECT lead_id FROM intake.lead WHERE outcome = 'accepted' AND price_minor > 0 LIMIT 1)"
_BAD = "(SELECT lead_id FROM intake.lead WHERE outcome = 'rejected' LIMIT 1)"

#: Most races until a missing guard shows.
ROUNDS = 20

#: What is done to the rows of a whole run, and the words by which the checker has to name it.
CORRUPTIONS: dict[str, tuple[str, str]] = {
    "a charge is missing": (f"DELETE FROM ledger.transfer WHERE lead_id = {_ONE}", "is not charged so"),
    "a charge is a cent too high": (
        f"UPDATE ledger.transfer SET amount_minor = amount_minor + 1 WHERE lead_id = {_ONE}",
        "is not charged so",
    ),
    "a charge went to another seller": (
        f"UPDATE ledger.transfer SET credit_account = 'payable:other' WHERE lead_id = {_ONE}",
        "is not charged so",
    ),
    "a rejected lead is charged": (
        f"""INSERT INTO ledger.transfer SELECT buyer_id, {_BAD}, kind, debit_account, credit_account, amount_minor,
            currency, {_BAD}, seller, order_slug, order_version, posted_at FROM ledger.transfer LIMIT 1""",
        "is for no bought lead",
    ),
    "a lead is charged twice": (
        """INSERT INTO ledger.transfer SELECT buyer_id, gen_random_uuid(), kind, debit_account, credit_account,
           amount_minor, currency, lead_id, seller, order_slug, order_version, posted_at
           FROM ledger.transfer LIMIT 1""",
        "is charged 2 times",
    ),
    "a price is not the order's": (
        f"""WITH lead AS (UPDATE intake.lead SET price_minor = price_minor + 100 WHERE lead_id = {_ONE} RETURNING *)
            UPDATE ledger.transfer SET amount_minor = amount_minor + 100 WHERE lead_id = {_ONE}""",
        "its order's terms say",
    ),
    "a person is claimed twice": (
        """INSERT INTO dedup.identity_claim SELECT c.buyer_id, c.digest, c.kind, other.lead_id, c.seller, c.own,
           c.claimed_at + interval '1 second' FROM dedup.identity_claim AS c JOIN intake.lead AS l USING (lead_id),
           LATERAL (SELECT lead_id FROM intake.lead WHERE order_slug = l.order_slug AND outcome = 'accepted'
                    AND lead_id <> l.lead_id LIMIT 1) AS other LIMIT 1""",
        "was bought again as",
    ),
    "a bought person is not claimed": (
        f"DELETE FROM dedup.identity_claim WHERE lead_id = {_ONE}",
        "its person is not claimed",
    ),
    "a rejected lead holds a claim": (
        f"UPDATE dedup.identity_claim SET lead_id = {_BAD} WHERE lead_id = {_ONE}",
        "claims a person and was not bought",
    ),
    "a cap counts one lead more": (
        """UPDATE routing.capacity SET leads = leads + 1 WHERE (order_slug, window_kind) =
           (SELECT order_slug, window_kind FROM routing.capacity LIMIT 1)""",
        "which is not what was bought",
    ),
    "a cap counts one lead less": (
        """UPDATE routing.capacity SET leads = leads - 1 WHERE (order_slug, window_kind) =
           (SELECT order_slug, window_kind FROM routing.capacity WHERE leads > 0 LIMIT 1)""",
        "which is not what was bought",
    ),
    "a place is held that nobody counts": (
        """INSERT INTO intake.hold SELECT buyer_id, gen_random_uuid(), 1, now() + interval '1 hour', NULL,
           ARRAY[order_slug], ARRAY[window_kind], ARRAY[starts_at] FROM routing.capacity LIMIT 1""",
        "which is not what was bought",
    ),
    "a place is held for ever": (
        """INSERT INTO intake.hold VALUES ('big-bank', gen_random_uuid(), 1, now() - interval '2 minutes', NULL,
           '{}', '{}', '{}')""",
        "still holds its place a minute after its end",
    ),
    "a cap is passed": (
        "UPDATE routing.capacity SET leads = 6 WHERE order_slug = 'marco-pilot-2026'",
        "is passed",
    ),
    "a cap was never counted": (
        "DELETE FROM routing.capacity WHERE order_slug = 'marco-pilot-2026'",
        "does not count",
    ),
    "a submission is forgotten": (f"DELETE FROM intake.submission WHERE lead_id = {_ONE}", "has no submission"),
    "a lead is forgotten": (f"DELETE FROM intake.lead WHERE lead_id = {_BAD}", "has no lead"),
    "a submission made two leads": (
        f"UPDATE intake.lead SET (seller, external_id) = (SELECT seller, external_id FROM intake.lead "
        f"WHERE lead_id = {_ONE}) WHERE lead_id = {_BAD}",
        "2 leads of",
    ),
    "a lead is left pending": (
        f"UPDATE intake.lead SET outcome = 'pending', decided_at = NULL WHERE lead_id = {_BAD}",
        "is still pending",
    ),
    "an answer says something else": (
        f"UPDATE intake.lead SET answer = (SELECT answer FROM intake.lead WHERE lead_id = {_BAD}) "
        f"WHERE lead_id = {_ONE}",
        "was answered otherwise",
    ),
    "a call task is missing": (f"DELETE FROM routing.call_task WHERE lead_id = {_ONE}", "has 0 call tasks"),
    "a call task is there twice": (
        "INSERT INTO routing.call_task SELECT buyer_id, gen_random_uuid(), lead_id, team, state, offer, "
        "clock_started_at, due_at, created_at FROM routing.call_task LIMIT 1",
        "has 2 call tasks",
    ),
    "a rejected lead is called": (
        f"UPDATE routing.call_task SET lead_id = {_BAD} WHERE lead_id = {_ONE}",
        "which was not bought",
    ),
    "an e-mail was never handed off": (
        f"UPDATE routing.delivery SET state = 'dead', handed_off_at = NULL WHERE lead_id = {_ONE}",
        "0 e-mails handed off",
    ),
    "evidence is missing": (
        f"DELETE FROM compliance.evidence WHERE lead_id = {_ONE}",
        "has 0 records of its consent",
    ),
    "evidence is of a rejected lead": (
        f"UPDATE compliance.evidence SET lead_id = {_BAD} WHERE lead_id = {_ONE}",
        "is of a lead that was not bought",
    ),
    "evidence was forged": (
        "UPDATE compliance.evidence SET hash = sha256('forged') WHERE position = 2",
        "does not follow evidence 2",
    ),
    "reporting misses a cent": (
        "UPDATE reporting.funnel SET spend_minor = spend_minor - 1 WHERE ctid = (SELECT ctid FROM reporting.funnel "
        "WHERE span = 'hour' LIMIT 1)",
        "reporting says",
    ),
    "an event was counted twice": (
        "UPDATE reporting.funnel SET submitted = submitted + 1 WHERE ctid = (SELECT ctid FROM reporting.funnel "
        "WHERE span = 'hour' LIMIT 1)",
        "reporting says",
    ),
    "reports miss a credit": (
        """INSERT INTO ledger.transfer (buyer_id, transfer_id, kind, debit_account, credit_account, amount_minor,
               currency, lead_id, seller, order_slug, order_version, posted_at, cause, who, why)
           SELECT buyer_id, gen_random_uuid(), 'credit', credit_account, debit_account, 1, currency, lead_id, seller,
                  order_slug, order_version, posted_at, 'return:1', 'x', 'y' FROM ledger.transfer LIMIT 1""",
        "the ledger says (",
    ),
    "an event is left over": (
        "INSERT INTO outbox.message (buyer_id, consumer, message_id, topic, payload) VALUES ('big-bank', 'reporting', "
        "gen_random_uuid(), 'decided', '')",
        "still waits",
    ),
    "an event died": (
        "INSERT INTO outbox.dead_letter (buyer_id, consumer, message_id, topic, payload, attempts, failure, created_at)"
        " VALUES ('big-bank', 'reporting', gen_random_uuid(), 'decided', '', 10, 'DecodeError', now())",
        "is dead",
    ),
}


@pytest.fixture
async def connection(market: Market) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that never happened, in which every constraint and guard of the tables is off."""
    connection = await asyncpg.connect(market.suite.postgres_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SET LOCAL session_replication_role = replica")
    for table, name in await connection.fetch(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND connamespace "
        "IN ('intake'::regnamespace, 'ledger'::regnamespace, 'routing'::regnamespace)"
    ):
        await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture(scope="module")
def history(market: Market, crowd: Iterator[DemoLead]) -> list[Sent]:
    """A whole run of 240 leads, the pilot's among them."""

    async def play() -> list[Sent]:
        client = SellerClient(market.suite.gateway_url, market.keys)
        pilots = [lead for lead in market.stream(8999) if lead.order == "marco-pilot-2026"]
        return await client.sell([*islice(crowd, 230), *pilots[:10]])

    return asyncio.run(play())


async def test_a_whole_run_is_green(market: Market, history: list[Sent]) -> None:
    assert len(history) == 240
    assert await violations(market.suite, history) == []


@pytest.mark.parametrize("what", CORRUPTIONS)
async def test_every_single_fault_is_named(
    market: Market, history: list[Sent], connection: asyncpg.Connection, what: str
) -> None:
    sql, words = CORRUPTIONS[what]
    changed = await connection.execute(sql)
    assert not changed.endswith(" 0"), "the corruption changed nothing"

    found = await row_violations(connection)

    assert any(words in sentence for sentence in found), found


async def test_what_a_client_was_told_has_to_be_what_is_stored(market: Market, history: list[Sent]) -> None:
    told = deepcopy(next(sent for sent in history if sent.final and sent.final["outcome"] == "accepted"))
    told.answers[-1]["price"]["amount"] = "99.00"
    lost = deepcopy(told)
    lost.lead.external_id = "never-stored"

    found = await violations(market.suite, [*history, told, lost])

    assert any("was told" in sentence for sentence in found), found
    assert any("acknowledged and is lost" in sentence for sentence in found), found


async def test_without_the_guard_of_dedup_the_same_person_is_found_bought_twice(
    market: Market, crowd: Iterator[DemoLead]
) -> None:
    claim = (
        "dedup.claim(text, timestamptz, uuid[], text[], boolean[], text[], timestamptz[], integer[], text[], bytea[], "
        "bigint[], text[], integer[], bytea[], bigint[])"
    )
    held = "LOCK TABLE dedup.identity_claim IN EXCLUSIVE MODE"
    twice = "SELECT count(*) - count(DISTINCT (digest, kind)) FROM dedup.identity_claim"

    async with without(market, claim, "WHERE i.window_seconds > 0", "WHERE false") as connection:
        for lead in islice((lead for lead in crowd if lead.good and lead.order == "marco-auto-2026"), ROUNDS):
            copies = [replace(lead, external_id=f"{lead.external_id}-{n}") for n in range(40)]
            await sell_in_a_race(market, copies, connection, held)
            if await connection.fetchval(twice):
                break

    assert any("was bought again as" in sentence for sentence in await violations(market.suite, []))


async def test_without_the_guard_of_routing_a_cap_is_found_passed(market: Market) -> None:
    consume = "routing.consume(text, integer[], text[], text[], timestamptz[], bigint[], bigint[], bigint[])"
    guard = "AND (used.leads + want.leads <= want.max_leads) IS NOT FALSE"
    held = "SELECT FROM routing.capacity WHERE order_slug = 'marco-pilot-2026' FOR UPDATE"

    async with without(market, consume, guard, "") as connection:
        for seed in range(8001, 8001 + ROUNDS):
            leads = [lead for lead in market.stream(seed) if lead.order == "marco-pilot-2026"]
            await connection.execute("UPDATE routing.capacity SET leads = 0 WHERE order_slug = 'marco-pilot-2026'")
            await sell_in_a_race(market, leads, connection, held)
            if (
                await connection.fetchval("SELECT leads FROM routing.capacity WHERE order_slug = $1", leads[0].order)
                > 5
            ):
                break

    found = await violations(market.suite, [])
    assert any("'marco-pilot-2026'" in sentence and "is passed" in sentence for sentence in found), found


@asynccontextmanager
async def without(market: Market, function: str, guard: str, instead: str) -> AsyncIterator[asyncpg.Connection]:
    """Take a guard out of a function that settlement calls, for as long as the block runs."""
    connection = await asyncpg.connect(market.suite.postgres_url)
    definition = str(await connection.fetchval("SELECT pg_get_functiondef($1::regprocedure)", function))
    assert guard in definition
    try:
        await connection.execute(definition.replace(guard, instead))
        yield connection
    finally:
        await connection.execute(definition)
        await connection.close()


async def sell_in_a_race(market: Market, leads: list[DemoLead], connection: asyncpg.Connection, held: str) -> None:
    """Sell leads so that two batches have been advised before either is settled: then only settlement can tell.

    How leads fall into batches is chance, so a race may have to be run again.
    """

    async def sell_all() -> None:
        async with Poster(market) as poster:
            await asyncio.gather(*[poster.sell(lead) for lead in leads])

    async with connection.transaction():
        await connection.execute(held)
        selling = asyncio.create_task(sell_all())
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                while await connection.fetchval(_WAITING) < 2:  # noqa: ASYNC110 - Postgres has no event for it
                    await asyncio.sleep(0.01)
    await selling


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def answer(outcome: str, **other: Any) -> dict[str, Any]:
    whole = {"lead_id": "1", "outcome": outcome, "price": {"amount": "1.00"}, "order": "a@1", "reasons": [],
             "trace_id": "t", "decision_ms": 1.0}  # fmt: skip
    return whole | other


def sent(*answers: dict[str, Any], statuses: tuple[int, ...] = (200,)) -> Sent:
    posts = [Attempt(status, 0.1) for status in statuses]
    return Sent(DemoLead(label="", good=True, seller="", external_id="x"), Body("", "", b""), posts, [], list(answers))


def test_an_answer_that_stays_the_same_is_no_contradiction() -> None:
    assert contradictions(sent(answer("pending"), answer("accepted"), answer("accepted", replayed=True))) == []


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (sent(answer("pending")), "never decided"),
        (sent(statuses=(503,)), "never decided"),
        (sent(answer("accepted"), answer("rejected")), "answered differently"),
        (sent(answer("accepted"), answer("accepted", price={"amount": "2.00"})), "answered differently"),
        (sent(answer("pending"), answer("accepted", lead_id="2")), "several lead ids"),
        (sent(answer("accepted"), statuses=(0, 409)), "HTTP 409"),
    ],
)
def test_contradicting_answers_are_named(seen: Sent, words: str) -> None:
    assert any(words in sentence for sentence in contradictions(seen))
