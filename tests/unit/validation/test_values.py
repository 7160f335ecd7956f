"""Dates, numbers, amounts, yes and no, choices: the types of a product's own fields."""

from __future__ import annotations

import pytest

from tests.unit.validation.terms import GOOD, judged, lead_with, reasons

GOOD_VALUES = [
    ("loan_amount", "25000", "25000"),
    ("loan_amount", "$25,000", "25000"),
    ("loan_amount", "25,000.00", "25000"),
    ("loan_amount", "$ 25 000", "25000"),
    ("loan_amount", "25k", "25000"),
    ("loan_amount", "$25K", "25000"),
    ("loan_amount", "25.5k", "25500"),
    ("loan_amount", "USD 25000", "25000"),
    ("loan_amount", "25000 dollars", "25000"),
    ("loan_amount", "25000.50", "25000.5"),
    ("loan_amount", "+25000", "25000"),
    ("loan_amount", "025000", "25000"),
    ("vehicle_year", "2019", "2019"),
    ("vehicle_year", "2019.0", "2019"),
    ("vehicle_year", " 2019 ", "2019"),
    ("debt_ratio", "0.350", "0.35"),
    ("debt_ratio", ".5", "0.5"),
    ("debt_ratio", "3", "3"),
    ("credit_rating", "GOOD", "good"),
    ("credit_rating", " Excellent ", "excellent"),
    ("has_trade_in", "Yes", "true"),
    ("has_trade_in", "y", "true"),
    ("has_trade_in", "TRUE", "true"),
    ("has_trade_in", "on", "true"),
    ("has_trade_in", "0", "false"),
    ("has_trade_in", "no", "false"),
    ("employer", "  Acme\tInc.  ", "Acme Inc."),
    ("employer", "None of Your Business LLC", "None of Your Business LLC"),
    ("hired_on", "2020-02-29", "2020-02-29"),
    ("hired_on", "2020-02-29T10:00:00Z", "2020-02-29"),
    ("hired_on", "20200229", "2020-02-29"),
    ("hired_on", "2/9/2020", "2020-02-09"),
    ("hired_on", "02/29/2020", "2020-02-29"),
    ("hired_on", "02-29-2020", "2020-02-29"),
    ("hired_on", "12.31.2020", "2020-12-31"),
    ("hired_on", "Feb 29, 2020", "2020-02-29"),
    ("hired_on", "february 29th 2020", "2020-02-29"),
    ("hired_on", "29 Feb 2020", "2020-02-29"),
    ("hired_on", "1st of March 2020", "2020-03-01"),
    ("date_of_birth", "12/31/1980", "1980-12-31"),
    ("date_of_birth", "1980-12-31", "1980-12-31"),
    ("date_of_birth", "31/12/1980", "1980-12-31"),
    ("date_of_birth", "3/4/85", "1985-03-04"),
    ("hired_on", "13/01/2020", "2020-01-13"),
    ("hired_on", "1/2/20", "2020-01-02"),
    ("opt_in", "Double opt-in", "double"),
    ("opt_in", "DOI", "double"),
    ("opt_in", "single", "single"),
    ("incentivized", "No", "false"),
    ("form", "LONG", "long"),
]
BAD_VALUES = [
    ("loan_amount", "lots"),
    ("loan_amount", "20000-30000"),
    ("loan_amount", "25.000"),  # 25 or 25,000
    ("loan_amount", "25,00"),
    ("loan_amount", "-25000"),
    ("loan_amount", "999"),
    ("loan_amount", "150001"),
    ("loan_amount", "1e5"),
    ("loan_amount", "25000.555"),
    ("loan_amount", "NaN5"),
    ("loan_amount", "9" * 400),
    ("vehicle_year", "2019.5"),
    ("vehicle_year", "1979"),
    ("vehicle_year", "twenty"),
    ("vehicle_year", "twenty nineteen"),
    ("debt_ratio", "11"),
    ("credit_rating", "platinum"),
    ("has_trade_in", "maybe"),
    ("hired_on", "2/30/2020"),
    ("hired_on", "2020"),
    ("hired_on", "yesterday"),
    ("hired_on", "2021-02-29"),
    ("date_of_birth", "1/1/1800"),
    ("date_of_birth", "11/23/2026"),
    ("date_of_birth", "11/22/2026"),
    ("opt_in", "triple"),
    ("incentivized", "perhaps"),
    ("form", "medium"),
    ("employer", "x" * 1001),
]
MISSING = [
    "",
    " ",
    "\t\n",
    "N/A",
    "n/a",
    "None",
    "null",
    "NULL",
    "undefined",
    "{{loan_amount}}",
    "${loan_amount}",
    "[[loan_amount]]",
    "%%loan_amount%%",
    "-",
    "--",
    "Not Provided",
    "\u200b",
]


@pytest.mark.parametrize(("field", "text", "expected"), GOOD_VALUES)
def test_a_value_as_people_write_it_becomes_canonical(field: str, text: str, expected: str) -> None:
    verdict = judged(lead_with(**{field: text}))
    assert verdict.fields.get(field) == expected
    assert reasons(verdict) == []


@pytest.mark.parametrize(("field", "text"), BAD_VALUES)
def test_a_value_that_cannot_be_read_is_invalid_and_absent(field: str, text: str) -> None:
    verdict = judged(lead_with(**{field: text}))
    assert reasons(verdict) == [("field_invalid", field)]
    assert field not in verdict.fields


@pytest.mark.parametrize("text", MISSING)
@pytest.mark.parametrize("field", ["phone", "email", "postal_code"])
def test_what_stands_for_nothing_counts_as_missing(field: str, text: str) -> None:
    verdict = judged(lead_with(**{field: text}))
    assert reasons(verdict) == [("field_missing", field)]
    assert field not in verdict.fields


@pytest.mark.parametrize("text", MISSING)
def test_an_empty_optional_field_is_no_fault(text: str) -> None:
    assert reasons(judged(lead_with(employer=text, hired_on=text, has_trade_in=text))) == []


def test_none_is_a_choice_where_it_is_declared() -> None:
    assert judged(lead_with(opt_in="None")).fields["opt_in"] == "none"


def test_messages_say_what_was_expected_and_never_the_value() -> None:
    for field, text in BAD_VALUES:
        verdict = judged(lead_with(**{field: text}))
        every = [*verdict.findings, *verdict.candidates[0].findings]
        assert all(finding.message.startswith("Expected ") for finding in every)
        assert all(text not in finding.message for finding in every if len(text) > 2)


def test_bounds_are_told() -> None:
    (finding,) = judged(lead_with(loan_amount="1")).candidates[0].findings
    assert finding.message == "Expected an amount in dollars from 1,000 to 150,000."


def test_fields_that_nobody_knows_are_named_in_order() -> None:
    verdict = judged(lead_with(zodiac="Leo", aura="blue"))
    assert verdict.unknown_fields == ("aura", "zodiac")
    assert reasons(verdict) == []
    assert set(verdict.fields) == {*GOOD.fields, "full_name"}
