"""The proof of the books: what must not be there is looked for, and named where it is."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

from shared.db.failures import translated
from shared.db.pool import Connection, Pool

#: The most defects of one kind that are named.
MOST_NAMED = 100
#: The proof reads every transfer and every bought lead.
PROOF_SECONDS = 60.0

_TOTALS = """
SELECT count(*) FILTER (WHERE kind = 'charge') AS leads,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'charge'), 0)::bigint AS charged_minor,
       coalesce(sum(CASE kind WHEN 'credit' THEN amount_minor WHEN 'reversal' THEN -amount_minor END), 0)::bigint
           AS credited_minor,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'fee'), 0)::bigint AS fees_minor,
       coalesce(sum(CASE WHEN credit_account = 'payable:' || seller THEN amount_minor ELSE -amount_minor END)
                FILTER (WHERE kind = 'adjustment'), 0)::bigint AS adjusted_minor,
       coalesce(sum(CASE kind WHEN 'hold' THEN amount_minor WHEN 'release' THEN -amount_minor END), 0)::bigint
           AS held_minor,
       (SELECT count(*) FROM ledger.statement WHERE buyer_id = $1) AS statements
  FROM ledger.transfer WHERE buyer_id = $1
"""

# Each finds what must not be there; `what` names it. Every balance comes from the two accounts of each transfer; what
# a transfer says of itself otherwise is held against its lead.
DEFECTS: Mapping[str, str] = {
    "the books sum to zero": """
        SELECT format('the books sum to %s minor units of %s, not to 0', sum(amount_minor), currency) AS what
          FROM ledger.posting WHERE buyer_id = $1 GROUP BY currency HAVING sum(amount_minor) <> 0
    """,
    "bought leads are charged": """
        SELECT format('lead %s was bought and is not charged at its price', l.lead_id) AS what
          FROM intake.lead AS l LEFT JOIN ledger.transfer AS t
            ON t.buyer_id = l.buyer_id AND t.transfer_id = l.lead_id AND t.kind = 'charge'
         WHERE l.buyer_id = $1 AND l.outcome = 'accepted' AND NOT l.test AND l.price_minor > 0
           AND (t.amount_minor, t.currency, t.seller, t.order_slug, t.order_version, t.debit_account, t.credit_account)
               IS DISTINCT FROM (l.price_minor, l.currency, l.seller, l.order_slug, l.order_version,
                                 'spend:' || l.order_slug, 'payable:' || l.seller)
    """,
    "nothing else is charged": """
        SELECT format('lead %s is charged and was not bought for money', t.lead_id) AS what
          FROM ledger.transfer AS t LEFT JOIN intake.lead AS l
            ON l.buyer_id = t.buyer_id AND l.lead_id = t.lead_id AND l.outcome = 'accepted' AND NOT l.test
           AND l.price_minor > 0
         WHERE t.buyer_id = $1 AND t.kind = 'charge' AND (l.lead_id IS NULL OR t.transfer_id <> t.lead_id)
    """,
    "corrections are about what was charged": """
        SELECT format('the %s %s of lead %s is about no charge like it', t.kind, t.transfer_id, t.lead_id) AS what
          FROM ledger.transfer AS t LEFT JOIN ledger.transfer AS c
            ON c.buyer_id = t.buyer_id AND c.transfer_id = t.lead_id AND c.kind = 'charge'
           AND (c.seller, c.order_slug, c.order_version, c.currency)
               = (t.seller, t.order_slug, t.order_version, t.currency)
         WHERE t.buyer_id = $1 AND t.kind <> 'charge' AND c.transfer_id IS NULL
           AND (t.lead_id IS NOT NULL OR t.kind <> 'adjustment')
    """,
    "no more is given back or held than was charged": """
        SELECT format('lead %s was charged %s and %s of it are credited or held', t.lead_id, c.amount_minor,
                      sum(CASE WHEN t.kind IN ('credit', 'hold') THEN t.amount_minor ELSE -t.amount_minor END)) AS what
          FROM ledger.transfer AS t JOIN ledger.transfer AS c
            ON c.buyer_id = t.buyer_id AND c.transfer_id = t.lead_id AND c.kind = 'charge'
         WHERE t.buyer_id = $1 AND t.kind IN ('credit', 'reversal', 'hold', 'release')
         GROUP BY t.lead_id, c.amount_minor
        HAVING sum(CASE WHEN t.kind IN ('credit', 'hold') THEN t.amount_minor ELSE -t.amount_minor END)
               NOT BETWEEN 0 AND c.amount_minor
    """,
    "a credit is undone, and a hold released, once and in full": """
        SELECT format('the %s %s undoes no %s of its lead, or not in full, or not alone', t.kind, t.transfer_id,
                      CASE t.kind WHEN 'reversal' THEN 'credit' ELSE 'hold' END) AS what
          FROM ledger.transfer AS t LEFT JOIN ledger.transfer AS u
            ON u.buyer_id = t.buyer_id AND u.transfer_id = t.undoes AND u.lead_id = t.lead_id
           AND u.amount_minor = t.amount_minor
           AND u.kind = CASE t.kind WHEN 'reversal' THEN 'credit' ELSE 'hold' END
         WHERE t.buyer_id = $1 AND t.kind IN ('reversal', 'release')
           AND (u.transfer_id IS NULL
                OR EXISTS (SELECT FROM ledger.transfer AS o WHERE o.buyer_id = t.buyer_id AND o.undoes = t.undoes
                              AND o.transfer_id <> t.transfer_id))
    """,
    "closed statements are as they were closed": """
        SELECT format('statement %s of %s is not what was closed', s.number, s.seller) AS what
          FROM ledger.statement AS s WHERE s.buyer_id = $1 AND s.digest <> ledger.digest_of(s)
    """,
    "statements follow each other": """
        SELECT format('statement %s of %s does not follow the one before it', s.number, s.seller) AS what
          FROM (SELECT *, lag(number, 1, 0) OVER w AS last_number, lag(ends_at) OVER w AS last_end,
                       lag(closing_minor, 1, 0::bigint) OVER w AS last_closing,
                       lag(closing_held_minor, 1, 0::bigint) OVER w AS last_held,
                       lag(digest, 1, decode(repeat('00', 32), 'hex')) OVER w AS last_digest
                  FROM ledger.statement WHERE buyer_id = $1
                WINDOW w AS (PARTITION BY seller ORDER BY number)) AS s
         WHERE s.number <> s.last_number + 1 OR s.starts_at < s.last_end
            OR (s.opening_minor, s.opening_held_minor, s.previous_digest)
               IS DISTINCT FROM (s.last_closing, s.last_held, s.last_digest)
    """,
    "statements add up to their entries": """
        SELECT format('statement %s of %s does not add up to its entries', s.number, s.seller) AS what
          FROM ledger.statement AS s LEFT JOIN (
                SELECT e.seller, e.number, count(t.transfer_id) AS transfers,
                       coalesce(sum(p.amount_minor) FILTER (WHERE p.account = 'payable:' || e.seller), 0) AS payable,
                       coalesce(sum(p.amount_minor) FILTER (WHERE p.account = 'held:' || e.seller), 0) AS held
                  FROM ledger.statement_entry AS e LEFT JOIN ledger.transfer AS t USING (buyer_id, transfer_id)
                  LEFT JOIN LATERAL (VALUES (t.debit_account, -t.amount_minor), (t.credit_account, t.amount_minor))
                         AS p (account, amount_minor) ON p.account <> 'spend:' || t.order_slug
                 WHERE e.buyer_id = $1 GROUP BY e.seller, e.number) AS sums USING (seller, number)
         WHERE s.buyer_id = $1
           AND (coalesce(sums.payable, 0), coalesce(sums.held, 0))
               IS DISTINCT FROM (s.closing_minor - s.opening_minor, s.closing_held_minor - s.opening_held_minor)
    """,
    "what a closed period moved is in a statement": """
        SELECT format('the %s %s was posted in a closed period and is in no statement', t.kind, t.transfer_id) AS what
          FROM ledger.transfer AS t
          JOIN (SELECT seller, max(ends_at) AS ends_at FROM ledger.statement WHERE buyer_id = $1 GROUP BY seller) AS s
            ON s.seller = t.seller AND t.posted_at < s.ends_at - interval '1 day'
         WHERE t.buyer_id = $1
           AND NOT EXISTS (SELECT FROM ledger.statement_entry AS e
                            WHERE e.buyer_id = t.buyer_id AND e.transfer_id = t.transfer_id)
    """,
}


class BooksProof:
    """Whether the books are whole, at any time and beside any work."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def totals(self, buyer_id: str) -> asyncpg.Record:
        """Charged leads and closed statements; minor units charged, credited, in fees, adjusted and held."""
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
            await connection.execute(f"SET LOCAL statement_timeout = '{PROOF_SECONDS:g}s'")
            return [what for query in DEFECTS.values() for what in await _named(connection, query, buyer_id)]


async def _named(connection: Connection, query: str, buyer_id: str) -> list[str]:
    rows = await connection.fetch(f"{query} LIMIT {MOST_NAMED}", buyer_id, timeout=PROOF_SECONDS)
    return [row["what"] for row in rows]
