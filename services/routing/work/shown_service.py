"""Agents, tasks and queues as WorkService shows them, and agents as it is given them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import work_pb2 as pb
from services.routing.work.agent import Agent, AgentNow, AgentState
from services.routing.work.outcome import Standing
from services.routing.work.queue_states import QueueStanding
from services.routing.work.queue_store import QueuedTask
from services.routing.work.score import Score
from services.routing.work.work_events import timestamp
from shared.catalog.buying import DayHours, Schedule
from shared.rpc.errors import Malformed

_STATES: dict[AgentState, pb.AgentState.ValueType] = {
    "available": pb.AGENT_STATE_AVAILABLE,
    "paused": pb.AGENT_STATE_PAUSED,
    "away": pb.AGENT_STATE_AWAY,
}
_GIVEN_STATES: dict[pb.AgentState.ValueType, AgentState] = {
    pb.AGENT_STATE_UNSPECIFIED: "available",
    **{value: word for word, value in _STATES.items()},
}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2}")
_US_STATE = re.compile(r"[A-Z]{2}")
_LEAD_TYPES = ("exclusive", "shared", "own")
_MOST_AT_ONCE, _LARGEST_WEIGHT = 100, 1000


def stamp(at: datetime | None) -> Timestamp | None:
    """An instant; None stays unset."""
    return None if at is None else timestamp(at)


def agent_given(buyer_id: str, given: pb.Agent) -> Agent:
    """An agent as a caller writes it. Raises Malformed, naming the field."""
    for field, value in (("agent.agent", given.agent), ("agent.team", given.team)):
        if not _NAME.fullmatch(value):
            raise Malformed.field(field, "expected a lower-case name with hyphens")
    _each("agent.products", given.products, _NAME, "lower-case names with hyphens")
    _each("agent.languages", given.languages, _LANGUAGE, "two-letter codes such as en")
    _each("agent.licensed_states", given.licensed_states, _US_STATE, "USPS codes such as TX")
    if not set(given.lead_types) <= set(_LEAD_TYPES):
        raise Malformed.field("agent.lead_types", f"expected some of {', '.join(_LEAD_TYPES)}")
    if not 0 <= given.capacity <= _MOST_AT_ONCE:
        raise Malformed.field("agent.capacity", f"expected 1 to {_MOST_AT_ONCE}, or 0 for 1")
    if not 0 <= given.weight <= _LARGEST_WEIGHT:
        raise Malformed.field("agent.weight", f"expected 1 to {_LARGEST_WEIGHT}, or 0 for 1")
    return Agent(
        buyer_id=buyer_id,
        agent=given.agent,
        team=given.team,
        products=tuple(given.products),
        lead_types=tuple(given.lead_types),
        languages=tuple(given.languages) or ("en",),
        states=tuple(given.licensed_states),
        capacity=given.capacity or 1,
        weight=given.weight or 1,
        state=_GIVEN_STATES.get(given.state, "available"),
        shifts=_schedule(given),
    )


def agent_shown(agent: Agent) -> pb.Agent:
    """An agent."""
    return pb.Agent(
        agent=agent.agent,
        team=agent.team,
        products=agent.products,
        lead_types=agent.lead_types,
        languages=agent.languages,
        licensed_states=agent.states,
        capacity=agent.capacity,
        weight=agent.weight,
        state=_STATES[agent.state],
        shifts=[pb.Shift(day=one.day, begins=one.opens, ends=one.closes) for one in agent.shifts.hours],
        time_zone=agent.shifts.time_zone,
        days_off=[day.isoformat() for day in agent.shifts.closed_on],
    )


def agent_standing(one: AgentNow, now: datetime, zone: str) -> pb.AgentStanding:
    """An agent at a moment."""
    return pb.AgentStanding(
        agent=agent_shown(one.agent),
        holding=one.holding,
        unavailable=one.absence(now, zone),
        seen_at=stamp(one.seen_at),
    )


def task_shown(task: QueuedTask, score: Score | None = None) -> pb.WorkTask:
    """A task, with its place where that is known."""
    return pb.WorkTask(
        task_id=str(task.task_id),
        lead_id=str(task.lead_id),
        team=task.team,
        queue=task.queue,
        state=task.state,
        agent=task.agent,
        lease_until=stamp(task.lease_until),
        offer=task.offer,
        order=task.order,
        product=task.need.product,
        lead_type=task.need.lead_type,
        language=task.need.language,
        us_state=task.need.us_state,
        value_minor=task.waiting.value_minor,
        clock_started_at=stamp(task.waiting.started_at),
        due_at=stamp(task.waiting.due_at),
        not_before=stamp(task.not_before),
        promised_at=stamp(task.promised_at),
        unattended=task.unattended,
        score=None if score is None else _score(score),
    )


def lead_standing(standing: Standing) -> pb.LeadStanding:
    """What holds of a lead."""
    latest = standing.latest
    return pb.LeadStanding(
        disposition="" if latest is None else latest.disposition,
        at=None if latest is None else stamp(latest.at),
        closed_by=standing.closed_by,
        callback_at=stamp(standing.callback_at),
        appointment_at=stamp(standing.appointment_at),
    )


def queue_shown(queue: QueueStanding, now: datetime) -> pb.TeamQueue:
    """How a queue stands."""
    counts = queue.counts
    return pb.TeamQueue(
        team=counts.queue,
        distribution=queue.distribution,
        open_now=queue.open_now,
        open=counts.open,
        claimed=counts.claimed,
        waiting=counts.waiting,
        oldest_seconds=0 if counts.oldest is None else max(int((now - counts.oldest).total_seconds()), 0),
        agents_ready=queue.agents_ready,
        agents=queue.agents,
        unattended=[
            pb.UnattendedWork(reason=one.reason, tasks=one.tasks, since=stamp(one.since), until=stamp(one.until))
            for one in queue.unattended
        ],
    )


def _score(score: Score) -> pb.Score:
    parts = [pb.ScorePart(name=part.name, points=part.points, why=part.why) for part in score.parts]
    return pb.Score(total=score.total, parts=parts)


def _schedule(given: pb.Agent) -> Schedule:
    try:
        if given.time_zone:
            ZoneInfo(given.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Malformed.field("agent.time_zone", "expected an IANA zone such as America/Chicago") from None
    return Schedule(
        time_zone=given.time_zone,
        hours=tuple(_shift(at, one) for at, one in enumerate(given.shifts)),
        closed_on=tuple(_day(at, text) for at, text in enumerate(given.days_off)),
    )


def _shift(at: int, shift: pb.Shift) -> DayHours:
    try:
        return msgspec.convert({"day": shift.day, "opens": shift.begins, "closes": shift.ends}, DayHours)
    except msgspec.ValidationError:
        expected = "expected a day from mon to sun, and times as HH:MM"
        raise Malformed.field(f"agent.shifts[{at}]", expected) from None


def _day(at: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed.field(f"agent.days_off[{at}]", "expected YYYY-MM-DD") from None


def _each(field: str, values: Iterable[str], shape: re.Pattern[str], expected: str) -> None:
    if not all(shape.fullmatch(value) for value in values):
        raise Malformed.field(field, f"expected {expected}")
