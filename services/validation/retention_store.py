"""Certificates that their issuer is to keep, in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.db.failures import translated
from shared.db.pool import Connection, Pool

_ADD = """
INSERT INTO compliance.retention (buyer_id, lead_id, token, seller, due_at, give_up_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT DO NOTHING
"""

# The lease is taken with the read, so that two workers never hold one certificate.
_CLAIM = """
UPDATE compliance.retention r SET due_at = $1::timestamptz + $2::interval, attempts = attempts + 1
  FROM (SELECT buyer_id, lead_id FROM compliance.retention
         WHERE state = 'due' AND due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
 WHERE r.buyer_id = due.buyer_id AND r.lead_id = due.lead_id
RETURNING r.buyer_id, r.lead_id::text, r.token, r.seller, r.attempts, r.give_up_at
"""

_SETTLE = """
UPDATE compliance.retention SET state = $3, outcome = $4
 WHERE buyer_id = $1 AND lead_id = $2::uuid AND state = 'due'
RETURNING true
"""
_POSTPONE = "UPDATE compliance.retention SET due_at = $3 WHERE buyer_id = $1 AND lead_id = $2::uuid AND state = 'due'"


class Due(NamedTuple):
    """A certificate to keep. `token` names it to its issuer; it is gone by `give_up_at`."""

    buyer_id: str
    lead_id: str
    token: str
    seller: str
    due_at: datetime
    give_up_at: datetime


class Claimed(NamedTuple):
    """A certificate that a worker has for a while. `attempts` counts this one."""

    buyer_id: str
    lead_id: str
    token: str
    seller: str
    attempts: int
    give_up_at: datetime


class RetentionStore:
    """The list of certificates. Methods of the pool raise Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def add(self, connection: Connection, due: Sequence[Due]) -> None:
        """Add certificates in the caller's transaction; one that is there already stays as it is."""
        if due:
            await connection.execute(_ADD, *(list(column) for column in zip(*due, strict=True)))

    async def claim(self, now: datetime, lease: timedelta, most: int) -> list[Claimed]:
        """Take up to `most` that are due; nobody else gets them until the lease is over."""
        async with translated(self.pool):
            return [Claimed(*row) for row in await self.pool.fetch(_CLAIM, now, lease, most)]

    async def settle(self, connection: Connection, claimed: Claimed, state: str, outcome: str) -> bool:
        """Write how it ended, in the caller's transaction; False where another worker did before."""
        return bool(await connection.fetchval(_SETTLE, claimed.buyer_id, claimed.lead_id, state, outcome))

    async def postpone(self, claimed: Claimed, until: datetime) -> None:
        """Try again then."""
        async with translated(self.pool):
            await self.pool.execute(_POSTPONE, claimed.buyer_id, claimed.lead_id, until)
