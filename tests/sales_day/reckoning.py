"""The day's report as somebody with the logs and a pocket calculator would make it.

It imports nothing of the system: opening hours stand here as instants that were looked up by hand (08:00 to 20:00 in
New York, UTC-5, and in Los Angeles, UTC-8, on Monday, 23 November 2026, and the morning after), agreements as numbers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

_OPEN: dict[str, list[tuple[str, str]]] = {
    "east": [("2026-11-23T13:00", "2026-11-24T01:00"), ("2026-11-24T13:00", "2026-11-25T01:00")],
    "west": [("2026-11-23T16:00", "2026-11-24T04:00"), ("2026-11-24T16:00", "2026-11-25T04:00")],
    "rescue": [("2026-11-01T00:00", "2026-12-01T00:00")],
}
_AGREED_SECONDS = {"east": 300, "west": 600, "rescue": 900}


@dataclass(frozen=True, kw_only=True)
class Bought:
    """What the log says of a lead."""

    lead_id: UUID
    order: str
    team: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Dialled:
    """What the log says of a call that an agent began."""

    lead_id: UUID
    agent: str
    at: datetime


@dataclass(frozen=True)
class Line:
    """One line of the report."""

    key: str
    clocks: int
    met: int
    late: int
    never: int
    running: int
    agreed: tuple[int, int, int, int]
    wall: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """One lead's clock."""

    lead: Bought
    first: Dialled | None
    agreed: int | None
    wall: int | None
    standing: str


def open_microseconds(team: str, start: datetime, end: datetime) -> int:
    """Microseconds between two instants in which a team is open."""
    microseconds = 0
    for opens, closes in _OPEN[team]:
        begins = max(start, datetime.fromisoformat(opens).replace(tzinfo=UTC))
        stops = min(end, datetime.fromisoformat(closes).replace(tzinfo=UTC))
        if stops > begins:
            microseconds += (stops - begins) // timedelta(microseconds=1)
    return microseconds


def has_run_out(lead: Bought, at: datetime) -> bool:
    """True where an attempt at this instant would be late."""
    return open_microseconds(lead.team, lead.at, at) > _AGREED_SECONDS[lead.team] * 1_000_000


def reckon(leads: Iterable[Bought], calls: Iterable[Dialled], now: datetime) -> list[Reckoned]:
    """Every clock, by the first call that anybody made."""
    first: dict[UUID, Dialled] = {}
    for call in calls:
        known = first.get(call.lead_id)
        if known is None or call.at < known.at:
            first[call.lead_id] = call
    return [_reckoned(lead, first.get(lead.lead_id), now) for lead in leads]


def report(clocks: Sequence[Reckoned], key: Callable[[Reckoned], str]) -> list[Line]:
    """Lines by a key, in its order."""
    groups: dict[str, list[Reckoned]] = defaultdict(list)
    for one in clocks:
        groups[key(one)].append(one)
    return [_line(name, group) for name, group in sorted(groups.items())]


def _reckoned(lead: Bought, first: Dialled | None, now: datetime) -> Reckoned:
    if first is None:
        standing = "never" if has_run_out(lead, now) else "running"
        return Reckoned(lead=lead, first=None, agreed=None, wall=None, standing=standing)
    agreed = open_microseconds(lead.team, lead.at, first.at) // 1000
    wall = (first.at - lead.at) // timedelta(milliseconds=1)
    standing = "late" if has_run_out(lead, first.at) else "met"
    return Reckoned(lead=lead, first=first, agreed=agreed, wall=wall, standing=standing)


def _line(name: str, group: Sequence[Reckoned]) -> Line:
    counts = {word: sum(one.standing == word for one in group) for word in ("met", "late", "never", "running")}
    agreed = sorted(one.agreed for one in group if one.agreed is not None)
    wall = sorted(one.wall for one in group if one.wall is not None)
    return Line(name, len(group), **counts, agreed=_percentiles(agreed), wall=_percentiles(wall))


def _percentiles(ordered: Sequence[int]) -> tuple[int, int, int, int]:
    """Nearest rank: of n values, the ceil(p * n)-th."""
    if not ordered:
        return (0, 0, 0, 0)
    ranks = [max(1, math.ceil(len(ordered) * hundredths / 100)) for hundredths in (50, 90, 99, 100)]
    half, most, nearly, longest = (ordered[rank - 1] for rank in ranks)
    return half, most, nearly, longest
