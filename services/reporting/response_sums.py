"""Sums over leads, by everything that a report may ask for. Pure.

- `response`: by hour, day and month of the purchase, once by where leads came from and once by who answers for them.
- `heat`: by hour, once for each thing that a heat map may be narrowed to; a year of it is 8,760 sums, whatever the
  number of sellers and agents.
- `hold_out`: by hour, day and month, order and arm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from services.reporting.periods import SPANS, Span, floor
from services.reporting.projector import SpeedCounts, SpeedKey
from services.reporting.response import HOUR_US, Counted, Timed, counted, stages, unchanged
from services.reporting.sketch import bucket_of, coarse
from services.reporting.story import Story

K = TypeVar("K")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: What is summed in the heat map.
HEAT_NUMBERS = (
    "leads", "held_back", "attempted", "contacted", "attempts", "contacts", "wall_5", "wall_15", "wall_60",
    "wall_more",
)  # fmt: skip
HELD_NUMBERS = ("leads", "attempted", "contacted", "converted")

Side = Literal["origin", "holder"]
Facet = Literal["all", "seller", "source", "order", "team", "agent"]
FACETS: tuple[Facet, ...] = ("all", "seller", "source", "order", "team", "agent")


class ResponseKey(NamedTuple):
    """`origin` is summed by seller, source, order and team; `holder` by team and agent, the rest empty."""

    buyer_id: str
    side: Side
    span: Span
    starts_at: datetime
    seller: str
    source: str
    order: str
    team: str
    agent: str


class HeatKey(NamedTuple):
    """Names that the facet does not have are empty."""

    buyer_id: str
    facet: Facet
    hour: datetime
    seller: str
    source: str
    order: str
    team: str
    agent: str


class HeldKey(NamedTuple):
    """What a hold-out is counted by."""

    buyer_id: str
    span: Span
    starts_at: datetime
    order: str
    delay_seconds: int
    arm: str


@dataclass(slots=True)
class Sums:
    """Numbers by name, and for each clock how many durations fell into which bucket. Either may be below 0."""

    numbers: dict[str, int] = field(default_factory=dict)
    times: dict[Timed, dict[int, int]] = field(default_factory=dict)

    def add(self, other: Sums) -> None:
        """Add all of it."""
        for name, number in other.numbers.items():
            self.numbers[name] = self.numbers.get(name, 0) + number
        for clock, buckets in other.times.items():
            own = self.times.setdefault(clock, {})
            for bucket, count in buckets.items():
                own[bucket] = own.get(bucket, 0) + count

    @property
    def empty(self) -> bool:
        """Nothing is left of it."""
        return not any(self.numbers.values()) and not any(any(held.values()) for held in self.times.values())


class _Group(NamedTuple):
    """Leads that every report counts together."""

    buyer_id: str
    hour: int
    seller: str
    source: str
    order: str
    team: str
    holder_team: str
    agent: str


@dataclass(slots=True)
class ResponseSums:
    """What a batch of grown stories adds, and takes off."""

    _leads: dict[_Group, Sums] = field(default_factory=dict)
    _tried: dict[_Group, Sums] = field(default_factory=dict)
    _held: dict[tuple[str, int, str, int, str], Sums] = field(default_factory=dict)
    _speed: dict[tuple[str, int, str, str], dict[str, SpeedCounts]] = field(default_factory=dict)

    def change(self, buyer_id: str, before: Story | None, after: Story) -> None:
        """One lead's story was `before` until now, None for not known, and is `after` from now on."""
        self._time(buyer_id, before, after)
        if before is not None and unchanged(before, after):
            return
        was, becomes = counted(before), counted(after)
        if was == becomes:
            return
        if was is not None:
            self._count(buyer_id, was, -1)
        if becomes is not None:
            self._count(buyer_id, becomes, 1)

    def response(self) -> dict[ResponseKey, Sums]:
        """Sums of `reporting.response`."""
        return _summed((key, sums) for group, sums in self._leads.items() for key in _response_keys(group))

    def heat(self) -> dict[HeatKey, Sums]:
        """Sums of `reporting.heat`."""
        both = (
            *((group, _for_heat(sums)) for group, sums in self._leads.items()),
            *self._tried.items(),
        )
        return _summed((key, sums) for group, sums in both for key in _heat_keys(group))

    def held(self) -> dict[HeldKey, Sums]:
        """Sums of `reporting.hold_out`."""
        return _summed(
            (HeldKey(buyer_id, span, floor(hour_at(hour), span), order, delay, arm), sums)
            for (buyer_id, hour, order, delay, arm), sums in self._held.items()
            for span in SPANS
        )

    def speed(self) -> dict[SpeedKey, SpeedCounts]:
        """Sums of `reporting.speed`; what came to nothing is left out."""
        return {
            SpeedKey(buyer_id, hour_at(hour), seller, source, stage): counts
            for (buyer_id, hour, seller, source), by_stage in self._speed.items()
            for stage, counts in by_stage.items()
            if counts.total_us or counts.skewed or any(counts.buckets.values())
        }

    def _count(self, buyer_id: str, lead: Counted, sign: int) -> None:
        origin = (buyer_id, lead.hour, lead.seller, lead.source, lead.order)
        sums = self._leads.setdefault(_Group(*origin, lead.team, *lead.holder), Sums())
        times = {clock: {bucket_of(microseconds): sign} for clock, microseconds in lead.times}
        for name, number in lead.numbers:
            sums.numbers[name] = sums.numbers.get(name, 0) + sign * number
        if times:
            sums.add(Sums({}, times))
        for hour, team, agent, live in lead.tried:
            group = _Group(buyer_id, hour, lead.seller, lead.source, lead.order, team, team, agent)
            self._tried.setdefault(group, Sums()).add(Sums({"attempts": sign, "contacts": sign * live}))
        if lead.held is not None:
            arm, delay, attempted, contacted, converted = lead.held
            key = (buyer_id, lead.hour, lead.order, delay, arm)
            counts = zip(HELD_NUMBERS, (True, attempted, contacted, converted), strict=True)
            self._held.setdefault(key, Sums()).add(Sums({name: sign * happened for name, happened in counts}))

    def _time(self, buyer_id: str, before: Story | None, after: Story) -> None:
        (group_before, was), (group, becomes) = _speed(before), _speed(after)
        if group_before == group:
            # A stage is told once and seldom told otherwise: most of what was is what is.
            was, becomes = [one for one in was if one not in becomes], [one for one in becomes if one not in was]
        for where, taken, sign in ((group_before, was, -1), (group, becomes, 1)):
            for stage, microseconds in taken:
                counts = self._speed.setdefault((buyer_id, *where), {})
                counts.setdefault(stage, SpeedCounts()).add(microseconds, sign)


