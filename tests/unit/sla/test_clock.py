"""What a clock passes, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.sla.calendar import WALL, calendar_of
from services.routing.sla.clock import Attempt, RunningClock, Standing, advance
from shared.catalog.buying import DayHours, Schedule
from shared.catalog.sales import DEFAULT_SECONDS, Sla
from shared.catalog.terms import FollowUp
from tests.unit.sla.samples import NOW, attempt, started

ESCALATED = Sla(seconds=300, escalate_to="rescue", reassign=True)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_lead_that_nobody_calls_is_reminded_of_then_told_and_then_left() -> None:
    clock = RunningClock(start=started(ESCALATED))
    first = advance(clock, after(239), WALL)
    assert (first.points, first.next_at) == ((), after(240))
    reminder = advance(first.clock, after(241), WALL)
    assert (reminder.points, reminder.next_at) == (("reminder",), after(300))
    again = advance(reminder.clock, after(300), WALL)
    assert again.points == ()
    breach = advance(again.clock, after(301), WALL)
    assert (breach.points, breach.next_at, breach.reassigns) == (("breach", "escalated"), None, True)
    assert advance(breach.clock, after(9000), WALL).points == ()
    assert breach.clock.standing(after(301)) == "never"


def test_a_look_that_comes_too_late_reminds_of_nothing() -> None:
    assert advance(RunningClock(start=started()), after(301), WALL).points == ("breach",)


def test_an_attempt_in_time_ends_it_and_one_at_the_last_instant_is_in_time() -> None:
    met = advance(RunningClock(start=started(), attempt=attempt(300)), after(400), WALL)
    assert (met.points, met.next_at, met.clock.clock_milliseconds) == (("met",), None, 300_000)
    assert met.clock.standing(after(400)) == "met"


def test_after_the_breach_it_is_measured_on() -> None:
    breached = advance(RunningClock(start=started(ESCALATED)), after(301), WALL).clock
    late = advance(replace(breached, attempt=attempt(1234.567)), after(1300), WALL)
    assert (late.points, late.clock.clock_milliseconds) == (("met",), 1_234_567)
    assert late.clock.standing(after(1300)) == "late"


def test_a_breach_is_told_although_the_late_attempt_is_known_and_then_nobody_is_hurried() -> None:
    late = advance(RunningClock(start=started(ESCALATED), attempt=attempt(500)), after(600), WALL)
    assert late.points == ("breach", "met")
    assert not late.reassigns


def test_an_earlier_attempt_that_is_told_later_counts_and_the_breach_stays_told() -> None:
    breached = advance(RunningClock(start=started(), attempt=attempt(500)), after(600), WALL).clock
    corrected = advance(replace(breached, attempt=attempt(200, 2), clock_milliseconds=None), after(700), WALL)
    assert corrected.points == ("met",)
    assert corrected.clock.standing(after(700)) == "met"
    assert corrected.clock.breached_at == after(600)


@pytest.mark.parametrize(
    ("excused", "tried", "standing", "points"),
    [
        (100, None, "excused", ()),
        (400, None, "never", ("breach",)),
        (100, 400, "excused", ("met",)),
        (400, 200, "met", ("met",)),
    ],
)
def test_a_lead_that_needs_no_call_any_more_is_excused_unless_its_clock_had_run_out(
    excused: float, tried: float | None, standing: Standing, points: tuple[str, ...]
) -> None:
    told = None if tried is None else attempt(tried)
    clock = advance(RunningClock(start=started(), excused_at=after(excused), attempt=told), after(600), WALL)
    assert (clock.clock.standing(after(600)), clock.points) == (standing, points)


ATTEMPTS = st.none() | st.integers(-50, 900).map(attempt)
FACTS = st.tuples(ATTEMPTS, st.none() | st.integers(0, 900).map(after))


@given(FACTS, st.lists(st.integers(0, 1000), max_size=6).map(sorted))
def test_however_often_it_is_looked_at_each_point_is_passed_once_and_the_end_is_the_same(
    facts: tuple[Attempt | None, datetime | None], looks: list[int]
) -> None:
    told, excused_at = facts
    clock = RunningClock(start=started(ESCALATED), attempt=told, excused_at=excused_at)
    passed: list[str] = []
    for seconds in looks:
        looked = advance(clock, after(seconds), WALL)
        clock = looked.clock
        passed += looked.points
    last = advance(clock, after(1001), WALL)
    clock = last.clock
    passed += last.points
    once = advance(RunningClock(start=started(ESCALATED), attempt=told, excused_at=excused_at), after(1001), WALL)
    assert len(passed) == len(set(passed))
    assert set(passed) - {"reminder"} == set(once.points)
    assert clock.standing(after(1001)) == once.clock.standing(after(1001))
    assert clock.clock_milliseconds == once.clock.clock_milliseconds
    assert last.next_at is None


@given(ATTEMPTS, st.integers(0, 1000))
def test_the_next_look_is_never_too_late(told: Attempt | None, seconds: int) -> None:
    looked = advance(RunningClock(start=started(ESCALATED), attempt=told), after(seconds), WALL)
    for later in range(seconds, 1000, 7):
        points = advance(looked.clock, after(later), WALL).points
        assert not points or (looked.next_at is not None and looked.next_at <= after(later))


def test_business_clocks_stand_still_at_night_for_reminder_breach_and_measure() -> None:
    calendar = calendar_of(
        Schedule(
            hours=(
                DayHours(day="mon", opens="09:00", closes="10:02"),
                DayHours(day="tue", opens="09:00", closes="10:00"),
            )
        ),
        "America/New_York",
    )
    clock = started(Sla(seconds=300, clock="business", remind_seconds_before=60), calendar)
    next_morning = NOW + timedelta(hours=23)
    assert clock.remind_at == next_morning + timedelta(seconds=120)
    assert clock.due_at == next_morning + timedelta(seconds=180)
    told = replace(attempt(0), began_at=next_morning + timedelta(seconds=200))
    late = advance(RunningClock(start=clock, attempt=told), told.began_at, calendar)
    assert late.clock.clock_milliseconds == 320_000


def test_what_is_agreed_with_a_team_goes_before_what_is_agreed_for_all() -> None:
    short = FollowUp(playbook="standard", offer="5.49 %", sla_seconds=120)
    assert short.agreed("any") == Sla(seconds=120)
    assert FollowUp(playbook="standard", offer="5.49 %").agreed("") == Sla(seconds=DEFAULT_SECONDS)
    full = FollowUp(playbook="standard", offer="5.49 %", sla=Sla(seconds=60), sla_by_team={"west": ESCALATED})
    assert (full.agreed("east"), full.agreed("west")) == (Sla(seconds=60), ESCALATED)
    assert full.escalates_to == ("rescue",)


@pytest.mark.parametrize(
    ("sla", "seconds"),
    [
        (Sla(seconds=300), 240),
        (Sla(seconds=300, remind_at_percent=50), 150),
        (Sla(seconds=300, remind_seconds_before=30), 270),
        (Sla(seconds=300, remind_seconds_before=0), None),
    ],
)
def test_reminders_come_when_agreed(sla: Sla, seconds: float | None) -> None:
    assert sla.remind_after_seconds == seconds
