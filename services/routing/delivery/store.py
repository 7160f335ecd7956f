"""Deliveries and their tries in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.routing.accepted import AcceptedLead
from services.routing.delivery.delivery import LEASE, Delivery, DeliveryState, Settled
from services.routing.delivery.lanes import LaneReport, buyer_of
from shared.db.failures import translated
from shared.db.pool import Connection, Pool, ping

# Sorted: two that add the same deliveries in another order must not wait for each other in a circle.
_INSERT = """
INSERT INTO routing.delivery (buyer_id, delivery_id, lead_id, channel, receiver, purpose, template, step_id, due_at,
                              give_up_at, created_at, order_slug, catalog_revision, seller, source, submitted_at,
                              received_at, decided_at, traceparent)
SELECT buyer_id, delivery_id, lead_id, channel, receiver, purpose, template, step_id, due_at,
       give_up_at, created_at, order_slug, catalog_revision, seller, source, submitted_at,
       received_at, decided_at, traceparent
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
            $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::bigint[], $14::text[],
            $15::text[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::text[])
     AS t (buyer_id, delivery_id, lead_id, channel, receiver, purpose, template, step_id, due_at,
           give_up_at, created_at, order_slug, catalog_revision, seller, source, submitted_at,
           received_at, decided_at, traceparent)
ORDER BY buyer_id, delivery_id
ON CONFLICT DO NOTHING
"""

# $1 now, $2 lanes, $3 most of each, $4 end of the lease, $5 lease.
_CLAIM = """
WITH due AS (
    SELECT d.buyer_id, d.delivery_id
    FROM unnest($2::text[], $3::integer[]) AS l (lane, places)
    CROSS JOIN LATERAL (
        SELECT buyer_id, delivery_id FROM routing.delivery
        WHERE state = 'waiting' AND lane = l.lane AND due_at <= $1
        ORDER BY due_at
        LIMIT l.places
        FOR UPDATE SKIP LOCKED
    ) AS d
)
UPDATE routing.delivery AS d
SET due_at = $4, lease_id = $5, attempts = d.attempts + 1
FROM due
WHERE d.buyer_id = due.buyer_id AND d.delivery_id = due.delivery_id
RETURNING d.*
"""

# Lanes of systems with something due: from one lane to the next by the index, however much waits in each.
_SYSTEMS_DUE = """
WITH RECURSIVE lane (lane) AS (
    (SELECT lane FROM routing.delivery WHERE state = 'waiting' ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT d.lane FROM routing.delivery AS d WHERE d.state = 'waiting' AND d.lane > l.lane
            ORDER BY d.lane LIMIT 1)
    FROM lane AS l WHERE l.lane IS NOT NULL
)
SELECT lane FROM lane AS l
WHERE lane LIKE '%:%'
  AND EXISTS (SELECT FROM routing.delivery AS d WHERE d.state = 'waiting' AND d.lane = l.lane AND d.due_at <= $1)
"""

# $1 now, $2 lanes that nobody tries.
_GIVE_UP = """
WITH old AS (
    SELECT buyer_id, delivery_id FROM routing.delivery
    WHERE state = 'waiting' AND lane = ANY ($2::text[]) AND due_at <= $1 AND give_up_at <= $1
    ORDER BY buyer_id, delivery_id LIMIT 500
    FOR UPDATE SKIP LOCKED
)
UPDATE routing.delivery AS d
SET state = 'dead', lease_id = NULL,
    last_error = CASE d.last_error WHEN '' THEN 'its receiver was away for days' ELSE d.last_error END
FROM old WHERE d.buyer_id = old.buyer_id AND d.delivery_id = old.delivery_id
RETURNING d.*
"""

_TELL_LANES = """
INSERT INTO routing.lane (buyer_id, lane, state, failures, next_try_at, last_error, changed_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[],
                     $7::timestamptz[]) AS t (buyer_id, lane)
ORDER BY buyer_id, lane
ON CONFLICT (buyer_id, lane) DO UPDATE
SET state = excluded.state, failures = excluded.failures, next_try_at = excluded.next_try_at,
    last_error = excluded.last_error, changed_at = excluded.changed_at
