"""The queue in Postgres: what may be taken, who has it, and who lost it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.routing.work.agent import LEASE, PASS, Agent, Need
from services.routing.work.outcome import TaskEnd
from services.routing.work.score import Waiting
from shared.db.pool import Connection, Pool

#: Tasks that are looked at of what is due, of what is fresh and of what was promised: the best is among them.
LOOK = 100

_OPEN = "state IN ('open', 'waiting') AND (not_before IS NULL OR not_before <= $3)"
# $4 states, $5 products, $6 lead types, $7 languages, $8 agent, $9 until when a pass counts.
_SUITS = """
    AND (cardinality($4::text[]) = 0 OR us_state = ANY ($4))
    AND (cardinality($5::text[]) = 0 OR product = ANY ($5))
    AND (cardinality($6::text[]) = 0 OR lead_type = ANY ($6))
    AND language = ANY ($7::text[])
    AND NOT ($8::text = ANY (passed_by) AND passed_at > $9)
"""


def _look(suits: str) -> str:
    # Queue by queue, so that each part is the beginning of an index and nothing has to be sorted.
    mine = f"FROM routing.call_task WHERE buyer_id = $1 AND queue = asked.queue AND {_OPEN} {suits}"
    return f"""
        SELECT found.* FROM unnest($2::text[]) AS asked (queue) CROSS JOIN LATERAL (
            (SELECT * {mine} AND state = 'waiting' AND promised_at IS NOT NULL ORDER BY promised_at LIMIT {LOOK})
            UNION (SELECT * {mine} ORDER BY due_at LIMIT {LOOK})
            UNION (SELECT * {mine} ORDER BY clock_started_at DESC LIMIT {LOOK})
        ) AS found
    """


_LOOK_FOR_AGENT = _look(_SUITS)
_LOOK_FOR_ANYBODY = _look("")

_TAKE_FIRST = f"""
SELECT * FROM routing.call_task
WHERE buyer_id = $1 AND task_id = ANY ($2::uuid[]) AND {_OPEN}
ORDER BY array_position($2, task_id)
LIMIT 1
FOR UPDATE SKIP LOCKED
"""
_TAKE_ALL = f"""
SELECT * FROM routing.call_task
WHERE buyer_id = $1 AND task_id = ANY ($2::uuid[]) AND {_OPEN}
ORDER BY array_position($2, task_id)
FOR UPDATE SKIP LOCKED
"""
_ASSIGN = """
UPDATE routing.call_task
SET state = 'claimed', agent = $3, assigned_at = $4, lease_until = $5, not_before = NULL,
    unattended = '', unattended_since = NULL
