"""Tasks as other parts of follow-up write them, each in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.routing.follow_up import CallTask
from services.routing.playbook.run_store import close_calls
from services.routing.sla import store as sla
from services.routing.work.work_events import Holding, task_assigned
from shared.db import outbox
from shared.db.pool import Connection

# Sorted: two consumers with the same events in another order must not wait for each other in a circle.
_OPEN = """
INSERT INTO routing.call_task
    (buyer_id, task_id, lead_id, team, queue, queues, offer, clock_started_at, due_at, created_at, queued_at,
     not_before, order_slug, catalog_revision, seller, source, product, lead_type, language, us_state, value_minor,
     traceparent, step_id)
SELECT buyer_id, task_id, lead_id, team, team, ARRAY[team], offer, clock_started_at, due_at, created_at, created_at,
       not_before, order_slug, catalog_revision, seller, source, product, lead_type, language, us_state, value_minor,
       traceparent, step_id
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
            $8::timestamptz[], $9::timestamptz[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::text[], $17::text[], $18::bigint[], $19::text[], $20::uuid[])
     AS t (buyer_id, task_id, lead_id, team, offer, clock_started_at, due_at, created_at, not_before, order_slug,
           catalog_revision, seller, source, product, lead_type, language, us_state, value_minor, traceparent, step_id)
ORDER BY buyer_id, task_id
ON CONFLICT DO NOTHING
RETURNING task_id
"""

_CANCEL = """
WITH mine AS (
    SELECT buyer_id, task_id, agent FROM routing.call_task
    WHERE buyer_id = $1 AND lead_id = ANY ($2::uuid[]) AND state IN ('open', 'waiting', 'claimed')
    ORDER BY buyer_id, task_id
    FOR UPDATE
)
UPDATE routing.call_task AS t
SET state = 'cancelled', ended_by = $3, agent = '', lease_until = NULL, unattended = '', unattended_since = NULL
FROM mine
WHERE t.buyer_id = mine.buyer_id AND t.task_id = mine.task_id
RETURNING t.*, mine.agent AS held_by
"""

# The agent who lost it is not given it again for a while.
_RELIEVE = """
WITH held AS (
    SELECT buyer_id, task_id, agent FROM routing.call_task
    WHERE task_id = ANY ($1::uuid[]) AND state = 'claimed'
    ORDER BY buyer_id, task_id
    FOR UPDATE
)
UPDATE routing.call_task AS t
SET state = 'open', agent = '', lease_until = NULL, passed_at = $2,
    passed_by = array_append(array_remove(t.passed_by, held.agent), held.agent)
FROM held
WHERE t.buyer_id = held.buyer_id AND t.task_id = held.task_id
RETURNING t.*, held.agent AS held_by
"""


async def open_tasks(conn: Connection, tasks: Sequence[CallTask]) -> set[UUID]:
    """Insert tasks that are not there yet; returns the ids of those that were not."""
    if not tasks:
        return set()
    leads = [task.lead for task in tasks]
    rows = await conn.fetch(
        _OPEN,
        [lead.buyer_id for lead in leads],
        [task.task_id for task in tasks],
        [lead.lead_id for lead in leads],
        [lead.team for lead in leads],
        [task.offer for task in tasks],
        [lead.decided_at for lead in leads],
        [task.due_at for task in tasks],
        [task.created_at for task in tasks],
        [task.not_before for task in tasks],
        [lead.order for lead in leads],
        [lead.catalog_revision for lead in leads],
        [lead.seller for lead in leads],
        [lead.source for lead in leads],
        [lead.product for lead in leads],
        [lead.lead_type for lead in leads],
        [task.language for task in tasks],
        [lead.us_state for lead in leads],
        [task.value_minor for task in tasks],
        [lead.traceparent for lead in leads],
        [task.step_id for task in tasks],
    )
    return {row["task_id"] for row in rows}


async def cancel_tasks(conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], why: str, at: datetime) -> set[UUID]:
    """End every task of these leads that is not ended yet; returns the tasks that were.

    Nobody is to call them any more: their clocks, where nobody has called yet, are excused from then on.

    Args:
        why: what ended them, one word such as `opted_out` or `converted`.
        at: when it became true.
    """
    rows = await conn.fetch(_CANCEL, buyer_id, lead_ids, why)
    freed = [task_assigned(Holding.of(row, agent=""), at) for row in rows if row["held_by"]]
    await outbox.put(conn, freed)
    await sla.excuse(conn, buyer_id, lead_ids, at, why)
    ended = {row["task_id"] for row in rows}
    await close_calls(conn, buyer_id, lead_ids, ended, at)
    return ended


async def relieve(conn: Connection, task_ids: Sequence[UUID], at: datetime) -> set[UUID]:
    """Take tasks from the agents who have them, back into the queue; returns those that somebody had.

    Tells `TaskAssigned` with no agent for each.
    """
    rows = await conn.fetch(_RELIEVE, task_ids, at)
    await outbox.put(conn, [task_assigned(Holding.of(row, agent=""), at) for row in rows])
    return {row["task_id"] for row in rows}
