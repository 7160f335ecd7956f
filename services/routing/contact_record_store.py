"""What was recorded of reaching one person, for packs of evidence: the rows themselves, out of every room."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from shared.db.failures import translated
from shared.db.pool import Pool

# What is only for the machinery stays out: leases, traces, and digests, which say nothing to whoever reads the pack.
_OF_LEAD = """
SELECT kind, at, record::text FROM (
    SELECT 'decision' AS kind, decided_at AS at, to_jsonb(d) - 'address' AS record
      FROM routing.gate_decision AS d WHERE buyer_id = $1 AND lead_id = $2
    UNION ALL
    SELECT 'attempt', began_at, to_jsonb(a)
      FROM routing.attempt AS a WHERE buyer_id = $1 AND lead_id = $2
    UNION ALL
    SELECT 'disposition', at, to_jsonb(d)
      FROM routing.disposition AS d WHERE buyer_id = $1 AND lead_id = $2
    UNION ALL
    SELECT 'task', created_at, to_jsonb(t) - '{lease_until,traceparent}'::text[]
      FROM routing.call_task AS t WHERE buyer_id = $1 AND lead_id = $2
    UNION ALL
    SELECT 'clock', started_at, to_jsonb(s) - 'next_at'
      FROM routing.sla AS s WHERE buyer_id = $1 AND lead_id = $2 AND started_at IS NOT NULL
    UNION ALL
    SELECT 'delivery', created_at, to_jsonb(d) - '{lease_id,traceparent,lane}'::text[]
      FROM routing.delivery AS d WHERE buyer_id = $1 AND lead_id = $2
    UNION ALL
    SELECT 'try', t.ended_at, to_jsonb(t)
      FROM routing.delivery AS d JOIN routing.delivery_try AS t USING (buyer_id, delivery_id)
     WHERE d.buyer_id = $1 AND d.lead_id = $2
    UNION ALL
    SELECT 'opt_out', recorded_at, to_jsonb(o) - 'digest'
      FROM routing.opt_out AS o WHERE buyer_id = $1 AND lead_id = $2
    UNION ALL
    SELECT 'opt_out_withdrawal', w.withdrawn_at, to_jsonb(w)
      FROM routing.opt_out_withdrawal AS w
     WHERE buyer_id = $1 AND opt_out_id IN (
        SELECT o.opt_out_id FROM routing.opt_out AS o WHERE o.buyer_id = $1 AND o.lead_id = $2)
) AS told
 ORDER BY at, kind
"""


class ContactRecordStore:
    """Reads what others wrote. Raises Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_lead(self, buyer_id: str, lead_id: UUID) -> list[asyncpg.Record]:
        """Kind, instant and row as JSON, oldest first."""
        async with translated(self._pool):
            return await self._pool.fetch(_OF_LEAD, buyer_id, lead_id)
