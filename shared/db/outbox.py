"""The outbox: what a transaction made true reaches each consumer, exactly once in effect.

`put` writes in the producer's transaction. A consumer takes messages away, acts on them and commits, all in one
transaction of the same database: if acting fails or the process dies, messages and effects are as if nothing
had been. Order is not promised, and an effect outside the database may happen twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from shared.db.failures import is_away
from shared.db.pool import Connection, Pool
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

#: The one bell of all consumers: a settlement rings once, and whoever finds nothing of its own rests again.
OUTBOX_BELL = "outbox"
#: Attempts after which a message is put aside as a dead letter.
MAX_ATTEMPTS = 10
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 300.0
_OUTAGE_WAIT_SECONDS = 1.0
#: How often the backlog is measured for the metrics.
_TELL_SECONDS = 5.0

_PUT = "SELECT outbox.put($1, $2, $3, $4, $5)"
_TAKE = "SELECT buyer_id, message_id, topic, payload, attempts FROM outbox.take($1, $2)"
_DONE = "SELECT outbox.done($1, $2, $3)"
_FAIL = "SELECT outbox.fail($1, $2, $3, $4, $5)"
_REPLAY = "SELECT outbox.replay($1)"
_BEHIND = "SELECT messages, oldest_seconds, dead FROM outbox.behind($1, $2)"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message to write.

    Attributes:
        buyer_id: The buyer.
        consumer: Who acts on it: `routing`, `reporting`, `validation` or `intake`.
        topic: What it is about, such as the name of the event's body.
        payload: Its content; never contact data.
        message_id: A UUID, the same each time the same fact is written.
    """

    buyer_id: str
    consumer: str
    topic: str
    payload: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message to act on. `attempts`: how often acting on it failed before."""

    buyer_id: str
    message_id: str
    topic: str
    payload: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far a consumer is behind: messages waiting, age of the oldest in seconds (0 if none), dead letters."""

    messages: int
    oldest_seconds: float
    dead: int


class Wake(Protocol):
    """What tells a consumer to look; see `shared.wake.Doorbell`."""

    async def wait(self, timeout: float) -> bool:
        """Return on a ring or after `timeout` seconds."""
        ...


#: Acts on messages on a connection that is inside the transaction that took them.
Handle = Callable[[Connection, Sequence[OutboxMessage]], Awaitable[None]]


async def put(connection: Connection, rows: Sequence[OutboxRow]) -> None:
    """Write messages in the caller's transaction, with one statement; one already written stays as it is."""
    if rows:
        await connection.execute(
            _PUT,
            [row.buyer_id for row in rows],
            [row.consumer for row in rows],
            [row.message_id for row in rows],
            [row.topic for row in rows],
            [row.payload for row in rows],
        )


async def behind(connection: Connection | Pool, consumer: str, buyer_id: str | None = None) -> Backlog:
    """How far a consumer is behind, for one buyer or for all. Only the consumer's own role may ask."""
    (row,) = await connection.fetch(_BEHIND, consumer, buyer_id)
    return Backlog(row["messages"], row["oldest_seconds"], row["dead"])


async def replay(connection: Connection | Pool, consumer: str) -> int:
    """Give the consumer's dead letters another ten attempts; returns how many there were."""
    return int(await connection.fetchval(_REPLAY, consumer))


