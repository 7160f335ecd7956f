"""Deliveries as people look at them and act on them, in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.delivery.delivery import GIVE_UP_AFTER
from services.routing.delivery.lanes import LaneReport
from services.routing.delivery.store import RECORD_COLUMNS, DeliveryRecord
from shared.db.failures import translated
from shared.db.pool import Pool

_OF_STATE = "state = $2 AND state <> 'handed_off'"
_LIST = """
SELECT {columns} FROM routing.delivery
WHERE buyer_id = $1 AND {state} AND ($3 = '' OR receiver = $3) AND delivery_id < $4
ORDER BY delivery_id DESC LIMIT $5
"""
_LIST_OF_STATE = _LIST.format(columns=RECORD_COLUMNS, state=_OF_STATE)
_LIST_ALL = _LIST.format(columns=RECORD_COLUMNS, state="($2 = '' OR state = $2)")
_ONE = f"SELECT {RECORD_COLUMNS} FROM routing.delivery WHERE buyer_id = $1 AND delivery_id = $2"
_TRIES = """
SELECT attempt, ended_at, outcome, error FROM routing.delivery_try
WHERE buyer_id = $1 AND delivery_id = $2 ORDER BY attempt
"""
# $3 now, $4 when tries end. Sorted, as every statement that locks several deliveries.
_AGAIN = """
WITH wanted AS (
    SELECT delivery_id FROM routing.delivery
    WHERE buyer_id = $1 AND {which}
    ORDER BY delivery_id LIMIT 500
    FOR UPDATE
)
UPDATE routing.delivery AS d
SET state = 'waiting', due_at = $3, give_up_at = $4, replayed_after = d.attempts, lease_id = NULL
FROM wanted WHERE d.buyer_id = $1 AND d.delivery_id = wanted.delivery_id
RETURNING d.delivery_id
"""
_REPLAY = _AGAIN.format(which="delivery_id = ANY ($2::uuid[]) AND state IN ('dead', 'blocked', 'discarded')")
_REPLAY_OF = _AGAIN.format(which="receiver = $2 AND state = 'dead' AND state <> 'handed_off'")
_DISCARD = """
UPDATE routing.delivery SET state = 'discarded'
WHERE buyer_id = $1 AND delivery_id = ANY ($2::uuid[]) AND state IN ('dead', 'blocked')
RETURNING delivery_id
"""
_COUNTS = """
SELECT channel, receiver, count(*) FILTER (WHERE state = 'waiting') AS waiting,
       count(*) FILTER (WHERE state = 'dead') AS dead
FROM routing.delivery WHERE buyer_id = $1 AND state <> 'handed_off'
GROUP BY channel, receiver
"""
_LANES = """
SELECT lane, state, failures, next_try_at, last_error FROM routing.lane WHERE buyer_id IN ($1, '')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRecord:
    """A try as stored."""

    attempt: int
    ended_at: datetime
    outcome: str
    error: str


#: By channel and receiver: how many deliveries wait, and how many are dead.
Counts = dict[tuple[str, str], tuple[int, int]]


class DeskStore:
    """Raises Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def listed(self, buyer_id: str, state: str, receiver: str, before: UUID, limit: int) -> list[DeliveryRecord]:
        """Deliveries of a state and to a receiver (empty: any), the newest lead's first, from `before` on."""
        query = _LIST_ALL if state in ("", "handed_off") else _LIST_OF_STATE
        async with translated(self._pool):
            rows = await self._pool.fetch(query, buyer_id, state, receiver, before, limit)
        return [DeliveryRecord(**row) for row in rows]

    async def one(self, buyer_id: str, delivery_id: UUID) -> tuple[DeliveryRecord, list[TryRecord]] | None:
        """A delivery with its tries."""
        async with translated(self._pool), self._pool.acquire() as conn:
            row = await conn.fetchrow(_ONE, buyer_id, delivery_id)
            tries = await conn.fetch(_TRIES, buyer_id, delivery_id)
        return None if row is None else (DeliveryRecord(**row), [TryRecord(**one) for one in tries])

    async def replay(self, buyer_id: str, delivery_ids: Sequence[UUID], now: datetime) -> list[UUID]:
        """Have those of these that are not under way and not handed over tried again; returns them."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_REPLAY, buyer_id, list(delivery_ids), now, now + GIVE_UP_AFTER)
        return [row["delivery_id"] for row in rows]

    async def replay_of(self, buyer_id: str, receiver: str, now: datetime) -> list[UUID]:
        """Have a receiver's dead deliveries tried again, the oldest 500; returns them."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_REPLAY_OF, buyer_id, receiver, now, now + GIVE_UP_AFTER)
        return [row["delivery_id"] for row in rows]

    async def discard(self, buyer_id: str, delivery_ids: Sequence[UUID]) -> list[UUID]:
        """Put away those of these that are dead or blocked; returns them."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_DISCARD, buyer_id, list(delivery_ids))
        return [row["delivery_id"] for row in rows]

    async def receivers(self, buyer_id: str) -> tuple[Counts, dict[str, LaneReport]]:
        """What waits and what is dead, and what was found of the lanes, by name."""
        async with translated(self._pool), self._pool.acquire() as conn:
            counts = await conn.fetch(_COUNTS, buyer_id)
            lanes = await conn.fetch(_LANES, buyer_id)
        return (
            {(row["channel"], row["receiver"]): (row["waiting"], row["dead"]) for row in counts},
            {row["lane"]: LaneReport(**row) for row in lanes},
        )