"""
_LANES = "SELECT lane, state, failures, next_try_at, last_error FROM routing.lane"

# That a receiver took it is true whoever holds the lease by now; a failure counts only for the holder.
_SETTLE = """
WITH tried AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                         $7::timestamptz[], $8::text[])
        AS t (buyer_id, delivery_id, lease_id, state, due_at, give_up_at, handed_off_at, last_error)
), held AS (
    SELECT d.buyer_id, d.delivery_id
    FROM routing.delivery AS d JOIN tried AS t USING (buyer_id, delivery_id)
    WHERE d.state = 'waiting' AND (t.state = 'handed_off' OR d.lease_id = t.lease_id)
    ORDER BY d.buyer_id, d.delivery_id
    FOR UPDATE OF d
)
UPDATE routing.delivery AS d
SET state = t.state, due_at = t.due_at, give_up_at = t.give_up_at, handed_off_at = t.handed_off_at,
    last_error = t.last_error, lease_id = NULL
FROM tried AS t JOIN held USING (buyer_id, delivery_id)
WHERE d.buyer_id = t.buyer_id AND d.delivery_id = t.delivery_id
RETURNING d.delivery_id
"""

_INSERT_TRIES = """
INSERT INTO routing.delivery_try (buyer_id, delivery_id, attempt, ended_at, outcome, error)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING
"""

# What a worker is handing over right now is its own to settle.
_DISCARD = """
UPDATE routing.delivery SET state = 'discarded', last_error = $3
WHERE buyer_id = $1 AND lead_id = ANY ($2::uuid[]) AND state = 'waiting' AND purpose = 'follow_up' AND lease_id IS NULL
"""

_IN_FORCE = """
SELECT revision FROM catalog.snapshot WHERE buyer_id = $1 AND effective_at <= now() ORDER BY revision DESC LIMIT 1
"""

RECORD_COLUMNS = (
    "delivery_id, lead_id, channel, receiver, purpose, due_at, state, attempts, created_at, handed_off_at, last_error"
)
_OF_LEAD = f"""
SELECT {RECORD_COLUMNS} FROM routing.delivery
WHERE buyer_id = $1 AND lead_id = $2 ORDER BY created_at, delivery_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try that ended."""

    delivery: Delivery
    ended_at: datetime
    #: `handed_off`, `postponed`, `refused` or `blocked`.
    outcome: str
    #: Phase and code; never what a receiver said.
    error: str
    settled: Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A delivery as stored."""

    delivery_id: UUID
    lead_id: UUID
    channel: str
    receiver: str
    purpose: str
    due_at: datetime
    state: DeliveryState
    attempts: int
    created_at: datetime
    handed_off_at: datetime | None
    last_error: str


async def add_deliveries(conn: Connection, deliveries: Sequence[Delivery]) -> None:
    """Insert the deliveries that are not there yet, in the caller's transaction; raises what the driver raises."""
    leads = [delivery.lead for delivery in deliveries]
    await conn.execute(
        _INSERT,
        [lead.buyer_id for lead in leads],
        [delivery.delivery_id for delivery in deliveries],
        [lead.lead_id for lead in leads],
        [delivery.channel for delivery in deliveries],
        [delivery.receiver for delivery in deliveries],
        [delivery.purpose for delivery in deliveries],
        [delivery.template for delivery in deliveries],
        [delivery.step_id for delivery in deliveries],
        [delivery.first_due_at for delivery in deliveries],
        [delivery.given_up_at for delivery in deliveries],
        [delivery.created_at for delivery in deliveries],
        [lead.order for lead in leads],
        [lead.catalog_revision for lead in leads],
        [lead.seller for lead in leads],
        [lead.source for lead in leads],
        [lead.submitted_at for lead in leads],
        [lead.received_at for lead in leads],
        [lead.decided_at for lead in leads],
        [lead.traceparent for lead in leads],
    )


async def discard_follow_ups(conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], why: str) -> None:
    """What playbooks wanted to tell these people is told no more, in the caller's transaction."""
    await conn.execute(_DISCARD, buyer_id, lead_ids, why)


