"""intake's tables. The only file of the service that writes SQL about leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.intake.rows import CapacityRow, ClaimRow, LeadRow
from shared.db.failures import translated
from shared.db.outbox import OutboxRow, outbox_columns
from shared.db.pool import Connection, Pool, ping


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


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim that another lead holds."""

    #: Index of the lead in the call, from 0.
    lead: int
    kind: str
    other_seller: str
    other_own: bool


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A lead for which a capacity row has no room."""

    #: Index of the lead in the call, from 0.
    lead: int
    order: str
    window: str
    #: `leads` or `spend`.
    limit: str


_FIND_SUBMISSIONS = """
SELECT w.n - 1 AS n, s.lead_id::text, s.content_hash, l.outcome, l.answer, l.traceparent, l.test
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (buyer_id, seller, submission_key, n)
  JOIN intake.submission s USING (buyer_id, seller, submission_key)
  JOIN intake.lead l ON l.buyer_id = s.buyer_id AND l.lead_id = s.lead_id
 WHERE s.expires_at > $4
"""

# The rows go in by the order of their key, so that two settlements that share
# submissions wait for each other instead of deadlocking.
_TAKE_SUBMISSIONS = """
INSERT INTO intake.submission AS s (buyer_id, seller, submission_key, content_hash, lead_id, expires_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::uuid[], $6::timestamptz[])
       AS new (buyer_id, seller, submission_key, content_hash, lead_id, expires_at)
 ORDER BY buyer_id, seller, submission_key
ON CONFLICT (buyer_id, seller, submission_key) DO UPDATE
   SET content_hash = EXCLUDED.content_hash, lead_id = EXCLUDED.lead_id, expires_at = EXCLUDED.expires_at
 WHERE s.expires_at <= $7
RETURNING lead_id::text
"""

_TAKE_PENDING = """
DELETE FROM intake.pending WHERE buyer_id = $1 AND lead_id = ANY ($2::uuid[]) RETURNING lead_id::text
"""

# One statement, because each more is a round trip on the way to every answer. A charge is
# the price of a bought lead under the lead's own id, so a second one cannot be written.
_WRITE_LEADS = """
WITH new AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[],
        $10::bigint[], $11::text[], $12::text[], $13::boolean[], $14::bigint[], $15::text[], $16::timestamptz[],
        $17::timestamptz[], $18::timestamptz[], $19::bytea[], $20::bytea[], $21::bytea[], $22::bytea[],
        $23::jsonb[], $24::bytea[], $25::bytea[]
    ) AS row (
        buyer_id, lead_id, seller, external_id, source, sub_source, outcome, order_slug, order_version,
        price_minor, currency, team, test, catalog_revision, traceparent, submitted_at,
        received_at, decided_at, clock, lead_type, answer, receipt,
        fields, submission, payload)
), lead AS (
    INSERT INTO intake.lead (
        buyer_id, lead_id, seller, external_id, source, sub_source, outcome, order_slug, order_version, price_minor,
        currency, team, test, catalog_revision, traceparent, submitted_at, received_at, decided_at, clock, lead_type,
        answer, receipt)
    SELECT
        buyer_id, lead_id, seller, external_id, source, sub_source, outcome, order_slug, order_version, price_minor,
        currency, team, test, catalog_revision, traceparent, submitted_at, received_at, decided_at, clock, lead_type,
        answer, receipt
      FROM new
    ON CONFLICT (buyer_id, lead_id) DO UPDATE SET
        source = EXCLUDED.source, outcome = EXCLUDED.outcome, order_slug = EXCLUDED.order_slug,
        order_version = EXCLUDED.order_version, price_minor = EXCLUDED.price_minor, currency = EXCLUDED.currency,
        team = EXCLUDED.team, catalog_revision = EXCLUDED.catalog_revision, decided_at = EXCLUDED.decided_at,
        clock = EXCLUDED.clock, lead_type = EXCLUDED.lead_type, answer = EXCLUDED.answer, receipt = EXCLUDED.receipt
    WHERE lead.outcome = 'pending'
), person AS (
    INSERT INTO intake.person (buyer_id, lead_id, fields, submission, payload)
    SELECT buyer_id, lead_id, fields, submission, payload FROM new
    ON CONFLICT (buyer_id, lead_id) DO UPDATE SET fields = EXCLUDED.fields
), charge AS (
    INSERT INTO ledger.transfer (buyer_id, transfer_id, kind, debit_account, credit_account, amount_minor, currency,
                                 lead_id, seller, order_slug, order_version, posted_at)
    SELECT buyer_id, lead_id, 'charge', 'spend:' || order_slug, 'payable:' || seller, price_minor, currency,
           lead_id, seller, order_slug, order_version, decided_at
      FROM new
     WHERE outcome = 'accepted' AND price_minor > 0 AND NOT test
)
SELECT outbox.put($26, $27, $28, $29, $30)
"""

_CLAIM = """
SELECT lead, kind, other_seller, other_own
  FROM dedup.claim($1, $2, $3::uuid[], $4::text[], $5::boolean[], $6::int[], $7::text[], $8::bytea[], $9::bigint[])
"""

_CONSUME = """
SELECT lead, order_slug, window_kind, limit_kind
  FROM routing.consume($1, $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[],
                       $8::bigint[])
