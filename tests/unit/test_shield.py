from __future__ import annotations

import asyncio

import pytest

from shared.runtime.shield import Shield


async def test_work_ends_although_its_caller_is_cancelled() -> None:
    gate, committed = asyncio.Event(), False

    async def commit() -> str:
        nonlocal committed
        await gate.wait()
        committed = True
        return "done"

    async with Shield() as shield:
        caller = asyncio.create_task(shield.finish(commit()))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert shield.unfinished == 1
        asyncio.get_running_loop().call_soon(gate.set)
    assert committed


async def test_a_caller_that_stays_gets_the_result_or_the_error() -> None:
    async def good() -> int:
        return 7

    async def bad() -> int:
        raise KeyError

    async with Shield() as shield:
        assert await shield.finish(good()) == 7
        with pytest.raises(KeyError):
            await shield.finish(bad())
        assert shield.unfinished == 0
