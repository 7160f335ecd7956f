"""intake's tables. The only file of the service that writes SQL about leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.intake.rows import Batch, LeadRow, Obstacle, SubmissionRow
from shared.db.failures import translated
from shared.db.pool import Pool, ping


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a submission that was taken before."""

    lead_id: str
    content_hash: bytes
    outcome: str
    #: Serialised LeadAnswer; empty while pending.
    answer: bytes
    traceparent: str
    test: bool


_FIND_SUBMISSIONS = """
SELECT w.n - 1 AS n, s.lead_id::text, s.content_hash, l.outcome, l.answer, l.traceparent, l.test
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (buyer_id, seller, submission_key, n)
  JOIN intake.submission s USING (buyer_id, seller, submission_key)
  JOIN intake.lead l ON l.buyer_id = s.buyer_id AND l.lead_id = s.lead_id
 WHERE s.expires_at > $4
"""

_TAKE_SUBMISSIONS = """
SELECT lead_id::text FROM intake.take_submissions($1, $2, $3::intake.taken_submission[]) AS lead_id
"""

_SETTLE = """
SELECT what, lead, detail, seller, own, limit_kind
  FROM intake.settle($1, $2, $3::intake.taken_submission[], $4::intake.claimed_person[], $5::intake.decided_lead[],
                     $6::intake.scoped_identity[], $7::intake.claimed_likeness[], $8::intake.capacity_demand[],
                     $9::intake.told_message[], $10::intake.lead_mark[])
"""

_SPEND_HOLDS = "SELECT n, why FROM intake.spend_holds($1, $2, $3::uuid[], $4::uuid[], $5::boolean[])"
_LOCK_HOLDS = """
SELECT FROM intake.hold WHERE buyer_id = $1 AND ping_id = ANY ($2::uuid[]) ORDER BY ping_id FOR UPDATE
"""
_LET_GO = """
WITH free AS (
    UPDATE intake.hold AS h SET lead_id = NULL, expires_at = p.expires_at
      FROM intake.ping AS p
     WHERE h.buyer_id = $1 AND h.ping_id = ANY ($2::uuid[]) AND h.lead_id = ANY ($3::uuid[])
       AND p.buyer_id = h.buyer_id AND p.ping_id = h.ping_id
    RETURNING h.ping_id
)
UPDATE intake.ping AS p SET lead_id = NULL FROM free WHERE p.buyer_id = $1 AND p.ping_id = free.ping_id
"""
_KEEP_HOLDS = "SELECT intake.keep_holds($1, $2, $3::uuid[], $4::uuid[], $5::timestamptz[])"

_WRITE_UNDECIDED = """
WITH lead AS (
    INSERT INTO intake.lead (
        buyer_id, lead_id, seller, external_id, source, sub_source, outcome, price_minor, currency, test,
        catalog_revision, traceparent, submitted_at, received_at, clock)
    SELECT l.buyer_id, l.lead_id, l.seller, l.external_id, l.source, l.sub_source, l.outcome, 0, l.currency, l.test,
           l.catalog_revision, l.traceparent, l.submitted_at, l.received_at, l.clock
      FROM unnest($1::intake.decided_lead[]) AS l
)
INSERT INTO intake.person (buyer_id, lead_id, fields, submission, payload)
SELECT l.buyer_id, l.lead_id, l.fields, l.submission, l.payload
  FROM unnest($1::intake.decided_lead[]) AS l
"""

_WRITE_PENDING = """
INSERT INTO intake.pending (buyer_id, lead_id, key_orders, due_at)
SELECT buyer_id, lead_id, string_to_array(key_orders, ' '), due_at
  FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[]) AS new (buyer_id, lead_id, key_orders, due_at)
"""

# The lease is taken with the read, so that two sweepers never hold one lead.
_LEASE_PENDING = """
UPDATE intake.pending p SET due_at = $1::timestamptz + $2 * interval '1 second'
  FROM (SELECT buyer_id, lead_id FROM intake.pending
         WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due,
       intake.lead l, intake.person person
 WHERE p.buyer_id = due.buyer_id AND p.lead_id = due.lead_id
   AND l.buyer_id = due.buyer_id AND l.lead_id = due.lead_id
   AND person.buyer_id = due.buyer_id AND person.lead_id = due.lead_id
RETURNING p.buyer_id, p.lead_id::text, p.key_orders, l.seller, l.clock, l.test, person.submission
"""

