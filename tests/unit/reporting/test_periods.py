"""A period is put together from months, days and hours without a gap and without counting an hour twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.periods import Window, ceiling, floor, windows

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_hours = st.integers(0, 24 * 800).map(lambda hours: _FIRST + timedelta(hours=hours))


@given(_hours, _hours)
def test_windows_cover_a_period_exactly_once(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    reached = start
    for window in sorted(windows(start, end), key=lambda window: window.start or _FIRST):
        assert window.start == reached
        assert window.end is not None
        assert floor(reached, window.span) == reached, "a sum is of a whole span"
        assert floor(window.end, window.span) == window.end
        reached = window.end
    assert reached == end


def test_a_year_is_read_in_months() -> None:
    assert windows(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)) == [
        Window("month", datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    ]


def test_all_time_is_one_window() -> None:
    assert windows(None, None) == [Window("month", None, None)]


def test_an_open_beginning_is_read_in_months_up_to_the_last_whole_one() -> None:
    end = datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert windows(None, end) == [
        Window("month", None, datetime(2026, 3, 1, tzinfo=UTC)),
        Window("day", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        Window("hour", datetime(2026, 3, 2, tzinfo=UTC), end),
    ]


def test_a_period_that_ends_before_it_starts_is_empty() -> None:
    assert windows(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)) == []


def test_the_end_of_a_year_is_followed_by_the_next() -> None:
    assert ceiling(datetime(2025, 12, 5, 3, tzinfo=UTC), "month") == datetime(2026, 1, 1, tzinfo=UTC)