def wait_after(attempts: int) -> float | None:
    """Seconds until a message is due again after so many failed attempts; None: it is dead."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return min(_FIRST_WAIT_SECONDS * 2.0 ** (attempts - 1), _LONGEST_WAIT_SECONDS)


class OutboxConsumer:
    """Takes one consumer's messages and has them acted on. Any number may run side by side.

    Args:
        pool: Connections under the consumer's own role.
        consumer: `routing`, `reporting`, `validation` or `intake`.
        handle: Acts on a batch, inside the transaction. If it fails, its batch is given again one by one, and
            what fails then is tried again later, in the end put aside.
        wake: Cuts the waiting short when there is work.
        batch: Messages taken at once.
        idle_seconds: How long to sleep without a ring before looking again.
        rest_seconds: How long to leave the outbox alone after a batch that was not full, so that what comes
            meanwhile is one batch: a transaction for each message would cost as much as the decision itself.
        committed: Told after each transaction in which messages were handled: their effects can be seen now.
        metrics: Where to count what was handled, failed and given up, and to show the backlog.
    """

    def __init__(
        self,
        pool: Pool,
        consumer: str,
        handle: Handle,
        wake: Wake,
        *,
        batch: int = 200,
        idle_seconds: float = 0.25,
        rest_seconds: float = 0.0,
        committed: Callable[[], None] | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._pool = pool
        self._consumer = consumer
        self._handle = handle
        self._wake = wake
        self._batch = batch
        self._idle_seconds = idle_seconds
        self._rest_seconds = rest_seconds
        self._committed = committed
        metrics = metrics or Metrics()
        self._handled = metrics.counter("leadline_outbox_handled_total", consumer=consumer)
        self._failures = metrics.counter("leadline_outbox_failed_total", consumer=consumer)
        self._dead = metrics.counter("leadline_outbox_dead_total", consumer=consumer)
        self._behind = metrics.gauge("leadline_outbox_behind", consumer=consumer)
        self._oldest = metrics.gauge("leadline_outbox_oldest_seconds", consumer=consumer)
        self._told_at = -math.inf

    async def run(self, stop: asyncio.Event) -> None:
        """Act on messages until `stop` is set, finishing the batch under way; outages are waited out."""
        while not stop.is_set():
            try:
                taken = await self.step()
                await self._tell()
            except Exception as error:
                if not is_away(error):
                    raise
                _log.warning("the outbox is out of reach", consumer=self._consumer, **failure(error))
                taken = 0
                await self._wake.wait(_OUTAGE_WAIT_SECONDS)
            if 0 < taken < self._batch and self._rest_seconds:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._rest_seconds)
            if taken < self._batch and not stop.is_set():
                await self._wake.wait(self._idle_seconds)

    async def step(self) -> int:
        """Act on one batch; returns how many messages were taken, failed ones included.

        Raises:
            OSError, asyncpg.PostgresError: the database is away. Nothing counts as tried.
        """
        messages: list[OutboxMessage] = []
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(_TAKE, self._consumer, self._batch)
                if not rows:
                    return 0
                messages = [_message(*row) for row in rows]
                await self._handle(connection, messages)
        except Exception as error:
            if not messages or is_away(error):
                raise
            _log.warning("a batch failed", consumer=self._consumer, count=len(messages), **failure(error))
            if len(messages) == 1:
                await self._failed(messages[0], error)
                return 1
            for message in messages:
                await self._single(message)
        else:
            self._count(len(messages))
        return len(messages)

    async def _single(self, message: OutboxMessage) -> None:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if await connection.fetchval(_DONE, self._consumer, message.buyer_id, message.message_id):
                    await self._handle(connection, [message])
        except Exception as error:
            if is_away(error):
                raise
            await self._failed(message, error)
        else:
            self._count(1)

    def _count(self, handled: int) -> None:
        self._handled.inc(handled)
        if self._committed is not None:
            self._committed()

    async def _failed(self, message: OutboxMessage, error: Exception) -> None:
        # Kind and place of the failure. Its text stays out: it may quote what it failed on.
        described = failure(error)
        seconds = wait_after(message.attempts + 1)
        await self._pool.execute(
            _FAIL, self._consumer, message.buyer_id, message.message_id,
            f"{described['error_type']} at {described['error_at']}",
            None if seconds is None else timedelta(seconds=seconds),
        )  # fmt: skip
        if seconds is not None:
            self._failures.inc()
            return
        self._dead.inc()
        _log.error("a message is given up", consumer=self._consumer, message_id=message.message_id, **described)

    async def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at < _TELL_SECONDS:
            return
        self._told_at = now
        backlog = await behind(self._pool, self._consumer)
        self._behind.set(backlog.messages)
        self._oldest.set(backlog.oldest_seconds)


def _message(buyer_id: str, message_id: object, topic: str, payload: bytes, attempts: int) -> OutboxMessage:
    return OutboxMessage(buyer_id, str(message_id), topic, payload, attempts)
