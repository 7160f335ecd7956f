"""Evidence of consent in Postgres: only ever added to, through the one function that links it into its chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.validation.evidence import Link
from shared.db.failures import translated
from shared.db.pool import Connection, Pool, ping

_APPEND = "SELECT added, last_position, last_hash FROM compliance.append_evidence($1, $2::uuid[], $3, $4, $5)"

# Sorted, so that two writers of the same texts never wait for each other in a ring.
_PRESENT = """
INSERT INTO compliance.presented (buyer_id, digest, text)
SELECT $1, digest, text FROM unnest($2::bytea[], $3::text[]) AS new (digest, text) ORDER BY digest
ON CONFLICT DO NOTHING
"""

_LINK = "buyer_id, position, lead_id::text, kind, record, keep_until, previous_hash, hash"
_LINKS = f"SELECT {_LINK} FROM compliance.evidence WHERE buyer_id = $1 AND position > $2 ORDER BY position LIMIT $3"
_OF_LEAD = f"SELECT {_LINK} FROM compliance.evidence WHERE buyer_id = $1 AND lead_id = $2::uuid ORDER BY position"
_TEXTS = "SELECT digest, text FROM compliance.presented WHERE buyer_id = $1 AND digest = ANY ($2::bytea[])"
_HEAD = "SELECT position, hash FROM compliance.chain WHERE buyer_id = $1"


class Entry(NamedTuple):
    """A record to add."""

    lead_id: str
    kind: str
    keep_until: date
    record: str


class Appended(NamedTuple):
    """What adding did: records that were new, and where the chain now ends."""

    added: int
    position: int
    hash: bytes


class EvidenceStore:
    """Chains of evidence and the texts that they name. Methods of the pool raise Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Raise where Postgres does not answer."""
        await ping(self._pool)

    async def append(
        self, connection: Connection, buyer_id: str, entries: Sequence[Entry], texts: Mapping[bytes, str]
    ) -> Appended:
        """Add records in the caller's transaction; one that is there already stays as it is. `texts`: by digest."""
        if texts:
            await connection.execute(_PRESENT, buyer_id, list(texts), list(texts.values()))
        columns = zip(*entries, strict=True)
        lead_ids, kinds, days, records = (list(column) for column in columns)
        row = await connection.fetchrow(_APPEND, buyer_id, lead_ids, kinds, days, records)
        if row is None:
            raise ValueError("the function returns one row")
        return Appended(row["added"], row["last_position"], row["last_hash"])

    async def links(self, buyer_id: str, after: int, most: int) -> list[Link]:
        """A part of a chain, by position."""
        async with translated(self._pool):
            return [Link(*row) for row in await self._pool.fetch(_LINKS, buyer_id, after, most)]

    async def of_lead(self, buyer_id: str, lead_id: str) -> list[Link]:
        """The records of a lead."""
        async with translated(self._pool):
            return [Link(*row) for row in await self._pool.fetch(_OF_LEAD, buyer_id, lead_id)]

    async def texts(self, buyer_id: str, digests: Sequence[str]) -> dict[str, str]:
        """Texts as presented, by digest in hex."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_TEXTS, buyer_id, [bytes.fromhex(digest) for digest in digests])
        return {row["digest"].hex(): row["text"] for row in rows}

    async def head(self, buyer_id: str) -> tuple[int, bytes] | None:
        """Where a chain ends by its own account; None: there is no such chain."""
        async with translated(self._pool):
            row = await self._pool.fetchrow(_HEAD, buyer_id)
        return (row["position"], row["hash"]) if row is not None else None
