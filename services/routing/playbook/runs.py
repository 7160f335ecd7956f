"""Runs as other parts of follow-up move them, each in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.delivery.delivery import Delivery
from services.routing.delivery.store import add_deliveries, discard_follow_ups
from services.routing.follow_up import CallTask
from services.routing.follow_up_events import task_created
from services.routing.playbook.engine import Turn
from services.routing.playbook.opening import Terms, call_task, handover, message, step_id
from services.routing.playbook.run import (
    AttemptMade,
    DispositionSet,
    Fact,
    Forgotten,
    OptedOut,
    Returned,
    Run,
    told,
    waits_for_call,
)
from services.routing.playbook.run_store import StepRow, end_calls, held_run, save_runs, write_steps
from services.routing.sla import store as sla
from services.routing.sla.clock import Start
from services.routing.work.tasks import cancel_tasks, open_tasks
from shared.db import outbox
from shared.db.pool import Connection

__all__ = ["AttemptMade", "DispositionSet", "Fact", "Forgotten", "OptedOut", "Returned", "open_steps", "react"]


async def open_steps(
    conn: Connection,
    turns: Sequence[tuple[AcceptedLead, Terms, Run, Turn]],
    now: datetime,
    events: Sequence[outbox.OutboxRow] = (),
    handed: Sequence[Delivery] = (),
) -> list[CallTask]:
    """Write what a look at runs brought: their steps, tasks and deliveries; returns the tasks that are new.

    Args:
        turns: each with the run as it was before.
        events: what else is to be told of it.
        handed: what else is to be delivered.
    """
    steps: list[StepRow] = []
    tasks: list[CallTask] = []
    clocks: list[Start] = []
    deliveries: list[Delivery] = [*handed]
    for lead, terms, before, turn in turns:
        steps += _changed(terms, before, turn.run)
        for position in turn.opened:
            step = terms.book.steps[position]
            match step.channel:
                case "call":
                    task, start = call_task(lead, terms, turn.run, position, now)
                    tasks.append(task)
                    clocks += [start] if start is not None else []
                case "email" | "text":
                    deliveries.append(message(lead, step, now))
                case "deliver":
                    deliveries += [one] if (one := handover(lead, terms, step, now)) is not None else []
    await write_steps(conn, steps)
    fresh = await open_tasks(conn, tasks)
    await sla.start(conn, clocks)
    written = [task for task in tasks if task.task_id in fresh]
    if deliveries:
        await add_deliveries(conn, deliveries)
    await outbox.put(conn, [*events, *(task_created(task) for task in written)])
    return written


def _changed(terms: Terms, before: Run, after: Run) -> list[StepRow]:
    return [
        StepRow(
            buyer_id=after.buyer_id,
            lead_id=after.lead_id,
            position=position,
            name=terms.book.steps[position].name,
            channel=terms.book.steps[position].channel,
            step_id=step_id(after.lead_id, terms.book.steps[position]),
            record=record,
        )
        for position, record in after.steps.items()
        if before.steps.get(position) != record
    ]


async def react(conn: Connection, buyer_id: str, lead_id: UUID, fact: Fact) -> None:
    """Tell a lead's run what became true; a lead without one, or whose run is over, takes no notice.

    What conditions ask is remembered, a stop ends the run and what it had asked for, and the runner looks at once.
    Facts may come in any order and more than once.
    """
    if isinstance(fact, AttemptMade) and fact.automatic and not fact.live:
        return
    if isinstance(fact, Returned | Forgotten) or (isinstance(fact, OptedOut) and fact.scope in ("all", "call")):
        # Before the run is held: whoever works on a task holds that first, and tells of it here.
        await cancel_tasks(conn, buyer_id, [lead_id], _why(fact), fact.at)
    stored = await held_run(conn, buyer_id, lead_id)
    if stored is None or stored.run.state != "running":
        return
    before = stored.run
    run = told(before, fact)
    if run == before:
        return
    at = fact.began_at if isinstance(fact, AttemptMade) else fact.at
    if waits_for_call(before) and not waits_for_call(run):
        await end_calls(conn, run, max(record.ended_at for record in run.steps.values() if record.ended_at))
    due_at = None
    if run.state == "running":
        due_at = at if stored.due_at is None else min(at, stored.due_at)
    else:
        await discard_follow_ups(conn, buyer_id, [lead_id], run.stopped_by)
    await save_runs(conn, [(run, due_at)])


def _why(fact: OptedOut | Returned | Forgotten) -> str:
    match fact:
        case OptedOut():
            return "opted_out"
        case Returned():
            return "returned"
        case Forgotten():
            return "forgotten"
