"""`dedup.claim`: the same person is bought at most once per window, from however many sellers at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from shared.db.pool import Connection, Pool

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MONTH = 30 * 86_400
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One lead of a call: who sold it, and its identities as (kind, digest, window in seconds)."""

    lead_id: str
    identities: Sequence[tuple[str, bytes, int]]
    seller: str = "marco"
    own: bool = False
    product: str = "auto"
    scope: str = "buyer"
    #: (digest, newest that was compared)
    likenesses: Sequence[tuple[bytes, int | None]] = ()


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:16]


def lead(phone: str, email: str = "", *, window: int = MONTH, seller: str = "marco", own: bool = False) -> Lead:
    identities = [("phone", digest(f"phone {phone}"), window)]
    if email:
        identities.append(("email", digest(f"email {email}"), window))
    return Lead(lead_id=str(uuid4()), identities=identities, seller=seller, own=own)


async def claim(
    connection: Connection, leads: Sequence[Lead], *, at: datetime = AT, buyer: str = "big-bank"
) -> list[tuple[int, str, str, str, bool, bool]]:
    """Call `dedup.claim` as settlement does; rows as plain tuples."""
    flat = [(index, *identity, one.scope) for index, one in enumerate(leads, 1) for identity in one.identities]
    alike = [(index, *likeness) for index, one in enumerate(leads, 1) for likeness in one.likenesses]
    rows = await connection.fetch(
        "SELECT * FROM dedup.claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        buyer,
        at,
        [one.lead_id for one in leads],
        [one.seller for one in leads],
        [one.own for one in leads],
        [one.product for one in leads],
        [None for _ in leads],
        *([row[column] for row in flat] for column in range(5)),
        *([row[column] for row in alike] for column in range(3)),
    )
    return [
        (row["lead"], row["kind"], str(row["other_lead"]), row["other_seller"], row["other_own"], row["in_batch"])
        for row in rows
    ]


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections with settlement's privileges."""
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=20, server_settings={"role": "leadline_intake"}
    ) as opened:
        yield opened


