"""The price of a lead: its laws, and each kind of rule by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.pricing import Facts, Pricing, pricing_of, share
from shared.catalog.buying import OrderSource, Price, PriceRule
from shared.catalog.money import Minor
from tests.unit.routing.terms import LEAD, SITE, held, order

STATES = ("TX", "NY", "CA", "OH")
AMOUNTS = st.integers(0, 10**9).map(Minor)
EFFECTS = st.one_of(
    st.fixed_dictionaries({"add": AMOUNTS}),
    st.fixed_dictionaries({"subtract": AMOUNTS}),
    st.fixed_dictionaries({"percent": st.integers(-100, 1000)}),
    st.fixed_dictionaries({"set": AMOUNTS}),
)


@st.composite
def rules(draw: st.DrawFn) -> tuple[PriceRule, ...]:
    drawn = draw(st.lists(st.tuples(st.lists(st.sampled_from(STATES), unique=True, max_size=3), EFFECTS), max_size=6))
    return tuple(PriceRule(name=f"r{n}", states=tuple(states), **effect) for n, (states, effect) in enumerate(drawn))


def facts(state: str = "TX", fields: Mapping[str, str] | None = None) -> Facts:
    return Facts(state, SITE, datetime(2026, 11, 22, 9, 30, tzinfo=UTC), fields or {})


def priced(*price_rules: PriceRule, base: int = 3200, **known: Any) -> int:
    return Pricing(order(price_rules=price_rules)).price(base, facts(**known)).amount


@given(rules(), AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(STATES))
def test_a_price_lies_within_floor_and_ceiling_and_is_whole(
    given_rules: tuple[PriceRule, ...], base: Minor, one: Minor, other: Minor, state: str
) -> None:
    floor, ceiling = min(one, other), max(one, other)
    found = Pricing(order(price_rules=given_rules, price_floor=floor, price_ceiling=ceiling)).price(
        base, facts(state=state)
    )
    assert floor <= found.amount <= ceiling
    for amount in (found.amount, *(step.before for step in found.steps), *(step.after for step in found.steps)):
        assert isinstance(amount, int)
        assert amount >= 0


@given(rules(), AMOUNTS, st.sampled_from(STATES))
def test_a_price_is_the_same_each_time_and_its_steps_lead_from_the_base_to_it(
    given_rules: tuple[PriceRule, ...], base: Minor, state: str
) -> None:
    terms = order(price_rules=given_rules, price_floor=Minor(0))
    first, again = Pricing(terms).price(base, facts(state=state)), Pricing(terms).price(base, facts(state=state))
    assert first == again
    amount = int(base)
    for step in first.steps:
        assert step.before == amount
        amount = step.after
    assert first.amount == amount


@given(EFFECTS, EFFECTS, AMOUNTS, st.sampled_from(STATES))
def test_rules_of_different_states_may_change_places(
    one: dict[str, Any], other: dict[str, Any], base: Minor, state: str
) -> None:
    texas, new_york = PriceRule(name="tx", states=("TX",), **one), PriceRule(name="ny", states=("NY",), **other)
    assert priced(texas, new_york, base=base, state=state) == priced(new_york, texas, base=base, state=state)


@given(st.integers(0, 10**12), st.integers(-100, 1000))
def test_a_share_is_the_nearest_cent_and_half_a_cent_goes_up(amount: int, percent: int) -> None:
    found, exact = abs(share(amount, percent)), Fraction(amount * abs(percent), 100)
    assert abs(found - exact) <= Fraction(1, 2)
    assert found - exact != Fraction(-1, 2)


@pytest.mark.parametrize(
    ("effect", "price"),
    [
        ({"add": Minor(150)}, 3350),
        ({"subtract": Minor(150)}, 3050),
        ({"subtract": Minor(9900)}, 1),
        ({"percent": 10}, 3520),
        ({"percent": -10}, 2880),
        ({"percent": -100}, 1),
        ({"set": Minor(3000)}, 3000),
    ],
)
def test_each_effect(effect: dict[str, Any], price: int) -> None:
    assert priced(PriceRule(name="it", **effect)) == price


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"states": ("TX", "NY")}, True),
        ({"states": ("NY",)}, False),
        ({"sources": (SITE,)}, True),
        ({"sources": ("other.example",)}, False),
        ({"weekdays": ("sun",)}, True),
        ({"weekdays": ("mon", "sat")}, False),
        ({"after": "09:30", "before": "10:00"}, True),
        ({"after": "09:00", "before": "09:30"}, False),
        ({"after": "20:00", "before": "09:31"}, True),
        ({"after": "20:00", "before": "09:00"}, False),
        ({"after": "09:00"}, True),
        ({"before": "09:30"}, False),
        ({"field": "loan_amount", "minimum": Decimal(25000)}, True),
        ({"field": "loan_amount", "minimum": Decimal("25000.01")}, False),
        ({"field": "loan_amount", "minimum": Decimal(1), "maximum": Decimal(25000)}, True),
        ({"field": "credit_rating", "one_of": ("Good", "excellent")}, True),
        ({"field": "credit_rating", "one_of": ("poor",)}, False),
        ({"field": "credit_rating", "minimum": Decimal(0)}, False),
        ({"field": "left_out", "maximum": Decimal(10)}, False),
        ({"states": ("TX",), "weekdays": ("mon",)}, False),
    ],
)
def test_a_rule_applies_where_everything_that_it_says_holds(condition: dict[str, Any], holds: bool) -> None:
    rule = PriceRule(name="it", add=Minor(100), **condition)
    fields = {"loan_amount": "25000.00", "credit_rating": "good"}
    assert priced(rule, fields=fields) == (3300 if holds else 3200)


def test_an_order_without_adjustments_has_none() -> None:
    assert pricing_of(order()) is None
    assert pricing_of(order(price_ceiling=Minor(1))) is not None


def test_the_receipt_tells_each_step_with_its_amounts_and_the_bounds() -> None:
    terms = order(
        price_rules=(
            PriceRule(name="big-loan", field="loan_amount", minimum=Decimal(20000), add=Minor(400)),
            PriceRule(name="new-york", states=("NY",), set=Minor(100)),
            PriceRule(name="weekend", weekdays=("sat", "sun"), percent=-15),
            PriceRule(name="site", sources=(SITE,), set=Minor(5000)),
        ),
        price_ceiling=Minor(3500),
    )
    said = held(terms, LEAD._replace(fields={"loan_amount": "25000"}))
    assert said.price == 3500
    told = [(check.rule, check.observed, check.expected) for check in said.checks if check.rule.startswith("price.")]
    assert told == [
        ("price.known", "32.00 USD", "a price for this lead"),
        ("price.rule", "big-loan: 32.00 + 4.00 = 36.00 USD", "loan_amount at least 20000"),
        ("price.rule", "weekend: 36.00 - 15 % = 30.60 USD", "sat or sun"),
        ("price.rule", "site: = 50.00 USD, before 30.60", f"source {SITE}"),
        ("price.bounds", "35.00 USD", "from 0.01 to 35.00"),
    ]


def test_a_source_may_have_a_price_of_its_own_that_rules_go_on_from() -> None:
    terms = order(sources=(OrderSource(site=SITE, price=Minor(2000)),), price_rules=(PriceRule(name="up", percent=50),))
    said = held(terms)
    assert said.price == 3000
    assert ("price.source", "20.00 USD") in [(check.rule, check.observed) for check in said.checks]


def test_a_lead_that_no_line_holds_has_no_price_whatever_the_rules() -> None:
    said = held(order(prices=(Price(amount=Minor(3200), form="short"),), price_floor=Minor(500)))
    assert said.price == 0
    assert [finding.reason for finding in said.findings] == ["lead_type_mismatch"]


def test_the_buyers_own_lead_costs_nothing_whatever_the_rules() -> None:
    own = order(seller="own-site", prices=(), price_floor=Minor(500), price_rules=(PriceRule(name="up", add=Minor(1)),))
    assert held(own, LEAD._replace(source="landing.example")).price == 0


def test_hours_and_days_of_a_rule_are_those_of_the_schedules_zone() -> None:
    rule = PriceRule(name="sunday-morning", weekdays=("sun",), before="10:00", set=Minor(100))
    # 14:30 in UTC, 09:30 in New York.
    assert held(order(price_rules=(rule,))).price == 100
