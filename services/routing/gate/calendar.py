"""Holidays by the law of a state, worked out from what `rules/holidays.yaml` says of them. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "mon tue wed thu fri sat sun".split()
_COUNTS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_SATURDAY, _SUNDAY = 5, 6


class Day(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One holiday: exactly one of the ways to name a day."""

    name: str
    #: Month and day, `07-04`.
    month_day: str = msgspec.field(default="", name="date")
    #: Such as `third mon jan` or `last mon may`.
    nth: str = ""
    #: Days to add to `nth`.
    plus: int = 0
    #: Days after Easter Sunday; None: not counted so.
    easter: int | None = None
    #: The Tuesday after the first Monday of November, every year or in even ones.
    election: Literal["", "every", "even"] = ""
    #: Kept on the Monday of the week of this month and day, or after it where that is a weekend (Utah's Juneteenth).
    monday_near: str = ""


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A state's holidays, and what becomes of one that falls on a weekend: it is kept on both days."""

    id: str
    sunday: Literal["none", "after"]
    saturday: Literal["none", "before"]
    citation: str
    source: str
    days: tuple[Day, ...]

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _kept(self, day.year)


@lru_cache(maxsize=512)
def _kept(calendar: Calendar, year: int) -> frozenset[date]:
    # A holiday of the next year's first day may be kept on the last one of this.
    found = {
        kept
        for held_in in (year - 1, year, year + 1)
        for holiday in calendar.days
        if (day := day_of(holiday, held_in)) is not None
        for kept in _with_shift(calendar, day)
    }
    return frozenset(day for day in found if day.year == year)


def _with_shift(calendar: Calendar, day: date) -> tuple[date, ...]:
    if day.weekday() == _SUNDAY and calendar.sunday == "after":
        return day, day + timedelta(days=1)
    if day.weekday() == _SATURDAY and calendar.saturday == "before":
        return day, day - timedelta(days=1)
    return (day,)


def day_of(holiday: Day, year: int) -> date | None:
    """The day on which a holiday falls; None: not in this year.

    Raises:
        ValueError: it names no day, or several.
    """
    ways = [bool(holiday.month_day), bool(holiday.nth), holiday.easter is not None, bool(holiday.election)]
    if sum([*ways, bool(holiday.monday_near)]) != 1:
        raise ValueError(f"{holiday.name}: expected one way to name its day")
    if holiday.month_day:
        return _month_day(holiday.month_day, year)
    if holiday.nth:
        return _nth(holiday.nth, year) + timedelta(days=holiday.plus)
    if holiday.easter is not None:
        return easter(year) + timedelta(days=holiday.easter)
    if holiday.election:
        return None if holiday.election == "even" and year % 2 else _nth("first mon nov", year) + timedelta(days=1)
    day = _month_day(holiday.monday_near, year)
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= _SATURDAY else -day.weekday())


def _month_day(text: str, year: int) -> date:
    month, day = text.split("-")
    return date(year, int(month), int(day))


def _nth(text: str, year: int) -> date:
    count, weekday, month_name = text.split()
    month, wanted = _MONTHS.index(month_name) + 1, _WEEKDAYS.index(weekday)
    if count == "last":
        last = (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - wanted) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(wanted - first.weekday()) % 7 + 7 * (_COUNTS[count] - 1))


def easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Butcher's algorithm, Nature 13, 487, 1876)."""
    golden, century, place = year % 19, year // 100, year % 100
    skipped, corrected = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - skipped - shift + 15) % 30
    leap, rest = divmod(place, 4)
    weekday = (32 + 2 * corrected + 2 * leap - epact - rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
