"""Connections to Postgres under a service's own role, durable and bounded in every direction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from shared.runtime.settings import DatabaseSettings

if TYPE_CHECKING:
    from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

    #: What stores are given to run SQL on: a pool's connection or one of its own.
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    _Base = asyncpg.Pool[asyncpg.Record]
else:
    Connection = Pool = Any
    _Base = asyncpg.Pool

#: A client that waits longer than the server allows only learns later; this much later, at most.
_GRACE_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
_IDLE_SECONDS = 300.0
_STATEMENTS = 200


class BoundedPool(_Base):
    """A pool whose `acquire` never waits for ever; what it raises then is `TimeoutError`."""

    def __init__(self, *arguments: Any, acquire_seconds: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._acquire_seconds = acquire_seconds

    def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext[asyncpg.Record]:
        """Borrow a connection, for `async with`.

        Args:
            timeout: Seconds; None is the pool's own limit.
        """
        # asyncpg says nowhere else exactly whether one is free, those still to be connected included.
        if timeout is None and not self._queue.empty():  # type: ignore[attr-defined]
            # Nothing to wait for: asyncpg's bounded wait costs a task and a timer each time.
            return super().acquire()
        return super().acquire(timeout=self._acquire_seconds if timeout is None else timeout)


@asynccontextmanager
async def open_pool(settings: DatabaseSettings, *, role: str, name: str) -> AsyncIterator[Pool]:
    """A pool whose every connection acts as `role` and can do nothing else.

    Connections are made when first needed, so that a process starts while Postgres is away and works once it is
    back. Commits are synchronous whatever the server's default. Session state is not reset between borrowers:
    use `SET LOCAL` and `pg_advisory_xact_lock`, inside `async with connection.transaction()`, and nothing else.

    Args:
        settings: Where and how.
        role: A role that the login may take, such as `leadline_dedup`.
        name: Shown in pg_stat_activity.

    Yields:
        The pool; closed at exit, borrowers first.
    """
    pool = BoundedPool(
        settings.url,
        acquire_seconds=settings.acquire_timeout_seconds,
        min_size=0,
        max_size=settings.pool_size,
        max_queries=1_000_000,
        max_inactive_connection_lifetime=_IDLE_SECONDS,
        reset=_keep,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        timeout=settings.acquire_timeout_seconds,
        command_timeout=settings.statement_timeout_seconds + _GRACE_SECONDS,
        statement_cache_size=_STATEMENTS,
        # A prepared statement outlives its data's growth; its plan is the server's to renew.
        max_cached_statement_lifetime=0,
        # After a failover the old primary may still answer, and would refuse every write.
        target_session_attrs="primary",
        server_settings={
            "role": role,
            "application_name": name,
            "synchronous_commit": "on",
            "statement_timeout": _milliseconds(settings.statement_timeout_seconds),
            "lock_timeout": _milliseconds(settings.lock_timeout_seconds),
            "idle_in_transaction_session_timeout": _milliseconds(settings.idle_in_transaction_timeout_seconds),
            "timezone": "UTC",
            "jit": "off",
        },
    )
    async with pool:
        try:
            yield pool
        finally:
            try:
                await asyncio.wait_for(pool.close(), _CLOSE_SECONDS)
            except TimeoutError:
                pool.terminate()


async def ping(pool: Pool) -> None:
    """Ask the database something that needs nothing; for health checks.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: it did not answer.
    """
    await pool.fetchval("SELECT 1")


async def _keep(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Leave a returned connection as it is: the round trip of a reset is paid on every borrowing.

    asyncpg itself has rolled back what was open before it calls this.
    """


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"
