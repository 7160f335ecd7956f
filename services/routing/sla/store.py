"""Clocks in Postgres.

`start`, `stop` and `excuse` run in the transaction of whoever has the fact to tell, one statement each, and raise what
the driver raises. They come in any order; the worker draws the conclusions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.routing.sla.clock import Advanced, Attempt, Point, RunningClock, Start
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

# Sorted: two writers with the same leads in another order must not wait for each other in a circle. A clock that
# ended before it was known is looked at at once, whatever its times.
_START = """
INSERT INTO routing.sla AS s (buyer_id, lead_id, task_id, order_slug, team, seller, source, catalog_revision, clock,
                              agreed_seconds, started_at, remind_at, due_at, escalate_to, reassign, next_at)
SELECT *, coalesce(remind_at, due_at) FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
    $10::integer[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::boolean[]
) AS t (buyer_id, lead_id, task_id, order_slug, team, seller, source, catalog_revision, clock,
        agreed_seconds, started_at, remind_at, due_at, escalate_to, reassign)
ORDER BY buyer_id, lead_id
ON CONFLICT (buyer_id, lead_id) DO UPDATE
SET task_id = excluded.task_id, order_slug = excluded.order_slug, team = excluded.team, seller = excluded.seller,
    source = excluded.source, catalog_revision = excluded.catalog_revision, clock = excluded.clock,
    agreed_seconds = excluded.agreed_seconds, started_at = excluded.started_at, remind_at = excluded.remind_at,
    due_at = excluded.due_at, escalate_to = excluded.escalate_to, reassign = excluded.reassign,
    next_at = '-infinity'
WHERE s.started_at IS NULL
"""

_STOP = """
INSERT INTO routing.sla AS s (buyer_id, lead_id, attempt_at, attempt_id, attempt_team, agent)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (buyer_id, lead_id) DO UPDATE
SET attempt_at = excluded.attempt_at, attempt_id = excluded.attempt_id, attempt_team = excluded.attempt_team,
    agent = excluded.agent, clock_milliseconds = NULL,
    next_at = CASE WHEN s.started_at IS NOT NULL THEN '-infinity'::timestamptz END
WHERE s.attempt_at IS NULL OR (s.attempt_at, s.attempt_id) > (excluded.attempt_at, excluded.attempt_id)
"""

_EXCUSE = """
INSERT INTO routing.sla AS s (buyer_id, lead_id, excused_at, excuse)
SELECT $1, lead_id, $3, $4 FROM unnest($2::uuid[]) AS t (lead_id) ORDER BY lead_id
ON CONFLICT (buyer_id, lead_id) DO UPDATE
SET excused_at = excluded.excused_at, excuse = excluded.excuse,
    next_at = CASE WHEN s.started_at IS NOT NULL THEN '-infinity'::timestamptz END
WHERE s.excused_at IS NULL OR s.excused_at > excluded.excused_at
"""

_COLUMNS = """
s.buyer_id, s.lead_id, s.task_id, s.order_slug, s.team, s.seller, s.source, s.catalog_revision, s.clock,
s.agreed_seconds, s.started_at, s.remind_at, s.due_at, s.escalate_to, s.reassign, s.reminded_at, s.breached_at,
s.escalated_at, s.attempt_id, s.attempt_at, s.attempt_team, s.agent, s.clock_milliseconds, s.excused_at, s.excuse
"""

# $1 now, $2 most rows. Held until the look is written: nobody else looks at the same clock meanwhile.
_TAKE = f"""
SELECT {_COLUMNS} FROM routing.sla AS s WHERE s.next_at < $1 ORDER BY s.next_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""

# The rows are held by the transaction that took them.
_LOOKED = """
UPDATE routing.sla AS s
SET reminded_at = t.reminded_at, breached_at = t.breached_at, escalated_at = coalesce(s.escalated_at, t.escalated_at),
    clock_milliseconds = t.clock_milliseconds, next_at = t.next_at
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::bigint[],
            $7::timestamptz[])
     AS t (buyer_id, lead_id, reminded_at, breached_at, escalated_at, clock_milliseconds, next_at)
WHERE s.buyer_id = t.buyer_id AND s.lead_id = t.lead_id
"""

