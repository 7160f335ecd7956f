"""Eligibility: each rule by itself, and all of them at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from services.routing.capacity import UNLIMITED, Reading
from services.routing.matching import eligibility
from shared.catalog.buying import Cap, DayHours, Price, Schedule
from shared.catalog.money import Minor
from shared.catalog.terms import LeadTerms
from tests.unit.routing.terms import AT, DAY_STARTS, LEAD, SITE, day_cap, day_used, held, order, plan, reasons


def test_an_active_order_buys_at_its_price_without_findings() -> None:
    said = held(order())
    assert said.findings == ()
    assert (said.price, said.demands, said.room) == (3200, (), UNLIMITED)
    assert all(check.passed and check.order == "marco-auto" for check in said.checks)


@pytest.mark.parametrize(("state", "retryable"), [("draft", True), ("paused", True), ("ended", False)])
def test_an_order_that_is_not_active_buys_nothing(state: str, retryable: bool) -> None:
    (finding,) = held(order(state=state)).findings
    assert (finding.reason, finding.retryable) == ("order_inactive", retryable)


def test_an_order_that_is_not_in_the_catalog_is_inactive() -> None:
    assert reasons(eligibility("gone", LEAD, plan(), Reading({}))) == ["order_inactive"]


@pytest.mark.parametrize(
    ("terms", "buys"),
    [
        ({"starts_on": date(2026, 11, 22)}, True),
        ({"starts_on": date(2026, 11, 23)}, False),
        ({"ends_on": date(2026, 11, 22)}, True),
        ({"ends_on": date(2026, 11, 21)}, False),
        # In Auckland it is the 23rd already.
        ({"ends_on": date(2026, 11, 22), "schedule": Schedule(time_zone="Pacific/Auckland")}, False),
        ({"starts_on": date(2026, 11, 23), "schedule": Schedule(time_zone="Pacific/Auckland")}, True),
    ],
)
def test_dates_are_inclusive_days_of_the_orders_zone(terms: dict[str, Any], buys: bool) -> None:
    assert reasons(held(order(**terms))) == ([] if buys else ["order_inactive"])


def test_hours_are_read_in_the_orders_zone_or_else_the_buyers() -> None:
    hours = (DayHours(day="sun", opens="09:00", closes="10:00"),)
    assert reasons(held(order(schedule=Schedule(hours=hours)))) == []
    elsewhere = held(order(schedule=Schedule(hours=hours, time_zone="America/Los_Angeles")))
    assert [(f.reason, f.retryable) for f in elsewhere.findings] == [("outside_schedule", True)]


@pytest.mark.parametrize(
    ("source", "sources", "expected"),
    [
        (SITE, (), []),
        (SITE, (SITE,), []),
        (SITE, ("other.example",), ["source_not_allowed"]),
        ("nobody-knows.example", (), ["source_not_allowed"]),
        ("", (), ["source_not_allowed"]),
        ("polo.example", (), ["source_not_allowed"]),
        ("paused.example", (), ["source_paused"]),
        ("paused.example", ("paused.example",), ["source_paused"]),
    ],
)
def test_only_known_active_sources_of_the_seller_are_bought_from(
    source: str, sources: tuple[str, ...], expected: list[str]
) -> None:
    assert reasons(held(order(sources=sources), LEAD._replace(source=source))) == expected


def test_the_buyers_own_leads_have_no_price_and_need_no_known_source() -> None:
    said = held(order(seller="own-site", prices=()), LEAD._replace(source="landing.example"))
    assert (said.findings, said.price) == ((), 0)


@pytest.mark.parametrize(
    ("form", "state", "price"),
    [("long", "TX", 4000), ("long", "NY", 3200), ("short", "TX", 1500), ("long", "", 3200)],
)
def test_the_first_price_line_that_holds_wins(form: str, state: str, price: int) -> None:
    prices = (
        Price(amount=Minor(4000), form="long", states=("TX", "CA")),
        Price(amount=Minor(3200), form="long"),
        Price(amount=Minor(1500)),
    )
    assert held(order(prices=prices), LEAD._replace(form=form, state=state)).price == price


REPRICED = LeadTerms(forms=("long",), opt_in=("double",), mismatch="reprice")


@pytest.mark.parametrize(
    ("lead", "price", "said"),
    [
        ({"opt_in": "double"}, 3200, "32.00 USD, line 4: any other lead"),
        ({"opt_in": "double", "exclusivity": "exclusive"}, 3200, "32.00 USD, line 4: any other lead"),
        ({"opt_in": "double", "exclusivity": "shared"}, 900, "9.00 USD, line 2: shared"),
        ({"opt_in": "double", "incentivized": True}, 500, "5.00 USD, line 3: with a reward"),
        ({"opt_in": "single"}, 1500, "15.00 USD, line 1: single opt-in"),
        # A line that names one difference is not for a lead with two.
        ({"opt_in": "single", "exclusivity": "shared"}, 0, "long form sold to several and with a single opt-in"),
        ({"opt_in": "none"}, 0, "long form without opt-in"),
        ({"opt_in": "double", "form": "short"}, 0, "short form"),
    ],
)
def test_a_lead_of_another_type_is_bought_where_a_line_names_what_differs(
    lead: dict[str, Any], price: int, said: str
) -> None:
    prices = (
        Price(amount=Minor(1500), opt_in="single"),
        Price(amount=Minor(900), exclusivity="shared"),
        Price(amount=Minor(500), incentivized=True),
        Price(amount=Minor(3200)),
    )
    found = held(order(lead=REPRICED, prices=prices), LEAD._replace(**lead))
    (check,) = [check for check in found.checks if check.rule == "price.known"]
    assert (found.price, check.observed) == (price, said)
    assert reasons(found) == ([] if price else ["lead_type_mismatch"])


@pytest.mark.parametrize(("exclusivity", "price"), [("exclusive", 2000), ("shared", 1400), ("", 1400)])
def test_who_buys_shared_leads_may_pay_more_for_an_exclusive_one(exclusivity: str, price: int) -> None:
    prices = (Price(amount=Minor(2000), exclusivity="exclusive"), Price(amount=Minor(1400)))
    terms = order(lead=LeadTerms(exclusivity="shared"), prices=prices)
    assert held(terms, LEAD._replace(exclusivity=exclusivity)).price == price


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (Price(amount=Minor(1), form="short"), "lead_type_mismatch"),
        (Price(amount=Minor(1), states=("NY",)), "geography_excluded"),
    ],
)
def test_a_lead_without_a_price_is_not_bought_for_nothing(line: Price, expected: str) -> None:
    said = held(order(prices=(line,)))
    assert reasons(said) == [expected]
    assert said.price == 0


@pytest.mark.parametrize(
    ("cap", "leads", "spend", "expected", "room"),
    [
        (day_cap(leads=10), 9, 0, [], 1),
        (day_cap(leads=10), 10, 0, ["cap_reached"], 0),
        (day_cap(leads=10), 12, 0, ["cap_reached"], 0),
        (day_cap(spend=6400), 0, 3200, [], 1),
        (day_cap(spend=6399), 0, 3200, ["budget_exhausted"], 0),
        (day_cap(leads=5, spend=6400), 5, 6400, ["cap_reached", "budget_exhausted"], 0),
        (day_cap(leads=0), 0, 0, ["cap_reached"], 0),
    ],
)
def test_caps_and_budgets_are_held_against_the_reading(
    cap: Cap, leads: int, spend: int, expected: list[str], room: int
) -> None:
    said = held(order(caps=(cap,)), reading=day_used(leads, spend))
    assert reasons(said) == expected
    assert said.room == room


def test_a_full_total_does_not_come_back_and_a_full_day_does() -> None:
    day, total = held(order(caps=(day_cap(leads=0),))), held(order(caps=(Cap(window="total", leads=0),)))
    assert [finding.retryable for finding in (*day.findings, *total.findings)] == [True, False]


def test_a_lead_demands_every_cap_with_its_limits() -> None:
    caps = (day_cap(leads=10, spend=99_00), Cap(window="total", leads=500))
    wanted = held(order(caps=caps)).demands
    assert [(d.key.order, d.key.window, d.max_leads, d.max_spend) for d in wanted] == [
        ("marco-auto", "day", 10, 9900),
        ("marco-auto", "total", 500, None),
    ]
    assert [d.key.starts_at for d in wanted] == [DAY_STARTS, datetime.fromtimestamp(0, AT.tzinfo)]


def test_all_reasons_are_told_at_once() -> None:
    said = held(
        order(
            state="paused",
            ends_on=date(2026, 1, 1),
            schedule=Schedule(hours=(DayHours(day="mon", opens="00:00", closes="24:00"),)),
            prices=(Price(amount=Minor(1), form="short"),),
            caps=(day_cap(leads=0),),
        ),
        LEAD._replace(source="nobody-knows.example"),
    )
    assert reasons(said) == [
        "order_inactive",
        "order_inactive",
        "outside_schedule",
        "source_not_allowed",
        "lead_type_mismatch",
        "cap_reached",
    ]
    assert [check.reason for check in said.checks if not check.passed] == reasons(said)
    assert all(finding.message.endswith(".") for finding in said.findings)


def test_the_receipt_shows_how_full_each_limit_was() -> None:
    said = held(order(caps=(day_cap(leads=100, spend=500_00),)), reading=day_used(41, 131_200))
    observed = {check.rule: check.observed for check in said.checks}
    assert observed["capacity.day_leads"] == "41 of 100 leads"
    assert observed["capacity.day_spend"] == "1312.00 of 500.00 USD"
    assert observed["schedule.open"] == "Sun 09:30 America/New_York"
    assert observed["price.known"] == "32.00 USD"
