"""Opt-outs and do-not-call lists in Postgres. Opt-outs are only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.routing.gate.digests import Address
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

# In the digests' order, so that two who tell the same never wait for each other in a ring.
_ADD = """
INSERT INTO routing.opt_out (buyer_id, digest, opt_out_id, kind, scope, said_by, said_at, recorded_at, recorded_by,
                             lead_id)
SELECT $1, digest, $2, kind, $3, $4, $5, $6, $7, $8
  FROM unnest($9::bytea[], $10::text[]) AS told (digest, kind) ORDER BY digest
ON CONFLICT DO NOTHING
RETURNING digest
"""

_WITHDRAW = """
INSERT INTO routing.opt_out_withdrawal (buyer_id, opt_out_id, withdrawn_at, withdrawn_by, evidence, consented_at)
SELECT $1, $2, $3, $4, $5, $6
 WHERE EXISTS (SELECT FROM routing.opt_out
                WHERE buyer_id = $1 AND opt_out_id = $2 AND said_at < $6)
ON CONFLICT DO NOTHING
RETURNING opt_out_id
"""

_LIST = """
SELECT o.opt_out_id, o.scope, o.said_by, o.said_at, o.recorded_at, o.recorded_by, o.lead_id,
       array_agg(o.kind ORDER BY o.kind) AS kinds, w.withdrawn_at, w.withdrawn_by, w.evidence, w.consented_at
  FROM routing.opt_out AS o LEFT JOIN routing.opt_out_withdrawal AS w USING (buyer_id, opt_out_id)
 WHERE o.buyer_id = $1 AND ($2::uuid IS NULL OR o.lead_id = $2 OR o.digest = ANY ($3::bytea[]))
   AND ($2::uuid IS NOT NULL OR $6 OR o.digest = ANY ($3::bytea[]))
   AND (o.recorded_at, o.opt_out_id) < ($4, $5)
 GROUP BY o.opt_out_id, o.scope, o.said_by, o.said_at, o.recorded_at, o.recorded_by, o.lead_id,
          w.withdrawn_at, w.withdrawn_by, w.evidence, w.consented_at
 ORDER BY o.recorded_at DESC, o.opt_out_id DESC LIMIT $7
"""

# What was reached stays known after the person is forgotten.
_REACHED = """
SELECT DISTINCT CASE channel WHEN 'email' THEN 'email' ELSE 'phone' END AS kind, address AS digest
  FROM routing.gate_decision WHERE buyer_id = $1 AND lead_id = $2 AND address IS NOT NULL
"""

_LEADS = """
SELECT DISTINCT lead_id FROM routing.gate_decision WHERE buyer_id = $1 AND allowed AND address = ANY ($2::bytea[])
 LIMIT 1000
"""

_OPEN_LIST = """
INSERT INTO routing.dnc_list (buyer_id, list, version, imported_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (buyer_id, list, version) DO UPDATE SET imported_at = EXCLUDED.imported_at
"""
_ADD_NUMBERS = """
INSERT INTO routing.dnc_number (buyer_id, digest, list, version)
SELECT $1, digest, $2, $3 FROM unnest($4::bytea[]) AS told (digest) ORDER BY digest
ON CONFLICT DO NOTHING
"""
_COMPLETE_LIST = "UPDATE routing.dnc_list SET complete = true WHERE buyer_id = $1 AND list = $2 AND version = $3"
# The version before stays, so that one that was imported by mistake can be seen beside it.
_DROP_OLD = """
WITH kept AS (
    SELECT version FROM routing.dnc_list WHERE buyer_id = $1 AND list = $2 AND complete ORDER BY version DESC LIMIT 2
), gone AS (
    DELETE FROM routing.dnc_number
     WHERE buyer_id = $1 AND list = $2 AND version < (SELECT min(version) FROM kept)
)
DELETE FROM routing.dnc_list WHERE buyer_id = $1 AND list = $2 AND version < (SELECT min(version) FROM kept)
"""
_LISTS = """
SELECT l.list, l.version, l.imported_at, l.complete,
       (SELECT count(*) FROM routing.dnc_number AS n
         WHERE n.buyer_id = l.buyer_id AND n.list = l.list AND n.version = l.version) AS numbers
  FROM routing.dnc_list AS l WHERE l.buyer_id = $1 ORDER BY l.list, l.version DESC
"""

#: Where a listing of opt-outs goes on: before the one of this instant and id.
Cursor = tuple[datetime, UUID]


class OptOutStore:
    """SQL of opt-outs and lists.

    Methods that take a connection run in the caller's transaction and raise what the driver raises; the others raise
    Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self,
        conn: Connection,
        buyer_id: str,
        opt_out_id: UUID,
        addresses: Sequence[Address],
        *,
        scope: str,
        said_by: str,
        said_at: datetime,
        recorded_at: datetime,
        recorded_by: str,
        lead_id: UUID | None,
    ) -> bool:
        """Write one opt-out of some addresses; False where the same was told before."""
        rows = await conn.fetch(
            _ADD,
            buyer_id,
            opt_out_id,
            scope,
            said_by,
            said_at,
            recorded_at,
            recorded_by,
            lead_id,
            [address.digest for address in addresses],
            [address.kind for address in addresses],
        )
        return bool(rows)

    async def leads_of(self, conn: Connection, buyer_id: str, addresses: Sequence[Address]) -> list[UUID]:
        """Leads whose person was reached at one of the addresses, up to 1,000."""
        rows = await conn.fetch(_LEADS, buyer_id, [address.digest for address in addresses])
        return [row["lead_id"] for row in rows]

    async def reached(self, buyer_id: str, lead_id: UUID) -> list[Address]:
        """Addresses that decisions about a lead were about."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_REACHED, buyer_id, lead_id)
        return [Address(row["kind"], row["digest"]) for row in rows]

    async def withdraw(
        self, buyer_id: str, opt_out_id: UUID, *, at: datetime, by: str, evidence: str, consented_at: datetime
    ) -> bool:
        """End an opt-out by consent given after it; False where there is none such, or it has ended."""
        async with translated(self._pool):
            return (
                await self._pool.fetchval(_WITHDRAW, buyer_id, opt_out_id, at, by, evidence, consented_at) is not None
            )

    async def page(
        self, buyer_id: str, lead_id: UUID | None, addresses: Sequence[Address], before: Cursor, limit: int
    ) -> list[asyncpg.Record]:
        """Opt-outs, the newest first: of a lead and of its addresses, of addresses, or all."""
        everybody = lead_id is None and not addresses
        digests = [address.digest for address in addresses]
        async with translated(self._pool):
            return await self._pool.fetch(_LIST, buyer_id, lead_id, digests, *before, everybody, limit)

    async def add_numbers(
        self, buyer_id: str, name: str, version: date, digests: Sequence[bytes], *, now: datetime, last: bool
    ) -> None:
        """Put numbers on a version of a list; with the last of them it is complete and counts."""
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_OPEN_LIST, buyer_id, name, version, now)
            await conn.execute(_ADD_NUMBERS, buyer_id, name, version, digests)
            if last:
                await conn.execute(_COMPLETE_LIST, buyer_id, name, version)
                await conn.execute(_DROP_OLD, buyer_id, name)

    async def lists(self, buyer_id: str) -> list[asyncpg.Record]:
        """The buyer's do-not-call lists with their versions, the newest of each first."""
        async with translated(self._pool):
            return await self._pool.fetch(_LISTS, buyer_id)
