"""The books, read. Only settlement writes them."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from shared.db.failures import translated
from shared.db.pool import Pool

_STATEMENT = """
SELECT order_slug, order_version, min(currency) AS currency,
       count(*) FILTER (WHERE kind = 'charge') AS leads,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'charge'), 0)::bigint AS charged_minor,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'credit'), 0)::bigint AS credited_minor
  FROM ledger.transfer
 WHERE buyer_id = $1 AND seller = $2
   AND ($3::timestamptz IS NULL OR posted_at >= $3) AND ($4::timestamptz IS NULL OR posted_at < $4)
 GROUP BY order_slug, order_version
 ORDER BY order_slug, order_version
"""

_TOTALS = """
SELECT count(*) FILTER (WHERE kind = 'charge') AS leads,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'charge'), 0)::bigint AS charged_minor,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'credit'), 0)::bigint AS credited_minor
  FROM ledger.transfer WHERE buyer_id = $1
"""

# Every account's balance: what it was debited less what it was credited. The sum over all of them is the proof.
_SUM_OF_BALANCES = """
SELECT coalesce(sum(balance), 0)::bigint FROM (
    SELECT debit_account AS account, amount_minor AS balance FROM ledger.transfer WHERE buyer_id = $1
    UNION ALL
    SELECT credit_account, -amount_minor FROM ledger.transfer WHERE buyer_id = $1) AS posting
"""

_UNCHARGED = """
SELECT l.lead_id::text
  FROM intake.lead l LEFT JOIN ledger.transfer t
       ON t.buyer_id = l.buyer_id AND t.transfer_id = l.lead_id AND t.kind = 'charge'
 WHERE l.buyer_id = $1 AND l.outcome = 'accepted' AND NOT l.test AND l.price_minor > 0
   AND (t.transfer_id IS NULL OR t.amount_minor <> l.price_minor OR t.currency <> l.currency OR t.seller <> l.seller)
 LIMIT 100
"""

_UNFOUNDED = """
SELECT t.lead_id::text
  FROM ledger.transfer t LEFT JOIN intake.lead l
       ON l.buyer_id = t.buyer_id AND l.lead_id = t.lead_id AND l.outcome = 'accepted' AND NOT l.test
 WHERE t.buyer_id = $1 AND t.kind = 'charge' AND l.lead_id IS NULL
 LIMIT 100
"""


class LedgerStore:
    """Statements and checks of the books."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def statement(
        self, buyer_id: str, seller: str, start: datetime | None, end: datetime | None
    ) -> list[asyncpg.Record]:
        """One row per order version: leads, charged and credited minor units. `end` is exclusive."""
        async with translated(self._pool):
            return await self._pool.fetch(_STATEMENT, buyer_id, seller, start, end)

    async def totals(self, buyer_id: str) -> asyncpg.Record:
        """Charged leads, charged and credited minor units of all sellers."""
        async with translated(self._pool):
            # An aggregate without GROUP BY always has its one row.
            return (await self._pool.fetch(_TOTALS, buyer_id))[0]

    async def defects(self, buyer_id: str) -> list[str]:
        """Everything that is wrong with the books, a sentence each; empty where they are whole."""
        async with (
            translated(self._pool),
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            balance = await connection.fetchval(_SUM_OF_BALANCES, buyer_id)
            uncharged = await connection.fetch(_UNCHARGED, buyer_id)
            unfounded = await connection.fetch(_UNFOUNDED, buyer_id)
        found = [f"the books sum to {balance} minor units, not to 0"] if balance else []
        found += [f"lead {row['lead_id']} was bought and is not charged at its price" for row in uncharged]
        found += [f"lead {row['lead_id']} is charged and was not bought" for row in unfounded]
        return found
