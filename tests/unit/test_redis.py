"""Redis that does not answer costs a bounded moment, and nothing is ever said twice."""

from __future__ import annotations

import asyncio
import time

import pytest
import redis.exceptions

from shared.redis import open_redis
from shared.runtime.settings import RedisSettings
from tests.silent_peer import silent_peer


async def test_a_frozen_redis_costs_a_tenth_of_a_second() -> None:
    with silent_peer() as port:
        async with open_redis(RedisSettings(url=f"redis://127.0.0.1:{port}/0")) as client:
            started = time.monotonic()
            with pytest.raises(redis.exceptions.TimeoutError):
                await client.get("x")
            assert time.monotonic() - started < 0.3


async def test_a_redis_that_is_not_there_fails_at_once() -> None:
    with silent_peer() as port:
        pass
    async with open_redis(RedisSettings(url=f"redis://127.0.0.1:{port}/0")) as client:
        started = time.monotonic()
        with pytest.raises(redis.exceptions.ConnectionError):
            await client.get("x")
        assert time.monotonic() - started < 0.3


async def test_a_command_whose_answer_is_lost_is_not_sent_again() -> None:
    received: list[bytes] = []
    connections: set[asyncio.StreamWriter] = set()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        while data := await reader.read(4096):
            received.append(data)
        writer.close()
        await writer.wait_closed()
        connections.discard(writer)

    peer = await asyncio.start_server(deaf, "127.0.0.1", 0)
    async with peer:
        url = f"redis://127.0.0.1:{peer.sockets[0].getsockname()[1]}/0"
        async with open_redis(RedisSettings(url=url)) as client:
            with pytest.raises(redis.exceptions.TimeoutError):
                await client.incrby("counter", 1)
        async with asyncio.timeout(5):
            while connections:  # noqa: ASYNC110 - the peer's own clean-up, seen from outside
                await asyncio.sleep(0.005)
    assert b"".join(received).count(b"INCRBY") == 1
    assert b"HELLO" not in b"".join(received)
