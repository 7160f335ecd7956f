"""The outbox: every message acted on exactly once in effect, whatever fails on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import asyncpg
import pytest

from shared.db import outbox
from shared.db.outbox import MAX_ATTEMPTS, Handle, OutboxConsumer, OutboxMessage, OutboxRow
from shared.db.pool import Connection, Pool, open_pool
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings, load

_EFFECTS = "CREATE TABLE routing.effect (message_id uuid NOT NULL)"


class SilentWake:
    """Nobody rings; waiting is short so that tests are."""

    async def wait(self, timeout: float) -> bool:
        """Wait a moment."""
        await asyncio.sleep(min(timeout, 0.01))
        return False


class Pools:
    """A pool per role in one database."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._settings = load(DatabaseSettings, {"LEADLINE_POSTGRES_URL": url}, service="test")
        self._stack = stack

    async def of(self, part: str) -> Pool:
        """A pool under the role of one service."""
        return await self._stack.enter_async_context(
            open_pool(self._settings, role=f"leadline_{part}", name=f"test-{part}")
        )


@pytest.fixture
async def pools(database_url: str) -> AsyncIterator[Pools]:
    async with AsyncExitStack() as stack:
        yield Pools(database_url, stack)


@pytest.fixture
async def intake(pools: Pools) -> Pool:
    return await pools.of("intake")


@pytest.fixture
async def routing(pools: Pools) -> Pool:
    pool = await pools.of("routing")
    await pool.execute(_EFFECTS)
    return pool


def _rows(count: int, consumer: str = "routing", payload: bytes = b"x") -> list[OutboxRow]:
    return [OutboxRow("big-bank", consumer, "decided", payload, uuid7()) for _ in range(count)]


