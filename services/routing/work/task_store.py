"""Tasks as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.failures import translated
from shared.db.pool import Pool

_COLUMNS = "task_id, lead_id, team, state, offer, clock_started_at, due_at, created_at"
_OF_LEAD = f"""
SELECT {_COLUMNS} FROM routing.call_task
WHERE buyer_id = $1 AND lead_id = $2 ORDER BY created_at, task_id
"""
_OF_TEAM = f"""
SELECT {_COLUMNS} FROM routing.call_task
WHERE buyer_id = $1 AND team = $2 AND (due_at, task_id) > ($3, $4)
ORDER BY due_at, task_id LIMIT $5
"""
_OF_ALL = f"""
SELECT {_COLUMNS} FROM routing.call_task
WHERE buyer_id = $1 AND (due_at, task_id) > ($2, $3)
ORDER BY due_at, task_id LIMIT $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task as stored."""

    task_id: UUID
    lead_id: UUID
    team: str
    state: str
    offer: str
    clock_started_at: datetime
    due_at: datetime
    created_at: datetime


#: Where a listing of tasks goes on: after the task of this due time and id.
TaskCursor = tuple[datetime, UUID]


class TaskStore:
    """Reads tasks. Raises Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_lead(self, buyer_id: str, lead_id: UUID) -> list[TaskRecord]:
        """Tasks of one lead, oldest first."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_OF_LEAD, buyer_id, lead_id)
        return [TaskRecord(**row) for row in rows]

    async def page(self, buyer_id: str, team: str, after: TaskCursor, limit: int) -> list[TaskRecord]:
        """Tasks of a team (empty: of all), the one due first, first."""
        async with translated(self._pool):
            if team:
                rows = await self._pool.fetch(_OF_TEAM, buyer_id, team, *after, limit)
            else:
                rows = await self._pool.fetch(_OF_ALL, buyer_id, *after, limit)
        return [TaskRecord(**row) for row in rows]
