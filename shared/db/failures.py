"""What goes wrong at the database, in the vocabulary that callers know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.db.pool import Pool
from shared.rpc.errors import DeadlineExceeded, RaceLost, Unavailable

_AWAY: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
#: Two transactions stood in each other's way; one of them has to run again.
_RACED: tuple[type[Exception], ...] = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)


def is_away(error: BaseException) -> bool:
    """True where the database is away, changing over or out of room: nothing about the statement is wrong."""
    # asyncpg counts an argument of the wrong type or size among its interface errors; that one is ours.
    return isinstance(error, _AWAY) and not isinstance(error, asyncpg.DataError | ValueError)


@asynccontextmanager
async def translated(pool: Pool) -> AsyncIterator[None]:
    """Turn driver errors inside the block into `AppError`s; what is a defect of ours passes as it is.

    Raises:
        RaceLost: deadlock, serialisation failure or lock wait over; nothing was written.
        DeadlineExceeded: a statement took too long; where it was the commit, its outcome is unknown.
        Unavailable: the database is away, read-only or out of connections, or none came free in time.
    """
    try:
        yield
    except _RACED as error:
        raise RaceLost("another transaction was faster; send the call again") from error
    except (asyncpg.QueryCanceledError, TimeoutError) as error:
        raise DeadlineExceeded("the database took too long") from error
    except asyncpg.ReadOnlySQLTransactionError as error:
        # We are connected to what was the primary: forget all of its connections.
        await pool.expire_connections()
        raise Unavailable("the database is changing over") from error
    except _AWAY as error:
        if not is_away(error):
            raise
        raise Unavailable("the database is away") from error
