"""`leadline work`: the queue of calls, and what an agent does with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import uuid4

import typer

from services.cli.output import Buyer, Json, moment, plain, say, show_json, table, warn

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from leadline.routing.v1 import work_pb2
    from services.cli.client import Services

work = typer.Typer(no_args_is_help=True, help="Calls to be made: take one, make it, say what became of it.")

T = TypeVar("T")
Agent = Annotated[str, typer.Option("--agent", help="Who.")]
Task = Annotated[str, typer.Argument(metavar="TASK", help="The task's id.")]
Lead = Annotated[str, typer.Option("--lead", help="The lead, where it is about no task.")]
SaidId = Annotated[str, typer.Option("--id", help="A UUID of your own, so that the same told twice counts once.")]
#: `at` is written in UTC.
_INSTANT = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
At = Annotated[datetime | None, typer.Option("--at", formats=_INSTANT, help="When it became true, UTC; else now.")]


@work.command()
def claim(
    agent: Agent,
    task: Annotated[str, typer.Option("--task", help="A certain one; else the best.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Take the next best call, and see why it is the best."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.ClaimTaskResponse:
        request = pb.ClaimTaskRequest(buyer_id=await services.buyer(buyer), agent=agent, task_id=task)
        return await services.ask(services.work.ClaimTask, request)

    answer = _run(ask)
    if as_json:
        show_json(plain(answer))
    elif not answer.HasField("task"):
        again = f"; from {moment(answer, 'not_before')[:19]} on" if answer.HasField("not_before") else ""
        say(f"Nothing to do: {answer.nothing.replace('_', ' ')}{again}.")
    else:
        _show([answer.task])
        _show_score(answer.task.score)


@work.command()
def heartbeat(agent: Agent, buyer: Buyer = "", as_json: Json = False) -> None:
    """Show what an agent has, and keep it a while longer."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.HeartbeatResponse:
        request = pb.HeartbeatRequest(buyer_id=await services.buyer(buyer), agent=agent)
        return await services.ask(services.work.Heartbeat, request)

    answer = _run(ask)
    if as_json:
        show_json(plain(answer))
    else:
        _show(answer.tasks)