async def _put(pool: Pool, rows: Sequence[OutboxRow]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await outbox.put(connection, rows)


async def _record(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
    await connection.executemany(
        "INSERT INTO routing.effect VALUES ($1)", [(message.message_id,) for message in messages]
    )


async def _effects(pool: Pool) -> list[str]:
    return sorted(str(row["message_id"]) for row in await pool.fetch("SELECT message_id FROM routing.effect"))


def _consumer(pool: Pool, handle: Handle = _record, batch: int = 200) -> OutboxConsumer:
    return OutboxConsumer(pool, "routing", handle, SilentWake(), batch=batch)


async def _make_due(url: str) -> None:
    """Let the wait of every failed message be over."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE outbox.message SET visible_at = now()")
    finally:
        await connection.close()


async def test_a_message_reaches_its_consumer_with_all_it_holds(intake: Pool, routing: Pool) -> None:
    (row,) = rows = _rows(1, payload=b"\x00\xff")
    seen: list[OutboxMessage] = []

    async def handle(_: Connection, messages: Sequence[OutboxMessage]) -> None:
        seen.extend(messages)

    await _put(intake, rows)
    assert await _consumer(routing, handle).step() == 1
    assert seen == [OutboxMessage("big-bank", row.message_id, "decided", b"\x00\xff", 0)]
    assert await _consumer(routing, handle).step() == 0


async def test_what_is_rolled_back_was_never_sent(intake: Pool, routing: Pool) -> None:
    async with intake.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await outbox.put(connection, _rows(3))
        await transaction.rollback()
    assert await _consumer(routing).step() == 0


async def test_a_message_written_twice_is_delivered_once(intake: Pool, routing: Pool) -> None:
    rows = _rows(2)
    await _put(intake, rows)
    await _put(intake, rows)
    assert await _consumer(routing).step() == 2


async def test_each_consumer_has_its_own_copy(intake: Pool, routing: Pool) -> None:
    await _put(intake, _rows(1, "reporting"))
    assert await _consumer(routing).step() == 0


async def test_a_crash_after_the_effect_undoes_both_and_the_retry_does_both_once(intake: Pool, routing: Pool) -> None:
    rows = _rows(5)
    await _put(intake, rows)

    async def dies(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        await _record(connection, messages)
        raise asyncio.CancelledError  # as when the process is told to end in the middle

    with pytest.raises(asyncio.CancelledError):
        await _consumer(routing, dies).step()
    assert await _effects(routing) == []
    assert await _consumer(routing).step() == 5
    assert await _effects(routing) == sorted(row.message_id for row in rows)


async def test_a_backend_that_dies_in_the_middle_costs_nothing_but_time(
    intake: Pool, routing: Pool, database_url: str
) -> None:
    rows = _rows(3)
    await _put(intake, rows)
    deaths = 0

    async def cut_once(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        nonlocal deaths
        await _record(connection, messages)
        if deaths == 0:
            deaths += 1
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            executioner = await asyncpg.connect(database_url)
            await executioner.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            await executioner.close()

    stop = asyncio.Event()
    running = asyncio.create_task(_consumer(routing, cut_once).run(stop))
    async with asyncio.timeout(20):
        while len(await _effects(routing)) < 3:  # noqa: ASYNC110 - the effect is in the database
            await asyncio.sleep(0.02)
    stop.set()
    await running
    assert await _effects(routing) == sorted(row.message_id for row in rows)
    assert deaths == 1


async def test_a_poison_message_ends_as_a_dead_letter_and_holds_nobody_up(
    intake: Pool, routing: Pool, database_url: str
) -> None:
    good, (bad,) = _rows(20), _rows(1, payload=b"poison")
    await _put(intake, [*good[:10], bad, *good[10:]])

    async def chokes(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        await _record(connection, messages)
        if any(message.payload == b"poison" for message in messages):
            raise ValueError("Ann Lee, 555-0100")

    consumer = _consumer(routing, chokes)
    await consumer.step()
    assert await _effects(routing) == sorted(row.message_id for row in good)
    for _ in range(MAX_ATTEMPTS - 1):
        assert await consumer.step() == 0, "a failed message waits before it is tried again"
        await _make_due(database_url)
        assert await consumer.step() == 1
    await _make_due(database_url)
    assert await consumer.step() == 0
    assert await _effects(routing) == sorted(row.message_id for row in good)

    connection = await asyncpg.connect(database_url)
    (letter,) = await connection.fetch("SELECT * FROM outbox.dead_letter")
    await connection.close()
    assert (str(letter["message_id"]), letter["attempts"]) == (bad.message_id, MAX_ATTEMPTS)
    assert letter["failure"].startswith("ValueError at ")
    assert "test_outbox.py" in letter["failure"]
    assert "Ann" not in letter["failure"]


async def test_a_dead_letter_can_be_replayed(intake: Pool, routing: Pool, database_url: str) -> None:
    rows = _rows(1)
    await _put(intake, rows)

    async def fails(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        raise RuntimeError

    for _ in range(MAX_ATTEMPTS):
        await _make_due(database_url)
        await _consumer(routing, fails).step()
    assert (await outbox.behind(routing, "routing")).dead == 1
    assert await outbox.replay(routing, "routing") == 1
    await _consumer(routing).step()
    assert await _effects(routing) == [rows[0].message_id]


async def test_consumers_side_by_side_never_act_on_one_message_twice(intake: Pool, routing: Pool) -> None:
    rows = _rows(600)
    await _put(intake, rows)
    consumers = [_consumer(routing, batch=20) for _ in range(4)]

    async def drain(consumer: OutboxConsumer) -> None:
        while await consumer.step():
            pass

    await asyncio.gather(*(drain(consumer) for consumer in consumers))
    assert await _effects(routing) == sorted(row.message_id for row in rows)


async def test_a_ring_is_answered_at_once(intake: Pool, routing: Pool) -> None:
    rang = asyncio.Event()

    class Bell:
        async def wait(self, timeout: float) -> bool:
            await rang.wait()
            rang.clear()
            return True

    stop = asyncio.Event()
    running = asyncio.create_task(OutboxConsumer(routing, "routing", _record, Bell()).run(stop))
    await _put(intake, _rows(1))
    rang.set()
    async with asyncio.timeout(10):
        while not await _effects(routing):  # noqa: ASYNC110 - the effect is in the database
            await asyncio.sleep(0.005)
        stop.set()
        rang.set()
        await running


async def test_the_backlog_is_told_per_buyer(intake: Pool, routing: Pool) -> None:
    await _put(intake, _rows(3))
    await _put(intake, [OutboxRow("small-bank", "routing", "decided", b"", uuid7())])
    assert (await outbox.behind(routing, "routing", "big-bank")).messages == 3
    whole = await outbox.behind(routing, "routing")
    assert whole.messages == 4
    assert whole.oldest_seconds > 0
    assert (await outbox.behind(routing, "routing", "nobody")) == outbox.Backlog(0, 0.0, 0)


async def test_a_service_takes_only_its_own_messages(intake: Pool, routing: Pool, pools: Pools) -> None:
    reporting = await pools.of("reporting")
    await _put(intake, _rows(1))
    for statement in (
        "SELECT * FROM outbox.take('routing', 1)",
        "SELECT outbox.done('routing', 'big-bank', gen_random_uuid())",
        "SELECT outbox.fail('routing', 'big-bank', gen_random_uuid(), '', NULL)",
        "SELECT outbox.replay('routing')",
        "SELECT * FROM outbox.behind('routing', NULL)",
    ):
        for pool in (reporting, intake):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _put(reporting, _rows(1))


async def test_the_next_messages_are_found_by_index_however_many_wait(intake: Pool, database_url: str) -> None:
    await _put(intake, _rows(2000))
    connection = await asyncpg.connect(database_url)
    try:
        plan = await connection.fetch(
            "EXPLAIN SELECT ctid FROM outbox.message WHERE consumer = 'routing' AND visible_at <= now() "
            "ORDER BY visible_at LIMIT 200 FOR UPDATE SKIP LOCKED"
        )
    finally:
        await connection.close()
    assert "message_due" in "\n".join(row[0] for row in plan)
