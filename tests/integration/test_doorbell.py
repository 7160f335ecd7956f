"""The doorbell: wakes at once, and without Redis costs time and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from deploy.local.ports import free_port
from shared.wake import Doorbell

_LONG = 30.0


def _client(url: str) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=0.1, socket_connect_timeout=0.1, protocol=2)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = _client(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def bell(redis: Redis) -> AsyncIterator[Doorbell]:
    bell = Doorbell(redis, "reporting")
    yield bell
    await bell.close()


async def test_a_ring_ends_a_wait_that_is_longer_than_a_commands_timeout(bell: Doorbell, redis: Redis) -> None:
    waiting = asyncio.create_task(bell.wait(_LONG))
    async with asyncio.timeout(10):
        while not (await redis.info("clients"))["blocked_clients"]:  # noqa: ASYNC110 - the server's state has no event
            await asyncio.sleep(0.01)
        assert not (await asyncio.wait({waiting}, timeout=0.2))[0], "the client's timeout of 0.1 s ended the wait"
        await bell.ring()
        assert await waiting


async def test_a_ring_between_two_waits_is_not_lost(bell: Doorbell) -> None:
    await bell.ring()
    assert await bell.wait(_LONG)
    await bell.ring()
    assert await bell.wait(_LONG)


async def test_without_a_ring_the_wait_ends_in_time(bell: Doorbell) -> None:
    assert not await bell.wait(0.05)


async def test_topics_are_apart(bell: Doorbell, redis: Redis) -> None:
    other = Doorbell(redis, "routing")
    await other.ring()
    assert not await bell.wait(0.05)
    await other.close()


async def test_a_ring_that_takes_longer_than_the_caller_can_wait_is_heard_all_the_same(redis: Redis) -> None:
    bell = Doorbell(redis, "slow")
    await redis.client_pause(300)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bell.ring()
    assert loop.time() - began < 0.25
    assert await bell.wait(_LONG)
    await bell.close()


async def test_both_kinds_of_protocol_are_understood(redis_url: str) -> None:
    client = Redis.from_url(redis_url, protocol=3)
    bell = Doorbell(client, "three")
    await bell.ring()
    assert await bell.wait(_LONG)
    assert not await bell.wait(0.01)
    await bell.close()
    await client.aclose()


async def test_without_redis_ringing_is_silent_and_waiting_takes_its_time() -> None:
    client = _client(f"redis://127.0.0.1:{free_port()}/0")
    bell = Doorbell(client, "nobody")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bell.ring()
    assert not await bell.wait(0.2)
    assert 0.2 <= loop.time() - began < 2
    await bell.close()
    await client.aclose()


async def test_a_server_that_does_not_answer_holds_nobody_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = _client(f"redis://127.0.0.1:{port}/0")
    bell = Doorbell(client, "nobody")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bell.ring()
    rung = loop.time()
    await bell.wait(0.1)
    assert rung - began < 0.5
    assert loop.time() - rung < 2
    await bell.close()
    await client.aclose()
    server.close()
    await server.wait_closed()
