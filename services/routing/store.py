"""How full capacity is. It is used by settlement, through `routing.consume`."""

from __future__ import annotations

from collections.abc import Collection

from services.routing.capacity import CapacityKey, Reading, Used
from shared.db.failures import translated
from shared.db.pool import Pool, ping

_USED = """
SELECT used.order_slug, used.window_kind, used.starts_at, used.leads, used.spend,
       used.last_at
FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS wanted (order_slug, window_kind, starts_at)
JOIN routing.capacity AS used
  ON used.buyer_id = $1 AND used.order_slug = wanted.order_slug
 AND used.window_kind = wanted.window_kind AND used.starts_at = wanted.starts_at
"""


class CapacityStore:
    """Reads `routing.capacity`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, buyer_id: str, keys: Collection[CapacityKey]) -> Reading:
        """How full these rows are, in one query.

        Raises:
            Unavailable: Postgres is away.
        """
        if not keys:
            return Reading({})
        async with translated(self._pool):
            rows = await self._pool.fetch(_USED, buyer_id, *zip(*keys, strict=True))
        return Reading(
            {
                CapacityKey(row["order_slug"], row["window_kind"], row["starts_at"]): Used(
                    row["leads"], row["spend"], row["last_at"]
                )
                for row in rows
            }
        )

    async def ping(self) -> None:
        """Returns if Postgres answers; for health checks."""
        await ping(self._pool)
