"""Room: what one batch's earlier leads leave to its later ones."""

from __future__ import annotations

from services.routing.capacity import CapacityKey, Reading, Used, demands, room
from shared.catalog.buying import Cap
from tests.unit.routing.terms import AT, DAY_STARTS, day_cap, day_used, held, order, plan, reasons


def test_a_lead_of_the_batch_uses_the_room_that_the_next_one_sees() -> None:
    given = order(caps=(day_cap(leads=2),))
    reading = Reading({})
    for expected in ([], [], ["cap_reached"]):
        said = held(given, reading=reading)
        assert reasons(said) == expected
        if not said.findings:
            reading.add(said.demands, said.price)


def test_the_tightest_limit_is_the_room() -> None:
    given = order(caps=(day_cap(leads=10, spend=10_000), Cap(window="month", leads=4)))
    wanted = demands(plan(given).orders[given.slug], AT)
    assert room(wanted, Reading({}), 3200) == 3
    assert room(wanted, Reading({}), 0) == 4
    assert room(wanted, day_used(leads=8), 3200) == 2
    assert room(wanted, day_used(leads=99), 3200) == 0


def test_what_a_batch_uses_stays_in_its_own_reading() -> None:
    key = CapacityKey("marco-auto", "day", DAY_STARTS)
    rows = {key: Used(1, 3200)}
    reading = Reading(rows)
    reading.add(held(order(caps=(day_cap(leads=5),))).demands, 3200)
    assert reading.used(key) == Used(2, 6400)
    assert rows == {key: Used(1, 3200)}
