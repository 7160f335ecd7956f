"""How queues stand: what waits, what nobody can take, and what moves on to another team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from services.routing.work.agent import AgentNow, Need, Unattended, unattended
from services.routing.work.team_store import Teams
from shared.db.pool import Connection, Pool

#: Tasks that one look moves on.
MOST_MOVED = 500

_OPEN = "t.state IN ('open', 'waiting') AND (t.not_before IS NULL OR t.not_before <= $1)"
_NEED = "us_state, product, lead_type, language"
_GROUPS = f"""
SELECT t.buyer_id, t.queue, t.us_state, t.product, t.lead_type, t.language, count(*) AS tasks,
       (SELECT l.since FROM routing.left_over AS l
        WHERE l.buyer_id = t.buyer_id AND l.queue = t.queue AND l.us_state = t.us_state AND l.product = t.product
          AND l.lead_type = t.lead_type AND l.language = t.language) AS since
FROM routing.call_task AS t
WHERE {_OPEN} AND ($2::text IS NULL OR t.buyer_id = $2) AND ($3::text IS NULL OR t.queue = $3)
GROUP BY t.buyer_id, t.queue, t.us_state, t.product, t.lead_type, t.language
"""
# Which reason it is may change; since when nobody can take them does not.
_MARK = f"""
INSERT INTO routing.left_over AS l (buyer_id, queue, {_NEED}, reason, since)
SELECT $1, $2, g.*, $3
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS g ({_NEED}, reason)
ON CONFLICT (buyer_id, queue, {_NEED}) DO UPDATE SET reason = excluded.reason WHERE l.reason <> excluded.reason
"""
_CLEAR = f"""
DELETE FROM routing.left_over AS l
WHERE l.buyer_id = $1 AND l.queue = $2
  AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS g ({_NEED})
                  WHERE (g.us_state, g.product, g.lead_type, g.language)
                      = (l.us_state, l.product, l.lead_type, l.language))
"""
_MARKED = "SELECT DISTINCT buyer_id, queue FROM routing.left_over"
# A team that had it before is not asked again.
_MOVE_ON = f"""
WITH found AS (
    SELECT t.buyer_id, t.task_id
    FROM routing.call_task AS t JOIN routing.left_over AS l USING (buyer_id, queue, {_NEED})
    WHERE {_OPEN} AND t.buyer_id = $2 AND t.queue = $3
      AND greatest(l.since, t.queued_at) <= $4 AND NOT ($5 = ANY (t.queues))
    ORDER BY t.task_id
    LIMIT {MOST_MOVED}
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE routing.call_task AS t
SET queue = $5, queues = array_append(t.queues, $5), queued_at = $1
FROM found
WHERE t.buyer_id = found.buyer_id AND t.task_id = found.task_id
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
    #: Since when nobody can take them; None: not noted, or somebody can.
    since: datetime | None
    #: Empty: not judged.
    reason: Unattended = ""
    #: When it changes by itself, where that is known.
    until: datetime | None = None


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


async def groups(
    conn: Connection | Pool, now: datetime, buyer_id: str | None = None, queue: str | None = None
) -> dict[tuple[str, str], list[Group]]:
    """What may be given out now, by buyer and queue; all of them, or those of one."""
    found: dict[tuple[str, str], list[Group]] = {}
    for row in await conn.fetch(_GROUPS, now, buyer_id, queue):
        need = Need(
            us_state=row["us_state"], product=row["product"], lead_type=row["lead_type"], language=row["language"]
        )
        group = Group(need=need, tasks=row["tasks"], since=row["since"])
        found.setdefault((row["buyer_id"], row["queue"]), []).append(group)
    return found


def judged(groups: Sequence[Group], queue: str, agents: Sequence[AgentNow], teams: Teams, now: datetime) -> list[Group]:
    """The groups of a queue that nobody can take, each with why.

    Args:
        agents: Of the team; for tasks of no team, everybody.
    """
    open_now = teams.open_now(queue)
    left = []
    for group in groups:
        reason, until = unattended(group.need, agents, open_now=open_now, now=now, zone=teams.zone)
        if reason:
            left.append(replace(group, reason=reason, until=until))
    return left


async def mark(conn: Connection, buyer_id: str, queue: str, left: Sequence[Group], now: datetime) -> None:
    """Note what nobody of a queue can take, and since when; what is not named can be taken."""
    needs = [group.need for group in left]
    columns = (
        [need.us_state for need in needs],
        [need.product for need in needs],
        [need.lead_type for need in needs],
        [need.language for need in needs],
    )
    await conn.execute(_MARK, buyer_id, queue, now, *columns, [group.reason for group in left])
    await conn.execute(_CLEAR, buyer_id, queue, *columns)


async def marked(conn: Connection | Pool) -> set[tuple[str, str]]:
    """Buyers and queues in which there was something that nobody could take."""
    return {(row["buyer_id"], row["queue"]) for row in await conn.fetch(_MARKED)}


async def move_on(
    conn: Connection, buyer_id: str, queue: str, since: datetime, to: str, now: datetime
) -> list[asyncpg.Record]:
    """Move what nobody could take since before an instant into another team's queue; returns the rows."""
    return await conn.fetch(_MOVE_ON, now, buyer_id, queue, since, to)


async def counts(conn: Connection | Pool, buyer_id: str, queue: str, now: datetime) -> dict[str, Counts]:
    """Queues in numbers, by queue; `queue` empty: all."""
    return {row["queue"]: Counts(**row) for row in await conn.fetch(_COUNTS, buyer_id, queue, now)}
