"""Hours as functions: what is closed, what comes next, how much of a span is lawful."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing.gate.hours import lawful, lawful_seconds, next_lawful, places_of, rules_at
from services.routing.gate.places import ABROAD, Places, everywhere

AUSTIN = places_of("TX", "78701", "+15125550123")
MONDAY = datetime(2026, 11, 23, tzinfo=ZoneInfo("America/Chicago"))


def test_the_opening_minute_is_lawful_and_the_closing_one_is_not() -> None:
    assert not lawful(AUSTIN, "call", MONDAY.replace(hour=8, minute=59))
    assert lawful(AUSTIN, "call", MONDAY.replace(hour=9))
    assert lawful(AUSTIN, "call", MONDAY.replace(hour=20, minute=59, second=59))
    assert not lawful(AUSTIN, "call", MONDAY.replace(hour=21))


def test_mail_has_no_hours() -> None:
    assert lawful(AUSTIN, "email", MONDAY.replace(hour=3))
    assert lawful(ABROAD, "email", MONDAY)


def test_a_phone_from_another_zone_narrows_both_ends() -> None:
    moved = places_of("NY", "10001", "+13105550123")
    new_york = MONDAY.replace(tzinfo=ZoneInfo("America/New_York"))
    assert not lawful(moved, "call", new_york.replace(hour=10, minute=59))
    assert lawful(moved, "call", new_york.replace(hour=11))
    assert not lawful(moved, "call", new_york.replace(hour=21))


def test_a_stricter_state_binds_wherever_it_is_named() -> None:
    """Florida's number, New York's ZIP: Florida closes at eight."""
    at = MONDAY.replace(tzinfo=ZoneInfo("America/New_York"), hour=20)
    assert lawful(places_of("NY", "10001", "+12125550123"), "call", at)
    assert not lawful(places_of("NY", "10001", "+13055550123"), "call", at)
    assert rules_at(places_of("NY", "10001", "+13055550123"), "call", at) == ("fl.hours",)


def test_a_zip_in_the_stated_state_says_more_than_the_state() -> None:
    assert places_of("TX", "79901", "").all == places_of("TX", "79912-1234", "").all
    zones = {place.zone for place in places_of("TX", "79901", "").all}
    assert zones == {"America/Chicago", "America/Denver"}
    assert {place.zone for place in places_of("TX", "", "").all} == zones


def test_a_zip_and_a_state_that_disagree_both_count() -> None:
    assert places_of("CA", "10001", "").states == {"CA", "NY"}


@pytest.mark.parametrize("phone", ["", "+18005550123", "+12115550123"])
def test_whoever_may_be_anywhere_is_reached_only_where_it_is_lawful_everywhere(phone: str) -> None:
    places = places_of("", "", phone)
    assert places == everywhere()
    assert not places.certain
    assert lawful_seconds(places, "call", MONDAY, MONDAY + timedelta(days=7)) < 24 * 3600
    assert next_lawful(places, "call", MONDAY) is not None


def test_a_number_of_another_country_is_never_lawful() -> None:
    for phone in ("+442071838750", "+14165550123", "+18765550123"):
        places = places_of("TX", "78701", phone)
        assert places == ABROAD
        assert next_lawful(places, "call", MONDAY) is None
        assert not lawful(places, "call", MONDAY.replace(hour=12))


def test_the_next_lawful_instant_is_now_where_it_is_open() -> None:
    noon = MONDAY.replace(hour=12, second=7)
    assert next_lawful(AUSTIN, "call", noon) == noon
    assert next_lawful(AUSTIN, "call", MONDAY) == MONDAY.replace(hour=9)


def test_closed_days_in_a_row_are_passed_over() -> None:
    """Christmas 2026 is a Friday; Louisiana also keeps the 26th, and the 27th is a Sunday."""
    places = places_of("LA", "70112", "+15045550123")
    chicago = ZoneInfo("America/Chicago")
    evening = datetime(2026, 12, 24, 20, 0, tzinfo=chicago)
    assert next_lawful(places, "call", evening) == datetime(2026, 12, 28, 8, 0, tzinfo=chicago)


def test_lawful_seconds_add_up_over_nights() -> None:
    week = lawful_seconds(AUSTIN, "call", MONDAY, MONDAY + timedelta(days=7))
    assert week == (6 * 12 + 9) * 3600
    assert lawful_seconds(AUSTIN, "call", MONDAY, MONDAY) == 0
    assert lawful_seconds(AUSTIN, "email", MONDAY, MONDAY + timedelta(hours=5)) == 5 * 3600
    part = lawful_seconds(AUSTIN, "call", MONDAY.replace(hour=20, minute=30), MONDAY + timedelta(hours=33.5))
    assert part == 30 * 60 + 30 * 60


def test_a_program_has_fewer_hours_than_a_person() -> None:
    maine = places_of("ME", "04101", "+12075550123")
    evening = datetime(2026, 11, 23, 18, 0, tzinfo=ZoneInfo("America/New_York"))
    assert lawful(maine, "call", evening)
    assert not lawful(maine, "call", evening, automatic=True)


def test_a_rule_binds_from_its_day_on() -> None:
    """Oregon's hours end at eight from 2026; Texas binds texts from September 2025."""
    oregon = places_of("OR", "97201", "+15035550123")
    pacific = ZoneInfo("America/Los_Angeles")
    assert lawful(oregon, "call", datetime(2025, 12, 31, 20, 30, tzinfo=pacific))
    assert not lawful(oregon, "call", datetime(2026, 1, 1, 20, 30, tzinfo=pacific))
    chicago = ZoneInfo("America/Chicago")
    assert lawful(AUSTIN, "text", datetime(2025, 8, 31, 10, 0, tzinfo=chicago))
    assert not lawful(AUSTIN, "text", datetime(2025, 9, 7, 10, 0, tzinfo=chicago))


def test_nowhere_is_not_everywhere() -> None:
    assert not lawful(Places(()), "call", datetime(2026, 11, 23, 18, tzinfo=UTC))
