"""What each event adds to the read model. Pure.

All of it is addition, so that any order of events, in batches of any size, ends in the same numbers. What a lead does
only once, however many events tell of it, is not told by an event alone: see `story`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from services.reporting.sketch import bucket_of

#: Stages of a lead in the order of the chain; from `email` on they are told by its story.
STAGES = (
    "seller", "gateway", "validation", "dedup", "routing", "settlement", "decision",
    "email", "task", "system", "speed_to_lead", "waiting", "human", "attempt", "lawful", "contact",
)  # fmt: skip

#: Longer is no duration: one of the two clocks was wrong by far.
LONGEST = timedelta(days=366)
_LONGEST_US = LONGEST // timedelta(microseconds=1)
_HOUR_US = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Whole microseconds since 1970, UTC: a batch has hundreds of them, and `datetime` would be most of its cost.
Instant = int


class ClockPoints(NamedTuple):
    """When a lead passed each point; None: not told. `submitted` alone is by the seller's clock."""

    submitted: Instant | None = None
    received: Instant | None = None
    intake: Instant | None = None
    validated: Instant | None = None
    deduplicated: Instant | None = None
    routed: Instant | None = None
    decided: Instant | None = None


class Decided(NamedTuple):
    """A lead was decided. `price_minor`: 0 unless money is owed; `reasons`: public codes; `order`: empty for none."""

    buyer_id: str
    occurred_at: Instant
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


class Transferred(NamedTuple):
    """Money moved after the charge. `kind`: such as `credit`; `to_seller`: whether it adds to what is owed."""

    buyer_id: str
    occurred_at: Instant
    seller: str
    source: str
    sub_source: str
    order: str
    order_version: int
    currency: str
    kind: str
    amount_minor: int
    to_seller: bool


Event = Decided | Transferred


class FunnelKey(NamedTuple):
    """What a funnel is counted by. `hour`: the hour of the decision, or in which the money moved, UTC."""

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
    """What durations are counted by. `hour`: the hour in which the event happened, UTC."""

    buyer_id: str
    hour: datetime
    seller: str
    source: str
    stage: str


@dataclass(slots=True)
class FunnelCounts:
    """Leads and money. `charged`: accepted at a price above 0, which is what the ledger knows.

    Amounts in minor units: `spend_minor` charges; `credited_minor` credits less reversals; `fees_minor`;
    `adjusted_minor` adjustments, above 0 in the seller's favour; `held_minor` holds less releases.
    """

    submitted: int = 0
    accepted: int = 0
    charged: int = 0
    spend_minor: int = 0
    credited_minor: int = 0
    fees_minor: int = 0
    adjusted_minor: int = 0
    held_minor: int = 0

    def merge(self, other: FunnelCounts) -> None:
        """Add all of it."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class ReasonCounts:
    """Rejected leads with one reason."""

    leads: int = 0

    def merge(self, other: ReasonCounts) -> None:
        """Add all of it."""
        self.leads += other.leads


@dataclass(slots=True)
class SpeedCounts:
    """Durations of one stage. `skewed`: those that came out below 0 and count as 0, since clocks disagree."""

    leads: int = 0
    total_us: int = 0
    skewed: int = 0
    #: Durations by bucket, see `sketch`.
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, microseconds: int, times: int = 1) -> None:
        """Count one duration, which may be negative; `times` -1: it had been counted, and is no longer so."""
        self.leads += times
        if microseconds < 0:
            self.skewed += times
            microseconds = 0
        self.total_us += times * microseconds
        bucket = bucket_of(microseconds)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + times

    def merge(self, other: SpeedCounts) -> None:
        """Add all of it."""
        self.leads += other.leads
        self.total_us += other.total_us
        self.skewed += other.skewed
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count


@dataclass(slots=True)
class Increments:
    """What a batch of events adds."""

    funnel: dict[FunnelKey, FunnelCounts] = field(default_factory=dict)
    reasons: dict[ReasonKey, ReasonCounts] = field(default_factory=dict)
    speed: dict[SpeedKey, SpeedCounts] = field(default_factory=dict)


def project(events: Iterable[Event]) -> Increments:
    """What these events add to the read model, summed up.

    Raises:
        OverflowError: an event happened in no year of the calendar.
    """
    increments = Increments()
    speed: dict[tuple[str, datetime, str, str], dict[str, SpeedCounts]] = {}
    for event in events:
        hour = _hour(event.occurred_at // _HOUR_US)
        if isinstance(event, Transferred):
            _move(increments, event, hour)
            continue
        stages = speed.setdefault((event.buyer_id, hour, event.seller, event.source), {})
        _count(increments, event, hour)
        for stage, start, end in _durations(event.clock):
            if start is not None and end is not None and -_LONGEST_US <= end - start <= _LONGEST_US:
                counts = stages.get(stage)
                if counts is None:
                    counts = stages[stage] = SpeedCounts()
                counts.add(end - start)
    for where, stages in speed.items():
        increments.speed |= {SpeedKey(*where, stage): counts for stage, counts in stages.items()}
    return increments


def hour_of(instant: datetime) -> datetime:
    """The hour that an instant is in."""
    return instant.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=256)
def _hour(number: int) -> datetime:
    """The hour of that number since the epoch: the same object each time, so that keys compare quickly."""
    return _EPOCH + timedelta(hours=number)


def _count(increments: Increments, event: Decided, hour: datetime) -> None:
    where = (event.buyer_id, hour, event.seller, event.source, event.sub_source, event.order)
    counts = increments.funnel.setdefault(FunnelKey(*where, event.order_version, event.currency), FunnelCounts())
    counts.submitted += 1
    if event.accepted:
        counts.accepted += 1
        counts.charged += event.price_minor > 0
        counts.spend_minor += event.price_minor
    for code in event.reasons:
        key = ReasonKey(*where, code)
        increments.reasons.setdefault(key, ReasonCounts()).leads += 1


#: What each kind of transfer adds to, where it is in the seller's favour. An unknown one, of a later release, fails:
#: money is not left out in silence.
_COUNTED_AS: Mapping[str, tuple[str, int]] = {
    "credit": ("credited_minor", -1),
    "reversal": ("credited_minor", -1),
    "fee": ("fees_minor", 1),
    "adjustment": ("adjusted_minor", 1),
    "hold": ("held_minor", -1),
    "release": ("held_minor", -1),
}


def _move(increments: Increments, event: Transferred, hour: datetime) -> None:
    where = (event.buyer_id, hour, event.seller, event.source, event.sub_source, event.order)
    counts = increments.funnel.setdefault(FunnelKey(*where, event.order_version, event.currency), FunnelCounts())
    counted_as, sign = _COUNTED_AS[event.kind]
    amount = event.amount_minor if event.to_seller else -event.amount_minor
    setattr(counts, counted_as, getattr(counts, counted_as) + sign * amount)


def _durations(clock: ClockPoints) -> tuple[tuple[str, Instant | None, Instant | None], ...]:
    submitted, received, intake, validated, deduplicated, routed, decided = clock
    return (
        ("seller", submitted, received),
        ("gateway", received, intake),
        ("validation", intake, validated),
        ("dedup", validated, deduplicated),
        ("routing", deduplicated, routed),
        ("settlement", routed, decided),
        ("decision", received, decided),
    )