"""

_WRITE_PENDING = """
INSERT INTO intake.pending (buyer_id, lead_id, key_orders, expires_at, due_at)
SELECT buyer_id, lead_id, string_to_array(key_orders, ' '), expires_at, due_at
  FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[])
       AS new (buyer_id, lead_id, key_orders, expires_at, due_at)
"""

# The lease is taken with the read, so that two sweepers never hold one lead.
_LEASE_PENDING = """
UPDATE intake.pending p SET due_at = $1::timestamptz + $2 * interval '1 second', tries = p.tries + 1
  FROM (SELECT buyer_id, lead_id FROM intake.pending
         WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due,
       intake.lead l, intake.person person
 WHERE p.buyer_id = due.buyer_id AND p.lead_id = due.lead_id
   AND l.buyer_id = due.buyer_id AND l.lead_id = due.lead_id
   AND person.buyer_id = due.buyer_id AND person.lead_id = due.lead_id
RETURNING p.buyer_id, p.lead_id::text, p.key_orders, l.seller, l.clock, l.test, person.submission
"""

_CONTACTS = """
SELECT l.lead_id::text, p.fields
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

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction, committed at the end.

        Raises:
            Unavailable, DeadlineExceeded: Postgres is away or too slow. Where that was the commit,
                its outcome is unknown.
            RaceLost: nothing was written; run it again.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            yield connection

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

    async def take_submissions(
        self,
        connection: Connection,
        rows: Sequence[tuple[str, str, str, bytes, str, datetime]],
        now: datetime,
    ) -> set[str]:
        """Take (buyer, seller, key, hash, lead, expiry) rows; returns the lead ids that got theirs.

        Waits for a concurrent settlement of the same submission. Whoever is not
        returned lost to it and must read its answer in a later statement.
        """
        taken = await connection.fetch(_TAKE_SUBMISSIONS, *zip(*rows, strict=True), now)
        return {row["lead_id"] for row in taken}

    async def take_pending(self, connection: Connection, buyer_id: str, lead_ids: Sequence[str]) -> set[str]:
        """Take leads off the pending list; returns those that were still on it."""
        taken = await connection.fetch(_TAKE_PENDING, buyer_id, lead_ids)
        return {row["lead_id"] for row in taken}

    async def claim(
        self, connection: Connection, buyer_id: str, now: datetime, rows: Sequence[ClaimRow]
    ) -> list[Refused]:
        """Claim the identities of bought leads; returns what other leads hold."""
        identities = [(n + 1, *identity) for n, row in enumerate(rows) for identity in row.identities]
        parts = zip(*identities, strict=True) if identities else ((), (), (), ())
        refused = await connection.fetch(
            _CLAIM,
            buyer_id,
            now,
            [row.lead_id for row in rows],
            [row.seller for row in rows],
            [row.own for row in rows],
            *parts,
        )
        return [Refused(r["lead"] - 1, r["kind"], r["other_seller"], r["other_own"]) for r in refused]

    async def consume(self, connection: Connection, buyer_id: str, rows: Sequence[CapacityRow]) -> list[Shortfall]:
        """Take capacity for bought leads; returns the leads that did not fit. Call it last: its rows are hot."""
        columns: Any = zip(*[(row.lead + 1, *row.values()) for row in rows], strict=True)
        short = await connection.fetch(_CONSUME, buyer_id, *columns)
        return [Shortfall(r["lead"] - 1, r["order_slug"], r["window_kind"], r["limit_kind"]) for r in short]

    async def write_leads(
        self, connection: Connection, rows: Sequence[LeadRow], messages: Sequence[OutboxRow] = ()
    ) -> None:
        """Write leads and persons, charge what was bought, and put the messages out; a pending lead is completed."""
        columns = zip(*[row.values() for row in rows], strict=True)
        await connection.execute(_WRITE_LEADS, *columns, *outbox_columns(messages))

    async def write_pending(
        self, connection: Connection, rows: Sequence[tuple[str, str, str, datetime, datetime]]
    ) -> None:
        """Put (buyer, lead, orders of the key with spaces between, expiry, due) rows on the pending list."""
        await connection.execute(_WRITE_PENDING, *zip(*rows, strict=True))

    async def lease_pending(self, now: datetime, lease_seconds: float, most: int) -> list[asyncpg.Record]:
        """Take up to `most` pending leads for `lease_seconds`; nobody else gets them until then."""
        async with translated(self._pool):
            return await self._pool.fetch(_LEASE_PENDING, now, lease_seconds, most)

    async def count_pending(self) -> int:
        """Leads of all buyers that wait for a decision."""
        async with translated(self._pool):
            return int(await self._pool.fetchval("SELECT count(*) FROM intake.pending"))

    async def contacts(self, buyer_id: str, lead_ids: Sequence[str]) -> dict[str, str]:
        """Canonical fields as JSON text by lead id, for accepted leads."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_CONTACTS, buyer_id, lead_ids)
        return {row["lead_id"]: row["fields"] for row in rows}

    async def get_lead(self, buyer_id: str, lead_id: str) -> asyncpg.Record | None:
        """One lead, or None."""
        async with translated(self._pool):
            return await self._pool.fetchrow(_GET_LEAD, buyer_id, lead_id)

    async def list_leads(
        self, buyer_id: str, seller: str, outcome: str, before: str, most: int
    ) -> list[asyncpg.Record]:
        """Leads older than `before` (a lead id; empty: from the newest), newest first."""
        async with translated(self._pool):
            return await self._pool.fetch(_LIST_LEADS, buyer_id, seller, outcome, before, most)
