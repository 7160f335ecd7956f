"""Marks on leads and breaches of exclusivity, read. Settlement writes them."""

from __future__ import annotations

import asyncpg

from shared.db.failures import translated
from shared.db.pool import Pool

_MARKS = """
SELECT flag, other_lead::text, created_at, evidence FROM intake.lead_flag
 WHERE buyer_id = $1 AND lead_id = $2::uuid ORDER BY created_at, flag, other_lead
"""

# The page goes on behind the last breach of the one before.
_BREACHES = """
SELECT b.lead_id::text, b.seller, b.source, b.order_slug, b.order_version, b.price_minor, b.currency, b.bought_at,
       b.other_lead::text, b.other_seller, b.other_source, b.other_outcome, b.turned_up_at, b.evidence,
       coalesce(p.state, '') AS proposal
  FROM intake.exclusivity_breach AS b
  LEFT JOIN intake.proposal AS p
    ON p.buyer_id = b.buyer_id AND p.lead_id = b.lead_id AND p.kind = 'exclusivity_breach'
 WHERE b.buyer_id = $1 AND ($2 = '' OR b.seller = $2)
   AND ($3::timestamptz IS NULL OR (b.turned_up_at, b.lead_id, b.other_lead) < ($3, $4::uuid, $5::uuid))
 ORDER BY b.turned_up_at DESC, b.lead_id DESC, b.other_lead DESC
 LIMIT $6
"""

_PLACE = """
SELECT turned_up_at FROM intake.exclusivity_breach WHERE buyer_id = $1 AND lead_id = $2::uuid AND other_lead = $3::uuid
"""


class MarkStore:
    """Reads `intake.lead_flag` and `intake.exclusivity_breach`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def marks(self, buyer_id: str, lead_id: str) -> list[asyncpg.Record]:
        """The marks on one lead, the oldest first."""
        async with translated(self._pool):
            return await self._pool.fetch(_MARKS, buyer_id, lead_id)

    async def breaches(
        self, buyer_id: str, seller: str, after: tuple[str, str] | None, most: int
    ) -> list[asyncpg.Record]:
        """Breaches, newest first, behind the one of the two leads `after`; none where there is no such breach."""
        async with translated(self._pool):
            place = await self._pool.fetchval(_PLACE, buyer_id, *after) if after else None
            if after and place is None:
                return []
            lead_id, other = after or (None, None)
            return await self._pool.fetch(_BREACHES, buyer_id, seller, place, lead_id, other, most)