_NEXT = """
SELECT CASE WHEN min(next_at) < 'epoch' THEN 'epoch' ELSE min(next_at) END FROM routing.sla WHERE next_at IS NOT NULL
"""

# $1 buyer, $2 now, $3 and $4 the cursor, $5 most rows, $6 team. What waits is listed the longest due first, what has
# been the latest first. Each filter is written out, so that it finds its index.
_WAITS = "s.attempt_at IS NULL AND s.excused_at IS NULL"
_RAN_OUT = """s.due_at < $2 AND (s.attempt_at IS NULL OR s.attempt_at > s.due_at)
  AND (s.excused_at IS NULL OR s.excused_at > s.due_at)"""


def _list(*, team: bool, unattended: bool, breached: bool) -> str:
    after, order = (">", "s.due_at, s.lead_id") if unattended else ("<", "s.due_at DESC, s.lead_id DESC")
    filters = [
        "s.buyer_id = $1 AND s.due_at IS NOT NULL AND $2::timestamptz IS NOT NULL",
        f"(s.due_at, s.lead_id) {after} ($3, $4)",
        "s.team = $6" if team else "$6 = ''",
        *([_WAITS] if unattended else []),
        *([_RAN_OUT] if breached else []),
    ]
    return f"SELECT {_COLUMNS} FROM routing.sla AS s WHERE {' AND '.join(filters)} ORDER BY {order} LIMIT $5"


_LISTS = {
    (team, unattended, breached): _list(team=team, unattended=unattended, breached=breached)
    for team in (False, True)
    for unattended in (False, True)
    for breached in (False, True)
}

_OF_LEAD = f"SELECT {_COLUMNS} FROM routing.sla AS s WHERE s.buyer_id = $1 AND s.lead_id = $2 AND s.due_at IS NOT NULL"

_AT_POINT: Final[dict[str, str]] = {
    "reminder": "s.team = $2 AND s.reminded_at = $3",
    "breach": "s.team = $2 AND s.breached_at = $3",
    # An escalation is told of at the instant of its breach, for which there is an index.
    "escalated": "s.escalate_to = $2 AND s.breached_at = $3 AND s.escalated_at = $3",
}
_PASSED = f"SELECT {_COLUMNS} FROM routing.sla AS s WHERE s.buyer_id = $1 AND {{}} ORDER BY s.due_at, s.lead_id"

_IN_FORCE = """
SELECT revision FROM catalog.snapshot WHERE buyer_id = $1 AND effective_at <= now() ORDER BY revision DESC LIMIT 1
"""

#: Where a listing goes on: after the clock of this due time and lead.
Cursor = tuple[datetime, UUID]
_FIRST: Cursor = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
_LAST: Cursor = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecord:
    """A clock as it is shown."""

    clock: RunningClock
    escalated_at: datetime | None
    excuse: str


async def start(conn: Connection, starts: Sequence[Start]) -> None:
    """Start the clocks of leads that have none yet; one statement for all. A lead's later tasks start nothing."""
    if not starts:
        return
    await conn.execute(
        _START,
        [one.buyer_id for one in starts],
        [one.lead_id for one in starts],
        [one.task_id for one in starts],
        [one.order for one in starts],
        [one.team for one in starts],
        [one.seller for one in starts],
        [one.source for one in starts],
        [one.catalog_revision for one in starts],
        [one.clock for one in starts],
        [one.agreed_seconds for one in starts],
        [one.started_at for one in starts],
        [one.remind_at for one in starts],
        [one.due_at for one in starts],
        [one.escalate_to for one in starts],
        [one.reassign for one in starts],
    )


async def stop(conn: Connection, buyer_id: str, lead_id: UUID, attempt: Attempt) -> None:
    """Tell of a person's attempt. The earliest wins, whatever was told first; told twice, it counts once."""
    await conn.execute(_STOP, buyer_id, lead_id, attempt.began_at, attempt.attempt_id, attempt.team, attempt.agent)