_CONTACTS = """
SELECT l.lead_id::text, l.seller, l.source, l.order_slug, l.order_version, l.lead_type, l.decided_at, l.price_minor,
       l.currency, l.receipt, l.test, p.fields, p.submission
  FROM intake.lead l JOIN intake.person p USING (buyer_id, lead_id)
 WHERE l.buyer_id = $1 AND l.lead_id = ANY ($2::uuid[]) AND l.outcome = 'accepted' AND NOT l.test
"""

_CONSENT_RECORDS = """
SELECT l.lead_id::text, l.seller, l.source, l.order_slug, l.order_version, l.catalog_revision, l.submitted_at,
       l.received_at, l.decided_at, l.receipt, p.submission, p.payload
  FROM intake.lead l JOIN intake.person p USING (buyer_id, lead_id)
 WHERE l.buyer_id = $1 AND l.lead_id = ANY ($2::uuid[]) AND l.outcome = 'accepted' AND NOT l.test
"""

_LEAD_COLUMNS = """
l.buyer_id, l.lead_id::text, l.seller, l.external_id, l.source, l.sub_source, l.outcome, l.team, l.test,
l.catalog_revision, l.traceparent, l.received_at, l.currency, l.clock, l.lead_type, l.answer, l.receipt
"""

_GET_LEAD = f"""
SELECT {_LEAD_COLUMNS} FROM intake.lead l WHERE l.buyer_id = $1 AND l.lead_id = $2::uuid
"""

_GET_EVIDENCE = """
SELECT l.buyer_id, l.lead_id::text, l.seller, l.catalog_revision, l.receipt, p.submission
  FROM intake.lead l LEFT JOIN intake.person p USING (buyer_id, lead_id)
 WHERE l.buyer_id = $1 AND l.lead_id = $2::uuid
"""

_PERSON = "SELECT fields, submission, payload FROM intake.person WHERE buyer_id = $1 AND lead_id = $2::uuid"

_LIST_LEADS = f"""
SELECT {_LEAD_COLUMNS} FROM intake.lead l
 WHERE l.buyer_id = $1 AND ($2 = '' OR l.seller = $2) AND ($3 = '' OR l.outcome = $3)
   AND ($4 = '' OR l.lead_id < nullif($4, '')::uuid)
 ORDER BY l.lead_id DESC LIMIT $5
"""


