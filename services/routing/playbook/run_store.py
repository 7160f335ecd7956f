"""Runs in Postgres. Every function runs in the caller's transaction and raises what the driver raises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from services.routing.accepted import AcceptedLead
from services.routing.follow_up_events import accepted_lead
from services.routing.playbook.opening import kind_of
from services.routing.playbook.run import Run, StepRecord
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

# Sorted: two consumers with the same events in another order must not wait for each other in a circle.
_ADD = """
INSERT INTO routing.run (buyer_id, lead_id, playbook, catalog_revision, order_slug, arm, delay_seconds, stops, state,
                         due_at, decided_at, started_at, ended_at, purchase)
SELECT buyer_id, lead_id, playbook, catalog_revision, order_slug, arm, delay_seconds, string_to_array(stops, ','),
       state, due_at, decided_at, started_at, ended_at, purchase
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::integer[], $8::text[],
            $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::bytea[])
     AS t (buyer_id, lead_id, playbook, catalog_revision, order_slug, arm, delay_seconds, stops, state, due_at,
           decided_at, started_at, ended_at, purchase)
ORDER BY buyer_id, lead_id
ON CONFLICT DO NOTHING
RETURNING lead_id
"""

_STEPS = """
INSERT INTO routing.step AS s (buyer_id, lead_id, position, name, channel, step_id, state, due_at, at, ended_at, why)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::uuid[], $7::text[],
                     $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[])
ON CONFLICT (buyer_id, lead_id, position) DO UPDATE
SET state = excluded.state, due_at = excluded.due_at, at = excluded.at, ended_at = excluded.ended_at,
    why = excluded.why
"""

_SAVE = """
UPDATE routing.run
SET state = $3, stopped_by = $4, due_at = $5, ended_at = $6, answered = $7, disposition = $8, disposition_at = $9,
    bad_number = $10, opted_out = $11
