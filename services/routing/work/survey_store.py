"""How queues stand: what waits, what nobody can take, and what moves on to another team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.routing.work.agent import AgentNow, Need, Unattended, unattended
from services.routing.work.team_store import Teams
from shared.db.pool import Connection, Pool

_QUEUES = """
SELECT DISTINCT buyer_id, queue FROM routing.call_task WHERE state IN ('open', 'waiting') ORDER BY buyer_id, queue
"""
# `since`: of those that are without anybody for another reason than the hour of the day.
_NEEDS = """
SELECT us_state, product, lead_type, language, count(*) AS tasks,
       min(unattended_since) FILTER (WHERE unattended <> 'not_lawful_now') AS since
FROM routing.call_task
WHERE buyer_id = $1 AND queue = $2 AND state IN ('open', 'waiting') AND (not_before IS NULL OR not_before <= $3)
GROUP BY us_state, product, lead_type, language
"""
_MARK = """
UPDATE routing.call_task AS t
SET unattended = g.reason,
    unattended_since = CASE WHEN g.reason = '' THEN NULL
                            WHEN t.unattended IN ('', 'not_lawful_now') THEN $3
                            ELSE t.unattended_since END
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     AS g (us_state, product, lead_type, language, reason)
WHERE t.buyer_id = $1 AND t.queue = $2 AND t.state IN ('open', 'waiting')
  AND (t.not_before IS NULL OR t.not_before <= $3)
  AND t.us_state = g.us_state AND t.product = g.product AND t.lead_type = g.lead_type AND t.language = g.language
  AND t.unattended <> g.reason
"""
# A team that had it before is not asked again.
_MOVE_ON = """
WITH left_over AS (
    SELECT buyer_id, task_id FROM routing.call_task
    WHERE buyer_id = $1 AND queue = $2 AND state IN ('open', 'waiting')
      AND unattended NOT IN ('', 'not_lawful_now') AND unattended_since <= $3 AND NOT ($4 = ANY (queues))
    ORDER BY task_id
    FOR UPDATE SKIP LOCKED
)
UPDATE routing.call_task AS t
SET queue = $4, queues = array_append(t.queues, $4), unattended = '', unattended_since = NULL
FROM left_over
WHERE t.buyer_id = left_over.buyer_id AND t.task_id = left_over.task_id
RETURNING t.*
"""
_COUNTS = """
SELECT queue,
       count(*) FILTER (WHERE state <> 'claimed' AND (not_before IS NULL OR not_before <= $3)) AS open,
       count(*) FILTER (WHERE state = 'claimed') AS claimed,
       count(*) FILTER (WHERE state <> 'claimed' AND not_before > $3) AS waiting,
       min(created_at) FILTER (WHERE state <> 'claimed' AND (not_before IS NULL OR not_before <= $3)) AS oldest,
       count(*) FILTER (WHERE unattended = 'not_lawful_now' AND not_before > $3) AS unlawful,
       min(unattended_since) FILTER (WHERE unattended = 'not_lawful_now' AND not_before > $3) AS unlawful_since,
       min(not_before) FILTER (WHERE unattended = 'not_lawful_now' AND not_before > $3) AS unlawful_until
FROM routing.call_task
WHERE buyer_id = $1 AND ($2 = '' OR queue = $2) AND state IN ('open', 'waiting', 'claimed')
GROUP BY queue
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks of a queue that ask the same of an agent."""

    need: Need
    tasks: int
    #: Empty: somebody can take them.
    reason: Unattended
    #: Since when nobody can; None: not noted yet, or somebody can.
    since: datetime | None
    #: When it changes by itself, where that is known.
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A queue in numbers; see TeamQueue."""

    queue: str
    open: int = 0
    claimed: int = 0
    waiting: int = 0
    oldest: datetime | None = None
    unlawful: int = 0
    unlawful_since: datetime | None = None
    unlawful_until: datetime | None = None


async def queues(pool: Pool) -> list[tuple[str, str]]:
    """Every buyer's queues in which something is open or waits."""
    return [(row["buyer_id"], row["queue"]) for row in await pool.fetch(_QUEUES)]


async def survey(
    conn: Connection | Pool, buyer_id: str, queue: str, agents: Sequence[AgentNow], teams: Teams, now: datetime
) -> list[Group]:
    """What a queue has to give now, and whether anybody can take it.

    Args:
        agents: Of the team; for tasks of no team, everybody.
    """
    groups = []
    for row in await conn.fetch(_NEEDS, buyer_id, queue, now):
        need = Need(
            us_state=row["us_state"], product=row["product"], lead_type=row["lead_type"], language=row["language"]
        )
        reason, until = unattended(need, agents, open_now=teams.open_now(queue), now=now, zone=teams.zone)
        groups.append(
            Group(need=need, tasks=row["tasks"], reason=reason, since=row["since"] if reason else None, until=until)
        )
    return groups


async def mark(conn: Connection, buyer_id: str, queue: str, groups: Sequence[Group], now: datetime) -> None:
    """Note with the tasks why nobody can take them, and since when."""
    needs = [group.need for group in groups]
    await conn.execute(
        _MARK,
        buyer_id,
        queue,
        now,
        [need.us_state for need in needs],
        [need.product for need in needs],
        [need.lead_type for need in needs],
        [need.language for need in needs],
        [group.reason for group in groups],
    )


async def move_on(conn: Connection, buyer_id: str, queue: str, since: datetime, to: str) -> list[asyncpg.Record]:
    """Move what nobody could take since before an instant into another team's queue; returns the rows."""
    return await conn.fetch(_MOVE_ON, buyer_id, queue, since, to)


async def counts(conn: Connection | Pool, buyer_id: str, queue: str, now: datetime) -> dict[str, Counts]:
    """Queues in numbers, by queue; `queue` empty: all."""
    return {row["queue"]: Counts(**row) for row in await conn.fetch(_COUNTS, buyer_id, queue, now)}
