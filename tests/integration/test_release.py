"""`routing.release`: what `routing.consume` took comes back whole, and never more than that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from shared.db.pool import Connection, Pool
from tests.integration.test_consume import DAY, HOUR, PRICE, Demand, consume, owner, pool, used

__all__ = ["owner", "pool"]

AT = datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC)
#: What one lead may take: caps of the order and of one of its sites, a budget, and the order's turn.
EVERYTHING = (
    Demand(lead=1, max_leads=10),
    Demand(lead=1, window="hour", starts_at=HOUR, max_spend=10 * PRICE),
    Demand(lead=1, order="auto/cars.example", max_leads=10),
    Demand(lead=1, window="pace", starts_at=AT, max_leads=0),
)


async def release(connection: Connection, demands: Sequence[Demand]) -> None:
    await connection.execute(
        "SELECT routing.release($1, $2, $3, $4, $5)",
        ["big-bank"] * len(demands),
        [demand.order for demand in demands],
        [demand.window for demand in demands],
        [demand.starts_at for demand in demands],
        [demand.price for demand in demands],
    )


async def test_whatever_a_lead_took_comes_back(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as connection:
        assert await consume(connection, EVERYTHING) == []
        before = await used(owner)
        assert await consume(connection, EVERYTHING) == []
        await release(connection, EVERYTHING)
    assert await used(owner) == before
    assert set(before.values()) == {(1, PRICE)}


async def test_more_than_was_taken_cannot_come_back(pool: Pool, owner: Connection) -> None:
    async with pool.acquire() as connection:
        await consume(connection, EVERYTHING)
        await release(connection, EVERYTHING)
        with pytest.raises(asyncpg.RaiseError, match="more capacity is given back"):
            await release(connection, EVERYTHING)
    assert set((await used(owner)).values()) == {(0, 0)}


async def test_takers_and_givers_never_wait_in_a_ring_and_lose_nothing(pool: Pool, owner: Connection) -> None:
    rows = [Demand(lead=1, order=order, starts_at=DAY) for order in ("a", "b", "c")]

    async def turn(n: int) -> None:
        mine = rows if n % 2 else rows[::-1]
        async with pool.acquire() as connection:
            await consume(connection, mine)
            await release(connection, mine[::-1])

    await asyncio.gather(*[turn(n) for n in range(48)])
    assert set((await used(owner)).values()) == {(0, 0)}


async def test_a_place_that_came_back_is_anybodys(pool: Pool) -> None:
    last = [Demand(lead=1, max_leads=1)]
    async with pool.acquire() as connection:
        assert await consume(connection, last) == []
        assert await consume(connection, last) != []
        await release(connection, last)
        assert await consume(connection, last) == []
