"""What dispositions make of a lead and its tasks. Pure.

Everything is worked out from the whole set of dispositions, so it makes no difference in which order, or how often,
they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from shared.catalog.following import Disposition as DispositionWord

WORDS: frozenset[DispositionWord] = frozenset(get_args(DispositionWord))

#: After these nobody calls on.
CLOSING: frozenset[DispositionWord] = frozenset(
    {"not_interested", "converted", "wrong_number", "disconnected", "do_not_contact", "duplicate", "fraud"}
)
#: What no later word takes back here; whoever consents anew does it with the contact gate.
FINAL: Final = "do_not_contact"
#: Somebody live was spoken with.
SPOKEN: frozenset[DispositionWord] = frozenset(
    {"contacted", "callback", "appointment", "qualified", "not_interested", "converted", "later_product"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What an agent said became of a lead."""

    disposition_id: UUID
    lead_id: UUID
    #: The task that it settles; None: it is about the lead alone.
    task_id: UUID | None
    disposition: DispositionWord
    at: datetime
    team: str = ""
    agent: str = ""
    product: str = ""
    #: Of a call back or an appointment.
    agreed_for: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds of a lead."""

    latest: Disposition | None = None
    closed_by: str = ""
    callback_at: datetime | None = None
    appointment_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnd:
    """What a task should be."""

    state: Literal["waiting", "done", "cancelled"]
    ended_by: str = ""
    #: With `waiting`: when the call was promised, and by whom.
    promised_at: datetime | None = None
    promised_by: str = ""


def standing(said: Iterable[Disposition]) -> Standing:
    """What holds of a lead."""
    ordered = _in_order(said)
    if not ordered:
        return Standing()
    latest = ordered[-1]
    final = any(one.disposition == FINAL for one in ordered)
    closed_by = FINAL if final else (latest.disposition if latest.disposition in CLOSING else "")
    return Standing(
        latest=latest,
        closed_by=closed_by,
        callback_at=None if closed_by or latest.disposition != "callback" else latest.agreed_for,
        appointment_at=next((one.agreed_for for one in reversed(ordered) if one.disposition == "appointment"), None),
    )


def task_end(task_id: UUID, created_at: datetime, said: Iterable[Disposition]) -> TaskEnd | None:
    """What a task of the lead should be; None: nothing was said that concerns it.

    Its own latest disposition settles it. Where that promises a call, and where there is none, the first closing one
    about the lead ends it that was said since; who asked to be left alone is not called whenever that was said.
    """
    ordered = _in_order(said)
    own = [one for one in ordered if one.task_id == task_id]
    latest = own[-1] if own else None
    if latest is not None and latest.disposition != "callback":
        return TaskEnd(state="done", ended_by=latest.disposition)
    since = created_at if latest is None else latest.at
    closing = [one for one in ordered if one.disposition == FINAL or (one.disposition in CLOSING and one.at >= since)]
    if closing:
        final = any(one.disposition == FINAL for one in closing)
        return TaskEnd(state="cancelled", ended_by=FINAL if final else closing[0].disposition)
    if latest is None:
        return None
    return TaskEnd(state="waiting", promised_at=latest.agreed_for, promised_by=latest.agent)


def _in_order(said: Iterable[Disposition]) -> Sequence[Disposition]:
    return sorted(said, key=lambda one: (one.at, one.disposition_id))
