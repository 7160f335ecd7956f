"""Calendar windows and schedules, above all on the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.windows import is_open, openings, window_start
from shared.catalog.buying import DayHours
from shared.catalog.words import WindowKind

NEW_YORK = ZoneInfo("America/New_York")
# Half-hour offsets, a half-hour change of the clock, changes at midnight, a day that was left out.
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/New_York", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "America/Santiago",
        "Pacific/Apia", "Asia/Beirut",
    )
]  # fmt: skip
KINDS: list[WindowKind] = ["hour", "day", "week", "month", "total"]
INSTANTS = st.integers(800_000_000, 2_100_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "at", "starts"),
    [
        ("hour", "2026-11-22 14:59:59.999999", "2026-11-22 14:00"),
        ("day", "2026-11-22 04:59:59.999999", "2026-11-21 05:00"),
        ("day", "2026-11-22 05:00", "2026-11-22 05:00"),
        ("week", "2026-11-23 04:59", "2026-11-16 05:00"),
        ("week", "2026-11-23 05:00", "2026-11-23 05:00"),
        ("month", "2026-12-01 04:59", "2026-11-01 04:00"),
        ("month", "2026-12-01 05:00", "2026-12-01 05:00"),
        ("total", "2026-11-22 14:00", "1970-01-01 00:00"),
    ],
)
def test_windows_begin_by_the_wall_clock_of_the_zone(kind: WindowKind, at: str, starts: str) -> None:
    assert window_start(kind, utc(at), NEW_YORK) == utc(starts)


def test_the_day_of_the_spring_change_has_23_hours_and_that_of_autumn_25() -> None:
    def length(noon: str) -> timedelta:
        at = utc(noon)
        return window_start("day", at + timedelta(days=1), NEW_YORK) - window_start("day", at, NEW_YORK)

    assert length("2026-03-08 16:00") == timedelta(hours=23)
    assert length("2026-11-01 16:00") == timedelta(hours=25)
    assert length("2026-11-22 16:00") == timedelta(hours=24)


def test_the_hour_that_is_repeated_in_autumn_is_another_hour() -> None:
    first, second = utc("2026-11-01 05:30"), utc("2026-11-01 06:30")
    assert first.astimezone(NEW_YORK).hour == second.astimezone(NEW_YORK).hour == 1
    assert window_start("hour", first, NEW_YORK) == utc("2026-11-01 05:00")
    assert window_start("hour", second, NEW_YORK) == utc("2026-11-01 06:00")


def test_a_day_without_midnight_begins_when_the_clock_skips_it() -> None:
    # In Havana, 2026-03-08 00:00 is followed by 01:00.
    zone = ZoneInfo("America/Havana")
    assert window_start("day", utc("2026-03-08 12:00"), zone) == utc("2026-03-08 05:00")
    assert window_start("day", utc("2026-03-08 04:59"), zone) == utc("2026-03-07 05:00")


def test_a_day_with_two_midnights_begins_at_the_first() -> None:
    # In Havana, 2026-11-01 00:59 is followed by 00:00.
    zone = ZoneInfo("America/Havana")
    assert window_start("day", utc("2026-11-01 05:30"), zone) == utc("2026-11-01 04:00")


@given(st.sampled_from(KINDS), INSTANTS, st.sampled_from(ZONES))
def test_every_instant_lies_in_the_window_that_holds_it(kind: WindowKind, at: datetime, zone: ZoneInfo) -> None:
    starts = window_start(kind, at, zone)
    longest = {"hour": 1.5, "day": 26, "week": 170, "month": 746, "total": 10**9}[kind]
    assert starts <= at < starts + timedelta(hours=longest) if kind != "total" else starts <= at
    assert window_start(kind, starts, zone) == starts


@given(st.sampled_from(KINDS), INSTANTS, st.integers(0, 10**6), st.sampled_from(ZONES))
def test_time_never_goes_back_to_an_earlier_window(kind: WindowKind, at: datetime, later: int, zone: ZoneInfo) -> None:
    assert window_start(kind, at, zone) <= window_start(kind, at + timedelta(seconds=later), zone)


HOURS = openings(
    [
        DayHours(day="mon", opens="09:00", closes="12:00"),
        DayHours(day="mon", opens="13:30", closes="24:00"),
        DayHours(day="sat", opens="22:00", closes="02:00"),
        DayHours(day="sun", opens="20:00", closes="06:00"),
    ]
)


@pytest.mark.parametrize(
    ("local", "open_"),
    [
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 09:00:00", True),
        ("2026-11-23 11:59:59", True),
        ("2026-11-23 12:00:00", False),
        ("2026-11-23 13:30:00", True),
        ("2026-11-23 23:59:59", True),
        ("2026-11-24 00:00:00", False),
        ("2026-11-21 21:59:59", False),
        ("2026-11-21 22:00:00", True),
        ("2026-11-22 01:59:59", True),
        ("2026-11-22 02:00:00", False),
        # Sunday evening runs into Monday, over the end of the week.
        ("2026-11-23 05:59:59", True),
        ("2026-11-23 06:00:00", False),
        # Saturday's night belongs to Saturday: Saturday morning is closed.
        ("2026-11-21 01:00:00", False),
    ],
)
def test_a_schedule_opens_and_closes_on_the_second(local: str, open_: bool) -> None:
    assert is_open(HOURS, datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)) is open_


def test_no_hours_means_always() -> None:
    assert is_open((), datetime(2026, 11, 22, tzinfo=NEW_YORK))


def test_a_schedule_follows_the_wall_clock_through_the_change() -> None:
    nine = openings([DayHours(day="sun", opens="09:00", closes="10:00")])
    for instant, open_ in (
        ("2026-10-25 13:00", True),
        ("2026-11-01 13:00", False),
        ("2026-11-01 14:00", True),
        ("2026-11-08 14:00", True),
    ):
        assert is_open(nine, utc(instant).astimezone(NEW_YORK)) is open_
