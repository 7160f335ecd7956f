"""What agents say became of leads, and what follows from it for their tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.routing.work import agent_store, disposition_store, queue_store
from services.routing.work.lead_store import facts_of
from services.routing.work.outcome import CLOSING, FINAL, Disposition, Standing, standing, task_end
from services.routing.work.queue_store import QueuedTask
from services.routing.work.work_events import Holding, disposition_set, task_assigned
from shared.db import outbox
from shared.db.failures import translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import NotFound, WrongState
from shared.runtime.clock import Clock


class Listener(Protocol):
    """Whom dispositions concern, in the transaction that records them."""

    async def disposed(self, conn: Connection, buyer_id: str, said: Disposition) -> None:
        """Hear of a disposition, once."""
        ...


class OptOuts(Protocol):
    """Where somebody who wants to be left alone is noted; see `services.routing.gate`."""

    async def opted_out(self, buyer_id: str, lead_id: UUID, at: datetime) -> None:
        """From the return on, no contact begins. Told twice, it is noted once.

        Raises:
            AppError: it could not be noted; whoever said so must hear of it.
        """
        ...


class Dispositions:
    """Keeps what is said. Each is known by its id, and said twice it is one."""

    def __init__(self, pool: Pool, opt_outs: OptOuts, listeners: Sequence[Listener], clock: Clock) -> None:
        self._pool = pool
        self._opt_outs = opt_outs
        self._listeners = listeners
        self._clock = clock

    async def say(self, buyer_id: str, one: Disposition) -> Standing:
        """Keep a disposition and do to the lead's tasks what follows.

        Raises:
            NotFound: there is no such lead in follow-up, or no such agent.
            WrongState: the task is another lead's.
        """
        if one.disposition == FINAL:
            await self._opt_outs.opted_out(buyer_id, one.lead_id, one.at)
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            agent = await agent_store.agent_of(conn, buyer_id, one.agent)
            if agent is None:
                raise NotFound("there is no such agent")
            one = replace(one, team=agent.agent.team)
            await disposition_store.lock_lead(conn, buyer_id, one.lead_id)
            tasks = await queue_store.tasks_of_lead(conn, buyer_id, one.lead_id)
            lead = await facts_of(conn, buyer_id, one.lead_id, tasks)
            if lead is None:
                raise NotFound("there is no such lead in follow-up")
            if one.task_id is not None and one.task_id not in {task.task_id for task in tasks}:
                raise WrongState("the task is another lead's")
            before = await disposition_store.said(conn, buyer_id, one.lead_id)
            if await disposition_store.say(conn, buyer_id, one):
                await self._follow(conn, one, before, tasks)
                attempts = await disposition_store.attempts_of(conn, buyer_id, one.lead_id)
                await outbox.put(conn, disposition_set(buyer_id, one, lead, attempts))
                for listener in self._listeners:
                    await listener.disposed(conn, buyer_id, one)
            return standing(await disposition_store.said(conn, buyer_id, one.lead_id))

    async def task(self, buyer_id: str, task_id: UUID) -> QueuedTask:
        """The task, which says whose it is. Raises NotFound."""
        async with translated(self._pool):
            task = await queue_store.task_of(self._pool, buyer_id, task_id)
        if task is None:
            raise NotFound("there is no such task")
        return task

    async def _follow(
        self, conn: Connection, one: Disposition, before: Sequence[Disposition], tasks: Sequence[QueuedTask]
    ) -> None:
        """Only where it changes what holds: a task that somebody took again since is not touched by older words."""
        for task in tasks:
            held = task_end(task.task_id, task.created_at, before)
            holds = task_end(task.task_id, task.created_at, [*before, one])
            if holds is not None and holds != held and not _ended_otherwise(task):
                row = await queue_store.end(conn, task, holds)
                if task.agent:
                    await outbox.put(conn, [task_assigned(Holding.of(row, agent=""), self._clock.now())])


def _ended_otherwise(task: QueuedTask) -> bool:
    """True where something other than a disposition ended it, such as its lead's return."""
    return task.state == "cancelled" and task.ended_by not in CLOSING
