"""Bought people who may be the one that is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.dedup.duplicates import Seen
from services.dedup.persons.person import Person, read_person
from shared.db.failures import translated
from shared.db.pool import Pool

#: So many people under one key are compared, the newest.
MOST_COMPARED = 24

# The newest under each key, whether they count or not: what was seen is what settlement holds its claim against.
_CANDIDATES = f"""
WITH found AS MATERIALIZED (
    SELECT given.n, known.seen, known.lead_id, known.seller, known.own, known.product, known.claimed_at,
           nullif(known.exclusive_until, '-infinity') AS exclusive_until, known.lead_id = given.lead_id AS itself
    FROM unnest($2::bytea[], $3::uuid[]) WITH ORDINALITY AS given (digest, lead_id, n)
    CROSS JOIN LATERAL (
        SELECT * FROM dedup.likeness_claim AS claimed
        WHERE claimed.buyer_id = $1 AND claimed.digest = given.digest
        ORDER BY claimed.seen DESC
        LIMIT {MOST_COMPARED}
    ) AS known
)
SELECT found.*, person.details
FROM found LEFT JOIN intake.details_of($1, ARRAY(SELECT DISTINCT lead_id FROM found)) AS person USING (lead_id)
"""

_READ = msgspec.json.Decoder(dict[str, str])


class Candidate(NamedTuple):
    """Somebody under the same key. `person` None: forgotten since."""

    #: The number of the claim; higher is newer.
    number: int
    #: It is the very lead that asks.
    itself: bool
    seen: Seen
    person: Person | None


class LikenessStore:
    """Reads `dedup.likeness_claim`, and of intake the details of those found."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def candidates(self, buyer_id: str, keys: Sequence[tuple[bytes, UUID]]) -> dict[int, list[Candidate]]:
        """The people under each key, by index; keys without any are left out. One query.

        Args:
            buyer_id: The buyer.
            keys: Digest, and the lead that asks.

        Raises:
            Unavailable: Postgres is away.
        """
        if not keys:
            return {}
        digests, leads = zip(*keys, strict=True)
        async with translated(self._pool):
            rows = await self._pool.fetch(_CANDIDATES, buyer_id, digests, leads)
        found: dict[int, list[Candidate]] = {}
        persons: dict[UUID, Person | None] = {}
        for row in rows:
            lead_id = row["lead_id"]
            if lead_id not in persons:
                persons[lead_id] = read_person(_READ.decode(row["details"])) if row["details"] else None
            seen = Seen(
                str(lead_id), row["seller"], row["own"], row["product"], row["claimed_at"], row["exclusive_until"]
            )
            found.setdefault(row["n"] - 1, []).append(Candidate(row["seen"], row["itself"], seen, persons[lead_id]))
        return found
