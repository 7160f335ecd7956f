"""Turns concurrent single calls into batches without ever making anybody wait for a timer."""

from __future__ import annotations

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.rpc.errors import Internal, Overloaded, Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Coalescer(Generic[T, R]):
    """Calls `call` with a list of items; each submitter gets the result at its item's index.

    An item goes out in the same turn of the event loop where no call is under way; beside others, up to
    `max_in_flight`, as soon as `worth` items wait; else when a call comes back. So a lone item pays no delay, and
    under load the batches grow by themselves (at most `max_batch`). Beyond `max_waiting` items not yet sent, `submit`
    refuses at once.

    `call` bounds its own time: a submitter's deadline is not the batch's. A submitter that is cancelled before its
    item was sent takes the item back; one cancelled later leaves the batch alone.
    """

    def __init__(
        self,
        call: Callable[[list[T]], Awaitable[Sequence[R]]],
        *,
        max_batch: int,
        max_in_flight: int,
        max_waiting: int,
        worth: int = 1,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        """`worth`: how many items must wait before a call goes out beside others under way. `on_batch` is told the
        size of every batch, for a histogram.
        """
        if min(max_batch, max_in_flight, max_waiting) < 1:
            raise ValueError("max_batch, max_in_flight, max_waiting: expected 1 or more")
        self._call = call
        self._max_batch = max_batch
        self._max_in_flight = max_in_flight
        self._max_waiting = max_waiting
        self._worth = worth
        self._on_batch = on_batch
        self._waiting: OrderedDict[asyncio.Future[R], T] = OrderedDict()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._dispatch_due = False
        self._closed = False

    @property
    def waiting(self) -> int:
        """Items not yet sent."""
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return len(self._in_flight)

    async def submit(self, item: T) -> R:
        """The result for one item. Raises what its batch's call raised, Overloaded when too many wait,
        Unavailable once closed.
        """
        return (await self.submit_all([item]))[0]

    async def submit_all(self, items: Sequence[T]) -> list[R]:
        """The results for several items of one submitter, without a task for each. Raises as `submit` does; the first
        item that fails fails them all.
        """
        if self._closed:
            raise Unavailable("shutting down")
        if len(self._waiting) + len(items) > self._max_waiting:
            raise Overloaded("too many items are waiting")
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[R]] = [loop.create_future() for _ in items]
        self._waiting.update(zip(futures, items, strict=True))
        if not self._dispatch_due and self._may_go():
            # Not at once but at the end of this turn of the loop: whoever is ready in the same turn comes along.
            self._dispatch_due = True
            loop.call_soon(self._dispatch)
        try:
            return [await future for future in futures]
        finally:
            for future in futures:
                # Of a submitter that was cancelled, what was not sent is not sent.
                self._waiting.pop(future, None)
                if not future.done():
                    future.cancel()
                elif not future.cancelled():
                    # Looked at, so that nobody complains of a failure that the first one has told.
                    future.exception()

    async def close(self) -> None:
        """Refuses new items and waits until every item taken has its result."""
        self._closed = True
        while self._in_flight or self._waiting:
            self._dispatch()
            await asyncio.wait(self._in_flight)

    def _dispatch(self) -> None:
        self._dispatch_due = False
        while self._waiting and self._may_go():
            size = min(len(self._waiting), self._max_batch)
            batch = [self._waiting.popitem(last=False) for _ in range(size)]
            # An empty context: a batch belongs to no submitter, so it must not inherit the first one's.
            task = asyncio.create_task(self._run(batch), context=contextvars.Context())
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _may_go(self) -> bool:
        """A first call goes at once; a further one, beside it, only where it is worth its fixed cost."""
        if not self._in_flight:
            return True
        return len(self._in_flight) < self._max_in_flight and len(self._waiting) >= self._worth

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._dispatch()

    async def _run(self, batch: list[tuple[asyncio.Future[R], T]]) -> None:
        try:
            if self._on_batch is not None:
                self._on_batch(len(batch))
            results = await self._call([item for _, item in batch])
            if len(results) != len(batch):
                raise Internal("a batch was answered with another number of results")
        except asyncio.CancelledError:
            # A future with CancelledError would look to the submitter as if it had been cancelled itself.
            _fail(batch, Unavailable("the call was cut off"))
        except Exception as error:
            _fail(batch, error)
        else:
            for (future, _), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)


def _fail(batch: Sequence[tuple[asyncio.Future[R], T]], error: Exception) -> None:
    for future, _ in batch:
        if not future.done():
            future.set_exception(error)