def _speed(story: Story | None) -> tuple[tuple[int, str, str], list[tuple[str, int]]]:
    """Hour, seller and source that a story's stages are counted by, and the stages."""
    if story is None or story.decided is None:
        return (0, "", ""), []
    return (story.decided // HOUR_US, story.seller, story.source), stages(story)


@lru_cache(maxsize=1024)
def hour_at(number: int) -> datetime:
    """The hour of that number since 1970, UTC."""
    return _EPOCH + timedelta(hours=number)


def _summed(rows: Iterable[tuple[K, Sums]]) -> dict[K, Sums]:
    summed: dict[K, Sums] = {}
    for key, sums in rows:
        held = summed.get(key)
        if held is None:
            held = summed[key] = Sums()
        held.add(sums)
    return {key: sums for key, sums in summed.items() if not sums.empty}


def _response_keys(group: _Group) -> Iterator[ResponseKey]:
    hour = hour_at(group.hour)
    origin = (group.seller, group.source, group.order, group.team, "")
    for span in SPANS:
        starts_at = floor(hour, span)
        yield ResponseKey(group.buyer_id, "origin", span, starts_at, *origin)
        yield ResponseKey(group.buyer_id, "holder", span, starts_at, "", "", "", group.holder_team, group.agent)


def _heat_keys(group: _Group) -> Iterator[HeatKey]:
    names: dict[Facet, tuple[str, str, str, str, str]] = {
        "all": ("", "", "", "", ""),
        "seller": (group.seller, "", "", "", ""),
        "source": (group.seller, group.source, "", "", ""),
        "order": ("", "", group.order, "", ""),
        "team": ("", "", "", group.team, ""),
        "agent": ("", "", "", group.holder_team, group.agent),
    }
    for facet in FACETS:
        yield HeatKey(group.buyer_id, facet, hour_at(group.hour), *names[facet])


def _for_heat(sums: Sums) -> Sums:
    numbers = {name: number for name, number in sums.numbers.items() if name in HEAT_NUMBERS}
    buckets: dict[int, int] = {}
    for bucket, count in sums.times.get("attempt", {}).items():
        buckets[coarse(bucket)] = buckets.get(coarse(bucket), 0) + count
    return Sums(numbers, {"attempt": buckets} if buckets else {})
