"""Suppression lists in Postgres, by digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from shared.db.failures import translated
from shared.db.pool import Connection, Pool

_LIST = """
INSERT INTO dedup.suppression_list AS known (buyer_id, list, kind, effective_from, updated_at)
SELECT $1, $2, $3, coalesce($4::timestamptz, $5), $5::timestamptz WHERE $3::text <> ''
ON CONFLICT (buyer_id, list) DO UPDATE
   SET updated_at = EXCLUDED.updated_at, effective_from = coalesce($4::timestamptz, known.effective_from)
"""

_TOUCH = """
UPDATE dedup.suppression_list SET updated_at = $4, effective_from = coalesce($3::timestamptz, effective_from)
 WHERE buyer_id = $1 AND list = $2
"""

_KIND = "SELECT kind FROM dedup.suppression_list WHERE buyer_id = $1 AND list = $2 FOR UPDATE"

# In the order of digests, so that two imports at once never wait for each other in a ring.
_ADD = """
WITH given AS (
    INSERT INTO dedup.suppressed (buyer_id, digest, list, expires_at)
    SELECT $1, digest, $2, coalesce($4::timestamptz, 'infinity')
      FROM unnest($3::bytea[]) AS new (digest) ORDER BY digest
    ON CONFLICT (buyer_id, digest, list) DO UPDATE SET expires_at = EXCLUDED.expires_at
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM given
"""

_AGED = "DELETE FROM dedup.suppressed WHERE buyer_id = $1 AND list = $2 AND expires_at <= $3"

_LISTS = """
SELECT l.list, l.kind, l.effective_from, l.updated_at, count(s.digest) AS entries,
       count(s.digest) FILTER (WHERE s.expires_at <= $2) AS expired,
       nullif(min(s.expires_at) FILTER (WHERE s.expires_at > $2), 'infinity') AS next_expiry
  FROM dedup.suppression_list AS l LEFT JOIN dedup.suppressed AS s USING (buyer_id, list)
 WHERE l.buyer_id = $1
 GROUP BY l.buyer_id, l.list
 ORDER BY l.list
"""

_REMOVE = """
WITH gone AS (
    DELETE FROM dedup.suppressed WHERE buyer_id = $1 AND list = $2 AND ($3::bytea[] IS NULL OR digest = ANY ($3))
    RETURNING 1
)
SELECT count(*) FROM gone
"""

_END = "DELETE FROM dedup.suppression_list WHERE buyer_id = $1 AND list = $2"


class SuppressionStore:
    """Reads and writes `dedup.suppression_list` and `dedup.suppressed`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self,
        buyer_id: str,
        name: str,
        kind: str,
        digests: Sequence[bytes],
        *,
        now: datetime,
        effective_from: datetime | None,
        expires_at: datetime | None,
    ) -> tuple[int, int] | str:
        """Put digests on a list in one transaction; what has aged out is taken off.

        Args:
            buyer_id: The buyer.
            name: The list.
            kind: Its kind; empty: the one that it has.
            digests: Each once.
            now: The moment.
            effective_from: From when the list counts; None: as it is.
            expires_at: When these entries count no more; None: never.

        Returns:
            How many are new and how many were there; or the kind that the list has (empty: there is no such list)
            where that is another, and nothing was written.

        Raises:
            Unavailable: Postgres is away.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            has = await self._settle_kind(connection, buyer_id, name, kind, now, effective_from)
            if has is not None:
                return has
            await connection.execute(_AGED, buyer_id, name, now)
            (row,) = await connection.fetch(_ADD, buyer_id, name, digests, expires_at)
            return row[0], row[1]

    async def _settle_kind(
        self, connection: Connection, buyer_id: str, name: str, kind: str, now: datetime, since: datetime | None
    ) -> str | None:
        """Make or touch the list; returns the kind that it has where that is another than was wanted."""
        if kind:
            await connection.execute(_LIST, buyer_id, name, kind, since, now)
        else:
            await connection.execute(_TOUCH, buyer_id, name, since, now)
        has: str = await connection.fetchval(_KIND, buyer_id, name) or ""
        return None if has and kind in ("", has) else has

    async def lists(self, buyer_id: str, now: datetime) -> list[asyncpg.Record]:
        """The buyer's lists with their numbers, by name."""
        async with translated(self._pool):
            return await self._pool.fetch(_LISTS, buyer_id, now)

    async def remove(self, buyer_id: str, name: str, digests: Sequence[bytes] | None) -> int:
        """Take digests off a list; None: all of them, and the list ends. Returns how many."""
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            removed = int(await connection.fetchval(_REMOVE, buyer_id, name, digests))
            if digests is None:
                await connection.execute(_END, buyer_id, name)
            return removed