async def excuse(conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], at: datetime, why: str) -> None:
    """Tell that nobody is to call these leads since `at`. What ran out before then has run out.

    Args:
        why: one word, such as `returned`, `opted_out` or a disposition.
    """
    if lead_ids:
        await conn.execute(_EXCUSE, buyer_id, lead_ids, at, why)


async def revision_in_force(conn: Connection, buyer_id: str) -> int:
    """The buyer's present catalog revision; 0: none."""
    return await conn.fetchval(_IN_FORCE, buyer_id) or 0


class SlaStore:
    """SQL of the worker and of those who look.

    Methods that take a connection run in the caller's transaction and raise what the driver raises; the others raise
    Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, conn: Connection, now: datetime, limit: int) -> list[RunningClock]:
        """Clocks to look at by `now`, held by this transaction; those that somebody else holds are left out."""
        return [_clock(row) for row in await conn.fetch(_TAKE, now, limit)]

    async def looked(self, conn: Connection, looks: Sequence[Advanced], now: datetime) -> None:
        """Record what looks at taken clocks came to."""
        await conn.execute(
            _LOOKED,
            [one.clock.start.buyer_id for one in looks],
            [one.clock.start.lead_id for one in looks],
            [one.clock.reminded_at for one in looks],
            [one.clock.breached_at for one in looks],
            [now if "escalated" in one.points else None for one in looks],
            [one.clock.clock_milliseconds for one in looks],
            [one.next_at for one in looks],
        )

    async def next_look(self) -> datetime | None:
        """When the next clock wants to be looked at; None: none runs."""
        async with translated(self._pool):
            found: datetime | None = await self._pool.fetchval(_NEXT)
        return found

    async def clocks(
        self,
        buyer_id: str,
        team: str,
        *,
        unattended: bool,
        breached: bool,
        now: datetime,
        after: Cursor | None,
        limit: int,
    ) -> list[ClockRecord]:
        """Clocks of a team (empty: of all): the one due last first; of those `unattended`, the one due first."""
        statement = _LISTS[bool(team), unattended, breached]
        due_at, lead_id = after or (_FIRST if unattended else _LAST)
        async with translated(self._pool):
            rows = await self._pool.fetch(statement, buyer_id, now, due_at, lead_id, limit, team)
        return [_record(row) for row in rows]

    async def clock(self, buyer_id: str, lead_id: UUID) -> ClockRecord | None:
        """A lead's clock; None: it has none."""
        async with translated(self._pool):
            row = await self._pool.fetchrow(_OF_LEAD, buyer_id, lead_id)
        return None if row is None else _record(row)

    async def passed(self, buyer_id: str, team: str, point: Point, at: datetime) -> list[ClockRecord]:
        """Clocks of which a team was told at an instant that they passed a point other than `met`."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_PASSED.format(_AT_POINT[point]), buyer_id, team, at)
        return [_record(row) for row in rows]


def _record(row: asyncpg.Record) -> ClockRecord:
    return ClockRecord(clock=_clock(row), escalated_at=row["escalated_at"], excuse=row["excuse"])


def _clock(row: asyncpg.Record) -> RunningClock:
    attempt = None
    if row["attempt_at"] is not None:
        attempt = Attempt(
            attempt_id=row["attempt_id"], began_at=row["attempt_at"], team=row["attempt_team"], agent=row["agent"]
        )
    return RunningClock(
        start=Start(
            buyer_id=row["buyer_id"],
            lead_id=row["lead_id"],
            task_id=row["task_id"],
            order=row["order_slug"],
            team=row["team"],
            seller=row["seller"],
            source=row["source"],
            catalog_revision=row["catalog_revision"],
            clock=row["clock"],
            agreed_seconds=row["agreed_seconds"],
            started_at=row["started_at"],
            remind_at=row["remind_at"],
            due_at=row["due_at"],
            escalate_to=row["escalate_to"],
            reassign=row["reassign"],
        ),
        reminded_at=row["reminded_at"],
        breached_at=row["breached_at"],
        attempt=attempt,
        clock_milliseconds=row["clock_milliseconds"],
        excused_at=row["excused_at"],
    )