@pytest_asyncio.fixture
async def owner(database_url: str) -> AsyncIterator[Connection]:
    """A connection that may look into the table."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def waits_for_a_lock(owner: Connection, pid: int, task: asyncio.Task[list[Any]]) -> bool:
    """True once the backend is queued behind a lock; False if its statement ended without waiting."""
    async with asyncio.timeout(10):
        while not task.done():
            if await owner.fetchval("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1", pid):
                return True
            await asyncio.sleep(0.005)
    return False


async def test_fifty_sellers_at_once_sell_one_person_once(pool: Pool, owner: Connection) -> None:
    async def sell(number: int) -> bool:
        async with pool.acquire() as connection, connection.transaction():
            # Half of them know only the phone: the identities of one person overlap in part.
            conflicts = await claim(connection, [lead("1", "a" if number % 2 else "", seller=f"seller-{number}")])
            await connection.execute("SELECT pg_sleep(0.002)")
            return not conflicts

    outcomes = await asyncio.gather(*(sell(number) for number in range(50)))
    assert outcomes.count(True) == 1
    assert await owner.fetchval("SELECT count(DISTINCT lead_id) FROM dedup.identity_claim") == 1


async def test_a_rival_waits_for_the_commit_and_then_sees_it(pool: Pool, owner: Connection) -> None:
    first, second = lead("1", seller="marco"), lead("1", seller="polo")
    async with pool.acquire() as ours, pool.acquire() as theirs:
        transaction = ours.transaction()
        await transaction.start()
        assert await claim(ours, [first]) == []
        rival = asyncio.create_task(claim(theirs, [second]))
        assert await waits_for_a_lock(owner, theirs.get_server_pid(), rival)
        await transaction.commit()
        assert await rival == [(1, "phone", first.lead_id, "marco", False, False)]


async def test_a_rival_wins_after_a_rollback(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as ours, pool.acquire() as theirs:
        transaction = ours.transaction()
        await transaction.start()
        assert await claim(ours, [lead("1")]) == []
        rival = asyncio.create_task(claim(theirs, [lead("1")]))
        assert await waits_for_a_lock(owner, theirs.get_server_pid(), rival)
        await transaction.rollback()
        assert await rival == []


async def test_opposite_orders_never_wait_in_a_ring(pool: Pool) -> None:
    def batch(numbers: Sequence[int]) -> list[Lead]:
        return [lead(str(number), f"mail-{number}") for number in numbers]

    async def sell(numbers: Sequence[int]) -> None:
        async with pool.acquire() as connection:
            await claim(connection, batch(numbers))

    upwards, downwards = range(100), range(99, -1, -1)
    await asyncio.gather(*(sell(upwards if turn % 2 else downwards) for turn in range(24)))


@pytest.mark.parametrize(
    ("age", "free"),
    [
        (timedelta(0), False),
        (timedelta(days=30) - MICROSECOND, False),
        (timedelta(days=30), True),
        (timedelta(days=31), True),
        # A lead that waited as pending is settled at its own moment, which may lie before the rival's.
        (timedelta(days=-1), False),
    ],
)
async def test_the_window_is_measured_with_the_time_passed_in(pool: Pool, age: timedelta, free: bool) -> None:
    async with pool.acquire() as connection:
        assert await claim(connection, [lead("1")], at=AT - age) == []
        assert (await claim(connection, [lead("1")], at=AT) == []) is free


async def test_each_lead_has_its_own_window(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await claim(connection, [lead("1"), lead("2")], at=AT - timedelta(days=10))
        conflicts = await claim(connection, [lead("1", window=7 * 86_400), lead("2", window=14 * 86_400)])
        assert [row[0] for row in conflicts] == [2]


async def test_the_newest_earlier_lead_is_named_with_its_seller_and_own_flag(pool: Pool) -> None:
    newest = lead("1", window=0, seller="own-site", own=True)
    async with pool.acquire() as connection:
        await claim(connection, [lead("1", seller="polo")], at=AT - timedelta(days=9))
        await claim(connection, [newest], at=AT - timedelta(days=2))
        assert await claim(connection, [lead("1")]) == [(1, "phone", newest.lead_id, "own-site", True, False)]


async def test_a_partial_conflict_takes_no_claim_at_all(pool: Pool) -> None:
    async with pool.acquire() as connection:
        first = lead("1", "a")
        assert await claim(connection, [first]) == []
        assert await claim(connection, [lead("2", "a")]) == [(1, "email", first.lead_id, "marco", False, False)]
        assert await claim(connection, [lead("2")]) == [], "the refused lead's phone must be free"


async def test_one_refused_lead_does_not_hold_up_the_others(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as connection:
        await claim(connection, [lead("1")])
        batch = [lead("2"), lead("1"), lead("3")]
        assert [row[0] for row in await claim(connection, batch)] == [2]
    claimed = {str(row["lead_id"]) for row in await owner.fetch("SELECT lead_id FROM dedup.identity_claim")}
    assert batch[0].lead_id in claimed
    assert batch[1].lead_id not in claimed
    assert batch[2].lead_id in claimed


async def test_the_later_of_two_leads_in_one_call_is_left_for_the_next_round(pool: Pool) -> None:
    first, second = lead("1", "a", seller="marco"), lead("2", "a", seller="polo")
    async with pool.acquire() as connection:
        assert await claim(connection, [first, second]) == [(2, "email", first.lead_id, "marco", False, True)]
        assert await claim(connection, [second]) == [(1, "email", first.lead_id, "marco", False, False)]


async def test_a_lead_behind_a_refused_one_is_free_in_the_next_round(pool: Pool) -> None:
    refused, behind = lead("1", "a"), lead("2", "a")
    async with pool.acquire() as connection:
        await claim(connection, [lead("1")])
        assert [(row[0], row[5]) for row in await claim(connection, [refused, behind])] == [(1, False), (2, True)]
        assert await claim(connection, [behind]) == []


async def test_window_zero_records_and_never_conflicts(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await claim(connection, [lead("1", window=0), lead("1", window=0)]) == []
        assert await claim(connection, [lead("1", window=0)]) == []
        assert await claim(connection, [lead("1", window=0)], at=AT - timedelta(days=1)) == []
        assert len(await claim(connection, [lead("1")])) == 1


async def test_the_same_value_of_another_kind_or_buyer_is_another_identity(pool: Pool) -> None:
    same = digest("same")
    async with pool.acquire() as connection:
        assert await claim(connection, [Lead(lead_id=str(uuid4()), identities=[("phone", same, MONTH)])]) == []
        assert await claim(connection, [Lead(lead_id=str(uuid4()), identities=[("email", same, MONTH)])]) == []
        other = Lead(lead_id=str(uuid4()), identities=[("phone", same, MONTH)])
        assert await claim(connection, [other], buyer="small-bank") == []


async def test_the_same_call_twice_is_the_same_as_once(pool: Pool, owner: Connection) -> None:
    batch = [lead("1", "a"), lead("2")]
    async with pool.acquire() as connection:
        assert await claim(connection, batch) == []
        assert await claim(connection, batch, at=AT + timedelta(seconds=1)) == []
    assert await owner.fetchval("SELECT count(*) FROM dedup.identity_claim") == 3


@pytest.mark.parametrize(
    ("scope", "earlier", "free"),
    [
        ("seller", {"seller": "polo"}, True),
        ("seller", {"seller": "marco", "product": "home"}, False),
        ("seller", {"seller": "own-site", "own": True}, False),
        ("product", {"seller": "polo"}, False),
        ("product", {"seller": "marco", "product": "home"}, True),
        ("buyer", {"seller": "polo", "product": "home"}, False),
    ],
)
async def test_the_scope_says_whose_purchases_count(
    pool: Pool, scope: str, earlier: dict[str, Any], free: bool
) -> None:
    async with pool.acquire() as connection:
        assert await claim(connection, [replace(lead("1"), **earlier)]) == []
        assert (await claim(connection, [replace(lead("1"), scope=scope)]) == []) is free


async def test_an_earlier_purchase_in_scope_is_found_behind_newer_ones_out_of_it(pool: Pool) -> None:
    async with pool.acquire() as connection:
        ours = replace(lead("1", window=0), product="auto")
        await claim(connection, [ours], at=AT - timedelta(days=20))
        for day in range(19, 1, -1):
            await claim(connection, [replace(lead("1", window=0), product="home")], at=AT - timedelta(days=day))
        (conflict,) = await claim(connection, [replace(lead("1"), scope="product")])
        assert conflict[2] == ours.lead_id


async def test_somebody_similar_who_was_not_compared_is_a_conflict_and_one_who_was_is_none(
    pool: Pool, owner: Connection
) -> None:
    block = digest("a sound and an area")
    first = replace(lead("1"), likenesses=[(block, 0)])
    async with pool.acquire() as connection:
        assert await claim(connection, [first]) == []
        late = replace(lead("2", seller="polo"), likenesses=[(block, 0)])
        assert await claim(connection, [late]) == [(1, "likeness", first.lead_id, "marco", False, False)]
        assert await owner.fetchval("SELECT count(*) FROM dedup.identity_claim") == 1, "refused: no claim at all"
        seen = await owner.fetchval("SELECT max(seen) FROM dedup.likeness_claim")
        assert await claim(connection, [replace(late, likenesses=[(block, seen)])]) == []
        assert await claim(connection, [replace(lead("3"), likenesses=[(block, None)])]) == [], "only recorded"


async def test_similar_people_at_once_are_bought_one_after_the_other(pool: Pool, owner: Connection) -> None:
    block = digest("a sound and an area")

    async def sell(number: int) -> bool:
        async with pool.acquire() as connection, connection.transaction():
            conflicts = await claim(connection, [replace(lead(str(number)), likenesses=[(block, 0)])])
            await connection.execute("SELECT pg_sleep(0.002)")
            return not conflicts

    assert (await asyncio.gather(*(sell(number) for number in range(30)))).count(True) == 1
    assert await owner.fetchval("SELECT count(*) FROM dedup.likeness_claim") == 1


async def test_a_snapshot_older_than_the_locks_is_refused(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.RaiseError, match="READ COMMITTED"):
            async with connection.transaction(isolation="repeatable_read"):
                await claim(connection, [lead("1")])


async def test_settlement_may_claim_and_nothing_else(pool: Pool, owner: Connection, database_url: str) -> None:
    async with pool.acquire() as connection:
        for statement in (
            "SELECT 1 FROM dedup.identity_claim",
            "DELETE FROM dedup.identity_claim",
            "INSERT INTO dedup.identity_claim (buyer_id) VALUES ('x')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    # Not the schema but the function itself must be closed to others.
    await owner.execute("GRANT USAGE ON SCHEMA dedup TO leadline_routing")
    stranger = await asyncpg.connect(database_url, server_settings={"role": "leadline_routing"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="function"):
            await claim(stranger, [lead("1")])
    finally:
        await stranger.close()
