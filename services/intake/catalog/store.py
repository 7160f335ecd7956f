"""Catalog revisions, order versions and access keys in Postgres."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from msgspec.structs import replace

from services.intake.catalog.diff import Plan, placed
from services.intake.catalog.timeline import Dated, timeline
from services.intake.rate import Rate
from shared.catalog.snapshot import decode, encode, encode_order
from shared.catalog.terms import Catalog
from shared.db.failures import translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import NotFound, WrongState

# One writer per buyer at a time, for as long as its transaction lasts.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('catalog:' || $1, 0))"

_HEADS = "SELECT buyer_id, revision, keys_revision FROM catalog.head ORDER BY buyer_id"

_SNAPSHOT = """
SELECT revision, document, created_at, effective_at FROM catalog.snapshot WHERE buyer_id = $1 AND revision = $2
"""

_DOCUMENT = "SELECT document FROM catalog.snapshot WHERE buyer_id = $1 AND revision = $2"

_IN_FORCE = """
SELECT revision, document, created_at, effective_at FROM catalog.snapshot
 WHERE buyer_id = $1 AND effective_at <= $2 ORDER BY revision DESC LIMIT 1
"""

_REVISIONS = "SELECT revision, effective_at FROM catalog.snapshot WHERE buyer_id = $1 ORDER BY revision"

_HIGHEST_VERSIONS = """
SELECT order_slug, max(version) AS version FROM catalog.order_version WHERE buyer_id = $1 GROUP BY order_slug
"""

_WRITE_SNAPSHOT = """
INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at, effective_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_VERSIONS = """
SELECT v.version, v.revision, v.terms, v.approved_by, v.note, v.created_at, s.effective_at
  FROM catalog.order_version v JOIN catalog.snapshot s USING (buyer_id, revision)
 WHERE v.buyer_id = $1 AND v.order_slug = $2
 ORDER BY v.version
"""

_WRITE_VERSIONS = """
INSERT INTO catalog.order_version (buyer_id, order_slug, version, revision, terms, approved_by, note, created_at)
SELECT $1, v.slug, v.version, $2, v.terms, $3, $4, $5
  FROM unnest($6::text[], $7::int[], $8::text[]) AS v (slug, version, terms)
"""

_WRITE_HEAD = """
INSERT INTO catalog.head (buyer_id, revision, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (buyer_id) DO UPDATE SET revision = EXCLUDED.revision, changed_at = EXCLUDED.changed_at
"""

_KEY_COLUMNS = (
    "buyer_id, key_id, seller, orders, secret_sha256, label, created_at, expires_at, revoked_at, scopes, per_minute,"
    " burst, last_used_at"
)

#: Live keys for one purpose: one in use, and one to change over to.
MOST_LIVE_KEYS = 2

_LIVE_KEYS = """
SELECT key_id FROM catalog.access_key
 WHERE buyer_id = $1 AND seller = $2 AND orders = $3 AND scopes = $4 AND label = $5
   AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $6)
 ORDER BY created_at
"""

_KEYS_USED = """
UPDATE catalog.access_key SET last_used_at = greatest(last_used_at, used.at)
  FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS used (buyer_id, key_id, at)
 WHERE access_key.buyer_id = used.buyer_id AND access_key.key_id = used.key_id
"""

_KEYS = f"""
SELECT {_KEY_COLUMNS} FROM catalog.access_key
 WHERE buyer_id = $1 AND ($2 = '' OR seller = $2)
 ORDER BY created_at DESC, key_id
"""

_WRITE_KEY = f"""
INSERT INTO catalog.access_key ({_KEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

_REVOKE_KEY = f"""
UPDATE catalog.access_key SET revoked_at = coalesce(revoked_at, $3)
 WHERE buyer_id = $1 AND key_id = $2
RETURNING {_KEY_COLUMNS}
"""

_KEYS_CHANGED = "UPDATE catalog.head SET keys_revision = keys_revision + 1, changed_at = $2 WHERE buyer_id = $1"


@dataclass(frozen=True, slots=True)
class Head:
    """How far one buyer's catalog and keys have come. Either number grows when its kind changes."""

    buyer_id: str
    revision: int
    keys_revision: int


