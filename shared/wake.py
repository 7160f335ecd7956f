"""A doorbell between processes: "there may be work", at once where Redis is there, a little later where it is not."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError

_RING_SECONDS = 0.05
#: How long a ring may go on behind the caller's back: where processors are short, connecting alone takes longer than
#: a caller can wait, and a ring cut off at 50 ms would never get that far.
_CARRY_SECONDS = 5.0
#: A ring says only that there was one: the stream needs no history.
_KEPT = 16
#: Over what the server was told to wait, for its answer to arrive.
_ANSWER_SECONDS = 0.1


class Doorbell:
    """One topic's bell. Whoever waits still has to look for work by itself now and then: a ring may be lost.

    Args:
        redis: A client of the server that all share. Its connection settings are used, its timeouts are not.
        topic: What it is about; one stream per topic.
    """

    def __init__(self, redis: Redis, topic: str) -> None:
        self._redis = redis
        self._stream = f"leadline:doorbell:{{{topic}}}"
        pool = redis.connection_pool
        # Waiting outlasts the timeout of an ordinary command by design.
        settings = {**pool.connection_kwargs, "socket_timeout": None, "socket_connect_timeout": _CARRY_SECONDS}
        self._ringing, self._waiting = (
            Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, max_connections=1, **settings))
            for _ in range(2)
        )
        #: The ring that is on its way.
        self._carried: asyncio.Task[None] | None = None
        #: Somebody rang since it left: what is on its way may arrive too early for what there is to tell now.
        self._again = False
        # The first wait returns at once if the bell ever rang: better once too often than once too late.
        self._seen: str | bytes = "0-0"

    async def ring(self) -> None:
        """Wake whoever waits. Never raises, never blocks longer than 50 ms; at worst nobody hears it."""
        if self._carried is None or self._carried.done():
            self._carried = asyncio.create_task(self._carry())
        else:
            self._again = True
        await asyncio.wait({self._carried}, timeout=_RING_SECONDS)

    async def _carry(self) -> None:
        again = True
        while again:
            self._again = False
            try:
                async with asyncio.timeout(_CARRY_SECONDS):
                    await self._ringing.xadd(self._stream, {"r": ""}, maxlen=_KEPT, approximate=True)
            except (RedisError, OSError, TimeoutError):
                return
            again = self._again

    async def wait(self, timeout: float) -> bool:
        """Wait for a ring since the last wait, at most `timeout` seconds, also when Redis is away.

        Returns:
            True where it rang.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        try:
            async with asyncio.timeout(timeout + _ANSWER_SECONDS):
                reply = await self._waiting.xread({self._stream: self._seen}, block=max(1, round(timeout * 1000)))
        except (RedisError, OSError, TimeoutError):
            await asyncio.sleep(max(0.0, until - loop.time()))
            return False
        entries = _entries(reply)
        if entries:
            self._seen = entries[-1][0]
        return bool(entries)

    async def close(self) -> None:
        """Close its connections; the client that was passed in stays open."""
        if self._carried is not None:
            self._carried.cancel()
            await asyncio.wait({self._carried})
        for own in (self._ringing, self._waiting):
            await own.aclose(close_connection_pool=True)


def _entries(reply: Any) -> list[Any]:
    """The one stream's entries: RESP3 answers with a map, RESP2 with pairs."""
    streams = reply.values() if isinstance(reply, dict) else [pair[1] for pair in reply or ()]
    for entries in streams:
        # redis-py wraps RESP3's entries once more.
        return list(entries[0]) if entries and isinstance(entries[0], list) else list(entries)
    return []
