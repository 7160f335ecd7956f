"""Time as it is agreed: every second, or only those in which a team is open. Pure.

A team's hours are wall-clock times of its zone. A line of its schedule opens and closes at the first instant at which
the clock shows the time or, where it skips it, at the skip. So lines that adjoin on the wall adjoin in time, in the
night of 25 hours as in the one of 23, and no second counts twice. A line over midnight belongs to the day on which it
opens; on a closed day no line opens.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from services.routing.holidays import ClosedDays
from services.routing.windows import Opening, openings
from shared.catalog.buying import Schedule

#: A calendar that does not reach an instant within so many days reaches it then: no lead waits unseen for ever.
HORIZON = timedelta(days=731)

_NOTHING = timedelta(0)
_ONE_DAY = timedelta(days=1)
_WHOLE_DAY = tuple(Opening(weekday, 0, 24 * 60) for weekday in range(7))
_KEPT_DAYS = 4096

Stretch = tuple[datetime, datetime]


class Calendar(Protocol):
    """A clock that may stand still. All instants are aware."""

    def business_time(self, start: datetime, end: datetime) -> timedelta:
        """What it counts from `start` to `end`; nothing where `end` is not after `start`."""
        ...

    def business_seconds(self, start: datetime, end: datetime) -> float:
        """The same in seconds, exact to the microsecond."""
        ...

    def due_at(self, start: datetime, seconds: float) -> datetime:
        """The earliest instant, UTC, at which it has counted `seconds` (0 or more) since `start`."""
        ...


class WallClock:
    """Counts every second."""

    def business_time(self, start: datetime, end: datetime) -> timedelta:
        """The time between; nothing where `end` is not after `start`."""
        return max(end.astimezone(UTC) - start.astimezone(UTC), _NOTHING)

    def business_seconds(self, start: datetime, end: datetime) -> float:
        """The seconds between."""
        return self.business_time(start, end).total_seconds()

    def due_at(self, start: datetime, seconds: float) -> datetime:
        """`seconds` later."""
        return start.astimezone(UTC) + timedelta(seconds=seconds)


class BusinessCalendar:
    """Counts the seconds in which a team is open.

    Its laws, which tests hold it to: time adds up over any instant between (`a..b` and `b..c` make `a..c`), and
    `due_at` is its inverse (`business_seconds(start, due_at(start, s)) == s`), the earliest one.
    """

    def __init__(self, zone: ZoneInfo, lines: Sequence[Opening], closed: Container[date] = ()) -> None:
        """`lines`: none: open at all hours of every day that is not `closed`."""
        self._zone = zone
        self._lines = sorted(lines or _WHOLE_DAY)
        self._closed = closed
        self._days: dict[date, tuple[Stretch, ...]] = {}

    def business_time(self, start: datetime, end: datetime) -> timedelta:
        """The open time from `start` to `end`."""
        total = _NOTHING
        for opens, closes in self._open_from(start, end):
            total += min(closes, end) - opens
        return total

    def business_seconds(self, start: datetime, end: datetime) -> float:
        """The open seconds from `start` to `end`."""
        return self.business_time(start, end).total_seconds()

    def due_at(self, start: datetime, seconds: float) -> datetime:
        """The earliest instant at which the team was open for `seconds` since `start`; `HORIZON` at the latest."""
        left = timedelta(seconds=seconds)
        if left <= _NOTHING:
            return start.astimezone(UTC)
        last = start.astimezone(UTC) + HORIZON
        for opens, closes in self._open_from(start, last):
            if closes - opens >= left:
                return min(opens + left, last)
            left -= closes - opens
        return last

    def is_open(self, at: datetime) -> bool:
        """True where this instant counts."""
        return any(self._open_from(at, at + timedelta(microseconds=1)))

    def _open_from(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Open stretches that begin before `end`, from `start` on, in order; none overlaps another."""
        if end <= start:
            return
        reached = start.astimezone(UTC)
        # A line of the evening before may still be open.
        day = start.astimezone(self._zone).date() - _ONE_DAY
        last = end.astimezone(self._zone).date()
        while day <= last:
            for opens, closes in self._stretches(day):
                opens = max(opens, reached)
                if opens >= end:
                    return
                if opens < closes:
                    yield opens, closes
                    reached = closes
            day += _ONE_DAY

    def _stretches(self, day: date) -> tuple[Stretch, ...]:
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.clear()
            found = self._days[day] = tuple(self._opened(day))
        return found

    def _opened(self, day: date) -> Iterator[Stretch]:
        if day in self._closed:
            return
        for line in self._lines:
            if line.weekday == day.weekday():
                over_midnight = line.closes <= line.opens
                closes = first_shown(day + _ONE_DAY if over_midnight else day, line.closes, self._zone)
                yield first_shown(day, line.opens, self._zone), closes


WALL: Calendar = WallClock()


@lru_cache(maxsize=256)
def calendar_of(schedule: Schedule, zone: str) -> BusinessCalendar:
    """A team's calendar; `zone`: whose clock it goes by where its schedule names none, the buyer's."""
    named = ZoneInfo(schedule.time_zone or zone)
    return BusinessCalendar(named, openings(schedule.hours), ClosedDays.of(schedule))


def first_shown(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The first instant, UTC, at which a zone's clock shows a minute (0 to 1440) of a day; if skipped, the skip."""
    shown = datetime.combine(day + _ONE_DAY if minute == 24 * 60 else day, time(minute // 60 % 24, minute % 60), zone)
    instant = shown.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return instant
    # The clock was put forward over it. Before the skip it ran by the offset of `fold=0`, after it by that of `fold=1`.
    before, after = shown.replace(fold=1).astimezone(UTC), instant
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