class LeadStore:
    """Leads, persons, submissions and pending leads in Postgres."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Raise where Postgres does not answer."""
        await ping(self._pool)

    async def find_submissions(self, keys: Sequence[tuple[str, str, str]], now: datetime) -> dict[int, Stored]:
        """Look up (buyer, seller, submission key) triples; by index, for those taken before and still alive."""
        buyers, sellers, texts = zip(*keys, strict=True)
        async with translated(self._pool):
            rows = await self._pool.fetch(_FIND_SUBMISSIONS, buyers, sellers, texts, now)
        return {
            row["n"]: Stored(
                lead_id=row["lead_id"],
                content_hash=row["content_hash"],
                outcome=row["outcome"],
                answer=row["answer"],
                traceparent=row["traceparent"],
                test=row["test"],
            )
            for row in rows
        }

    async def settle(
        self,
        buyer_id: str,
        now: datetime,
        batch: Batch,
    ) -> list[Obstacle]:
        """Settle a batch in one transaction, or say what stands in the way and change nothing.

        Raises:
            Unavailable, DeadlineExceeded: Postgres is away or too slow; whether it committed is unknown.
            RaceLost: nothing was written; run it again.
        """
        told = [(row.buyer_id, row.consumer, row.message_id, row.topic, row.payload) for row in batch.messages]
        rows = (
            buyer_id, now, batch.submissions, batch.persons, batch.leads, batch.identities, batch.likenesses,
            batch.demands, told, batch.marks,
        )  # fmt: skip
        async with translated(self._pool):
            if batch.bids or batch.let_go:
                return await self._settle_with_bids(rows, batch)
            obstacles = await self._pool.fetch(_SETTLE, *rows)
        return [Obstacle(*row) for row in obstacles]

    async def _settle_with_bids(self, rows: tuple[object, ...], batch: Batch) -> list[Obstacle]:
        numbers = [bid.lead for bid in batch.bids]
        pings, leads = [bid.ping_id for bid in batch.bids], [bid.lead_id for bid in batch.bids]
        accepted = [bid.accepted for bid in batch.bids]
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                refused = await connection.fetch(_SPEND_HOLDS, *rows[:2], pings, leads, accepted)
                obstacles = [Obstacle("bid", numbers[row["n"] - 1], row["why"], "", False, "") for row in refused]
                if not obstacles:
                    if batch.let_go:
                        await connection.execute(_LET_GO, rows[0], *zip(*batch.let_go, strict=True))
                    obstacles = [Obstacle(*row) for row in await connection.fetch(_SETTLE, *rows)]
            except BaseException:
                await transaction.rollback()
                raise
            await (transaction.rollback() if obstacles else transaction.commit())
        return obstacles

    async def keep_pending(
        self,
        buyer_id: str,
        submissions: Sequence[SubmissionRow],
        rows: Sequence[LeadRow],
        waiting: Sequence[tuple[str, str, str, datetime]],
        now: datetime,
        bids: Sequence[tuple[str, str, datetime]] = (),
    ) -> set[str]:
        """Store undecided leads and put them on the pending list; returns the ids of those that were stored.

        A lead whose submission another process took first is not stored.

        Args:
            buyer_id: the buyer of all of them.
            submissions: one per lead.
            rows: the leads.
            waiting: (buyer, lead, orders of the key with spaces between, due), one per row.
            now: keys that expired by then are free.
            bids: (ping, lead, until when its hold is kept) of leads that took one up.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            if bids:
                # First, as everybody does who locks holds and submissions.
                await connection.execute(_LOCK_HOLDS, buyer_id, [bid[0] for bid in bids])
            won = await connection.fetch(_TAKE_SUBMISSIONS, buyer_id, now, submissions)
            taken = {row["lead_id"] for row in won}
            kept = [row for row in rows if row.lead_id in taken]
            if kept:
                await connection.execute(_WRITE_UNDECIDED, kept)
                columns = zip(*[row for row in waiting if row[1] in taken], strict=True)
                await connection.execute(_WRITE_PENDING, *columns)
            if kept_bids := [bid for bid in bids if bid[1] in taken]:
                await connection.execute(_KEEP_HOLDS, buyer_id, now, *zip(*kept_bids, strict=True))
        return taken

    async def lease_pending(self, now: datetime, lease_seconds: float, most: int) -> list[asyncpg.Record]:
        """Take up to `most` pending leads for `lease_seconds`; nobody else gets them until then."""
        async with translated(self._pool):
            return await self._pool.fetch(_LEASE_PENDING, now, lease_seconds, most)

    async def count_pending(self) -> int:
        """Leads of all buyers that wait for a decision."""
        async with translated(self._pool):
            return int(await self._pool.fetchval("SELECT count(*) FROM intake.pending"))

    async def contacts(self, buyer_id: str, lead_ids: Sequence[str]) -> list[asyncpg.Record]:
        """What it takes to reach the person of each accepted lead."""
        async with translated(self._pool):
            return await self._pool.fetch(_CONTACTS, buyer_id, lead_ids)

    async def consent_records(self, buyer_id: str, lead_ids: Sequence[str]) -> list[asyncpg.Record]:
        """What evidence is made of, for accepted leads."""
        async with translated(self._pool):
            return await self._pool.fetch(_CONSENT_RECORDS, buyer_id, lead_ids)

    async def get_lead(self, buyer_id: str, lead_id: str) -> asyncpg.Record | None:
        """One lead, or None."""
        async with translated(self._pool):
            return await self._pool.fetchrow(_GET_LEAD, buyer_id, lead_id)

    async def get_evidence(self, buyer_id: str, lead_id: str) -> asyncpg.Record | None:
        """What one lead was decided from: its submission (None: not kept any more) and its receipt."""
        async with translated(self._pool):
            return await self._pool.fetchrow(_GET_EVIDENCE, buyer_id, lead_id)

    async def person(self, buyer_id: str, lead_id: str) -> asyncpg.Record | None:
        """What was sent of one lead and how it was read; None where that was forgotten."""
        async with translated(self._pool):
            return await self._pool.fetchrow(_PERSON, buyer_id, lead_id)

    async def list_leads(
        self, buyer_id: str, seller: str, outcome: str, before: str, most: int
    ) -> list[asyncpg.Record]:
        """Leads older than `before` (a lead id; empty: from the newest), newest first."""
        async with translated(self._pool):
            return await self._pool.fetch(_LIST_LEADS, buyer_id, seller, outcome, before, most)
