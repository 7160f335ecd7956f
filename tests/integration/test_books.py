"""The books under corrections: what makes no sense cannot be written, whoever writes and however many at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from leadline.events.v1 import lead_event_pb2
from services.intake.books.posting_store import post
from services.intake.books.transfer import Kind, Movement, transfer_id
from shared.rpc.errors import WrongState
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as built:
        yield built


async def buy(world: World, n: int = 0, **words: object) -> str:
    (result,) = await world.submit(
        world.item(external_id=f"m-{n}", phone=f"+1512472{n:04d}", email=f"p{n}@gmail.com", **words)  # type: ignore[arg-type]
    )
    return result.answer.lead_id


def movement(kind: Kind, lead_id: str, amount_minor: int, cause: str, undoes: str = "") -> Movement:
    return Movement(
        kind=kind, lead_id=lead_id, amount_minor=amount_minor, cause=cause, who="tracey", why="agreed", undoes=undoes
    )


async def posted(world: World, *movements: Movement) -> int:
    async with world.pool.acquire() as connection, connection.transaction():
        return await post(connection, BUYER, movements, world.clock.now())


async def balances(world: World) -> dict[str, int]:
    rows = await world.admin.fetch(
        "SELECT account, sum(balance_minor)::bigint AS minor FROM ledger.balance GROUP BY account"
    )
    return {row["account"]: row["minor"] for row in rows if row["minor"]}


async def test_every_kind_moves_money_between_its_accounts(world: World) -> None:
    lead = await buy(world)
    credit = movement("credit", lead, 1200, "return:1")
    await posted(world, credit)
    assert await balances(world) == {"spend:marco-auto-2026": -2000, "payable:marco": 2000}

    await posted(
        world,
        movement("reversal", lead, 1200, "dispute:1", undoes=credit.transfer_id),
        movement("hold", lead, 1200, "dispute:1"),
    )
    assert await balances(world) == {
        "spend:marco-auto-2026": -3200, "payable:marco": 2000, "held:marco": 1200,
    }  # fmt: skip

    hold = transfer_id("hold", "dispute:1")
    await posted(
        world,
        movement("release", lead, 1200, "decision:1", undoes=hold),
        movement("credit", lead, 3200, "decision:1"),
        movement("fee", lead, 500, "decision:1"),
        movement("adjustment", lead, 7, "adjustment:1"),
        Movement(
            kind="adjustment", amount_minor=100, cause="adjustment:2", who="tracey", why="goodwill", to_seller=True,
            seller="marco", order="marco-auto-2026", order_version=1, currency="USD",
        ),
    )  # fmt: skip
    assert await balances(world) == {"spend:marco-auto-2026": -593, "payable:marco": 593}
    assert sum((await balances(world)).values()) == 0


async def test_each_is_told_to_reporting_once_in_the_transaction_that_posts_it(world: World) -> None:
    lead = await buy(world, sub_source="fb-7")
    credit = movement("credit", lead, 1200, "return:1")
    assert await posted(world, credit) == 1
    assert await posted(world, credit) == 0
    rows = await world.admin.fetch("SELECT * FROM outbox.message WHERE topic = 'transferred' ORDER BY consumer")
    assert [(row["consumer"], str(row["message_id"])) for row in rows] == [
        ("reporting", credit.transfer_id),
        ("routing", credit.transfer_id),
    ], "follow-up ends where a lead is given back"
    event = lead_event_pb2.LeadEvent.FromString(rows[0]["payload"])
    assert event.lead_id == lead
    told = event.transferred
    assert (told.amount.amount_minor, told.seller, told.source) == (1200, "marco", "best-auto-loans.example")
    assert (told.order.order, told.to_seller, told.cause) == ("marco-auto-2026", False, "return:1")


async def test_follow_up_is_told_of_no_credit_but_that_of_a_return(world: World) -> None:
    lead = await buy(world)
    await posted(world, movement("credit", lead, 100, "goodwill:1"), movement("fee", lead, 10, "return:1"))
    consumers = await world.admin.fetch("SELECT consumer FROM outbox.message WHERE topic = 'transferred'")
    assert {row["consumer"] for row in consumers} == {"reporting"}


async def test_the_same_cause_with_another_amount_is_refused(world: World) -> None:
    lead = await buy(world)
    await posted(world, movement("credit", lead, 1200, "return:1"))
    with pytest.raises(WrongState, match="the credit of return:1 was posted before, with other content"):
        await posted(world, movement("credit", lead, 1300, "return:1"))


async def test_sixty_four_credits_at_once_never_give_back_more_than_was_charged(world: World) -> None:
    leads = [await buy(world, n) for n in range(3)]

    async def attempt(n: int) -> int:
        # Each wants 5.00 of two leads at once, in either order: 32.00 has room for six.
        pair = [movement("credit", leads[(n + step) % 3], 500, f"return:{n}:{step}") for step in (0, 1)]
        try:
            return await posted(world, *pair)
        except WrongState:
            return 0

    done = await asyncio.gather(*[attempt(n) for n in range(64)])
    rows = await world.admin.fetch(
        "SELECT lead_id, sum(amount_minor)::bigint AS minor FROM ledger.transfer WHERE kind = 'credit' GROUP BY lead_id"
    )
    given_back = sorted(row["minor"] for row in rows)
    assert sum(given_back) == 500 * sum(done)
    # Of no pair is there room left, so two leads at least are full; none is over.
    assert given_back[1:] == [3000, 3000]


async def test_sixty_four_copies_of_one_credit_at_once_post_it_once(world: World) -> None:
    lead = await buy(world)
    done = await asyncio.gather(*[posted(world, movement("credit", lead, 3200, "return:1")) for _ in range(64)])
    assert sum(done) == 1


async def test_sixty_four_reversals_of_one_credit_at_once_leave_one(world: World) -> None:
    lead = await buy(world)
    credit = movement("credit", lead, 3200, "return:1")
    await posted(world, credit)

    async def attempt(n: int) -> int:
        try:
            return await posted(world, movement("reversal", lead, 3200, f"dispute:{n}", undoes=credit.transfer_id))
        except WrongState:
            return 0

    assert sum(await asyncio.gather(*[attempt(n) for n in range(64)])) == 1


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (("credit", 3201, {}), "has 3200 minor units left of its charge"),
        (("hold", 3201, {}), "has 3200 minor units left of its charge"),
        (("reversal", 100, {"undoes": str(uuid.UUID(int=7))}), "a reversal undoes one credit of its lead, in full"),
        (("release", 100, {"undoes": str(uuid.UUID(int=7))}), "a release undoes one hold of its lead, in full"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    world: World, refused: tuple[Kind, int, dict[str, str]], says: str
) -> None:
    lead = await buy(world)
    kind, amount, words = refused
    with pytest.raises(WrongState, match=says):
        await posted(world, movement(kind, lead, amount, "x:1", **words))
    assert await world.count("ledger.transfer") == 1
    assert await world.count("outbox.message", "topic = 'transferred'") == 0


async def test_what_is_held_cannot_be_credited_and_what_is_credited_cannot_be_held(world: World) -> None:
    lead = await buy(world)
    await posted(world, movement("hold", lead, 3000, "dispute:1"))
    with pytest.raises(WrongState, match="has 200 minor units left"):
        await posted(world, movement("credit", lead, 201, "return:1"))
    await posted(world, movement("credit", lead, 200, "return:1"))
    with pytest.raises(WrongState, match="has 0 minor units left"):
        await posted(world, movement("hold", lead, 1, "dispute:2"))


async def test_a_lead_that_was_not_bought_has_no_money_to_move(world: World) -> None:
    with pytest.raises(WrongState, match="was not bought"):
        await posted(world, movement("credit", str(uuid.UUID(int=5)), 1, "return:1"))


_INSERT = """
INSERT INTO ledger.transfer (buyer_id, transfer_id, kind, debit_account, credit_account, amount_minor, currency,
    lead_id, seller, order_slug, order_version, posted_at, cause, who, why, undoes)
