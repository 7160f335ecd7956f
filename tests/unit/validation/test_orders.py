"""What one order asks of a lead beyond the lead's own soundness."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from shared.catalog.terms import Criterion, Geography, LeadTerms, Order, Product, ProductField
from tests.unit.validation.terms import GOOD, NOW, ORDER, PRODUCT, judged, lead_with, reasons


def _order(**changes: Any) -> Order:
    return msgspec.structs.replace(ORDER, **changes)


def test_every_required_field_that_is_missing_is_named() -> None:
    found = reasons(judged(lead_with(email=None, phone="", postal_code="N/A")))
    assert found == [("field_missing", "email"), ("field_missing", "phone"), ("field_missing", "postal_code")]


def test_an_unreadable_required_field_is_told_once() -> None:
    assert reasons(judged(lead_with(phone="12"))) == [("phone_invalid", "phone")]


def test_a_state_worked_out_from_the_zip_was_still_not_given() -> None:
    order = _order(required_fields=("state",))
    assert reasons(judged(lead_with(state=None), order)) == [("field_missing", "state")]


@pytest.mark.parametrize(
    ("geography", "found"),
    [
        (Geography(), []),
        (Geography(states=("TX", "CA")), []),
        (Geography(states=("CA",)), [("geography_excluded", "state")]),
        (Geography(exclude_states=("TX",)), [("geography_excluded", "state")]),
        (Geography(exclude_states=("CA",)), []),
        (Geography(postal_codes=("787",)), []),
        (Geography(postal_codes=("78701",)), []),
        (Geography(postal_codes=("786",)), [("geography_excluded", "postal_code")]),
        (Geography(exclude_postal_codes=("787",)), [("geography_excluded", "postal_code")]),
        (Geography(states=("TX",), exclude_postal_codes=("788",)), []),
        (
            Geography(states=("CA",), postal_codes=("9",)),
            [("geography_excluded", "state"), ("geography_excluded", "postal_code")],
        ),
    ],
)
def test_geography_keeps_to_every_list_that_is_given(geography: Geography, found: list[tuple[str, str]]) -> None:
    assert reasons(judged(GOOD, _order(geography=geography))) == found


def test_a_lead_from_nowhere_cannot_be_placed() -> None:
    lead = lead_with(state=None, postal_code=None)
    order = _order(required_fields=(), geography=Geography(states=("TX",)))
    assert reasons(judged(lead, order)) == [("field_missing", "state")]
    assert reasons(judged(lead, _order(required_fields=(), geography=Geography(exclude_states=("TX",))))) == []


def test_the_zip_alone_places_a_lead() -> None:
    order = _order(geography=Geography(states=("TX",)))
    assert reasons(judged(lead_with(state=None), order)) == []


def test_a_sandbox_zip_in_a_test_is_bought_anywhere() -> None:
    lead = replace(lead_with(postal_code="00001", state=None), test=True)
    assert reasons(judged(lead, _order(geography=Geography(states=("CA",), postal_codes=("9",))))) == []


@pytest.mark.parametrize(
    ("criterion", "met"),
    [
        (Criterion(field="loan_amount", minimum=25000), True),
        (Criterion(field="loan_amount", minimum=25001), False),
        (Criterion(field="loan_amount", maximum=25000), True),
        (Criterion(field="loan_amount", maximum=24999.99), False),
        (Criterion(field="loan_amount", one_of=("25,000",)), True),
        (Criterion(field="credit_rating", one_of=("Excellent", "GOOD")), True),
        (Criterion(field="credit_rating", one_of=("excellent",)), False),
        (Criterion(field="credit_rating", none_of=("Good",)), False),
        (Criterion(field="credit_rating", none_of=("poor",)), True),
        (Criterion(field="employer", none_of=("Acme",)), True),
        # A field that is left out breaks nothing; `required_fields` says what must be there.
        (Criterion(field="employer", one_of=("Acme",)), True),
        (Criterion(field="employer", minimum=1), True),
        (Criterion(field="state", one_of=("Texas",)), True),
        (Criterion(field="email", minimum=1), False),
    ],
)
def test_a_criterion_holds_or_does_not(criterion: Criterion, met: bool) -> None:
    found = reasons(judged(GOOD, _order(criteria=(criterion,))))
    assert found == ([] if met else [("criteria_not_met", criterion.field)])


@pytest.mark.parametrize(
    ("born", "met"),
    [("11/22/2008", True), ("11/23/2008", False), ("1/1/1950", True), ("11/22/1926", False), (None, True)],
)
def test_age_is_worked_out_on_the_day_of_arrival(born: str | None, met: bool) -> None:
    order = _order(criteria=(Criterion(field="age", minimum=18, maximum=99),))
    found = reasons(judged(lead_with(date_of_birth=born), order))
    assert found == ([] if met else [("criteria_not_met", "date_of_birth")])


def test_a_products_own_age_field_is_taken_as_it_is() -> None:
    product = Product(slug="auto-loan", name="p", fields=(*PRODUCT.fields, ProductField(name="age", type="integer")))
    order = _order(criteria=(Criterion(field="age", minimum=18),))
    assert reasons(judged(lead_with(age="17"), order, products=(product,))) == [("criteria_not_met", "age")]


def test_a_criterion_says_nothing_about_a_field_that_is_already_at_fault() -> None:
    assert reasons(judged(lead_with(loan_amount="lots"))) == [("field_invalid", "loan_amount")]


@pytest.mark.parametrize(
    ("terms", "fields", "found"),
    [
        (LeadTerms(), {}, []),
        (LeadTerms(forms=("long",)), {}, []),
        (LeadTerms(forms=("short",)), {}, ["form"]),
        (LeadTerms(forms=("long",)), {"vehicle_year": None}, ["form"]),
        (LeadTerms(forms=("short",)), {"vehicle_year": None}, []),
        (LeadTerms(), {"incentivized": "yes"}, ["incentivized"]),
        (LeadTerms(incentivized=True), {"incentivized": "yes"}, []),
        (LeadTerms(incentivized=True), {}, []),
        (LeadTerms(opt_in=("double",)), {}, ["opt_in"]),
        (LeadTerms(opt_in=("double",)), {"opt_in": "confirmed"}, []),
        (LeadTerms(), {"opt_in": "none"}, ["opt_in"]),
        (LeadTerms(opt_in=("single", "double", "none")), {"opt_in": "none"}, []),
    ],
)
def test_the_lead_type_is_the_one_ordered_or_a_mismatch(
    terms: LeadTerms, fields: dict[str, str | None], found: list[str]
) -> None:
    verdict = judged(lead_with(**fields), _order(lead=terms))
    assert reasons(verdict) == [("lead_type_mismatch", field) for field in found]


def test_a_short_lead_is_told_what_the_long_form_lacks() -> None:
    verdict = judged(lead_with(vehicle_year=None, credit_rating="N/A"), _order(lead=LeadTerms(forms=("long",))))
    (finding,) = verdict.candidates[0].findings
    assert finding.message == "Expected a long form; not given: vehicle_year, credit_rating."


def test_the_type_is_told_with_own_and_exclusivity() -> None:
    kind = judged(lead_with(opt_in="double"), _order(lead=LeadTerms(exclusivity="shared"))).lead_type
    assert (kind.form, kind.exclusivity, kind.own, kind.opt_in) == ("long", "shared", False, "double")
    assert judged(replace(GOOD, seller="web")).lead_type.own


@pytest.mark.parametrize(("minutes", "found"), [(0, []), (60, []), (60.1, ["lead_too_old"]), (-60, []), (None, [])])
def test_a_lead_is_too_old_beyond_the_orders_minutes(minutes: float | None, found: list[str]) -> None:
    submitted = None if minutes is None else NOW - minutes * 60
    assert [reason for reason, _ in reasons(judged(replace(GOOD, submitted_at=submitted)))] == found


def test_a_submission_from_the_future_is_noted() -> None:
    verdict = judged(replace(GOOD, submitted_at=NOW + 3600))
    (check,) = [check for check in verdict.checks if check.rule == "order.lead_age"]
    assert check.observed == "in the future by the seller's clock"


def test_every_candidate_answers_for_itself_in_the_order_of_the_request() -> None:
    strict = _order(slug="strict", criteria=(Criterion(field="loan_amount", minimum=90000),))
    lead = replace(GOOD, candidates=(("strict", 1), ("gone", 2), ("marco-auto", 3)))
    verdict = judged(lead, ORDER, strict)
    assert [(c.order, c.version, [f.reason for f in c.findings]) for c in verdict.candidates] == [
        ("strict", 1, ["criteria_not_met"]),
        ("gone", 2, ["order_not_found"]),
        ("marco-auto", 3, []),
    ]
    assert verdict.summary == "No faults whatever the order; 1 of 3 orders satisfied."


def test_a_fault_in_a_products_field_concerns_the_orders_of_that_product_only() -> None:
    boat = Product(slug="boat", name="Boat", fields=(ProductField(name="length", type="number"),))
    boats = _order(slug="boats", product="boat", criteria=())
    lead = replace(lead_with(loan_amount="lots", length="30"), candidates=(("marco-auto", 3), ("boats", 1)))
    verdict = judged(lead, ORDER, boats, products=(PRODUCT, boat))
    assert verdict.findings == ()
    assert [[f.field for f in c.findings] for c in verdict.candidates] == [["loan_amount"], []]
    assert verdict.unknown_fields == ()


def test_without_candidates_the_sellers_products_still_read_the_fields() -> None:
    verdict = judged(replace(lead_with(loan_amount="$9k"), candidates=()))
    assert verdict.fields["loan_amount"] == "9000"
    assert verdict.unknown_fields == ()


@pytest.mark.parametrize(
    ("phone", "bought"),
    [
        ("+44 7400 123457", True),
        ("+44 20 7946 1958", False),
        ("+44 56 0123 4567", False),
        ("(512) 627-4199", True),  # nobody can tell a mobile of North America by its number
    ],
)
def test_an_order_may_buy_some_kinds_of_line_only(phone: str, bought: bool) -> None:
    mobiles = msgspec.structs.replace(ORDER, lead=LeadTerms(phone_types=("mobile",)))
    expected = [] if bought else [("phone_type_not_allowed", "phone")]
    assert reasons(judged(lead_with(phone=phone), mobiles)) == expected
    assert reasons(judged(lead_with(phone=phone))) == []
