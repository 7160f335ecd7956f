"""What a lead would get, and when, without doing any of it. Pure.

Goes the engine's own way from one due time to the next, under two assumptions that are told to whoever asks: every
call is made as soon as it is due, and nobody answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.routing.playbook.engine import NextLawful, advance
from services.routing.playbook.run import AttemptMade, Run, told
from shared.catalog.following import ContactTerms, Playbook, Step

#: `done`: opened before the instant asked for; `open`: then under way.
Expectation = Literal["done", "open", "will_open", "left_out", "would_be_left_out", "never_reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One step of the dry run."""

    step: Step
    expectation: Expectation
    #: When it was or will be opened or left out; None: never reached.
    at: datetime | None
    #: When the playbook alone would have it; before `at` where the hour was not lawful or a call took longer.
    due_at: datetime | None
    #: Why it is left out or later, in one word; empty: it is not.
    why: str
    #: From when a text or an e-mail may be sent; None: never, or no message to a person.
    lawful_at: datetime | None


def foresee(run: Run, book: Playbook, terms: ContactTerms, now: datetime, next_lawful: NextLawful) -> list[Expected]:
    """The playbook's steps in its order: what was done by `now`, and what will be."""
    start = run
    put_off: dict[int, datetime] = {}
    at: datetime | None = now
    while at is not None and run.state == "running":
        turn = advance(run, book, terms, at, next_lawful)
        run = turn.run
        for position, record in run.steps.items():
            if record.state == "waiting":
                put_off.setdefault(position, at)
        made = any(record.state == "opened" and record.ended_at is None for record in run.steps.values())
        if made:
            run = told(run, AttemptMade(channel="call", automatic=False, began_at=at, live=False))
            at = advance(run, book, terms, at, next_lawful).due_at
        else:
            at = turn.due_at
    return [_expected(start, run, book, position, put_off.get(position), next_lawful) for position in _places(book)]


def _places(book: Playbook) -> range:
    return range(len(book.steps))


def _expected(
    start: Run, end: Run, book: Playbook, position: int, put_off: datetime | None, next_lawful: NextLawful
) -> Expected:
    step, record, before = book.steps[position], end.steps.get(position), start.steps.get(position)
    if record is None or record.state == "waiting":
        why = end.stopped_by or "never_lawful"
        return Expected(step=step, expectation="never_reached", at=None, due_at=None, why=why, lawful_at=None)
    decided = before is not None and before.state != "waiting"
    expectation: Expectation
    if record.state == "skipped":
        expectation = "left_out" if decided else "would_be_left_out"
    elif not decided:
        expectation = "will_open"
    else:
        expectation = "open" if before is not None and before.ended_at is None else "done"
    sent = step.channel in ("email", "text") and record.state == "opened" and record.at is not None and not decided
    return Expected(
        step=step,
        expectation=expectation,
        at=record.at,
        due_at=put_off or record.due_at,
        why=record.why or ("unlawful_hour" if put_off else ""),
        lawful_at=next_lawful(step.channel, record.at) if sent and record.at is not None else None,
    )
