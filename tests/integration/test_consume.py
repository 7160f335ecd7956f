"""`routing.consume`: a cap or budget is never passed, not by one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from shared.db.pool import Connection, Pool

DAY = datetime(2026, 11, 22, 5, tzinfo=UTC)
HOUR = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = 3_200


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What one lead takes from one capacity row."""

    lead: int
    order: str = "auto"
    window: str = "day"
    starts_at: datetime = DAY
    max_leads: int | None = None
    max_spend: int | None = None
    price: int = PRICE

    @property
    def row(self) -> tuple[str, str, datetime]:
        return (self.order, self.window, self.starts_at)


Refused = tuple[int, str, str, str]


async def consume(connection: Connection, demands: Sequence[Demand], buyer: str = "big-bank") -> list[Refused]:
    """Call `routing.consume` as settlement does; what did not fit as (lead, order, window, limit)."""
    rows = await connection.fetch(
        "SELECT * FROM routing.consume($1, $2, $3, $4, $5, $6, $7, $8)",
        buyer,
        [demand.lead for demand in demands],
        [demand.order for demand in demands],
        [demand.window for demand in demands],
        [demand.starts_at for demand in demands],
        [demand.max_leads for demand in demands],
        [demand.max_spend for demand in demands],
        [demand.price for demand in demands],
    )
    return [(row["lead"], row["order_slug"], row["window_kind"], row["limit_kind"]) for row in rows]


async def settle(pool: Pool, demands: Sequence[Demand]) -> int:
    """Buy what fits as settlement does: any refusal rolls all back, and the rest is tried again."""
    while demands:
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            refused = {row[0] for row in await consume(connection, demands)}
            if not refused:
                await transaction.commit()
                break
            await transaction.rollback()
            demands = [demand for demand in demands if demand.lead not in refused]
    return len({demand.lead for demand in demands})


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections with settlement's privileges."""
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=16, server_settings={"role": "leadline_intake"}
    ) as opened:
        yield opened