@dataclass(frozen=True, slots=True)
class Approval:
    """Who changed the terms, why and when."""

    approved_by: str
    note: str
    at: datetime
    #: From when on leads are decided by it; None: from `at` on.
    effective_at: datetime | None = None

    @property
    def takes_effect(self) -> datetime:
        """The instant from which the change is in force."""
        return self.effective_at or self.at


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One revision as it is stored."""

    revision: int
    document: str
    created_at: datetime
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of an order as it is stored."""

    version: int
    revision: int
    terms: str
    approved_by: str
    note: str
    created_at: datetime
    #: When the revision that brought it was to come into force.
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An access key as it is stored; its secret is not."""

    buyer_id: str
    key_id: str
    seller: str
    #: The orders that it may fill; empty: all of the seller's.
    orders: tuple[str, ...]
    secret_sha256: bytes
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    #: What it may do; empty: all that a seller may.
    scopes: tuple[str, ...] = ()
    #: How fast it may send leads; None: any number.
    rate: Rate | None = None
    last_used_at: datetime | None = None


class CatalogStore:
    """The catalog's tables. Every method raises Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def heads(self) -> list[Head]:
        """What is in force, for every buyer."""
        async with translated(self._pool):
            return [Head(*row) for row in await self._pool.fetch(_HEADS)]

    async def revisions(self, buyer_id: str) -> list[Dated]:
        """Every revision with its instant."""
        async with translated(self._pool):
            return [Dated(*row) for row in await self._pool.fetch(_REVISIONS, buyer_id)]

    async def snapshot(self, buyer_id: str, revision: int) -> Snapshot | None:
        """A revision; None where there is no such."""
        async with translated(self._pool):
            row = await self._pool.fetchrow(_SNAPSHOT, buyer_id, revision)
        return Snapshot(*row) if row is not None else None

    async def in_force(self, buyer_id: str, at: datetime) -> Snapshot | None:
        """The revision in force at an instant; None where there is none yet."""
        async with translated(self._pool):
            row = await self._pool.fetchrow(_IN_FORCE, buyer_id, at)
        return Snapshot(*row) if row is not None else None

    async def current(self, buyer_id: str, at: datetime) -> Catalog | None:
        """The catalog in force at an instant; None where the buyer has none yet."""
        snapshot = await self.in_force(buyer_id, at)
        return decode(snapshot.document) if snapshot is not None else None

    async def versions(self, buyer_id: str, order: str) -> list[StoredVersion]:
        """Every version of an order, the first one first."""
        async with translated(self._pool):
            return [StoredVersion(*row) for row in await self._pool.fetch(_VERSIONS, buyer_id, order)]

    async def apply(
        self,
        buyer_id: str,
        approval: Approval,
        compare: Callable[[Catalog | None], Plan],
        *,
        supersede: bool = False,
    ) -> Plan:
        """Compare with the catalog then in force and write the result, as one step that no other apply can cut into.

        Nothing is written where the plan has conflicts or no changes. `supersede`: drop revisions that would come into
        force later.

        Raises:
            WrongState: a revision waits to come into force later, and may not be superseded.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, buyer_id)
            row = await connection.fetchrow(_IN_FORCE, buyer_id, approval.takes_effect)
            made = compare(decode(row["document"]) if row is not None else None)
            if made.changes and not made.conflicts:
                line = timeline(await self._dated(connection, buyer_id), approval.takes_effect)
                later = [dated for dated in line if dated.effective_at > approval.takes_effect]
                if later and not supersede:
                    raise WrongState(_waiting(later[0]))
                made = await self._write(connection, buyer_id, approval, made)
            return made

    async def amend(self, buyer_id: str, approval: Approval, change: Callable[[Catalog], Plan]) -> Plan:
        """Make one change of the catalog in force, and the same in every revision that waits for its instant.

        Returns the plan for the catalog in force; where it has conflicts or no changes, nothing is written. A revision
        that waits and cannot take the change stays as it is.

        Raises:
            NotFound: the buyer has no catalog yet.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, buyer_id)
            line = timeline(await self._dated(connection, buyer_id), approval.takes_effect)
            if not line:
                raise NotFound("there is no catalog of that buyer yet; apply one first")
            first = change(await self._read(connection, buyer_id, line[0].revision))
            if not first.changes or first.conflicts:
                return first
            first = await self._write(connection, buyer_id, approval, first)
            for dated in line[1:]:
                waiting = await self._read(connection, buyer_id, dated.revision)
                made = change(waiting)
                if made.conflicts:
                    made = Plan(waiting, (), (), ())
                again = Approval(approval.approved_by, approval.note, approval.at, dated.effective_at)
                await self._write(connection, buyer_id, again, made)
            return first

    async def _read(self, connection: Connection, buyer_id: str, revision: int) -> Catalog:
        return decode(await connection.fetchval(_DOCUMENT, buyer_id, revision))

    async def _dated(self, connection: Connection, buyer_id: str) -> list[Dated]:
        return [Dated(*row) for row in await connection.fetch(_REVISIONS, buyer_id)]

    async def _write(self, connection: Connection, buyer_id: str, approval: Approval, plan: Plan) -> Plan:
        dated = await self._dated(connection, buyer_id)
        newest = dated[-1].revision if dated else 0
        highest = {row["order_slug"]: row["version"] for row in await connection.fetch(_HIGHEST_VERSIONS, buyer_id)}
        plan = placed(plan, newest, highest)
        revision, signed = newest + 1, (approval.approved_by, approval.note, approval.at)
        document = encode(replace(plan.catalog, revision=revision))
        await connection.execute(_WRITE_SNAPSHOT, buyer_id, revision, document, *signed, approval.takes_effect)
        await connection.execute(
            _WRITE_VERSIONS,
            buyer_id,
            revision,
            *signed,
            [order.slug for order in plan.versions],
            [order.version for order in plan.versions],
            [encode_order(order) for order in plan.versions],
        )
        await connection.execute(_WRITE_HEAD, buyer_id, revision, approval.at)
        return plan

    async def keys(self, buyer_id: str, seller: str = "") -> list[KeyRecord]:
        """Keys, newest first; `seller`: only this one's."""
        async with translated(self._pool):
            return _records(await self._pool.fetch(_KEYS, buyer_id, seller))

    async def add_key(self, key: KeyRecord) -> None:
        """Store a new key and tell the caches.

        Raises:
            WrongState: the seller has two live keys for this purpose already (the same orders, scopes and label).
        """
        purpose = (key.buyer_id, key.seller, list(key.orders), list(key.scopes), key.label)
        values = (
            *(key.buyer_id, key.key_id, key.seller, list(key.orders), key.secret_sha256),
            *(key.label, key.created_at, key.expires_at, key.revoked_at, list(key.scopes)),
            *((key.rate.per_minute, key.rate.burst) if key.rate else (None, None)),
            key.last_used_at,
        )
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, key.buyer_id)
            live = [row["key_id"] for row in await connection.fetch(_LIVE_KEYS, *purpose, key.created_at)]
            if len(live) >= MOST_LIVE_KEYS:
                raise WrongState(
                    f"{key.seller} has two live keys for this purpose: revoke one of {', '.join(live)} first, "
                    "or give the new one a label of its own"
                )
            await connection.execute(_WRITE_KEY, *values)
            await connection.execute(_KEYS_CHANGED, key.buyer_id, key.created_at)

    async def revoke_key(self, buyer_id: str, key_id: str, at: datetime) -> KeyRecord | None:
        """End a key and tell the caches; a key that had ended keeps its instant. None where there is no such key."""
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_REVOKE_KEY, buyer_id, key_id, at)
            if rows:
                await connection.execute(_KEYS_CHANGED, buyer_id, at)
        return next(iter(_records(rows)), None)

    async def keys_used(self, used: Mapping[tuple[str, str], datetime]) -> None:
        """Note when keys (buyer, id) were last used. Tells no cache: nothing is decided by it."""
        buyers, ids = zip(*used, strict=True)
        async with translated(self._pool):
            await self._pool.execute(_KEYS_USED, buyers, ids, list(used.values()))


def _waiting(dated: Dated) -> str:
    return (
        f"revision {dated.revision} takes effect at {dated.effective_at.isoformat()}: let this one take effect then or "
        "later, or say that it supersedes what waits"
    )


def _records(rows: Sequence[asyncpg.Record]) -> list[KeyRecord]:
    return [_record(dict(row)) for row in rows]


def _record(row: dict[str, Any]) -> KeyRecord:
    per_minute, burst = row.pop("per_minute"), row.pop("burst")
    row |= {"orders": tuple(row["orders"]), "scopes": tuple(row["scopes"])}
    return KeyRecord(**row, rate=Rate(per_minute, burst) if per_minute is not None else None)
