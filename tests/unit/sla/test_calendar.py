"""Business time: laws, nights on which the clocks change, holidays and the days that are kept for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.sla.calendar import HORIZON, WALL, BusinessCalendar, calendar_of, first_shown
from services.routing.windows import Opening, is_open
from shared.catalog.buying import DayHours, Schedule
from shared.catalog.words import HolidayCalendar, Weekday

NEW_YORK = ZoneInfo("America/New_York")
# Half-hour offsets, a half-hour change of the clock, changes at midnight, a day that was left out.
ZONES = [
    ZoneInfo(name)
    for name in ("America/New_York", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia")
]
INSTANTS = st.integers(1_000_000_000, 2_100_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
#: Around nights on which some zone's clock changes.
NIGHTS = st.builds(
    lambda day, minutes: datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes),
    st.sampled_from([date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4), date(2011, 12, 29)]),
    st.integers(-1440, 2880),
)
SECONDS = st.floats(0, 500_000, allow_nan=False).map(lambda seconds: round(seconds, 6))
LINES = st.lists(st.builds(Opening, st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)), max_size=8)
CLOSED = st.sets(st.integers(-3, 12).map(lambda days: date(2026, 3, 8) + timedelta(days=days)), max_size=3)
CALENDARS = st.builds(BusinessCalendar, st.sampled_from(ZONES), LINES, CLOSED)
OFFICE: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


def office(
    holidays: HolidayCalendar = "none", closed_on: tuple[date, ...] = (), opens: str = "09:00", closes: str = "17:00"
) -> BusinessCalendar:
    hours = tuple(DayHours(day=day, opens=opens, closes=closes) for day in OFFICE)
    return calendar_of(Schedule(hours=hours, holidays=holidays, closed_on=closed_on), "America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@given(CALENDARS, st.lists(INSTANTS | NIGHTS, min_size=3, max_size=3))
def test_time_adds_up(calendar: BusinessCalendar, instants: list[datetime]) -> None:
    a, b, c = sorted(instants, key=lambda at: at.timestamp())
    if c - a > timedelta(days=400):
        c = min(c, a + timedelta(days=400))
        b = min(b, c)
    assert calendar.business_time(a, b) + calendar.business_time(b, c) == calendar.business_time(a, c)
    assert timedelta(0) <= calendar.business_time(a, c) <= c - a


@given(CALENDARS, INSTANTS | NIGHTS, SECONDS)
def test_due_at_is_the_inverse_and_the_earliest_one(
    calendar: BusinessCalendar, start: datetime, seconds: float
) -> None:
    due_at = calendar.due_at(start, seconds)
    if due_at == start + HORIZON:
        assert calendar.business_seconds(start, due_at) <= seconds
        return
    assert calendar.business_seconds(start, due_at) == seconds
    if seconds:
        assert calendar.business_seconds(start, due_at - timedelta(microseconds=1)) < seconds


@given(CALENDARS, NIGHTS, st.timedeltas(timedelta(0), timedelta(days=4)))
def test_nothing_runs_backwards(calendar: BusinessCalendar, start: datetime, length: timedelta) -> None:
    end = start + length
    assert calendar.due_at(start, calendar.business_seconds(start, end)) <= end
    assert calendar.business_time(end, start) == timedelta(0)


@given(st.sampled_from(ZONES), LINES.filter(bool), CLOSED, INSTANTS)
def test_it_is_open_when_the_schedule_says_so_on_days_without_a_change_of_the_clock(
    zone: ZoneInfo, lines: list[Opening], closed: set[date], at: datetime
) -> None:
    shown = at.astimezone(zone)
    if len({(at + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-48, 49, 6)}) == 1:
        assert BusinessCalendar(zone, lines, closed).is_open(at) == is_open(lines, shown, closed)


def test_hours_count_and_nights_and_weekends_do_not() -> None:
    friday, monday = local("2026-11-20 16:58"), local("2026-11-23 09:03")
    assert office().business_seconds(friday, monday) == 5 * 60
    assert office().due_at(friday, 300) == monday
    assert office().due_at(friday, 120) == local("2026-11-20 17:00")
    assert office().due_at(local("2026-11-21 12:00"), 1) == local("2026-11-23 09:00:01")


def test_the_night_of_25_hours_is_one_hour_longer_for_those_who_work_through_it() -> None:
    night = calendar_of(Schedule(hours=(DayHours(day="sat", opens="22:00", closes="06:00"),)), "America/New_York")
    assert night.business_seconds(local("2026-10-31 12:00"), local("2026-11-01 12:00")) == 9 * 3600
    assert night.business_seconds(local("2026-03-07 12:00"), local("2026-03-08 12:00")) == 7 * 3600
    assert night.due_at(local("2026-10-31 22:00"), 4 * 3600) == utc("2026-11-01 06:00")  # 01:00, the second time
    assert night.due_at(local("2026-03-07 22:00"), 4 * 3600) == utc("2026-03-08 07:00")  # 03:00, where 02:00 should be


def test_a_line_that_ends_in_the_repeated_hour_ends_the_first_time_and_the_next_goes_on_there() -> None:
    late = BusinessCalendar(NEW_YORK, [Opening(5, 22 * 60, 90)])
    early = BusinessCalendar(NEW_YORK, [Opening(6, 90, 360)])
    both = BusinessCalendar(NEW_YORK, [Opening(5, 22 * 60, 90), Opening(6, 90, 360)])
    start, end = local("2026-10-31 12:00"), local("2026-11-01 12:00")
    assert late.business_seconds(start, end) == 3.5 * 3600
    assert early.business_seconds(start, end) == 5.5 * 3600
    assert both.business_seconds(start, end) == 9 * 3600


@pytest.mark.parametrize(
    ("day", "minute", "zone", "instant"),
    [
        (date(2026, 3, 8), 150, "America/New_York", "2026-03-08 07:00"),
        (date(2026, 11, 1), 90, "America/New_York", "2026-11-01 05:30"),
        (date(2026, 11, 1), 1440, "America/New_York", "2026-11-02 05:00"),
        (date(2026, 10, 4), 140, "Australia/Lord_Howe", "2026-10-03 15:30"),
        (date(2011, 12, 30), 600, "Pacific/Apia", "2011-12-30 10:00"),
    ],
)
def test_a_time_that_is_shown_twice_is_the_first_and_one_that_is_skipped_is_the_skip(
    day: date, minute: int, zone: str, instant: str
) -> None:
    assert first_shown(day, minute, ZoneInfo(zone)) == utc(instant)


@pytest.mark.parametrize(
    ("closed", "opens_again"),
    [
        ("2026-07-03 10:00", "2026-07-06 09:05"),  # Independence Day is a Saturday: kept on Friday
        ("2027-07-05 10:00", "2027-07-06 09:05"),  # and a Sunday: kept on Monday
        ("2026-11-26 10:00", "2026-11-27 09:05"),  # Thanksgiving
        ("2027-12-31 10:00", "2028-01-03 09:05"),  # next year's New Year's Day, a Saturday
    ],
)
def test_federal_holidays_do_not_count_nor_do_the_days_kept_for_them(closed: str, opens_again: str) -> None:
    assert office("us-federal").due_at(local(closed), 300) == local(opens_again)
    assert office().due_at(local(closed), 300) == local(closed) + timedelta(minutes=5)


def test_days_that_the_team_names_do_not_count_and_a_night_that_began_before_runs_to_its_end() -> None:
    party = date(2026, 12, 18)
    assert office(closed_on=(party,)).business_seconds(local("2026-12-18 00:00"), local("2026-12-19 00:00")) == 0
    night = office(closed_on=(party,), opens="20:00", closes="04:00")
    assert night.business_seconds(local("2026-12-17 12:00"), local("2026-12-20 00:00")) == 8 * 3600


def test_a_calendar_that_hardly_ever_opens_is_due_in_the_end() -> None:
    never = BusinessCalendar(NEW_YORK, [], frozenset(date(2026, 1, 1) + timedelta(days=days) for days in range(2000)))
    start = utc("2026-11-22 10:00")
    assert never.due_at(start, 60) == start + HORIZON


def test_on_the_wall_every_second_counts() -> None:
    assert WALL.due_at(local("2026-10-31 23:00"), 7200) == utc("2026-11-01 05:00")
    assert WALL.business_seconds(local("2026-10-31 23:00"), local("2026-11-01 03:00")) == 5 * 3600
