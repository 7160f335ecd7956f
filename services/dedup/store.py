"""Earlier purchases, looked up by digest. Claims are written by settlement, through `dedup.claim`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.dedup.duplicates import Seen
from shared.db.failures import translated
from shared.db.pool import Pool, ping

# A lead's own claim is no duplicate: it may be asked about again after it was bought.
_NEWEST = """
SELECT given.n, newest.seller, newest.own, newest.claimed_at
FROM unnest($2::bytea[], $3::uuid[]) WITH ORDINALITY AS given (digest, lead_id, n)
CROSS JOIN LATERAL (
    SELECT known.seller, known.own, known.claimed_at
    FROM dedup.identity_claim AS known
    WHERE known.buyer_id = $1 AND known.digest = given.digest AND known.lead_id <> given.lead_id
    ORDER BY known.claimed_at DESC
    LIMIT 1
) AS newest
"""


class ClaimStore:
    """Reads `dedup.identity_claim`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def newest(self, buyer_id: str, identities: Sequence[tuple[bytes, UUID]]) -> dict[int, Seen]:
        """The newest purchase under each identity, by index; never-seen ones are left out. One query.

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
            rows = await self._pool.fetch(_NEWEST, buyer_id, digests, leads)
        return {row["n"] - 1: Seen(row["seller"], row["own"], row["claimed_at"]) for row in rows}

    async def ping(self) -> None:
        """Returns if Postgres answers; for health checks."""
        await ping(self._pool)
