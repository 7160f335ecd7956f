"""What a run does next. Pure: a run, its playbook, an instant and the lawful hours in; steps out.

The same for the scheduler, which opens what is due at once, for the runner, which opens the rest, and for the dry run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from services.routing.playbook.run import Run, StepRecord, can_contact, waits_for_call
from shared.catalog.following import Condition, ContactTerms, Playbook, Step, StepChannel, delay_seconds

#: The first lawful instant at or after another by a means; None: there is none.
NextLawful = Callable[[StepChannel, datetime], datetime | None]
#: Steps by which people call, here or in the system that the lead is handed to: these a hold-out holds back.
BY_PEOPLE: Final = frozenset(("call", "deliver"))
#: Between the end of one call and the next, also where the first was made so late that the next is due already.
CALLS_APART: Final = timedelta(minutes=5)


_NONE: Final = timedelta()


@cache
def _delay(after: str) -> timedelta:
    """Catalogs have few delays, and every look at a run reckons with several."""
    return timedelta(seconds=delay_seconds(after))


def at_any_time(_channel: StepChannel, at: datetime) -> datetime | None:
    """For whoever leaves the hours to the contact gate."""
    return at


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look at a run brings."""

    run: Run
    #: To be opened now, by their places in the playbook.
    opened: tuple[int, ...]
    #: When to look again; None: not before something is told.
    due_at: datetime | None


@dataclass(slots=True)
class _Look:
    """One look under way."""

    run: Run
    book: Playbook
    terms: ContactTerms
    now: datetime
    next_lawful: NextLawful
    opened: list[int] = field(default_factory=list)

    def step(self, position: int, due_at: datetime) -> None:
        """Open a due step, put it off, or leave it out."""
        step = self.book.steps[position]
        why = reason_against(self.run, step, self.terms)
        lawful_at = self.next_lawful(step.channel, self.now) if step.channel == "call" and not why else self.now
        if lawful_at is None:
            why = "never_lawful"
        elif lawful_at > self.now:
            self._record(position, StepRecord(state="waiting", due_at=lawful_at, why="unlawful_hour"))
            return
        if why:
            self._record(position, StepRecord(state="skipped", due_at=due_at, at=self.now, ended_at=due_at, why=why))
            return
        ended_at = None if step.channel == "call" else self.now
        self._record(position, StepRecord(state="opened", due_at=due_at, at=self.now, ended_at=ended_at))
        self.opened.append(position)

    def _record(self, position: int, record: StepRecord) -> None:
        self.run = replace(self.run, steps={**self.run.steps, position: record})


def advance(
    run: Run, book: Playbook, terms: ContactTerms, now: datetime, next_lawful: NextLawful = at_any_time
) -> Turn:
    """Everything that is due by now, in the order in which it became due.

    A step that is left out ends when it was due, so that what counts from it may be due in the same look. At most one
    call is open at a time: two agents must not ring the same person.
    """
    look = _Look(run, book, terms, now, next_lawful)
    if run.state != "running":
        return Turn(run, (), None)
    while (soonest := _soonest(look.run, book)) is not None and soonest[0] <= now:
        look.step(soonest[1], soonest[0])
    run = look.run
    if soonest is not None:
        return Turn(run, tuple(look.opened), soonest[0])
    if all(_is_decided(run, position) for position in range(len(book.steps))) and not waits_for_call(run):
        run = replace(run, state="finished", ended_at=now)
    return Turn(run, tuple(look.opened), None)


def _soonest(run: Run, book: Playbook) -> tuple[datetime, int] | None:
    """The step that is due first, and when; None: none is left, or all wait for a call that is open."""
    calling = waits_for_call(run)
    soonest: tuple[datetime, int] | None = None
    for position, step in enumerate(book.steps):
        if _is_decided(run, position) or (calling and step.channel == "call"):
            continue
        due_at = due_of(run, book, position)
        if due_at is not None and (soonest is None or due_at < soonest[0]):
            soonest = (due_at, position)
    return soonest


def _is_decided(run: Run, position: int) -> bool:
    record = run.steps.get(position)
    return record is not None and record.state != "waiting"


def due_of(run: Run, book: Playbook, position: int) -> datetime | None:
    """When a step is due; None: it counts from one that is not over."""
    record = run.steps.get(position)
    due_at = record.due_at if record is not None else _planned(run, book, position)
    if due_at is None or book.steps[position].channel != "call":
        return due_at
    calls = (record for place, record in run.steps.items() if book.steps[place].channel == "call")
    ends = [record.ended_at for record in calls if record.state == "opened" and record.ended_at is not None]
    return max([due_at, *(end + CALLS_APART for end in ends)])


def _planned(run: Run, book: Playbook, position: int) -> datetime | None:
    step = book.steps[position]
    delay = _delay(step.after)
    held = timedelta(seconds=run.held_seconds) if run.held_seconds and step.channel in BY_PEOPLE else _NONE
    if step.since == "bought":
        return run.decided_at + delay + held
    before = run.steps.get(position - 1)
    if before is None or before.ended_at is None:
        return None
    # What it counts from has waited already where that is for people too.
    return before.ended_at + delay + (_NONE if book.steps[position - 1].channel in BY_PEOPLE else held)


def reason_against(run: Run, step: Step, terms: ContactTerms) -> str:
    """Why a step is left out, in one word; empty: nothing speaks against it."""
    why = can_contact(run, step.channel) or _unmet(run, step.when)
    if why or step.channel not in ("email", "text") or step.confirms:
        return why
    if step.channel == "text" and not terms.automatic_texts:
        return "automatic_texts_off"
    return "shared_opt_in" if run.kind.exclusivity == "shared" and not terms.automatic_to_shared else ""


def _unmet(run: Run, when: Condition) -> str:
    kind = run.kind
    if when.answered is not None and when.answered != run.answered:
        return "answered" if run.answered else "not_answered"
    if when.dispositions and run.disposition not in when.dispositions:
        return "disposition"
    if when.forms and kind.form not in when.forms:
        return "form"
    if when.exclusivity is not None and kind.exclusivity != when.exclusivity:
        return "exclusivity"
    if when.opt_in and kind.opt_in not in when.opt_in:
        return "opt_in"
    if when.incentivized is not None and kind.incentivized != when.incentivized:
        return "incentivized"
    return "own" if when.own is not None and kind.own != when.own else ""
