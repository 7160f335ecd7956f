"""Earlier purchases, looked up by digest. Claims are written by settlement, through `dedup.claim`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.dedup.duplicates import Seen
from shared.db.failures import translated
from shared.db.pool import Pool, ping

#: So many earlier purchases under one identity are looked at, the newest. Settlement looks at all.
MOST_SEEN = 8

# A lead's own claim is no duplicate: it may be asked about again after it was bought.
_EARLIER = f"""
SELECT given.n, newest.lead_id, newest.seller, newest.own, newest.product, newest.claimed_at,
       nullif(newest.exclusive_until, '-infinity')
FROM unnest($2::bytea[], $3::uuid[]) WITH ORDINALITY AS given (digest, lead_id, n)
CROSS JOIN LATERAL (
    SELECT known.*
    FROM dedup.identity_claim AS known
    WHERE known.buyer_id = $1 AND known.digest = given.digest AND known.lead_id <> given.lead_id
    ORDER BY known.claimed_at DESC
    LIMIT {MOST_SEEN}
) AS newest
"""


class ClaimStore:
    """Reads `dedup.identity_claim`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def earlier(self, buyer_id: str, identities: Sequence[tuple[bytes, UUID]]) -> dict[int, list[Seen]]:
        """Purchases under each identity, the newest first, by index; never-seen ones are left out. One query.

        Args:
            buyer_id: The buyer.
            identities: Digest, and the lead that asks.

        Raises:
            Unavailable: Postgres is away.
        """
        if not identities:
            return {}
        digests, leads = zip(*identities, strict=True)
        async with translated(self._pool):
            rows = await self._pool.fetch(_EARLIER, buyer_id, digests, leads)
        found: dict[int, list[Seen]] = {}
        for n, *seen in rows:
            found.setdefault(n - 1, []).append(_seen(*seen))
        return found

    async def ping(self) -> None:
        """Returns if Postgres answers; for health checks."""
        await ping(self._pool)


def _seen(lead_id: UUID, *rest: Any) -> Seen:
    return Seen(str(lead_id), *rest)
