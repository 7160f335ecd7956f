"""Pings and holds in Postgres. The only file that writes SQL about pings; holds of posts are spent with their leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.pings.rows import PingRow
from services.intake.rows import DemandRow, Obstacle
from shared.db.failures import translated
from shared.db.pool import Pool


@dataclass(frozen=True, slots=True)
class StoredPing:
    """A ping that was answered before."""

    content_hash: bytes
    #: Serialised PingAnswer.
    answer: bytes


_PLACE = """
SELECT what, lead, detail, seller, own, limit_kind
  FROM intake.place_pings($1, $2::intake.placed_ping[], $3::intake.capacity_demand[])
"""

_FIND = """
SELECT w.n - 1 AS n, p.content_hash, p.answer
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (buyer_id, seller, submission_key, n)
  JOIN intake.ping p USING (buyer_id, seller, submission_key)
"""

_TOLD = "SELECT ping_id::text, told FROM intake.ping WHERE buyer_id = $1 AND ping_id = ANY ($2::uuid[])"

_FORGET = """
DELETE FROM intake.ping WHERE (buyer_id, ping_id) IN (
    SELECT buyer_id, ping_id FROM intake.ping WHERE received_at < $1 LIMIT $2)
"""


class PingStore:
    """Reads and writes `intake.ping`, and gives holds back."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def place(self, buyer_id: str, pings: Sequence[PingRow], demands: Sequence[DemandRow]) -> list[Obstacle]:
        """Write pings and hold what their bids need in one transaction, or say what stands in the way.

        Raises:
            Unavailable, DeadlineExceeded: whether it committed is unknown.
            RaceLost: nothing was written; run it again.
        """
        async with translated(self._pool):
            rows = await self._pool.fetch(_PLACE, buyer_id, pings, demands)
        return [Obstacle(*row) for row in rows]

    async def find(self, keys: Sequence[tuple[str, str, str]]) -> dict[int, StoredPing]:
        """Look up (buyer, seller, submission key) triples; by index, for those answered before."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_FIND, *zip(*keys, strict=True))
        return {row["n"]: StoredPing(row["content_hash"], row["answer"]) for row in rows}

    async def told(self, buyer_id: str, ping_ids: Sequence[str]) -> dict[str, bytes]:
        """What pings told, by their ids."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_TOLD, buyer_id, ping_ids)
        return {row["ping_id"]: row["told"] for row in rows}

    async def return_holds(self, now: datetime, most: int) -> int:
        """Give back at most `most` holds whose life is over; returns how many."""
        async with translated(self._pool):
            return int(await self._pool.fetchval("SELECT intake.return_holds($1, $2)", now, most))

    async def forget(self, before: datetime, most: int) -> None:
        """Delete at most `most` pings that were received before an instant."""
        async with translated(self._pool):
            await self._pool.execute(_FORGET, before, most)