@pytest_asyncio.fixture
async def owner(database_url: str) -> AsyncIterator[Connection]:
    """A connection that may look into the table."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def used(owner: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """Leads and spend by order and window."""
    rows = await owner.fetch("SELECT * FROM routing.capacity")
    return {(row["order_slug"], row["window_kind"]): (row["leads"], row["spend"]) for row in rows}


async def waits_for(owner: Connection, waiting: Connection, task: asyncio.Task[list[Any]], holding: Connection) -> bool:
    """True once one connection waits for a lock of the other; False if its statement ended without waiting."""
    async with asyncio.timeout(10):
        while not task.done():
            if holding.get_server_pid() in await owner.fetchval(
                "SELECT pg_blocking_pids($1)", waiting.get_server_pid()
            ):
                return True
            await asyncio.sleep(0.005)
    return False


async def test_a_thousand_racing_leads_fill_a_cap_of_a_hundred_exactly(pool: Pool, owner: Connection) -> None:
    dice = random.Random(5)
    batches, left = [], 1_000
    while left:
        size = min(left, dice.randint(1, 30))
        batches.append([Demand(lead=index, max_leads=100) for index in range(1, size + 1)])
        left -= size
    granted = await asyncio.gather(*(settle(pool, batch) for batch in batches))
    assert sum(granted) == 100
    assert await used(owner) == {("auto", "day"): (100, 100 * PRICE)}


async def test_a_rival_waits_for_the_commit_and_then_sees_it(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as ours, pool.acquire() as theirs:
        assert await consume(ours, [Demand(lead=1, max_leads=2)]) == []
        transaction = ours.transaction()
        await transaction.start()
        assert await consume(ours, [Demand(lead=1, max_leads=2)]) == []
        rival = asyncio.create_task(consume(theirs, [Demand(lead=1, max_leads=2)]))
        assert await waits_for(owner, theirs, rival, ours)
        await transaction.commit()
        assert await rival == [(1, "auto", "day", "leads")]


async def test_deciding_lead_by_lead_also_waits_for_a_rival(pool: Pool, owner: Connection) -> None:
    full, last, busy = (
        Demand(lead=1, max_leads=0),
        Demand(lead=2, order="boat", max_leads=2),
        Demand(lead=3, order="car"),
    )
    async with pool.acquire() as ours, pool.acquire() as rival, pool.acquire() as holder:
        assert await consume(rival, [last, busy]) == []
        holding, racing = holder.transaction(), rival.transaction()
        await holding.start()
        assert await consume(holder, [busy]) == []
        # The full order sends the batch down the slow path, where it waits for the car's row. Meanwhile the rival
        # takes the boat's last room, behind our back.
        decision = asyncio.create_task(consume(ours, [full, last, busy]))
        assert await waits_for(owner, ours, decision, holder)
        await racing.start()
        assert await consume(rival, [last]) == []
        await holding.commit()
        assert await waits_for(owner, ours, decision, rival)
        await racing.commit()
        assert await decision == [(1, "auto", "day", "leads"), (2, "boat", "day", "leads")]
    assert (await used(owner))[("boat", "day")] == (2, 2 * PRICE)


@pytest.mark.parametrize(("keep", "leads"), [(True, 2), (False, 1)])
async def test_two_first_batches_of_a_window_both_count(pool: Pool, owner: Connection, keep: bool, leads: int) -> None:
    async with pool.acquire() as ours, pool.acquire() as theirs:
        transaction = ours.transaction()
        await transaction.start()
        assert await consume(ours, [Demand(lead=1, max_leads=10)]) == []
        rival = asyncio.create_task(consume(theirs, [Demand(lead=1, max_leads=10)]))
        assert await waits_for(owner, theirs, rival, ours)
        await (transaction.commit() if keep else transaction.rollback())
        assert await rival == []
    assert await used(owner) == {("auto", "day"): (leads, leads * PRICE)}


async def test_many_first_batches_at_once_all_count(pool: Pool, owner: Connection) -> None:
    await asyncio.gather(*(settle(pool, [Demand(lead=1), Demand(lead=2)]) for _ in range(40)))
    assert await used(owner) == {("auto", "day"): (80, 80 * PRICE)}


async def test_opposite_orders_never_wait_in_a_ring(pool: Pool, owner: Connection) -> None:
    upwards = [Demand(lead=index, order=f"order-{index:03}") for index in range(1, 101)]
    await asyncio.gather(*(settle(pool, upwards if turn % 2 else upwards[::-1]) for turn in range(24)))
    assert set((await used(owner)).values()) == {(24, 24 * PRICE)}


async def test_opposite_orders_never_wait_in_a_ring_when_full(pool: Pool, owner: Connection) -> None:
    upwards = [Demand(lead=index, order=f"order-{index:03}", max_leads=3) for index in range(1, 31)]
    await asyncio.gather(*(settle(pool, upwards if turn % 2 else upwards[::-1]) for turn in range(24)))
    assert set((await used(owner)).values()) == {(3, 3 * PRICE)}


async def test_a_batch_bigger_than_the_room_grants_the_first_by_lead_index(pool: Pool, owner: Connection) -> None:
    batch = [Demand(lead=index, max_leads=3) for index in (5, 3, 1, 4, 2)]
    async with pool.acquire() as connection:
        assert await consume(connection, batch) == [(4, "auto", "day", "leads"), (5, "auto", "day", "leads")]
    assert await used(owner) == {("auto", "day"): (3, 3 * PRICE)}


async def test_a_lead_takes_all_its_demands_or_none(pool: Pool, owner: Connection) -> None:
    def both(lead: int) -> list[Demand]:
        return [
            Demand(lead=lead, max_leads=1),
            Demand(lead=lead, window="hour", starts_at=HOUR, max_leads=10),
        ]

    async with pool.acquire() as connection:
        assert await consume(connection, [*both(1), *both(2)]) == [(2, "auto", "day", "leads")]
    assert await used(owner) == {("auto", "day"): (1, PRICE), ("auto", "hour"): (1, PRICE)}


async def test_a_refused_lead_leaves_its_room_to_a_later_one(pool: Pool) -> None:
    dear, cheap = Demand(lead=1, price=9_000, max_spend=5_000), Demand(lead=2, price=5_000, max_spend=5_000)
    async with pool.acquire() as connection:
        assert await consume(connection, [dear, cheap]) == [(1, "auto", "day", "spend")]


async def test_spend_is_limited_to_the_cent(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as connection:
        batch = [Demand(lead=index, max_spend=3 * PRICE - 1) for index in (1, 2, 3)]
        assert await consume(connection, batch) == [(3, "auto", "day", "spend")]
        assert await consume(connection, [Demand(lead=1, max_spend=3 * PRICE)]) == []
    assert await used(owner) == {("auto", "day"): (3, 3 * PRICE)}


async def test_both_limits_are_told_when_both_are_reached(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await consume(connection, [Demand(lead=1, max_leads=0, max_spend=PRICE - 1)]) == [
            (1, "auto", "day", "leads"),
            (1, "auto", "day", "spend"),
        ]


async def test_a_raised_cap_counts_what_was_bought_before(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await consume(connection, [Demand(lead=index, max_leads=3) for index in (1, 2, 3)])
        more = [Demand(lead=index, max_leads=5) for index in (1, 2, 3)]
        assert await consume(connection, more) == [(3, "auto", "day", "leads")]


async def test_each_lead_is_held_against_its_own_limit(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await consume(connection, [Demand(lead=1)])
        assert await consume(connection, [Demand(lead=1, max_leads=1), Demand(lead=2, max_leads=5)]) == [
            (1, "auto", "day", "leads")
        ]
        assert await consume(connection, [Demand(lead=1, max_spend=PRICE), Demand(lead=2, max_spend=9 * PRICE)]) == [
            (1, "auto", "day", "spend")
        ]


async def test_windows_orders_and_buyers_do_not_share_room(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await consume(connection, [Demand(lead=1, max_leads=1)]) == []
        assert await consume(connection, [Demand(lead=1, max_leads=1, order="boat")]) == []
        assert await consume(connection, [Demand(lead=1, max_leads=1, starts_at=HOUR)]) == []
        assert await consume(connection, [Demand(lead=1, max_leads=1)], buyer="small-bank") == []
        assert await consume(connection, []) == []


def turn(lead: int, at: datetime, seconds: int = 30) -> Demand:
    """A lead's turn: so many seconds after the last one."""
    return Demand(lead=lead, window="pace", starts_at=at, max_leads=seconds)


