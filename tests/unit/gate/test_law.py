"""Calling hours as a table-driven law: what the data files say is what is allowed, to the minute, everywhere.

The oracle reads the files by itself and in the plainest way: for each minute, the clock on the wall at the place, and
each rule in turn. Holidays are written out here by hand.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
import zipcodes

from services.routing.gate.hours import lawful, lawful_seconds, next_lawful
from services.routing.gate.places import Place, Places, atlas, places_of
from services.routing.gate.rules import Channel, rules
from shared.catalog.states import USPS_STATES

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINUTES = 24 * 60

#: By the calendar of 2026, both days where one is kept for another. Easter is on 5 April.
HOLIDAYS_2026 = {
    "al": "01-01 01-19 02-16 02-17 04-27 05-25 06-01 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-01 12-25",
    "la": "01-01 01-08 01-19 02-16 02-17 04-03 05-25 06-03 06-19 06-20 07-04 08-30 08-31 09-07 10-12 11-01 11-02 11-03 "
    "11-11 11-26 11-27 12-25 12-26",
    "ms": "01-01 01-19 02-16 04-27 05-25 07-04 09-07 11-11 11-26 12-25",
    "ne": "01-01 01-19 02-16 04-24 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 11-27 12-25",
    "pa": "01-01 01-19 02-16 04-03 05-25 06-14 06-15 06-19 07-04 09-07 10-12 11-03 11-11 11-26 12-25",
    "ri": "01-01 01-19 02-16 05-04 05-25 06-19 07-04 08-10 09-07 10-12 11-03 11-11 11-26 12-25",
    "ut": "01-01 01-19 02-16 05-25 06-15 06-19 07-03 07-04 07-24 09-07 10-12 11-11 11-26 12-25",
}
#: Its holidays were open again from July 2023.
MISSISSIPPI_2023 = "01-01 01-02 01-16 02-20 04-24 05-29 07-04 09-04 11-11 11-23 12-25"

#: Those of the years before on `DAYS`, or on a day beside one of them, by who keeps them.
HOLIDAYS_IN_OTHER_YEARS = {
    date(2023, 5, 29): "al la ms ne pa ri ut",
    date(2023, 7, 4): "al la ms ne pa ri ut",
    date(2024, 1, 1): "al la ms ne pa ri ut",
    date(2025, 8, 30): "la",
    date(2025, 9, 1): "al la ms ne pa ri ut",
}

#: An ordinary Monday, a Saturday, a Sunday; both nights in 2026 on which clocks change; and days around which a rule
#: begins or ends: Florida, Mississippi, Connecticut, Maryland, Texas for texts, Oregon.
DAYS = [
    date(2026, 11, 23), date(2026, 11, 28), date(2026, 11, 29), date(2026, 3, 8), date(2026, 11, 1),
    date(2021, 6, 30), date(2021, 7, 1), date(2023, 5, 29), date(2023, 7, 4), date(2023, 10, 1),
    date(2024, 1, 1), date(2025, 9, 1), date(2025, 8, 31), date(2026, 1, 1),
]  # fmt: skip
MANNERS: list[tuple[Channel, bool]] = [("call", False), ("call", True), ("text", False), ("text", True)]


@cache
def documents() -> list[dict[str, Any]]:
    text = files("services.routing.gate").joinpath("rules/hours.yaml").read_text()
    found: list[dict[str, Any]] = yaml.safe_load(text)["rules"]
    return found


def is_holiday(calendar: str, day: date) -> bool:
    if day.year == 2026:
        return f"{day:%m-%d}" in HOLIDAYS_2026[calendar]
    return calendar in HOLIDAYS_IN_OTHER_YEARS.get(day, "")


def span(text: str) -> tuple[int, int]:
    """Minutes from and to; a closed day is an empty span."""
    if text == "closed":
        return 0, 0
    opens, closes = text.split("-")
    return int(opens[:2]) * 60 + int(opens[3:]), int(closes[:2]) * 60 + int(closes[3:])


def of_weekday(hours: dict[str, str], day: date) -> str:
    for days, text in hours.items():
        first, _, last = days.partition("-")
        if WEEK.index(first) <= day.weekday() <= WEEK.index(last or first):
            return text
    raise AssertionError("a weekday without hours")


def windows(state: str, channel: str, automatic: bool, day: date) -> list[tuple[int, int]]:
    """What each rule allows on a day there."""
    found = []
    for rule in documents():
        if rule["states"] != "all" and state not in rule["states"]:
            continue
        if channel not in rule["channels"] or (rule.get("automatic_only") and not automatic):
            continue
        if day < rule.get("from", date.min) or day > rule.get("until", date.max):
            continue
        if "holidays" in rule and is_holiday(rule["holidays"], day):
            found.append(span(rule.get("on_holidays", "closed")))
        else:
            found.append(span(of_weekday(rule["hours"], day)))
    return found


@cache
def wall_clock(zone: str, day: date) -> list[tuple[date, int]]:
    """What clocks show there, for each minute of a day of UTC."""
    start, info = datetime(day.year, day.month, day.day, tzinfo=UTC), ZoneInfo(zone)
    shown = [(start + timedelta(minutes=minute)).astimezone(info) for minute in range(MINUTES)]
    return [(local.date(), local.hour * 60 + local.minute) for local in shown]


def allowed(place: Place, channel: str, automatic: bool, day: date) -> tuple[bool, ...]:
    """The oracle: each minute of a day of UTC."""
    shown = sorted({local for local, _ in wall_clock(place.zone, day)})
    rules_of_day = tuple((local, tuple(windows(place.state, channel, automatic, local))) for local in shown)
    return each_minute(place.zone, day, rules_of_day)


@cache
def each_minute(
    zone: str, day: date, rules_of_day: tuple[tuple[date, tuple[tuple[int, int], ...]], ...]
) -> tuple[bool, ...]:
    by_day = dict(rules_of_day)
    return tuple(
        all(opens <= minute < closes for opens, closes in by_day[local]) for local, minute in wall_clock(zone, day)
    )


@cache
def runs(minutes: tuple[bool, ...], day: date) -> list[tuple[bool, datetime, datetime]]:
    """Stretches of minutes that are all allowed, or all not."""
    start, at, found = datetime(day.year, day.month, day.day, tzinfo=UTC), 0, []
    for is_allowed, run in groupby(minutes):
        length = len(list(run))
        found.append((is_allowed, start + timedelta(minutes=at), start + timedelta(minutes=at + length)))
        at += length
    return found


def holds(places: Places, channel: Channel, automatic: bool, day: date) -> None:
    """Every second of the day is as the oracle says, at every place at once."""
    at_each = [allowed(place, channel, automatic, day) for place in places.all]
    minutes = at_each[0] if len(at_each) == 1 else tuple(all(here) for here in zip(*at_each, strict=True))
    for is_allowed, start, end in runs(minutes, day):
        seconds = lawful_seconds(places, channel, start, end, automatic=automatic)
        where = f"{places.all} {channel} {automatic} {start}..{end}"
        assert seconds == ((end - start).total_seconds() if is_allowed else 0), where
        assert lawful(places, channel, start, automatic=automatic) is is_allowed, where
        assert lawful(places, channel, end - timedelta(seconds=1), automatic=automatic) is is_allowed, where
        if is_allowed:
            found = next_lawful(places, channel, start, automatic=automatic)
            assert found == start, where


def everywhere_there_is() -> list[Place]:
    return sorted({place for places in atlas().by_zip.values() for place in places})


def test_every_state_and_territory_has_its_zones() -> None:
    assert set(atlas().by_state) == USPS_STATES
    assert {place.state for places in atlas().by_area.values() for place in places} == USPS_STATES - {
        "AA", "AE", "AP", "FM", "MH", "PW",
    }  # fmt: skip


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_minute_at_every_place_is_as_the_file_says(day: date) -> None:
    for place in everywhere_there_is():
        for channel, automatic in MANNERS:
            holds(Places((place,)), channel, automatic, day)


@pytest.mark.parametrize("calendar", sorted(HOLIDAYS_2026))
def test_every_holiday_of_the_year_is_kept_and_no_other_day(calendar: str) -> None:
    known = {rule.holidays.id: rule.holidays for rule in rules().hours if rule.holidays is not None}
    year = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert [f"{day:%m-%d}" for day in year if day in known[calendar]] == HOLIDAYS_2026[calendar].split()
    if calendar == "ms":
        year = [date(2023, 1, 1) + timedelta(days=number) for number in range(365)]
        assert [f"{day:%m-%d}" for day in year if day in known["ms"]] == MISSISSIPPI_2023.split()


@pytest.mark.parametrize("state", ["AL", "LA", "MS", "NE", "PA", "RI", "UT"])
def test_every_minute_of_every_holiday_and_of_the_days_beside_it_is_as_the_file_says(state: str) -> None:
    days = {date.fromisoformat(f"2026-{day}") for day in HOLIDAYS_2026[state.lower()].split()}
    days |= {day + timedelta(days=1) for day in days}
    # The next year's holidays are not written out.
    for day in sorted(days - {date(2026, 1, 1), date(2026, 12, 31)}):
        for place in atlas().by_state[state]:
            for channel, automatic in MANNERS:
                holds(Places((place,)), channel, automatic, day)


#: Where a zone's edge runs through a ZIP's first digits or an area code, and who moved and kept the number.
EDGES: list[tuple[str, str, str, str]] = [
    ("FL", "32401", "+18505550123", "FL/New_York FL/Chicago"),
    ("TN", "37363", "+14235550123", "TN/New_York TN/Chicago"),
    ("KY", "42701", "+12705550123", "KY/New_York KY/Chicago"),
    ("IN", "46401", "+12195550123", "IN/New_York IN/Chicago"),
    ("MI", "49801", "+19065550123", "MI/New_York MI/Chicago"),
    ("ND", "58601", "+17015550123", "ND/Chicago ND/Denver"),
    ("SD", "57501", "+16055550123", "SD/Chicago SD/Denver"),
    ("NE", "69101", "+13085550123", "NE/Chicago NE/Denver"),
    ("KS", "67735", "+17855550123", "KS/Chicago KS/Denver"),
    ("TX", "79901", "+19155550123", "TX/Chicago TX/Denver"),
    ("ID", "83501", "+12085550123", "ID/Denver ID/Los_Angeles"),
    ("OR", "97901", "+15415550123", "OR/Denver OR/Los_Angeles"),
    ("NV", "89801", "+17755550123", "NV/Denver NV/Los_Angeles"),
    ("AZ", "86001", "+19285550123", "AZ/Denver AZ/Phoenix"),
    ("AK", "99546", "+19075550123", "AK/Anchorage AK/Adak"),
    ("AL", "36867", "+13345550123", "AL/New_York AL/Chicago"),
    ("HI", "96701", "+18085550123", "HI/Honolulu"),
    ("AS", "96799", "+16845550123", "AS/Pago_Pago"),
    ("GU", "96910", "+16715550123", "GU/Guam"),
    ("MP", "96950", "+16705550123", "MP/Guam"),
    ("PR", "00901", "+17875550123", "PR/Puerto_Rico"),
    ("VI", "00802", "+13405550123", "VI/Puerto_Rico"),
    ("FM", "96941", "", "FM/Guam FM/Pohnpei"),
    ("MH", "96960", "", "MH/Majuro"),
    ("PW", "96939", "", "PW/Palau"),
    ("NY", "10001", "+13105550123", "NY/New_York CA/Los_Angeles"),
    ("WA", "98101", "+13055550123", "WA/Los_Angeles FL/New_York"),
    ("RI", "02901", "+18085550123", "RI/New_York HI/Honolulu"),
    ("KY", "40201", "+17025550123", "KY/New_York NV/Los_Angeles"),
    ("GU", "96910", "+12125550123", "GU/Guam NY/New_York"),
    ("TX", "10001", "", "TX/Chicago TX/Denver NY/New_York"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "zip5", "phone", "expected"), EDGES)
def test_at_a_zones_edge_it_must_be_lawful_on_both_sides(state: str, zip5: str, phone: str, expected: str) -> None:
    places = places_of(state, zip5, phone)
    assert {f"{place.state}/{place.zone.rpartition('/')[2]}" for place in places.all} == set(expected.split())
    for day in DAYS[:5]:
        for channel, automatic in MANNERS:
            holds(places, channel, automatic, day)


@pytest.mark.parametrize("zip5", ["09001", "34001", "96201"])
def test_a_soldier_is_called_when_it_is_lawful_from_one_end_of_the_mails_region_to_the_other(zip5: str) -> None:
    places = places_of("", zip5, "+12125550123")
    for day in DAYS[:5]:
        holds(places, "call", False, day)


def test_no_zip_lies_in_a_zone_that_the_list_of_places_leaves_out() -> None:
    """Against the list that knows all five digits."""
    instants = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 7)]

    @cache
    def offsets(zone: str) -> tuple[timedelta | None, ...]:
        return tuple(instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in instants)

    @cache
    def kept(first: str) -> set[tuple[str, tuple[timedelta | None, ...]]]:
        return {(place.state, offsets(place.zone)) for place in atlas().by_zip[first]}

    wrong = [
        row["zip_code"]
        for row in zipcodes.list_all()  # type: ignore[no-untyped-call]
        if "/" in row["timezone"] and (row["state"], offsets(row["timezone"])) not in kept(row["zip_code"][:3])
    ]
    assert wrong == []


def test_every_rule_says_what_law_it_is_and_where_it_was_read() -> None:
    known = rules()
    for rule in (*known.hours, *known.attempts, *known.numbers.values()):
        assert rule.citation
        assert rule.source.startswith("http")
        assert rule.basis in ("statute", "reported", "house")