SELECT buyer_id, gen_random_uuid(), {kind}, {debit}, {credit}, {amount}, {currency}, {lead}, {seller}, order_slug,
       order_version, now(), {cause}, 'x', 'y', NULL FROM ledger.transfer
"""
_CREDIT = {
    "kind": "'credit'", "debit": "'payable:marco'", "credit": "'spend:marco-auto-2026'", "amount": "100",
    "currency": "currency", "lead": "lead_id", "seller": "seller", "cause": "'c'",
}  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        {"amount": "3201"},
        {"amount": "0"},
        {"currency": "'EUR'"},
        {"debit": "'payable:quickquote'"},
        {"debit": "'spend:marco-auto-2026'", "credit": "'payable:marco'"},
        {"seller": "'quickquote'", "debit": "'payable:quickquote'"},
        {"lead": "NULL"},
        {"lead": "gen_random_uuid()"},
        {"cause": "''"},
        {"kind": "'gift'"},
        {"kind": "'charge'", "debit": "'spend:marco-auto-2026'", "credit": "'payable:marco'"},
        {"kind": "'reversal'", "debit": "'spend:marco-auto-2026'", "credit": "'payable:marco'"},
        {"kind": "'adjustment'", "credit": "'held:marco'"},
    ],
    ids=str,
)
async def test_not_even_a_row_written_by_hand_can_be_nonsense(world: World, fault: dict[str, str]) -> None:
    await buy(world)
    with pytest.raises(asyncpg.PostgresError):
        await world.admin.execute(_INSERT.format(**{**_CREDIT, **fault}))
    await world.admin.execute(_INSERT.format(**_CREDIT))


async def test_another_isolation_level_cannot_look_past_the_lock(world: World) -> None:
    lead = await buy(world)
    async with world.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        with pytest.raises(WrongState, match="READ COMMITTED"):
            await post(connection, BUYER, [movement("credit", lead, 1, "return:1")], world.clock.now())