@work.command()
def decline(task: Task, agent: Agent, buyer: Buyer = "") -> None:
    """Give a call back."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.DeclineTaskResponse:
        request = pb.DeclineTaskRequest(buyer_id=await services.buyer(buyer), agent=agent, task_id=task)
        return await services.ask(services.work.DeclineTask, request)

    _run(ask)
    say("Given back.")


@work.command()
def attempt(
    task: Task,
    agent: Agent,
    attempt_id: Annotated[str, typer.Option("--id", help="A UUID of your own; else one is made.")] = "",
    dial: Annotated[bool, typer.Option("--dial", help="Have the provider of calls ring you and connect.")] = False,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Ask whether the call may be made now. If so it has begun, and counts."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.BeginAttemptResponse:
        request = pb.BeginAttemptRequest(
            buyer_id=await services.buyer(buyer), attempt_id=attempt_id or str(uuid4()), agent=agent, task_id=task,
            dial=dial,
        )  # fmt: skip
        return await services.ask(services.work.BeginAttempt, request)

    answer = _run(ask)
    if as_json:
        show_json(plain(answer))
    elif answer.allowed and dial and not answer.dial_error:
        say(f"You are rung and connected with {answer.first_name or 'them'}. Attempt {answer.attempt_id} has begun.")
    elif answer.allowed:
        if answer.dial_error:
            warn(f"Not connected: {answer.dial_error}")
        say(f"Call {answer.first_name or 'them'} at {answer.phone}. Attempt {answer.attempt_id} has begun.")
    else:
        when = f" before {moment(answer, 'not_before')[:19]}" if answer.HasField("not_before") else ""
        say(f"No call{when}: {answer.reason.replace('_', ' ')} ({', '.join(answer.rules)}).")


@work.command()
def end(
    attempt_id: Annotated[str, typer.Argument(metavar="ATTEMPT", help="The attempt's id.")],
    live: Annotated[bool, typer.Option("--live", help="Somebody live answered.")] = False,
    seconds: Annotated[int, typer.Option("--seconds", min=0, help="Length of the talk.")] = 0,
    recording: Annotated[str, typer.Option("--recording", help="Where a recording lies.")] = "",
    lead: Annotated[str, typer.Option("--lead", help="Where the beginning was not told: the lead.")] = "",
    agent: Annotated[str, typer.Option("--agent", help="Where the beginning was not told: who called.")] = "",
    began: Annotated[
        datetime | None, typer.Option("--began", formats=_INSTANT, help="Where it was not told: when, UTC.")
    ] = None,
    at: At = None,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Tell how a call ended."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.EndAttemptResponse:
        request = pb.EndAttemptRequest(
            buyer_id=await services.buyer(buyer), attempt_id=attempt_id, live=live, seconds=seconds,
            recording=recording, lead_id=lead, agent=agent, began_at=_stamp(began), ended_at=_stamp(at),
        )  # fmt: skip
        return await services.ask(services.work.EndAttempt, request)

    answer = _run(ask)
    if as_json:
        show_json(plain(answer))
    else:
        say("Kept." if answer.changed else "Known already.")


@work.command()
def disposition(
    agent: Agent,
    said: Annotated[str, typer.Argument(metavar="WORD", help="Such as no_answer, converted or wrong_number.")],
    task: Annotated[str, typer.Option("--task", help="The task that it settles.")] = "",
    lead: Lead = "",
    product: Annotated[str, typer.Option("--product", help="What the person bought.")] = "",
    at: At = None,
    said_id: SaidId = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Say what became of a lead."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.SetDispositionResponse:
        request = pb.SetDispositionRequest(
            buyer_id=await services.buyer(buyer), disposition_id=said_id, agent=agent, lead_id=lead, task_id=task,
            disposition=said, at=_stamp(at), product=product,
        )  # fmt: skip
        return await services.ask(services.work.SetDisposition, request)

    _show_standing(_run(ask), as_json=as_json)


@work.command()
def callback(
    task: Task,
    when: Annotated[datetime, typer.Argument(formats=_INSTANT, help="When, UTC.")],
    agent: Agent,
    said_id: SaidId = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Promise a call back."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.ScheduleCallbackResponse:
        request = pb.ScheduleCallbackRequest(
            buyer_id=await services.buyer(buyer), disposition_id=said_id, agent=agent, task_id=task,
            callback_at=_stamp(when),
        )  # fmt: skip
        return await services.ask(services.work.ScheduleCallback, request)

    _show_standing(_run(ask), as_json=as_json)


@work.command()
def appointment(
    when: Annotated[datetime, typer.Argument(formats=_INSTANT, help="When, UTC.")],
    agent: Agent,
    task: Annotated[str, typer.Option("--task", help="The task that it settles.")] = "",
    lead: Lead = "",
    said_id: SaidId = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Book an appointment."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.BookAppointmentResponse:
        request = pb.BookAppointmentRequest(
            buyer_id=await services.buyer(buyer), disposition_id=said_id, agent=agent, lead_id=lead, task_id=task,
            appointment_at=_stamp(when),
        )  # fmt: skip
        return await services.ask(services.work.BookAppointment, request)

    _show_standing(_run(ask), as_json=as_json)


@work.command()
def queue(
    team: Annotated[str, typer.Argument(metavar="[TEAM]", help="Only this team's.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 50,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show what is open, waits or is held, the best first."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.ListQueueResponse:
        request = pb.ListQueueRequest(buyer_id=await services.buyer(buyer), team=team, limit=limit)
        return await services.ask(services.work.ListQueue, request)

    answer = _run(ask)
    if as_json:
        show_json(plain(answer)["tasks"])
    else:
        _show(answer.tasks)


@work.command()
def state(
    team: Annotated[str, typer.Argument(metavar="[TEAM]", help="Only this team's.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show how the queues stand: what waits, who is there, and what nobody can take."""
    from leadline.routing.v1 import work_service_pb2 as pb

    async def ask(services: Services) -> pb.QueueStateResponse:
        request = pb.QueueStateRequest(buyer_id=await services.buyer(buyer), team=team)
        return await services.ask(services.work.QueueState, request)

    answer = _run(ask)
    if as_json:
        show_json(plain(answer)["teams"])
        return
    rows = (
        (
            *(one.team or "(any)", one.distribution, "open" if one.open_now else "closed", one.open, one.claimed),
            *(one.waiting, f"{one.oldest_seconds} s", f"{one.agents_ready}/{one.agents}"),
            "; ".join(_left_over(some) for some in one.unattended),
        )
        for one in answer.teams
    )
    numbers = ("Open", "Held", "Waiting", "Oldest", "Ready")
    table(("Team", "Gives", "Now", *numbers, "Nobody can take"), rows, right=numbers)


def _run(ask: Callable[[Services], Awaitable[T]]) -> T:
    from services.cli.client import run

    return run(ask)


def _stamp(at: datetime | None) -> Timestamp | None:
    from google.protobuf.timestamp_pb2 import Timestamp

    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at.replace(tzinfo=UTC))
    return stamp


def _show(tasks: Iterable[work_pb2.WorkTask]) -> None:
    rows = (
        (
            *(one.task_id, one.lead_id, one.queue, one.state, one.agent, one.us_state, one.product, one.lead_type),
            *(moment(one, "promised_at" if one.HasField("promised_at") else "due_at")[:19], _value(one.value_minor)),
            *(f"{one.score.total:.0f}" if one.HasField("score") else "", one.unattended),
        )
        for one in tasks
    )
    named = ("Task", "Lead", "Queue", "State", "Agent", "In", "Product", "Type", "Due", "Worth", "Score")
    table((*named, "Nobody can take it"), rows, right=("Worth", "Score"))


def _show_score(score: work_pb2.Score) -> None:
    for part in score.parts:
        say(f"  {part.points:6.1f}  {part.name}: {part.why}")


def _show_standing(answer: Any, *, as_json: bool) -> None:
    standing: work_pb2.LeadStanding = answer.standing
    if as_json:
        show_json(plain(standing))
        return
    ended = f"; nobody calls on: {standing.closed_by}" if standing.closed_by else ""
    for field, what in (("callback_at", "call back at"), ("appointment_at", "appointment at")):
        ended += f"; {what} {at[:19]}" if (at := moment(standing, field)) else ""
    say(f"{standing.disposition} since {moment(standing, 'at')[:19]}{ended}")


def _left_over(some: work_pb2.UnattendedWork) -> str:
    until = f" until {moment(some, 'until')[:16]}" if some.HasField("until") else ""
    return f"{some.tasks}: {some.reason.replace('_', ' ')}{until}"


def _value(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