async def test_a_turn_is_granted_after_its_seconds_and_never_before(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as connection:
        for seconds, granted in ((0, True), (29, False), (30, True), (59.999999, False), (20, False), (60, True)):
            refused = await consume(connection, [turn(1, HOUR + timedelta(seconds=seconds))])
            assert refused == ([] if granted else [(1, "auto", "pace", "pace")])
    assert await owner.fetchval("SELECT last_at FROM routing.capacity") == HOUR + timedelta(seconds=60)


async def test_one_batch_gets_its_turns_in_the_order_of_its_leads(pool: Pool) -> None:
    seconds = (0, 10, 30, 30, 59, 61)
    async with pool.acquire() as connection:
        batch = [turn(n, HOUR + timedelta(seconds=second)) for n, second in enumerate(seconds, 1)]
        assert {lead for lead, *_ in await consume(connection, batch)} == {2, 4, 5}


async def test_racing_leads_never_come_closer_than_the_pace(pool: Pool, owner: Connection) -> None:
    dice = random.Random(3)
    instants = [HOUR + timedelta(seconds=dice.uniform(0, 600)) for _ in range(400)]
    granted: list[datetime] = []

    async def post(at: datetime) -> None:
        granted.extend([at] * await settle(pool, [Demand(lead=1, max_leads=10), turn(1, at)]))

    await asyncio.gather(*map(post, instants))
    granted.sort()
    assert 1 <= len(granted) <= 10
    assert all(later - earlier >= timedelta(seconds=30) for earlier, later in pairwise(granted))
    # A lead that lost its turn has taken no place under the cap either.
    assert (await used(owner))["auto", "day"] == (len(granted), len(granted) * PRICE)


async def test_a_share_that_grows_with_the_day_is_never_passed(pool: Pool, owner: Connection) -> None:
    """Even pacing: each lead's limit is what may be bought by its receipt."""
    dice = random.Random(4)
    shares = [dice.randint(1, 60) for _ in range(300)]
    batches = [shares[start : start + 5] for start in range(0, 300, 5)]
    granted = await asyncio.gather(
        *(settle(pool, [Demand(lead=n, max_leads=share) for n, share in enumerate(batch, 1)]) for batch in batches)
    )
    assert sum(granted) <= max(shares)
    assert (await used(owner))["auto", "day"][0] == sum(granted)


async def test_sources_fill_their_own_caps_and_the_orders_exactly(pool: Pool, owner: Connection) -> None:
    def lead(site: str) -> list[Demand]:
        return [Demand(lead=1, max_leads=25), Demand(lead=1, order=f"auto/{site}", max_leads=20)]

    granted = await asyncio.gather(
        *(settle(pool, lead(site)) for _ in range(60) for site in ("a.example", "b.example"))
    )
    assert sum(granted) == 25
    found = await used(owner)
    assert found["auto", "day"][0] == 25
    assert found["auto/a.example", "day"][0] + found["auto/b.example", "day"][0] == 25
    assert max(leads for (holder, _), (leads, _) in found.items() if "/" in holder) <= 20
    async with pool.acquire() as connection:
        refused = await consume(connection, [Demand(lead=1, order="auto/a.example", max_leads=0)])
    assert refused == [(1, "auto/a.example", "day", "source_leads")]


async def test_any_batch_is_decided_as_if_lead_by_lead(pool: Pool, owner: Connection) -> None:
    dice = random.Random(11)
    rows = [(order, window) for order in ("auto", "boat") for window in ("day", "month")]
    taken = dict.fromkeys(rows, (0, 0))
    async with pool.acquire() as connection:
        for _ in range(60):
            batch, expected = [], set()
            for lead in range(1, dice.randint(2, 9)):
                price = dice.choice([0, 100, 250])
                demands = [
                    Demand(
                        lead=lead,
                        order=order,
                        window=window,
                        price=price,
                        max_leads=dice.choice([None, 40, 60]),
                        max_spend=dice.choice([None, 5_000, 9_000]),
                    )
                    for order, window in dice.sample(rows, dice.randint(1, 3))
                ]
                batch += demands
                full = {(lead, d.order, d.window, limit) for d in demands for limit in full_limits(taken[d.row[:2]], d)}
                expected |= full
                for demand in () if full else demands:
                    leads, spend = taken[demand.row[:2]]
                    taken[demand.row[:2]] = (leads + 1, spend + price)
            assert set(await consume(connection, batch)) == expected
    now_used = await used(owner)
    assert {row: now_used.get(row, (0, 0)) for row in rows} == taken


def full_limits(taken: tuple[int, int], demand: Demand) -> list[str]:
    """The limits that one more lead would pass."""
    leads, spend = taken
    full = []
    if demand.max_leads is not None and leads + 1 > demand.max_leads:
        full.append("leads")
    if demand.max_spend is not None and spend + demand.price > demand.max_spend:
        full.append("spend")
    return full


async def test_settlement_may_consume_and_nothing_else(pool: Pool, owner: Connection, database_url: str) -> None:
    async with pool.acquire() as connection:
        for statement in ("SELECT 1 FROM routing.capacity", "UPDATE routing.capacity SET leads = 0"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    # Not the schema but the function itself must be closed to others.
    await owner.execute("GRANT USAGE ON SCHEMA routing TO leadline_dedup")
    stranger = await asyncpg.connect(database_url, server_settings={"role": "leadline_dedup"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="function"):
            await consume(stranger, [Demand(lead=1)])
    finally:
        await stranger.close()
