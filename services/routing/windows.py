"""Calendar arithmetic: when a capacity window begins, and whether an order buys at an instant.

Days, weeks and months begin at midnight by the wall clock of a time zone, so a day may last 23 or 25 hours. Where the
clock skips midnight, the day begins at the instant of the skip; where it shows midnight twice, at the first.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.catalog.buying import DayHours
from shared.catalog.words import WindowKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_DAY = timedelta(days=1)
_LOOK_AHEAD_DAYS = 366
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Opening(NamedTuple):
    """One line of a schedule. Minutes of the day; `closes` not after `opens`: on the next day."""

    #: 0 is Monday.
    weekday: int
    opens: int
    closes: int


def window_start(kind: WindowKind, at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, of the window that holds `at`; a week begins on Monday, `total` at the epoch."""
    if kind == "total":
        return EPOCH
    local = at.astimezone(zone)
    if kind == "hour":
        # Keeps `fold`: the hour that is repeated in autumn is another hour.
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day = local.date()
    if kind == "week":
        day -= timedelta(days=day.weekday())
    elif kind == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def openings(hours: Sequence[DayHours]) -> tuple[Opening, ...]:
    """A schedule's lines as numbers."""
    return tuple(Opening(_DAYS.index(line.day), _minutes(line.opens), _minutes(line.closes)) for line in hours)


def is_open(lines: Sequence[Opening], local: datetime, closed: Container[date] = ()) -> bool:
    """True where a schedule holds the wall-clock time `local`: from `opens` on, until before `closes`.

    No lines: always. A line over midnight belongs to the day on which it opens, and no line opens on a `closed` day.
    """
    today, minute = local.date(), local.hour * 60 + local.minute
    if not lines:
        return today not in closed
    weekday = today.weekday()
    yesterday = (weekday - 1) % 7
    for line in lines:
        over_midnight = line.closes <= line.opens
        began_today = line.weekday == weekday and line.opens <= minute and (over_midnight or minute < line.closes)
        began_yesterday = over_midnight and line.weekday == yesterday and minute < line.closes
        if (began_today and today not in closed) or (began_yesterday and today - _ONE_DAY not in closed):
            return True
    return False


def next_opening(lines: Sequence[Opening], local: datetime, closed: Container[date] = ()) -> datetime | None:
    """The next instant after `local`, in its zone, at which a schedule opens; None: not within a year."""
    today = local.date()
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        if day in closed:
            continue
        for minute in _opening_minutes(lines, day.weekday()):
            opens = datetime.combine(day, time(minute // 60, minute % 60), local.tzinfo)
            if opens.astimezone(UTC) > local.astimezone(UTC) and is_open(lines, opens, closed):
                return opens
    return None


def _opening_minutes(lines: Sequence[Opening], weekday: int) -> Iterable[int]:
    return sorted({line.opens for line in lines if line.weekday == weekday}) if lines else (0,)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
