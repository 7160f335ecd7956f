"""Places, turns and breakers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.delivery.delivery import Blocked, HandedOff, Outcome, Postponed, Refused
from services.routing.delivery.lanes import FILE, PEOPLE, SYSTEM, LaneReport, Lanes, buyer_of, lane_name
from tests.clock import FakeClock

AWAY = Postponed("it answered 503", outage=True)
SLOW, WELL = "webhook:big-bank/slow", "webhook:big-bank/well"
START = datetime.fromisoformat("2026-11-22T10:00:00+00:00")


def lanes(places: int = 400) -> tuple[Lanes, FakeClock]:
    clock = FakeClock(START)
    return Lanes(clock, lambda: 0.5, places=places), clock


def fail(made: Lanes, name: str, times: int, outcome: Outcome = AWAY) -> None:
    made.begun({name: times}, [name] * times)
    for _ in range(times):
        made.ended(name, outcome)


def test_a_lane_has_its_name_from_channel_buyer_and_receiver_and_people_share_one() -> None:
    assert lane_name("email", "big-bank", "email") == "email"
    assert lane_name("webhook", "big-bank", "crm") == "webhook:big-bank/crm"
    assert (buyer_of("webhook:big-bank/crm"), buyer_of("email")) == ("big-bank", "")


def test_a_receiver_that_answers_slowly_holds_its_own_places_only() -> None:
    made, _ = lanes()
    for _ in range(5):
        rooms = made.rooms([SLOW, WELL])
        made.begun(rooms, [name for name, room in rooms.items() for _ in range(room)])
        for _ in range(rooms.get(WELL, 0)):
            made.ended(WELL, HandedOff(START))
    assert made.under_way == SYSTEM.places
    assert made.rooms([SLOW, WELL]) == {WELL: SYSTEM.places}


def test_a_claim_is_made_for_half_of_its_places_at_least() -> None:
    made, _ = lanes()
    made.begun({"email": 50}, ["email"] * 80)
    assert made.rooms(["email"]) == {}
    for _ in range(5):
        made.ended("email", HandedOff(START))
    assert made.rooms(["email"]) == {"email": 25}


def test_whoever_came_too_short_is_first_next_time() -> None:
    made, _ = lanes(places=16)
    names = [f"webhook:b/{n:03}" for n in range(20)]
    served: Counter[str] = Counter()
    for _ in range(10):
        rooms = made.rooms(names)
        assert sum(rooms.values()) <= 16
        made.begun(rooms, [name for name, room in rooms.items() for _ in range(room)])
        for name, room in rooms.items():
            served[name] += room
            for _ in range(room):
                made.ended(name, HandedOff(START))
    assert set(served) == set(names)
    assert max(served.values()) - min(served.values()) <= SYSTEM.places


def test_five_failures_in_a_row_open_a_systems_breaker_and_one_success_closes_it() -> None:
    made, clock = lanes()
    fail(made, SLOW, 4)
    made.begun({SLOW: 1}, [SLOW])
    made.ended(SLOW, HandedOff(START))
    fail(made, SLOW, 4)
    assert made.rooms([SLOW]) == {SLOW: SYSTEM.places}
    fail(made, SLOW, 1)
    assert made.rooms([SLOW]) == {}
    (told,) = made.changes()
    assert (told.state, told.failures, told.last_error) == ("open", 5, "it answered 503")
    assert told.next_try_at == clock.now() + timedelta(seconds=30)
    clock.advance(30)
    assert made.rooms([SLOW]) == {SLOW: 1}
    made.begun({SLOW: 1}, [SLOW])
    assert made.rooms([SLOW]) == {}
    made.ended(SLOW, HandedOff(START))
    assert made.rooms([SLOW]) == {SLOW: SYSTEM.places}
    assert [report.state for report in made.changes()] == ["closed"]


def test_the_time_between_probes_grows_and_stays_bounded() -> None:
    made, clock = lanes()
    fail(made, SLOW, 5)
    waits = []
    for _ in range(6):
        waited = 0
        while not made.rooms([SLOW]):
            clock.advance(1)
            waited += 1
        waits.append(waited)
        fail(made, SLOW, 1)
    assert waits == [30, 60, 120, 300, 300, 300]


def test_people_are_probed_after_the_first_failure_and_soon() -> None:
    made, clock = lanes()
    fail(made, "email", 1)
    assert made.rooms(["email"]) == {}
    clock.advance(1)
    assert made.rooms(["email"]) == {"email": 1}


@pytest.mark.parametrize("outcome", [Refused("it answered 400"), Postponed("rcpt: 451"), HandedOff(START)])
def test_whoever_answers_is_not_away_whatever_it_says(outcome: Outcome) -> None:
    made, _ = lanes()
    fail(made, SLOW, 100, outcome)
    assert made.rooms([SLOW]) == {SLOW: SYSTEM.places}
    assert made.changes() == []


@pytest.mark.parametrize("outcome", [None, Blocked("gate: hours")])
def test_what_never_reached_the_receiver_says_nothing_about_it(outcome: Outcome | None) -> None:
    made, _ = lanes()
    fail(made, SLOW, 4)
    made.begun({SLOW: 1}, [SLOW])
    made.ended(SLOW, outcome)
    fail(made, SLOW, 1)
    assert made.rooms([SLOW]) == {}


def test_a_wish_for_peace_is_heeded_though_something_begun_before_succeeds() -> None:
    made, clock = lanes()
    made.begun({SLOW: 2}, [SLOW, SLOW])
    made.ended(SLOW, Postponed("it answered 429", outage=True, retry_after_seconds=90))
    made.ended(SLOW, HandedOff(START))
    assert made.rooms([SLOW]) == {}
    clock.advance(90)
    assert made.rooms([SLOW]) == {SLOW: SYSTEM.places}


def test_a_new_worker_probes_what_the_one_before_it_found_away() -> None:
    made, clock = lanes()
    told = LaneReport(
        lane=SLOW, state="open", failures=7, next_try_at=clock.now() + timedelta(seconds=20), last_error="no connection"
    )
    made.adopt([told])
    assert made.rooms([SLOW, WELL]) == {WELL: SYSTEM.places}
    assert made.opened() == [SLOW]
    clock.advance(20)
    assert made.rooms([SLOW]) == {SLOW: 1}


def test_what_could_not_be_told_is_told_later() -> None:
    made, _ = lanes()
    fail(made, SLOW, 5)
    told = made.changes()
    assert made.changes() == []
    made.not_told(told)
    assert made.changes() == told


@given(
    st.lists(
        st.tuples(st.sampled_from(["email", SLOW, WELL, "csv:b/f"]), st.sampled_from([AWAY, HandedOff(START), None])),
        max_size=60,
    )
)
def test_no_lane_ever_has_more_under_way_than_its_places(turns: list[tuple[str, Outcome | None]]) -> None:
    made, clock = lanes()
    most = {"email": PEOPLE.places, SLOW: SYSTEM.places, WELL: SYSTEM.places, "csv:b/f": FILE.places}
    under_way: Counter[str] = Counter()
    for name, outcome in turns:
        rooms = made.rooms(sorted(most))
        made.begun(rooms, [one for one, room in rooms.items() for _ in range(room)])
        under_way.update(rooms)
        assert all(under_way[one] <= most[one] for one in most)
        assert made.under_way == under_way.total()
        if under_way[name]:
            made.ended(name, outcome)
            under_way[name] -= 1
        clock.advance(1)
