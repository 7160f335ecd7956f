"""Earlier purchases and lists, looked up by digest. Claims are written by settlement, through `dedup.claim`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.dedup.duplicates import Seen
from services.dedup.suppression import Listed
from shared.db.failures import translated
from shared.db.pool import Pool, ping

#: So many earlier purchases under one identity are looked at, the newest. Settlement looks at all.
MOST_SEEN = 8

# A lead's own claim is no duplicate: it may be asked about again after it was bought.
_KNOWN = f"""
SELECT given.n, newest.lead_id, newest.seller, newest.own, newest.product, newest.claimed_at,
       nullif(newest.exclusive_until, '-infinity'), NULL AS list, NULL AS kind
FROM unnest($2::bytea[], $3::uuid[]) WITH ORDINALITY AS given (digest, lead_id, n)
CROSS JOIN LATERAL (
    SELECT known.*
    FROM dedup.identity_claim AS known
    WHERE known.buyer_id = $1 AND known.digest = given.digest AND known.lead_id <> given.lead_id
    ORDER BY known.claimed_at DESC
    LIMIT {MOST_SEEN}
) AS newest
UNION ALL
SELECT given.n, NULL, NULL, NULL, NULL, NULL, NULL, on_list.list, lists.kind
FROM unnest($4::bytea[]) WITH ORDINALITY AS given (digest, n)
CROSS JOIN LATERAL (
    SELECT entry.list FROM dedup.suppressed AS entry
    WHERE entry.buyer_id = $1 AND entry.digest = given.digest AND entry.expires_at > $5
) AS on_list
JOIN dedup.suppression_list AS lists
  ON lists.buyer_id = $1 AND lists.list = on_list.list AND lists.effective_from <= $5
"""


class Known(NamedTuple):
    """What is known of a batch of people, by index of what was asked; who is not known is left out."""

    #: Purchases under each identity, the newest first.
    earlier: dict[int, list[Seen]]
    #: Lists that each detail is on.
    listed: dict[int, list[Listed]]


class ClaimStore:
    """Reads `dedup.identity_claim` and `dedup.suppressed`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def known(
        self, buyer_id: str, identities: Sequence[tuple[bytes, UUID]], details: Sequence[bytes], now: datetime
    ) -> Known:
        """Earlier purchases and lists. One query.

        Args:
            buyer_id: The buyer.
            identities: Digest, and the lead that asks.
            details: Digests that may be on a list.
            now: Lists and entries count at this moment, or do not.

        Raises:
            Unavailable: Postgres is away.
        """
        known = Known({}, {})
        if not identities and not details:
            return known
        digests, leads = [one[0] for one in identities], [one[1] for one in identities]
        async with translated(self._pool):
            rows = await self._pool.fetch(_KNOWN, buyer_id, digests, leads, details, now)
        for n, lead_id, seller, own, product, claimed_at, exclusive_until, on_list, kind in rows:
            if lead_id is None:
                known.listed.setdefault(n - 1, []).append(Listed(on_list, kind))
            else:
                seen = Seen(str(lead_id), seller, own, product, claimed_at, exclusive_until)
                known.earlier.setdefault(n - 1, []).append(seen)
        return known

    async def ping(self) -> None:
        """Returns if Postgres answers; for health checks."""
        await ping(self._pool)
