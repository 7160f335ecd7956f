"""Follow-up as the process that runs it: woken at once, patient without Redis, killed without harm."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.db.outbox import OUTBOX_BELL
from shared.redis import open_redis
from shared.runtime.clock import SystemClock
from shared.runtime.settings import RedisSettings
from shared.wake import Doorbell
from tests.integration.follow_up_world import AnyWorld, open_world
from tests.integration.smtp_server import free_port

World = AnyWorld[SystemClock]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with open_world(database_url, SystemClock()) as opened:
        yield opened


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def follow_up(world: World, redis_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, serving; ended at exit if it is still there."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.routing.follow_up_process",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "LEADLINE_POSTGRES_URL": world.url,
            "LEADLINE_REDIS_URL": redis_url,
            "LEADLINE_NOTICES_TARGET": world.records_target,
            "LEADLINE_SMTP_URL": world.mail.url,
            "LEADLINE_IDENTITY_KEY": "00" * 32,
            "LEADLINE_FOLLOW_UP_PORT": str(port),
            "LEADLINE_FOLLOW_UP_METRICS_PORT": str(free_port()),
        },
        stdout=asyncio.subprocess.DEVNULL,
    )

    async def serving() -> bool:
        assert process.returncode is None
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await until(serving)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def handed_off(world: World, count: int) -> bool:
    return bool(
        await world.admin.fetchval("SELECT count(*) = $1 FROM routing.delivery WHERE state = 'handed_off'", count)
    )


async def test_a_ring_gets_the_mail_out_and_a_signal_ends_the_process_in_order(world: World, redis_url: str) -> None:
    async with follow_up(world, redis_url) as process, open_redis(RedisSettings(url=redis_url)) as redis:
        bell = Doorbell(redis, OUTBOX_BELL)
        for count in range(1, 4):
            await world.buy()
            await bell.ring()
            await until(lambda count=count: handed_off(world, count))  # type: ignore[misc]
        await bell.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert len(world.mail.taken) == 3


async def test_without_redis_the_mail_goes_out_all_the_same(world: World) -> None:
    async with follow_up(world, f"redis://127.0.0.1:{free_port()}"):
        await world.buy()
        await until(lambda: handed_off(world, 1))


async def test_a_process_killed_while_sending_is_replaced_and_copies_can_be_told(world: World, redis_url: str) -> None:
    leads = [await world.buy() for _ in range(20)]
    async with follow_up(world, redis_url) as process:
        killed = asyncio.Event()

        def kill() -> None:
            if len(world.mail.taken) == 5 and process.returncode is None:
                process.kill()
                killed.set()

        world.mail.on_taken = kill
        await killed.wait()
        await process.wait()
    world.mail.on_taken = lambda: None
    # As if the leases had run out.
    await world.admin.execute("UPDATE routing.delivery SET due_at = now() WHERE state = 'waiting'")
    async with follow_up(world, redis_url):
        await until(lambda: handed_off(world, 20))
    assert set(world.mail.recipients) == {f"{lead_id}@mail.example" for lead_id in leads}
    ids = {message["To"]: message["Message-ID"] for message in world.mail.taken}
    assert all(ids[message["To"]] == message["Message-ID"] for message in world.mail.taken)
    assert len(await world.events_of("message_handed_off")) == 20
