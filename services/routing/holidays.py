"""Days on which an order does not open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache

from shared.catalog.buying import Schedule
from shared.catalog.words import HolidayCalendar

_SATURDAY, _SUNDAY = 5, 6
_MONDAY, _THURSDAY = 0, 3
_ONE_DAY = timedelta(days=1)


class ClosedDays:
    """The days on which a schedule's lines do not begin; a line that began the evening before runs to its end."""

    def __init__(self, calendar: HolidayCalendar = "none", named: Collection[date] = ()) -> None:
        self._federal = calendar == "us-federal"
        self._named = frozenset(named)

    @classmethod
    def of(cls, schedule: Schedule) -> ClosedDays:
        """Those of a schedule."""
        return cls(schedule.holidays, schedule.closed_on)

    def __bool__(self) -> bool:
        return self._federal or bool(self._named)

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        return day in self._named or (self._federal and day in federal_holidays(day.year))


@lru_cache(maxsize=64)
def federal_holidays(year: int) -> Mapping[date, str]:
    """The legal public holidays of the United States that fall into a year, by 5 U.S.C. 6103(a).

    One that falls on a Saturday is also kept on the Friday before (5 U.S.C. 6103(b)(1)), one on a Sunday also on the
    Monday after (Executive Order 11582); both days are in, so that New Year's Day may bring 31 December.
    Inauguration Day is kept in and around Washington only and is not in. Juneteenth: from 2021 on.
    """
    kept: dict[date, str] = {}
    for held_in in (year, year + 1):
        for day, name in _holidays(held_in):
            if day.weekday() == _SATURDAY:
                kept[day - _ONE_DAY] = name
            elif day.weekday() == _SUNDAY:
                kept[day + _ONE_DAY] = name
            kept[day] = name
    return {day: name for day, name in sorted(kept.items()) if day.year == year}


def _holidays(year: int) -> list[tuple[date, str]]:
    juneteenth = [(date(year, 6, 19), "Juneteenth National Independence Day")] if year >= 2021 else []
    return [
        (date(year, 1, 1), "New Year's Day"),
        (_nth(year, 1, _MONDAY, 3), "Birthday of Martin Luther King, Jr."),
        (_nth(year, 2, _MONDAY, 3), "Washington's Birthday"),
        (_last_monday_of_may(year), "Memorial Day"),
        *juneteenth,
        (date(year, 7, 4), "Independence Day"),
        (_nth(year, 9, _MONDAY, 1), "Labor Day"),
        (_nth(year, 10, _MONDAY, 2), "Columbus Day"),
        (date(year, 11, 11), "Veterans Day"),
        (_nth(year, 11, _THURSDAY, 4), "Thanksgiving Day"),
        (date(year, 12, 25), "Christmas Day"),
    ]


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())