WHERE buyer_id = $1 AND lead_id = $2
"""

_CALLS_OVER = """
UPDATE routing.step SET ended_at = $3
WHERE buyer_id = $1 AND lead_id = $2 AND state = 'opened' AND ended_at IS NULL
"""

# Runs first, as everybody does who changes one.
_CLOSE = """
WITH held AS (
    SELECT buyer_id, lead_id FROM routing.run WHERE buyer_id = $1 AND lead_id = ANY ($2::uuid[])
    ORDER BY lead_id FOR UPDATE
), closed AS (
    UPDATE routing.step AS s SET ended_at = greatest(s.at, $4)
    FROM held
    WHERE s.buyer_id = held.buyer_id AND s.lead_id = held.lead_id AND s.step_id = ANY ($3::uuid[])
      AND s.state = 'opened' AND s.ended_at IS NULL
    RETURNING s.buyer_id, s.lead_id
)
UPDATE routing.run AS r SET due_at = least(r.due_at, $4)
FROM closed WHERE r.buyer_id = closed.buyer_id AND r.lead_id = closed.lead_id AND r.state = 'running'
"""

_RUN = "SELECT * FROM routing.run WHERE buyer_id = $1 AND lead_id = $2"
_DUE = "SELECT * FROM routing.run WHERE due_at <= $1 ORDER BY due_at LIMIT $2"
_DUE_OF = "SELECT * FROM routing.run WHERE buyer_id = $1 AND lead_id = ANY ($2) AND due_at <= $3"
_STEPS_OF = """
SELECT lead_id, position, state, due_at, at, ended_at, why FROM routing.step
WHERE buyer_id = $1 AND lead_id = ANY ($2::uuid[])
"""
_IN_FORCE = """
SELECT revision FROM catalog.snapshot WHERE buyer_id = $1 AND effective_at <= now() ORDER BY revision DESC LIMIT 1
"""
_PUT_OFF = "UPDATE routing.run SET due_at = $3 WHERE buyer_id = $1 AND lead_id = ANY ($2) AND due_at <= $3"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run with what brought it about."""

    run: Run
    lead: AcceptedLead
    #: The event that told of the purchase, as it came.
    purchase: bytes
    started_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step to be written."""

    buyer_id: str
    lead_id: UUID
    position: int
    name: str
    channel: str
    step_id: UUID
    record: StepRecord


async def add_runs(conn: Connection, runs: Sequence[StoredRun]) -> set[UUID]:
    """Insert runs that are not there yet, without their steps; returns the leads of those that were not."""
    rows = await conn.fetch(
        _ADD,
        [one.run.buyer_id for one in runs],
        [one.run.lead_id for one in runs],
        [one.run.playbook for one in runs],
        [one.run.catalog_revision for one in runs],
        [one.lead.order for one in runs],
        [one.run.arm for one in runs],
        [one.run.delay_seconds for one in runs],
        [",".join(sorted(one.run.stops)) for one in runs],
        [one.run.state for one in runs],
        [one.due_at for one in runs],
        [one.run.decided_at for one in runs],
        [one.started_at for one in runs],
        [one.run.ended_at for one in runs],
        [one.purchase for one in runs],
    )
    return {row["lead_id"] for row in rows}


async def write_steps(conn: Connection, rows: Sequence[StepRow]) -> None:
    """Write what became of steps. Whoever writes holds the rows of their runs."""
    if not rows:
        return
    await conn.execute(
        _STEPS,
        [row.buyer_id for row in rows],
        [row.lead_id for row in rows],
        [row.position for row in rows],
        [row.name for row in rows],
        [row.channel for row in rows],
        [row.step_id for row in rows],
        [row.record.state for row in rows],
        [row.record.due_at for row in rows],
        [row.record.at for row in rows],
        [row.record.ended_at for row in rows],
        [row.record.why for row in rows],
    )


async def save_runs(conn: Connection, runs: Iterable[tuple[Run, datetime | None]]) -> None:
    """Write runs, each with when to look next."""
    await conn.executemany(
        _SAVE,
        [
            (
                *(run.buyer_id, run.lead_id, run.state, run.stopped_by, due_at, run.ended_at, run.answered),
                *(run.disposition, run.disposition_at, run.bad_number, sorted(run.opted_out)),
            )
            for run, due_at in runs
        ],
    )


async def end_calls(conn: Connection, run: Run, at: datetime) -> None:
    """The open call of a run is over."""
    await conn.execute(_CALLS_OVER, run.buyer_id, run.lead_id, at)


async def close_calls(
    conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], task_ids: Collection[UUID], at: datetime
) -> None:
    """These calls will not be made; their runs go on."""
    if task_ids:
        await conn.execute(_CLOSE, buyer_id, lead_ids, list(task_ids), at)


async def held_run(conn: Connection, buyer_id: str, lead_id: UUID) -> StoredRun | None:
    """A run that nobody else can change until the transaction ends; None: there is none."""
    row = await conn.fetchrow(f"{_RUN} FOR UPDATE", buyer_id, lead_id)
    return (await _stored(conn, [row]))[0] if row is not None else None


async def hold_due_runs(conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], now: datetime) -> list[StoredRun]:
    """Those of these runs that are still due and that nobody else holds, held until the transaction ends."""
    rows = await conn.fetch(f"{_DUE_OF} ORDER BY lead_id FOR UPDATE SKIP LOCKED", buyer_id, lead_ids, now)
    return await _stored(conn, rows)


async def _stored(conn: Connection, rows: Sequence[asyncpg.Record]) -> list[StoredRun]:
    """Rows of one buyer with their steps."""
    if not rows:
        return []
    steps: dict[UUID, dict[int, StepRecord]] = {row["lead_id"]: {} for row in rows}
    for step in await conn.fetch(_STEPS_OF, rows[0]["buyer_id"], list(steps)):
        steps[step["lead_id"]][step["position"]] = StepRecord(
            state=step["state"], due_at=step["due_at"], at=step["at"], ended_at=step["ended_at"], why=step["why"]
        )
    return [_stored_run(row, steps[row["lead_id"]]) for row in rows]


def _stored_run(row: asyncpg.Record, steps: dict[int, StepRecord]) -> StoredRun:
    lead = _lead(row)
    run = Run(
        buyer_id=row["buyer_id"],
        lead_id=row["lead_id"],
        playbook=row["playbook"],
        catalog_revision=row["catalog_revision"],
        kind=kind_of(lead),
        decided_at=row["decided_at"],
        stops=frozenset(row["stops"]),
        arm=row["arm"],
        delay_seconds=row["delay_seconds"],
        state=row["state"],
        stopped_by=row["stopped_by"],
        ended_at=row["ended_at"],
        answered=row["answered"],
        disposition=row["disposition"],
        disposition_at=row["disposition_at"],
        bad_number=row["bad_number"],
        opted_out=frozenset(row["opted_out"]),
        steps=steps,
    )
    return StoredRun(run=run, lead=lead, purchase=row["purchase"], started_at=row["started_at"], due_at=row["due_at"])


def _lead(row: asyncpg.Record) -> AcceptedLead:
    lead = accepted_lead(row["purchase"])
    if lead is None:
        raise ValueError("a run was stored without its purchase")
    return replace(lead, catalog_revision=row["catalog_revision"])


class RunStore:
    """Reads runs. Raises Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, buyer_id: str, lead_id: UUID) -> StoredRun | None:
        """A lead's run; None: it has none."""
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction(readonly=True):
            row = await conn.fetchrow(_RUN, buyer_id, lead_id)
            return (await _stored(conn, [row]))[0] if row is not None else None

    async def revision_in_force(self, buyer_id: str) -> int:
        """The buyer's present catalog revision; 0 where there is none."""
        async with translated(self._pool):
            return await self._pool.fetchval(_IN_FORCE, buyer_id) or 0

    async def due(self, now: datetime, limit: int) -> list[tuple[str, AcceptedLead]]:
        """Buyers and leads of the runs that are due, the longest due first; holds nothing."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_DUE, now, limit)
        return [(row["buyer_id"], _lead(row)) for row in rows]

    async def put_off(self, buyer_id: str, lead_ids: Sequence[UUID], until: datetime) -> None:
        """Look at these later."""
        async with translated(self._pool):
            await self._pool.execute(_PUT_OFF, buyer_id, lead_ids, until)
