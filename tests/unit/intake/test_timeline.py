"""Which revision is in force when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.catalog.timeline import Dated, in_force, timeline

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def at(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def test_the_newest_revision_whose_instant_has_come_is_in_force() -> None:
    line = timeline([Dated(1, at(0)), Dated(2, at(5)), Dated(3, at(9))], at(0))
    assert [in_force(line, at(hour)).revision for hour in (-1, 0, 4, 5, 8, 9, 99)] == [1, 1, 1, 2, 2, 3, 3]
    assert in_force(line, at(5) - timedelta(microseconds=1)).revision == 1


def test_a_waiting_revision_gives_way_to_a_newer_one_that_comes_first() -> None:
    line = timeline([Dated(1, at(0)), Dated(2, at(5)), Dated(3, at(2))], at(0))
    assert [dated.revision for dated in line] == [1, 3]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12), st.integers(0, 20), st.integers(0, 20))
def test_a_timeline_says_what_the_definition_says(hours: list[int], since: int, later: int) -> None:
    revisions = [Dated(number, at(hour)) for number, hour in enumerate(hours, 1)]
    instant = at(since + later)
    begun = [dated for dated in revisions if dated.effective_at <= instant]
    if begun:
        assert in_force(timeline(revisions, at(since)), instant) == max(begun)
