"""Pacing, holidays and what an order says of single sites."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.capacity import CapacityKey, Reading, Used
from services.routing.holidays import ClosedDays, federal_holidays
from services.routing.matching import Lead
from services.routing.pacing import allowed
from services.routing.plan import OrderPlan
from services.routing.windows import EPOCH, is_open, next_opening, openings
from shared.catalog.buying import Cap, DayHours, OrderSource, Pacing, Schedule
from shared.catalog.money import Minor
from shared.catalog.terms import Order
from tests.unit.routing.terms import AT, DAY_STARTS, LEAD, SITE, day_cap, day_used, held, order, plan, reasons

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = tuple(DayHours(day=day, opens="08:00", closes="18:00") for day in ("mon", "tue", "wed", "thu", "fri", "sun"))
EVEN = Pacing(even=True)


def ready(given_order: Order) -> OrderPlan:
    return plan(given_order).orders[given_order.slug]


@given(st.integers(1, 5_000), st.integers(0, 24 * 3600 - 1))
@settings(max_examples=200)
def test_no_more_than_the_elapsed_share_and_one_may_be_bought(cap: int, second: int) -> None:
    spread = ready(order(caps=(day_cap(leads=cap),), pacing=EVEN, schedule=Schedule(hours=OFFICE)))
    found = allowed(spread, cap, DAY_STARTS + timedelta(seconds=second))
    elapsed = min(max(second - 8 * 3600, 0), 10 * 3600)
    assert (found - 1) * 36_000 <= cap * elapsed or found == 1
    assert 1 <= found <= cap
    # And not less, or the cap would never be bought.
    assert found == min(cap, cap * elapsed // 36_000 + 1)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-22", 24)])
def test_a_day_of_any_length_is_spread_whole(day: str, hours: int) -> None:
    spread = ready(order(caps=(day_cap(leads=hours * 60),), pacing=EVEN))
    starts_at = datetime.fromisoformat(day).replace(tzinfo=NEW_YORK).astimezone(UTC)
    for minute in (0, 1, 90, 150, hours * 60 - 1):
        assert allowed(spread, hours * 60, starts_at + timedelta(minutes=minute)) == minute + 1


def test_a_lead_beyond_the_share_is_told_to_come_again() -> None:
    terms = order(caps=(day_cap(leads=100),), pacing=EVEN, schedule=Schedule(hours=OFFICE))
    # 09:30: 1.5 of 10 open hours, so 15 and the next one.
    assert reasons(held(terms, reading=day_used(15))) == []
    (finding,) = held(terms, reading=day_used(16)).findings
    assert (finding.reason, finding.retryable) == ("pacing", True)
    assert reasons(held(terms, LEAD._replace(at=AT.replace(hour=22, minute=59)), day_used(100))) == ["cap_reached"]


def test_a_turn_comes_after_its_seconds_and_not_a_microsecond_before() -> None:
    terms = order(pacing=Pacing(minimum_seconds=30))
    turn = CapacityKey(terms.slug, "pace", EPOCH)
    exact = AT + timedelta(seconds=30)
    for last_at, expected in (
        (AT, []),
        (AT + timedelta(microseconds=1), ["pacing"]),
        (exact, ["pacing"]),
        # Received before the one that was bought last: its moment is over.
        (exact + timedelta(seconds=1), ["pacing"]),
    ):
        said = held(terms, LEAD._replace(at=exact), Reading({turn: Used(1, 3200, last_at)}))
        assert reasons(said) == expected
    assert reasons(held(terms, LEAD._replace(at=exact))) == []


def test_a_batch_takes_one_turn_at_a_time() -> None:
    terms, reading, bought = order(pacing=Pacing(minimum_seconds=30)), Reading({}), []
    for second in range(0, 100, 10):
        said = held(terms, LEAD._replace(at=AT + timedelta(seconds=second)), reading)
        if not said.findings:
            reading.add(said.demands, said.price)
            bought.append(second)
    assert bought == [0, 30, 60, 90]


def test_a_source_has_caps_of_its_own_beside_the_orders() -> None:
    terms = order(caps=(day_cap(leads=10),), sources=(OrderSource(site=SITE, caps=(Cap(window="day", leads=2),)),))
    said = held(terms)
    assert [(d.key.order, d.max_leads) for d in said.demands] == [("marco-auto", 10), (f"marco-auto/{SITE}", 2)]
    assert said.room == 2
    full = Reading({CapacityKey(f"marco-auto/{SITE}", "day", DAY_STARTS): Used(2, 0)})
    (finding,) = held(terms, reading=full).findings
    assert finding.message == "The order's lead limit for this source and this day is used up."
    assert {check.order for check in held(terms, reading=full).checks} == {"marco-auto"}


def test_a_blocked_source_is_refused_and_blocks_no_other() -> None:
    assert reasons(held(order(sources=(OrderSource(site="polo.example", blocked=True),)))) == []
    assert reasons(held(order(sources=(OrderSource(site=SITE, blocked=True),)))) == ["source_not_allowed"]
    assert reasons(held(order(sources=(OrderSource(site=SITE, price=Minor(1)), "other.example")))) == []


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # From the Office of Personnel Management's calendar; a day kept instead of a weekend's stands beside it.
        (2026, "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"),
        (2027, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"),
        (2022, "01-01 01-17 02-21 05-30 06-19 06-20 07-04 09-05 10-10 11-11 11-24 12-25 12-26"),
    ],
)
def test_federal_holidays(year: int, days: str) -> None:
    assert [f"{day:%m-%d}" for day in federal_holidays(year)] == days.split()


def test_a_closed_day_opens_no_line_and_ends_none() -> None:
    night = openings([DayHours(day=day, opens="20:00", closes="04:00") for day in ("wed", "thu")])
    closed = ClosedDays("us-federal")

    def at(text: str) -> bool:
        return is_open(night, datetime.fromisoformat(text).replace(tzinfo=NEW_YORK), closed)

    # Thanksgiving: the night that began on Wednesday goes on, Thursday's does not begin.
    assert [at("2026-11-26 03:59"), at("2026-11-26 20:00"), at("2026-11-27 03:00")] == [True, False, False]
    assert not is_open((), datetime(2026, 12, 24, 12, tzinfo=NEW_YORK), ClosedDays(named=[date(2026, 12, 24)]))


def test_an_order_is_closed_on_holidays_and_says_when_it_opens_again() -> None:
    terms = order(schedule=Schedule(hours=OFFICE, holidays="us-federal"))
    thanksgiving = Lead("l", SITE, datetime(2026, 11, 26, 15, tzinfo=UTC), "long", "TX")
    (finding,) = held(terms, thanksgiving).findings
    assert finding.reason == "outside_schedule"
    assert "It opens Fri 2026-11-27 08:00." in finding.message


def test_the_next_opening_is_after_now_and_may_never_come() -> None:
    lines = openings(OFFICE)
    sunday_noon = datetime(2026, 11, 22, 12, tzinfo=NEW_YORK)
    opens = next_opening(lines, sunday_noon)
    assert opens is not None
    assert opens == datetime(2026, 11, 23, 8, tzinfo=NEW_YORK)
    every_day = ClosedDays(named=[date(2026, 11, 22) + timedelta(days=n) for n in range(400)])
    assert next_opening(lines, sunday_noon, every_day) is None
