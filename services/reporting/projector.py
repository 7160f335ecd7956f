"""What each event adds to the read model. Pure.

All of it is addition, so that any order of events, in batches of any size, ends in the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from services.reporting.sketch import bucket_of

#: Stages between the consumer's submit and the first hand-off, in the order of the chain.
STAGES = (
    "seller", "gateway", "validation", "dedup", "routing", "settlement", "decision",
    "email", "task", "system", "speed_to_lead",
)  # fmt: skip

#: Longer is no duration: one of the two clocks was wrong by far.
LONGEST = timedelta(days=366)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPoints:
    """When a lead passed each point; None: not told. `submitted` alone is by the seller's clock."""

    submitted: datetime | None = None
    received: datetime | None = None
    intake: datetime | None = None
    validated: datetime | None = None
    deduplicated: datetime | None = None
    routed: datetime | None = None
    decided: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A lead was decided. `price_minor`: 0 unless money is owed; `reasons`: public codes; `order`: empty for none."""

    buyer_id: str
    occurred_at: datetime
    accepted: bool
    seller: str
    source: str
    sub_source: str
    order: str
    order_version: int
    price_minor: int
    currency: str
    reasons: tuple[str, ...]
    clock: ClockPoints


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """A channel took the message to a lead's person; once per lead, since there is one channel."""

    buyer_id: str
    occurred_at: datetime
    channel: str
    seller: str
    source: str
    submitted: datetime | None
    received: datetime | None
    decided: datetime | None
    handed_off: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWritten:
    """A call task was written. It is not a contact."""

    buyer_id: str
    occurred_at: datetime
    seller: str
    source: str
    decided: datetime | None
    created: datetime | None


Event = Decided | HandedOff | TaskWritten


class FunnelKey(NamedTuple):
    """What a funnel is counted by. `hour`: the hour of the decision, UTC."""

    buyer_id: str
    hour: datetime
    seller: str
    source: str
    sub_source: str
    order: str
    order_version: int
    currency: str


class ReasonKey(NamedTuple):
    """What reject reasons are counted by."""

    buyer_id: str
    hour: datetime
    seller: str
    source: str
    sub_source: str
    order: str
    code: str


class SpeedKey(NamedTuple):
    """What durations are counted by. `hour`: the hour in which the event happened; `bucket`: see `sketch`."""

    buyer_id: str
    hour: datetime
    seller: str
    source: str
    stage: str
    bucket: int


@dataclass(slots=True)
class FunnelCounts:
    """Leads and money. `charged`: accepted at a price above 0, which is what the ledger knows."""

    submitted: int = 0
    accepted: int = 0
    charged: int = 0
    spend_minor: int = 0


@dataclass(slots=True)
class SpeedCounts:
    """Durations of one bucket. `skewed`: those that came out below 0 and count as 0, since clocks disagree."""

    leads: int = 0
    total_us: int = 0
    skewed: int = 0


@dataclass(slots=True)
class Increments:
    """What a batch of events adds."""

    funnel: dict[FunnelKey, FunnelCounts] = field(default_factory=dict)
    reasons: dict[ReasonKey, int] = field(default_factory=dict)
    speed: dict[SpeedKey, SpeedCounts] = field(default_factory=dict)


def project(events: Iterable[Event]) -> Increments:
    """What these events add to the read model, summed up."""
    increments = Increments()
    for event in events:
        if isinstance(event, Decided):
            _count(increments, event)
        for stage, start, end in _durations(event):
            if start is not None and end is not None:
                _measure(increments, event, stage, end - start)
    return increments


def hour_of(instant: datetime) -> datetime:
    """The hour that an instant is in."""
    return instant.replace(minute=0, second=0, microsecond=0)


def _count(increments: Increments, event: Decided) -> None:
    hour = hour_of(event.occurred_at)
    where = (event.buyer_id, hour, event.seller, event.source, event.sub_source, event.order)
    counts = increments.funnel.setdefault(FunnelKey(*where, event.order_version, event.currency), FunnelCounts())
    counts.submitted += 1
    if event.accepted:
        counts.accepted += 1
        counts.charged += event.price_minor > 0
        counts.spend_minor += event.price_minor
    for code in event.reasons:
        key = ReasonKey(*where, code)
        increments.reasons[key] = increments.reasons.get(key, 0) + 1


def _durations(event: Event) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    if isinstance(event, Decided):
        at = event.clock
        yield "seller", at.submitted, at.received
        yield "gateway", at.received, at.intake
        yield "validation", at.intake, at.validated
        yield "dedup", at.validated, at.deduplicated
        yield "routing", at.deduplicated, at.routed
        yield "settlement", at.routed, at.decided
        yield "decision", at.received, at.decided
    elif isinstance(event, HandedOff):
        if event.channel == "email":
            yield "email", event.decided, event.handed_off
        yield "system", event.received, event.handed_off
        yield "speed_to_lead", _began(event), event.handed_off
    else:
        yield "task", event.decided, event.created


def _began(event: HandedOff) -> datetime | None:
    """When the person began to wait: at the submit, unless the seller's clock puts it after we had the lead."""
    if event.submitted is None or event.received is None:
        return event.submitted or event.received
    return min(event.submitted, event.received)


def _measure(increments: Increments, event: Event, stage: str, duration: timedelta) -> None:
    if abs(duration) > LONGEST:
        return
    microseconds = max(0, duration // _MICROSECOND)
    key = SpeedKey(
        event.buyer_id, hour_of(event.occurred_at), event.seller, event.source, stage, bucket_of(microseconds)
    )
    counts = increments.speed.setdefault(key, SpeedCounts())
    counts.leads += 1
    counts.total_us += microseconds
    counts.skewed += duration < timedelta()
