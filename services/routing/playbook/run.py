"""One lead's way through its playbook, and what is told to it. Pure.

Facts come in any order and more than once: what holds is worked out from their own times, never from when they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from services.routing.playbook.arms import Arm
from shared.catalog.following import Disposition, StepChannel, StopReason

RunState = Literal["running", "finished", "stopped"]
#: `waiting`: put off to `due_at`. Steps that were not looked at yet have no record.
StepState = Literal["waiting", "opened", "skipped"]
Scope = Literal["all", "call", "text", "email"]

#: After these, nobody calls or texts that number.
BAD_NUMBER: frozenset[str] = frozenset(("wrong_number", "disconnected"))
#: An agent can only say these after somebody live answered.
SAID_LIVE: frozenset[str] = frozenset(
    ("contacted", "callback", "appointment", "qualified", "not_interested", "converted", "later_product")
)
_STOP_REASONS: frozenset[str] = frozenset(get_args(StopReason))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadKind:
    """What conditions ask of the lead itself."""

    form: str = ""
    exclusivity: str = ""
    opt_in: str = ""
    incentivized: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What became of one step."""

    state: StepState
    #: When it is, or was, due.
    due_at: datetime
    #: When it was opened or left out; None: not yet.
    at: datetime | None = None
    #: From when the next step's `since: previous` counts; None: not over yet.
    ended_at: datetime | None = None
    #: Why it waits or was left out.
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One lead's way through its playbook."""

    buyer_id: str
    lead_id: UUID
    playbook: str
    catalog_revision: int
    kind: LeadKind
    decided_at: datetime
    #: What ends it; from the playbook, kept so that whoever tells a fact needs no catalog.
    stops: frozenset[str]
    arm: Arm = ""
    #: By how much `held_back` leads wait.
    delay_seconds: int = 0
    state: RunState = "running"
    #: The reason; empty while it is not stopped.
    stopped_by: str = ""
    ended_at: datetime | None = None
    #: Somebody live answered.
    answered: bool = False
    #: The agents' latest word, and when it became true.
    disposition: str = ""
    disposition_at: datetime | None = None
    bad_number: bool = False
    #: What the person does not want: `call`, `text`, `email`.
    opted_out: frozenset[str] = frozenset()
    #: By their places in the playbook.
    steps: Mapping[int, StepRecord] = field(default_factory=dict)

    @property
    def held_seconds(self) -> int:
        """By how much its calls are later."""
        return self.delay_seconds if self.arm == "held_back" else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMade:
    """A try to reach the person was made and is over."""

    channel: Literal["call", "text", "email"]
    #: True where a program made it, which is nobody's contact.
    automatic: bool
    began_at: datetime
    #: True where somebody live answered, or wrote back.
    live: bool
    #: When it was over; None: as it began.
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionSet:
    """An agent says what became of the lead."""

    disposition: Disposition
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OptedOut:
    """The person wants to be left alone, by all means or by one."""

    scope: Scope
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The lead was given back to its seller."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The person's data are gone, so that nobody can be reached."""

    at: datetime


Fact = AttemptMade | DispositionSet | OptedOut | Returned | Forgotten


def told(run: Run, fact: Fact) -> Run:
    """The run after a fact. A run that is over stays as it ended."""
    if run.state != "running":
        return run
    match fact:
        case AttemptMade(automatic=True, live=False):
            return run
        case AttemptMade():
            # Somebody who writes back was reached, whoever wrote to them.
            run = replace(run, answered=run.answered or fact.live)
            if fact.channel == "call" and not fact.automatic:
                run = _call_over(run, fact.ended_at or fact.began_at)
            return _stopped(run, "contacted", fact.began_at) if fact.live else run
        case DispositionSet():
            return _said(run, fact)
        case OptedOut(scope="all"):
            return _stopped(run, "opted_out", fact.at)
        case OptedOut(scope=scope):
            return replace(run, opted_out=run.opted_out | {scope})
        case Returned():
            return _stopped(run, "returned", fact.at)
        case Forgotten():
            return replace(run, state="stopped", stopped_by="forgotten", ended_at=fact.at)


def _said(run: Run, fact: DispositionSet) -> Run:
    said = fact.disposition
    run = _call_over(run, fact.at)
    if run.disposition_at is None or fact.at >= run.disposition_at:
        run = replace(run, disposition=said, disposition_at=fact.at)
    run = replace(run, answered=run.answered or said in SAID_LIVE, bad_number=run.bad_number or said in BAD_NUMBER)
    if said in _STOP_REASONS:
        run = _stopped(run, said, fact.at)
    return _stopped(run, "contacted", fact.at) if said in SAID_LIVE else run


def _stopped(run: Run, reason: str, at: datetime) -> Run:
    if run.state != "running" or reason not in run.stops:
        return run
    return replace(run, state="stopped", stopped_by=reason, ended_at=at)


def _call_over(run: Run, at: datetime) -> Run:
    """The call that was open then ends, so that what comes after it can be reckoned.

    What is told late is of an earlier call, and ends no call that was opened since.
    """
    steps = {
        position: replace(step, ended_at=at) if _is_open(step) and step.at is not None and step.at <= at else step
        for position, step in run.steps.items()
    }
    return replace(run, steps=steps)


def _is_open(step: StepRecord) -> bool:
    return step.state == "opened" and step.ended_at is None


def waits_for_call(run: Run) -> bool:
    """True while a call that was opened has neither been made nor closed."""
    return any(_is_open(step) for step in run.steps.values())


def can_contact(run: Run, channel: StepChannel) -> str:
    """Why a channel is of no use any more; empty: it may be."""
    if channel in run.opted_out:
        return "opted_out"
    return "wrong_number" if run.bad_number and channel in ("call", "text") else ""
