from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rpc.errors import Internal, NotFound, Overloaded, Unavailable
from shared.runtime.coalescer import Coalescer


class Peer:
    """Doubles numbers, a batch at a time, when the test opens the gate."""

    def __init__(self, *, open_gate: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        if open_gate:
            self.gate.set()

    async def call(self, items: list[int]) -> Sequence[int]:
        self.batches.append(items)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        return [item * 2 for item in items]


def coalescer(peer: Peer, *, max_batch: int = 4, max_in_flight: int = 1, max_waiting: int = 100) -> Coalescer[int, int]:
    return Coalescer(peer.call, max_batch=max_batch, max_in_flight=max_in_flight, max_waiting=max_waiting)


async def settle() -> None:
    """Lets everything that is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_lone_item_goes_out_at_once() -> None:
    peer = Peer(open_gate=True)
    assert await coalescer(peer).submit(21) == 42
    assert peer.batches == [[21]]


async def test_items_gather_while_a_call_is_under_way() -> None:
    peer = Peer()
    batching = coalescer(peer)
    first = asyncio.create_task(batching.submit(1))
    await settle()
    rest = [asyncio.create_task(batching.submit(item)) for item in (2, 3, 4)]
    await settle()
    assert peer.batches == [[1]]
    peer.gate.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert peer.batches == [[1], [2, 3, 4]]


async def test_items_of_one_turn_of_the_loop_travel_together() -> None:
    peer = Peer(open_gate=True)
    batching = coalescer(peer)
    await asyncio.gather(*(batching.submit(item) for item in (1, 2, 3)))
    assert peer.batches == [[1, 2, 3]]


@settings(max_examples=50, deadline=None)
@given(count=st.integers(1, 60), max_batch=st.integers(1, 9), max_in_flight=st.integers(1, 4))
def test_everybody_gets_their_own_result_within_the_limits(count: int, max_batch: int, max_in_flight: int) -> None:
    async def scenario() -> None:
        peer = Peer(open_gate=True)
        batching = coalescer(peer, max_batch=max_batch, max_in_flight=max_in_flight)
        results = await asyncio.gather(*(batching.submit(item) for item in range(count)))
        assert results == [item * 2 for item in range(count)]
        assert [item for batch in peer.batches for item in batch] == list(range(count))
        assert max(len(batch) for batch in peer.batches) <= max_batch
        assert peer.most_at_once <= max_in_flight

    asyncio.run(scenario())


async def test_beyond_the_limit_of_waiting_items_it_refuses_at_once() -> None:
    peer = Peer()
    batching = coalescer(peer, max_waiting=2)
    first = asyncio.create_task(batching.submit(1))
    await settle()
    rest = [asyncio.create_task(batching.submit(item)) for item in (2, 3)]
    await settle()
    with pytest.raises(Overloaded) as raised:
        await batching.submit(4)
    assert raised.value.retry_after_seconds > 0
    peer.gate.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6]


async def test_a_cancelled_submitter_takes_back_an_item_not_yet_sent() -> None:
    peer = Peer()
    batching = coalescer(peer)
    first = asyncio.create_task(batching.submit(1))
    await settle()
    second, third = asyncio.create_task(batching.submit(2)), asyncio.create_task(batching.submit(3))
    await settle()
    second.cancel()
    await settle()
    assert batching.waiting == 1
    peer.gate.set()
    assert (await first, await third) == (2, 6)
    assert peer.batches == [[1], [3]]


async def test_a_cancelled_submitter_leaves_its_batch_alone() -> None:
    peer = Peer()
    batching = coalescer(peer)
    one, two = asyncio.create_task(batching.submit(1)), asyncio.create_task(batching.submit(2))
    await settle()
    one.cancel()
    await settle()
    peer.gate.set()
    assert await two == 4


async def test_a_failing_call_fails_its_own_items_only() -> None:
    async def call(items: list[int]) -> list[int]:
        await asyncio.sleep(0)
        if 1 in items:
            raise NotFound("no such thing")
        return items

    batching = Coalescer(call, max_batch=2, max_in_flight=1, max_waiting=10)
    results = await asyncio.gather(*(batching.submit(item) for item in (1, 2, 3, 4)), return_exceptions=True)
    assert [type(result) for result in results] == [NotFound, NotFound, int, int]


async def test_a_call_that_is_cancelled_inside_does_not_look_like_the_submitter_cancelled() -> None:
    async def call(items: list[int]) -> list[int]:
        raise asyncio.CancelledError

    with pytest.raises(Unavailable):
        await Coalescer(call, max_batch=2, max_in_flight=1, max_waiting=10).submit(1)


async def test_a_wrong_number_of_results_reaches_nobody() -> None:
    async def call(items: list[int]) -> list[int]:
        return [*items, 0]

    with pytest.raises(Internal):
        await Coalescer(call, max_batch=2, max_in_flight=1, max_waiting=10).submit(1)


async def test_closing_answers_what_was_taken_and_refuses_the_rest() -> None:
    peer = Peer()
    batching = coalescer(peer, max_batch=1)
    taken = [asyncio.create_task(batching.submit(item)) for item in (1, 2, 3)]
    await settle()
    closing = asyncio.create_task(batching.close())
    await settle()
    with pytest.raises(Unavailable):
        await batching.submit(4)
    assert not closing.done()
    peer.gate.set()
    await closing
    assert [task.result() for task in taken] == [2, 4, 6]


async def test_the_size_of_every_batch_is_told() -> None:
    sizes: list[int] = []
    peer = Peer(open_gate=True)
    batching = Coalescer(peer.call, max_batch=2, max_in_flight=1, max_waiting=10, on_batch=sizes.append)
    await asyncio.gather(*(batching.submit(item) for item in range(5)))
    assert sizes == [2, 2, 1]


async def turns() -> None:
    """Let everything that is ready run: a handful of turns of the event loop, no time."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_call_goes_out_beside_another_only_where_enough_items_wait() -> None:
    batches: list[list[int]] = []
    free = asyncio.Event()

    async def call(items: list[int]) -> list[int]:
        batches.append(items)
        await free.wait()
        return items

    coalescer = Coalescer(call, max_batch=10, max_in_flight=2, max_waiting=100, worth=3)
    tasks = [asyncio.create_task(coalescer.submit(0))]
    await turns()
    tasks += [asyncio.create_task(coalescer.submit(n)) for n in (1, 2)]
    await turns()
    assert batches == [[0]]
    tasks.append(asyncio.create_task(coalescer.submit(3)))
    await turns()
    assert batches == [[0], [1, 2, 3]]
    free.set()
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3]


async def test_several_items_of_one_submitter_are_answered_in_their_order() -> None:
    async def call(items: list[int]) -> list[int]:
        return [item * 2 for item in items]

    coalescer = Coalescer(call, max_batch=2, max_in_flight=1, max_waiting=100)
    assert await coalescer.submit_all([3, 1, 2]) == [6, 2, 4]


async def test_a_submitter_of_several_items_hears_of_the_first_failure() -> None:
    async def call(items: list[int]) -> list[int]:
        if 2 in items:
            raise Unavailable("away")
        return items

    coalescer = Coalescer(call, max_batch=1, max_in_flight=1, max_waiting=100)
    with pytest.raises(Unavailable):
        await coalescer.submit_all([1, 2, 3])
