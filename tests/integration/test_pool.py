"""The pool: the service's own role, synchronous commits, bounded waits, and a life across outages."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.ports import free_port
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.programs import EmbeddedPostgresError
from shared.db.failures import translated
from shared.db.pool import Pool, open_pool, ping
from shared.rpc.errors import DeadlineExceeded, RaceLost, Unavailable
from shared.runtime.settings import DatabaseSettings, load


def _settings(url: str, **changes: float) -> DatabaseSettings:
    return dataclasses.replace(load(DatabaseSettings, {"LEADLINE_POSTGRES_URL": url}, service="test"), **changes)  # type: ignore[arg-type]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    settings = _settings(database_url, statement_timeout_seconds=0.2, lock_timeout_seconds=0.1)
    async with open_pool(settings, role="leadline_dedup", name="test-dedup") as pool:
        yield pool


async def test_connections_act_as_the_role_and_under_the_name(pool: Pool) -> None:
    row = await pool.fetchrow("SELECT current_user AS who, current_setting('application_name') AS name")
    assert row is not None
    assert (row["who"], row["name"]) == ("leadline_dedup", "test-dedup")


async def test_commits_are_synchronous_even_where_the_server_says_otherwise(database_url: str) -> None:
    name = database_url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()
    async with open_pool(_settings(database_url), role="leadline_dedup", name="t") as pool:
        assert await pool.fetchval("SHOW synchronous_commit") == "on"


async def test_a_slow_statement_ends_as_deadline(pool: Pool) -> None:
    with pytest.raises(DeadlineExceeded):
        async with translated(pool):
            await pool.execute("SELECT pg_sleep(30)")


async def test_a_long_wait_for_a_lock_ends_as_a_lost_race(pool: Pool) -> None:
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT pg_advisory_xact_lock(1)")
        with pytest.raises(RaceLost):
            async with translated(pool), pool.acquire() as other, other.transaction():
                await other.execute("SELECT pg_advisory_xact_lock(1)")


async def test_a_defect_of_ours_is_not_dressed_up(pool: Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with translated(pool):
            await pool.execute("SELECT FROM no_such_table")
    with pytest.raises(asyncpg.DataError):
        async with translated(pool):
            await pool.fetchval("SELECT $1::int", "text")


async def test_an_exhausted_pool_says_so_in_time(database_url: str) -> None:
    settings = _settings(database_url, pool_size=1, acquire_timeout_seconds=0.1)
    async with open_pool(settings, role="leadline_dedup", name="t") as pool, pool.acquire():
        with pytest.raises(TimeoutError):
            await ping(pool)


async def test_an_absent_server_is_unavailable_and_does_not_stop_the_start() -> None:
    settings = _settings(f"postgresql://nobody:x@127.0.0.1:{free_port()}/none")
    async with open_pool(settings, role="leadline_dedup", name="t") as pool:
        with pytest.raises(Unavailable):
            async with translated(pool):
                await ping(pool)


async def test_a_cancelled_borrower_leaves_no_open_transaction(pool: Pool) -> None:
    for delay in range(20):
        task = asyncio.create_task(_nap(pool))
        await asyncio.wait({task}, timeout=delay / 1000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    states = await pool.fetch(
        "SELECT state FROM pg_stat_activity WHERE application_name = 'test-dedup' AND state LIKE 'idle in%'"
    )
    assert states == []


async def _nap(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_sleep(0.1)")


async def _ping_until_nobody_answers(pool: Pool) -> None:
    # The server's children see its death a moment later; until then one may still answer.
    async with asyncio.timeout(10), translated(pool):
        while True:
            await ping(pool)


async def test_what_was_committed_survives_kill_minus_nine_and_the_pool_lives_on(server_folder: Path) -> None:
    with EmbeddedPostgres(server_folder / "crash") as server:
        async with open_pool(_settings(server.url), role="leadline", name="t") as pool:
            await pool.execute("CREATE TABLE kept (n int)")
            await pool.execute("INSERT INTO kept VALUES (7)")
            server.kill()
            with pytest.raises(Unavailable):
                await _ping_until_nobody_answers(pool)
            server.start()
            assert await pool.fetchval("SELECT n FROM kept") == 7


def test_a_server_left_behind_by_a_killed_run_does_not_block_the_next(server_folder: Path) -> None:
    folder = server_folder / "orphan"
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    first.start()
    first._release_lock()  # what the end of a process does to its locks
    second.start()
    second.stop()
    first.stop()


def test_a_record_of_a_process_that_is_anothers_by_now_does_not_block_the_start(server_folder: Path) -> None:
    with EmbeddedPostgres(server_folder / "stale") as server:
        record = server_folder / "stale/data/postmaster.pid"
        text = record.read_text()
        server.kill()
        record.write_text(f"1\n{text.split(chr(10), 1)[1]}")
        server.start()


def test_two_runs_never_share_a_folder(server_folder: Path) -> None:
    with (
        EmbeddedPostgres(server_folder / "shared"),
        pytest.raises(EmbeddedPostgresError, match="in use by another run"),
    ):
        EmbeddedPostgres(server_folder / "shared").start()


def test_data_of_another_major_version_is_refused_with_a_way_out(server_folder: Path) -> None:
    folder = server_folder / "old"
    (folder / "data").mkdir(parents=True)
    (folder / "data/PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedPostgresError, match="written by Postgres 15"):
        EmbeddedPostgres(folder).start()
