"""Notices and the secrets that sign them, in Postgres."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from services.intake.notices.notice import Notice
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

#: How long the secret before this one still signs, so that a seller can change over.
OVERLAP = timedelta(hours=24)

# A seller without a secret has no webhook, and is told nothing.
_ANNOUNCE = """
INSERT INTO intake.notice (buyer_id, notice_id, seller, type, payload, created_at, due_at)
SELECT $1, $2, $3, $4, $5, $6, $6
 WHERE EXISTS (SELECT FROM catalog.webhook_secret AS s WHERE s.buyer_id = $1 AND s.seller = $3)
ON CONFLICT DO NOTHING
"""
# One of each seller that is free: a slow one delays its own only. Who comes second to a row finds it no longer due.
_CLAIM = """
WITH chosen AS (
    SELECT DISTINCT ON (buyer_id, seller) buyer_id, notice_id, due_at FROM intake.notice
     WHERE state = 'waiting' AND due_at <= $1 AND buyer_id || '/' || seller <> ALL ($2::text[])
     ORDER BY buyer_id, seller, due_at
), claimed AS (
    UPDATE intake.notice AS n SET attempts = n.attempts + 1, due_at = $3
      FROM (SELECT * FROM chosen ORDER BY due_at LIMIT $4) AS c
     WHERE n.buyer_id = c.buyer_id AND n.notice_id = c.notice_id AND n.state = 'waiting' AND n.due_at <= $1
    RETURNING n.buyer_id, n.notice_id, n.seller, n.payload, n.attempts
)
SELECT c.buyer_id, c.notice_id::text, c.seller, c.payload, c.attempts, s.secret,
       CASE WHEN s.made_at > $5 THEN s.previous END AS previous
  FROM claimed AS c LEFT JOIN catalog.webhook_secret AS s USING (buyer_id, seller)
"""
_SETTLE = """
UPDATE intake.notice SET state = $3, due_at = $4, failure = $5, settled_at = $6
 WHERE buyer_id = $1 AND notice_id = $2 AND state = 'waiting'
"""
_LIST = """
SELECT notice_id::text, seller, type, state, attempts, failure, created_at, due_at, settled_at FROM intake.notice
 WHERE buyer_id = $1 AND ($2 = '' OR seller = $2) AND ($3 = '' OR state = $3)
 ORDER BY created_at DESC, notice_id LIMIT $4
"""
_RESEND = """
UPDATE intake.notice SET state = 'waiting', attempts = 0, due_at = $4, settled_at = NULL
 WHERE buyer_id = $1 AND seller = $2 AND state = 'dead' AND ($3 = '' OR notice_id = nullif($3, '')::uuid)
"""
_FORGET = """
DELETE FROM intake.notice WHERE (buyer_id, notice_id) IN (
    SELECT buyer_id, notice_id FROM intake.notice WHERE state = 'delivered' AND settled_at < $1 LIMIT $2)
"""
_RENEW = """
INSERT INTO catalog.webhook_secret (buyer_id, seller, secret, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (buyer_id, seller) DO UPDATE
   SET previous = webhook_secret.secret, secret = excluded.secret, made_at = excluded.made_at
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that is this worker's to deliver. `attempts` counts this one; `secrets` sign it, newest first."""

    buyer_id: str
    notice_id: str
    seller: str
    payload: str
    attempts: int
    secrets: tuple[bytes, ...]


async def announce(connection: Connection, notice: Notice) -> None:
    """Have a seller told, if it has a webhook, once the caller's transaction is committed."""
    await connection.execute(
        _ANNOUNCE, notice.buyer_id, notice.notice_id, notice.seller, notice.type, notice.payload, notice.created_at
    )


class NoticeStore:
    """Notices on their way. Raises Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Raises where Postgres does not answer."""
        async with translated(self._pool):
            await self._pool.execute("SELECT 1")

    async def claim(
        self, now: datetime, busy: Collection[tuple[str, str]], lease: timedelta, most: int
    ) -> list[Claimed]:
        """The oldest due notice of each seller that is not busy; nobody else takes them before the lease is over."""
        names = [f"{buyer_id}/{seller}" for buyer_id, seller in busy]
        async with translated(self._pool):
            rows = await self._pool.fetch(_CLAIM, now, names, now + lease, most, now - OVERLAP)
        return [
            Claimed(
                buyer_id=row["buyer_id"],
                notice_id=row["notice_id"],
                seller=row["seller"],
                payload=row["payload"],
                attempts=row["attempts"],
                secrets=tuple(secret for secret in (row["secret"], row["previous"]) if secret),
            )
            for row in rows
        ]

    async def delivered(self, one: Claimed, now: datetime) -> None:
        """Its receiver has it."""
        await self._settle(one, "delivered", now, "", now)

    async def failed(self, one: Claimed, failure: str, due_at: datetime) -> None:
        """It will be tried again."""
        await self._settle(one, "waiting", due_at, failure, None)

    async def died(self, one: Claimed, failure: str, now: datetime) -> None:
        """It is given up, until a person has it sent again."""
        await self._settle(one, "dead", now, failure, now)

    async def _settle(
        self, one: Claimed, state: str, due_at: datetime, failure: str, settled_at: datetime | None
    ) -> None:
        async with translated(self._pool):
            await self._pool.execute(_SETTLE, one.buyer_id, one.notice_id, state, due_at, failure, settled_at)

    async def listed(self, buyer_id: str, seller: str, state: str, most: int) -> list[asyncpg.Record]:
        """Notices, newest first."""
        async with translated(self._pool):
            return await self._pool.fetch(_LIST, buyer_id, seller, state, most)

    async def resend(self, buyer_id: str, seller: str, notice_id: str, now: datetime) -> int:
        """Give dead notices of a seller, or the one named, all their attempts again; returns how many."""
        async with translated(self._pool):
            done = await self._pool.execute(_RESEND, buyer_id, seller, notice_id, now)
        return int(str(done).removeprefix("UPDATE "))

    async def forget(self, before: datetime, most: int) -> None:
        """Drop some of those that were delivered before an instant: the return's own history tells what happened."""
        async with translated(self._pool):
            await self._pool.execute(_FORGET, before, most)

    async def new_secret(self, buyer_id: str, seller: str, secret: bytes, now: datetime) -> None:
        """Sign with this from now on, and for a day with the one before too."""
        async with translated(self._pool):
            await self._pool.execute(_RENEW, buyer_id, seller, secret, now)
