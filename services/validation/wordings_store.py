"""Consent texts that nobody approved yet, in Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog

from services.validation.consent.seen import SeenWording, SeenWordings
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.rpc.errors import AppError
from shared.telemetry.logging import failure

_log = structlog.get_logger(__name__)

#: Open texts of one seller that are kept; a seller with more than that is not waiting for compliance to read them.
MOST_OPEN = 500
_LISTED = 500

_SEE = f"""
WITH new AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                         $9::timestamptz[], $10::timestamptz[], $11::bigint[])
        AS n (buyer_id, wording_id, seller, site, text, nearest, percent, difference, first_seen, last_seen, leads)
), open AS (
    SELECT w.buyer_id, w.seller, count(*) AS texts
      FROM compliance.wording w
     WHERE w.state = 'open' AND (w.buyer_id, w.seller) IN (SELECT buyer_id, seller FROM new)
     GROUP BY w.buyer_id, w.seller
)
INSERT INTO compliance.wording AS known
    (buyer_id, wording_id, seller, site, text, nearest, percent, difference, first_seen, last_seen, leads)
SELECT new.* FROM new LEFT JOIN open USING (buyer_id, seller)
 WHERE coalesce(open.texts, 0) < {MOST_OPEN}
    OR EXISTS (SELECT FROM compliance.wording w WHERE (w.buyer_id, w.wording_id) = (new.buyer_id, new.wording_id))
 ORDER BY buyer_id, wording_id
ON CONFLICT (buyer_id, wording_id) DO UPDATE SET
    nearest = excluded.nearest, percent = excluded.percent, difference = excluded.difference,
    first_seen = least(known.first_seen, excluded.first_seen),
    last_seen = greatest(known.last_seen, excluded.last_seen),
    leads = known.leads + excluded.leads
"""

_COLUMNS = """wording_id, seller, site, text, nearest, percent, difference, first_seen, last_seen, leads, state,
decided_by, decided_at, note, slug, revision"""

_LIST = f"""
SELECT {_COLUMNS} FROM compliance.wording
 WHERE buyer_id = $1 AND ($2 = '' OR seller = $2) AND ($4 <> '' OR state = $3) AND ($4 = '' OR wording_id = $4)
 ORDER BY last_seen DESC, wording_id LIMIT {_LISTED}
"""

_DECIDE = f"""
UPDATE compliance.wording
   SET state = $3, decided_by = $4, decided_at = $5, note = $6, slug = $7, revision = $8
 WHERE buyer_id = $1 AND wording_id = $2
RETURNING {_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a text."""

    #: `approved` or `refused`.
    state: str
    by: str
    at: datetime
    note: str
    #: Approved: the disclosure, and the catalog revision that brought it.
    slug: str = ""
    revision: int = 0


class WordingStore:
    """The queue of texts. Every method raises Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def see(self, wordings: Sequence[SeenWording]) -> None:
        """Add texts, or to what is known of them. Each at most once in a call."""
        columns = zip(*[_row(wording) for wording in wordings], strict=True)
        async with translated(self._pool):
            await self._pool.execute(_SEE, *columns)

    async def list(self, buyer_id: str, seller: str, state: str, wording_id: str = "") -> list[asyncpg.Record]:
        """Texts, the most recently seen first. `wording_id`: only this one, whatever its state."""
        async with translated(self._pool):
            return await self._pool.fetch(_LIST, buyer_id, seller, state, wording_id)

    async def decide(self, buyer_id: str, wording_id: str, decision: Decision) -> asyncpg.Record | None:
        """Write a decision; None where there is no such text."""
        of = decision
        async with translated(self._pool):
            return await self._pool.fetchrow(
                _DECIDE, buyer_id, wording_id, of.state, of.by, of.at, of.note, of.slug, of.revision
            )


class WordingRecorder:
    """Writes gathered texts down every few seconds, beside the answering of leads."""

    def __init__(self, seen: SeenWordings, store: WordingStore, *, seconds: float = 2.0) -> None:
        self._seen = seen
        self._store = store
        self._seconds = seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop, and then what is left."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._seconds)
            await self.flush()

    async def flush(self) -> None:
        """Write what is gathered; what cannot be written now is kept for the next time."""
        taken = self._seen.take()
        if not taken:
            return
        try:
            await self._store.see(taken)
        except AppError as error:
            self._seen.put_back(taken)
            _log.warning("new wordings not written", count=len(taken), **failure(error))


def _row(seen: SeenWording) -> tuple[object, ...]:
    return (
        *(seen.buyer_id, seen.wording_id, seen.seller, seen.site, seen.text, seen.nearest, seen.percent),
        *(seen.difference, datetime.fromtimestamp(seen.first_seen, UTC), datetime.fromtimestamp(seen.last_seen, UTC)),
        seen.leads,
    )