WHERE buyer_id = $1 AND task_id = $2
RETURNING *
"""
# Whoever locks several tasks and waits for them does so in the order of their ids.
_RENEW = """
WITH mine AS (
    SELECT task_id FROM routing.call_task
    WHERE buyer_id = $1 AND agent = $2 AND state = 'claimed'
    ORDER BY task_id
    FOR UPDATE
)
UPDATE routing.call_task AS t SET lease_until = $3
FROM mine
WHERE t.buyer_id = $1 AND t.task_id = mine.task_id
RETURNING t.*
"""
_PROLONG = "UPDATE routing.call_task SET lease_until = $3 WHERE buyer_id = $1 AND task_id = $2 AND state = 'claimed'"
_HELD = "SELECT * FROM routing.call_task WHERE buyer_id = $1 AND agent = $2 AND state = 'claimed'"
_LAPSED = """
SELECT task_id FROM routing.call_task
WHERE state = 'claimed' AND lease_until <= $1
ORDER BY buyer_id, task_id
LIMIT $2
FOR UPDATE SKIP LOCKED
"""
_TASK = "SELECT * FROM routing.call_task WHERE buyer_id = $1 AND task_id = $2"
_LEAD_TASKS = """
SELECT * FROM routing.call_task WHERE buyer_id = $1 AND lead_id = $2 ORDER BY task_id FOR UPDATE
"""
# One that somebody else is taking, or keeping back as well, is left to them.
_POSTPONE = """
WITH free AS (
    SELECT t.task_id, p.until
    FROM routing.call_task AS t JOIN unnest($2::uuid[], $4::timestamptz[]) AS p (task_id, until) USING (task_id)
    WHERE t.buyer_id = $1 AND t.state IN ('open', 'waiting')
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE routing.call_task AS t
SET not_before = free.until, unattended = 'not_lawful_now', unattended_since = coalesce(t.unattended_since, $3)
FROM free
WHERE t.buyer_id = $1 AND t.task_id = free.task_id
"""
_HOLD_BACK = """
UPDATE routing.call_task
SET state = CASE WHEN promised_at IS NULL THEN 'open' ELSE 'waiting' END, agent = '', lease_until = NULL,
    not_before = $3, unattended = $4, unattended_since = $5
WHERE buyer_id = $1 AND task_id = $2
RETURNING *
"""
_END = """
UPDATE routing.call_task
SET state = $3, ended_by = $4, promised_at = $5, promised_by = $6, not_before = $5,
    agent = '', lease_until = NULL, unattended = '', unattended_since = NULL
WHERE buyer_id = $1 AND task_id = $2
RETURNING *
"""
_NEXT = """
SELECT min(not_before) AS at, min(not_before) FILTER (WHERE unattended = 'not_lawful_now') AS lawful_at
FROM routing.call_task
WHERE buyer_id = $1 AND queue = ANY ($2::text[]) AND state IN ('open', 'waiting') AND not_before > $3
"""
_LIST = """
SELECT t.*, coalesce(l.reason, t.unattended) AS unattended
FROM routing.call_task AS t
LEFT JOIN routing.left_over AS l
  ON t.state <> 'claimed' AND t.unattended = '' AND l.buyer_id = t.buyer_id AND l.queue = t.queue
 AND l.us_state = t.us_state AND l.product = t.product AND l.lead_type = t.lead_type AND l.language = t.language
WHERE t.buyer_id = $1 AND ($2 = '' OR t.queue = $2) AND t.state IN ('open', 'waiting', 'claimed')
ORDER BY t.due_at, t.task_id
LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedTask:
    """A task as work; see migrations/0007_pre_work.sql for what the fields mean."""

    buyer_id: str
    task_id: UUID
    lead_id: UUID
    team: str
    queue: str
    state: str
    agent: str
    lease_until: datetime | None
    assigned_at: datetime | None
    passed_by: tuple[str, ...]
    passed_at: datetime | None
    offer: str
    order: str
    seller: str
    source: str
    need: Need
    waiting: Waiting
    not_before: datetime | None
    promised_at: datetime | None
    created_at: datetime
    unattended: str
    ended_by: str
    traceparent: str

    def was_passed_by(self, agent: str, now: datetime) -> bool:
        """True where an agent let it go a short while ago."""
        return agent in self.passed_by and self.passed_at is not None and self.passed_at > now - PASS


def queued(row: asyncpg.Record) -> QueuedTask:
    """From a row of `routing.call_task`."""
    started_at, due_at, promised_at = row["clock_started_at"], row["due_at"], row["promised_at"]
    return QueuedTask(
        buyer_id=row["buyer_id"],
        task_id=row["task_id"],
        lead_id=row["lead_id"],
        team=row["team"],
        queue=row["queue"],
        state=row["state"],
        agent=row["agent"],
        lease_until=row["lease_until"],
        assigned_at=row["assigned_at"],
        passed_by=tuple(row["passed_by"]),
        passed_at=row["passed_at"],
        offer=row["offer"],
        order=row["order_slug"],
        seller=row["seller"],
        source=row["source"],
        need=Need(
            us_state=row["us_state"], product=row["product"], lead_type=row["lead_type"], language=row["language"]
        ),
        waiting=Waiting(started_at=started_at, due_at=due_at, promised_at=promised_at, value_minor=row["value_minor"]),
        not_before=row["not_before"],
        promised_at=promised_at,
        created_at=row["created_at"],
        unattended=row["unattended"],
        ended_by=row["ended_by"],
        traceparent=row["traceparent"],
    )


async def look(conn: Connection | Pool, agent: Agent, now: datetime) -> list[QueuedTask]:
    """What an agent may take: of the agent's team, and of none."""
    rows = await conn.fetch(
        _LOOK_FOR_AGENT,
        agent.buyer_id,
        [agent.team, ""],
        now,
        list(agent.states),
        list(agent.products),
        list(agent.lead_types),
        list(agent.languages),
        agent.agent,
        now - PASS,
    )
    return [queued(row) for row in rows]


async def look_for_anybody(conn: Connection | Pool, buyer_id: str, queue: str, now: datetime) -> list[QueuedTask]:
    """What a queue has to give."""
    return [queued(row) for row in await conn.fetch(_LOOK_FOR_ANYBODY, buyer_id, [queue], now)]


async def next_times(
    conn: Connection | Pool, buyer_id: str, queue: str, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When the next task that is kept back may be given, and when the next that waits for a lawful hour."""
    (row,) = await conn.fetch(_NEXT, buyer_id, [queue, ""], now)
    return row["at"], row["lawful_at"]


async def take_first(conn: Connection, buyer_id: str, task_ids: Sequence[UUID], now: datetime) -> QueuedTask | None:
    """Lock the first of these that is still there and that nobody else is taking; None: there is none."""
    row = await conn.fetchrow(_TAKE_FIRST, buyer_id, task_ids, now)
    return None if row is None else queued(row)


async def take_all(conn: Connection, buyer_id: str, task_ids: Sequence[UUID], now: datetime) -> list[QueuedTask]:
    """Lock those of these that are still there and that nobody else is taking, in the order given."""
    return [queued(row) for row in await conn.fetch(_TAKE_ALL, buyer_id, task_ids, now)]


async def assign(conn: Connection, task: QueuedTask, agent: str, now: datetime) -> asyncpg.Record:
    """Give a locked task to an agent; returns its row."""
    (row,) = await conn.fetch(_ASSIGN, task.buyer_id, task.task_id, agent, now, now + LEASE)
    return row


async def renew(conn: Connection, buyer_id: str, agent: str, now: datetime) -> list[QueuedTask]:
    """Renew every lease of an agent; returns what the agent has, the longest held first."""
    rows = await conn.fetch(_RENEW, buyer_id, agent, now + LEASE)
    return sorted((queued(row) for row in rows), key=lambda task: (task.assigned_at or now, task.task_id))


async def prolong(conn: Connection, task: QueuedTask, now: datetime) -> None:
    """Renew the lease of a locked task."""
    await conn.execute(_PROLONG, task.buyer_id, task.task_id, now + LEASE)


async def held_by(conn: Connection, agent: Agent) -> list[QueuedTask]:
    """What an agent has."""
    return [queued(row) for row in await conn.fetch(_HELD, agent.buyer_id, agent.agent)]


async def lapsed(conn: Connection, now: datetime, limit: int) -> list[UUID]:
    """Lock tasks whose lease ran out."""
    return [row["task_id"] for row in await conn.fetch(_LAPSED, now, limit)]


async def task_of(conn: Connection | Pool, buyer_id: str, task_id: UUID, *, lock: bool = False) -> QueuedTask | None:
    """One task; None: there is none."""
    row = await conn.fetchrow(_TASK + (" FOR UPDATE" if lock else ""), buyer_id, task_id)
    return None if row is None else queued(row)


async def tasks_of_lead(conn: Connection, buyer_id: str, lead_id: UUID) -> list[QueuedTask]:
    """Lock every task of a lead, ended ones too."""
    return [queued(row) for row in await conn.fetch(_LEAD_TASKS, buyer_id, lead_id)]


async def postpone(
    conn: Connection | Pool, buyer_id: str, until: Sequence[tuple[UUID, datetime]], now: datetime
) -> None:
    """Keep open tasks back until a call is lawful."""
    await conn.execute(_POSTPONE, buyer_id, [task_id for task_id, _ in until], now, [at for _, at in until])


async def hold_back(conn: Connection, task: QueuedTask, until: datetime, why: str, now: datetime) -> asyncpg.Record:
    """Take a locked task from its agent and keep it back for a while; returns its row."""
    (row,) = await conn.fetch(_HOLD_BACK, task.buyer_id, task.task_id, until, why, now if why else None)
    return row


async def end(conn: Connection, task: QueuedTask, to: TaskEnd) -> asyncpg.Record:
    """Put a locked task into the state that dispositions make of it; returns its row."""
    (row,) = await conn.fetch(_END, task.buyer_id, task.task_id, to.state, to.ended_by, to.promised_at, to.promised_by)
    return row


async def listed(pool: Pool, buyer_id: str, queue: str, limit: int) -> list[QueuedTask]:
    """What is open, waits or is held, of one queue or (empty) of all."""
    return [queued(row) for row in await pool.fetch(_LIST, buyer_id, queue, limit)]
