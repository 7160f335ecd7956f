"""Redis as this project uses it: a hint that may be late, wrong or gone. It is never the truth about anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from shared.runtime.settings import RedisSettings


@asynccontextmanager
async def open_redis(settings: RedisSettings, *, timeout_seconds: float | None = None) -> AsyncIterator[Redis]:
    """A client; it connects with its first command, so Redis may be away at start.

    Nothing is ever sent twice: the library would by default repeat a command whose answer was lost, ten times, and so
    count double. Connecting and each command end after `timeout_seconds` (default: the settings'), which a blocking
    command has to stay below. Replies are bytes in the shapes of RESP2, whatever the library's next default.
    """
    seconds = settings.timeout_seconds if timeout_seconds is None else timeout_seconds
    client: Redis = Redis.from_url(
        settings.url,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        max_connections=settings.max_connections,
        health_check_interval=0,
        driver_info=None,
    )
    try:
        yield client
    finally:
        await client.aclose()
