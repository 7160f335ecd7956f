"""Tasks whose clock ran out: who has them, and that they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.routing.sla.worker import Lead, Move
from services.routing.work.tasks import relieve
from shared.db.pool import Connection

_LIVE = "t.state IN ('open', 'waiting', 'claimed')"

_AGENTS = """
SELECT t.lead_id, t.agent
FROM routing.call_task AS t
JOIN unnest($1::text[], $2::uuid[]) AS asked (buyer_id, lead_id) USING (buyer_id, lead_id)
WHERE t.state = 'claimed'
ORDER BY t.assigned_at
"""

_OPEN = f"""
SELECT t.lead_id, t.task_id FROM routing.call_task AS t
JOIN unnest($1::text[], $2::uuid[]) AS asked (buyer_id, lead_id) USING (buyer_id, lead_id)
WHERE {_LIVE}
"""

# An agent who begins an attempt holds the task and then wants the clock, which the caller holds: so it never waits.
_HOLD = f"""
SELECT t.task_id, t.agent FROM routing.call_task AS t
WHERE t.buyer_id = ANY ($1::text[]) AND t.task_id = ANY ($2::uuid[]) AND {_LIVE}
FOR UPDATE SKIP LOCKED
"""

_QUEUE = """
UPDATE routing.call_task AS t
SET queue = moved.team, queues = array_append(t.queues, moved.team), queued_at = $4
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS moved (buyer_id, task_id, team)
WHERE t.buyer_id = moved.buyer_id AND t.task_id = moved.task_id AND t.queue <> moved.team
"""


class TaskDesk:
    """The work queue as clocks see it. Every method runs in the caller's transaction."""

    async def agents(self, conn: Connection, leads: Sequence[Lead]) -> dict[UUID, str]:
        """By lead, who has its task; leads that nobody has are left out."""
        rows = await conn.fetch(_AGENTS, [one.buyer_id for one in leads], [one.lead_id for one in leads])
        return {row["lead_id"]: row["agent"] for row in rows}

    async def relieve(self, conn: Connection, moves: Sequence[Move], at: datetime) -> set[UUID]:
        """Take the leads' tasks from their agents, into the queue of the team that is named, or back into their own.

        Returns the leads that are done with. Left out are those with a task that somebody is busy with right now.
        """
        buyers, leads = [one.lead.buyer_id for one in moves], [one.lead.lead_id for one in moves]
        tasks = {row["task_id"]: row["lead_id"] for row in await conn.fetch(_OPEN, buyers, leads)}
        held = {row["task_id"]: row["agent"] for row in await conn.fetch(_HOLD, buyers, list(tasks))}
        busy = {lead_id for task_id, lead_id in tasks.items() if task_id not in held}
        by_lead = {one.lead.lead_id: one for one in moves if one.lead.lead_id not in busy}
        moved = [(task_id, by_lead[lead_id]) for task_id, lead_id in tasks.items() if lead_id in by_lead]
        if taken := [task_id for task_id, _ in moved if held[task_id]]:
            await relieve(conn, taken, at)
        queued = [(task_id, one) for task_id, one in moved if one.team]
        if queued:
            await conn.execute(
                _QUEUE,
                [one.lead.buyer_id for _, one in queued],
                [task_id for task_id, _ in queued],
                [one.team for _, one in queued],
                at,
            )
        return set(by_lead)