class DeliveryStore:
    """SQL of deliveries.

    Methods that take a connection run in the caller's transaction and raise what the driver raises; the others raise
    Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Raise unless the database answers."""
        await ping(self._pool)

    async def revision_in_force(self, buyer_id: str) -> int:
        """The buyer's present catalog revision; 0 where there is none."""
        async with translated(self._pool):
            return await self._pool.fetchval(_IN_FORCE, buyer_id) or 0

    async def of_lead(self, buyer_id: str, lead_id: UUID) -> list[DeliveryRecord]:
        """Deliveries of one lead, oldest first."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_OF_LEAD, buyer_id, lead_id)
        return [DeliveryRecord(**row) for row in rows]

    async def claim(self, now: datetime, places: Mapping[str, int], lease_id: UUID) -> list[Delivery]:
        """Take due deliveries for the length of a lease, from each lane up to so many, the longest due first.

        Counts the try.
        """
        async with translated(self._pool):
            rows = await self._pool.fetch(_CLAIM, now, list(places), list(places.values()), now + LEASE, lease_id)
        return [_delivery(row) for row in rows]

    async def systems_due(self, now: datetime) -> list[str]:
        """Lanes of systems for which something is due, by name."""
        async with translated(self._pool):
            return [row["lane"] for row in await self._pool.fetch(_SYSTEMS_DUE, now)]

    async def give_up(self, now: datetime, lanes: Sequence[str]) -> list[Delivery]:
        """Let what waited too long in these lanes die untried, some at a time; returns it."""
        async with translated(self._pool):
            return [_delivery(row) for row in await self._pool.fetch(_GIVE_UP, now, list(lanes))]

    async def tell_lanes(self, reports: Sequence[LaneReport], now: datetime) -> None:
        """Keep what was found of lanes."""
        async with translated(self._pool):
            await self._pool.execute(
                _TELL_LANES,
                [buyer_of(report.lane) for report in reports],
                [report.lane for report in reports],
                [report.state for report in reports],
                [report.failures for report in reports],
                [report.next_try_at for report in reports],
                [report.last_error for report in reports],
                [now] * len(reports),
            )

    async def lanes(self) -> list[LaneReport]:
        """What was found of every lane."""
        async with translated(self._pool):
            return [LaneReport(**row) for row in await self._pool.fetch(_LANES)]

    async def settle(self, conn: Connection, tries: Sequence[Try]) -> set[UUID]:
        """Record tries and what became of their deliveries; returns the deliveries that changed.

        Absent are those that somebody else settled first, and failures whose lease had passed on.
        """
        rows = await conn.fetch(
            _SETTLE,
            [one.delivery.lead.buyer_id for one in tries],
            [one.delivery.delivery_id for one in tries],
            [one.delivery.lease_id for one in tries],
            [one.settled.state for one in tries],
            [one.settled.due_at for one in tries],
            [one.settled.give_up_at for one in tries],
            [one.settled.handed_off_at for one in tries],
            [one.settled.last_error for one in tries],
        )
        await conn.execute(
            _INSERT_TRIES,
            [one.delivery.lead.buyer_id for one in tries],
            [one.delivery.delivery_id for one in tries],
            [one.delivery.attempts for one in tries],
            [one.ended_at for one in tries],
            [one.outcome for one in tries],
            [one.error for one in tries],
        )
        return {row["delivery_id"] for row in rows}


def _delivery(row: asyncpg.Record) -> Delivery:
    lead = AcceptedLead(
        buyer_id=row["buyer_id"],
        lead_id=row["lead_id"],
        seller=row["seller"],
        source=row["source"],
        order=row["order_slug"],
        catalog_revision=row["catalog_revision"],
        team="",
        submitted_at=row["submitted_at"],
        received_at=row["received_at"],
        decided_at=row["decided_at"],
        traceparent=row["traceparent"],
    )
    return Delivery(
        delivery_id=row["delivery_id"],
        lead=lead,
        channel=row["channel"],
        receiver=row["receiver"],
        purpose=row["purpose"],
        template=row["template"],
        step_id=row["step_id"],
        created_at=row["created_at"],
        give_up_at=row["give_up_at"],
        attempts=row["attempts"],
        replayed_after=row["replayed_after"],
        lease_id=row["lease_id"],
    )
