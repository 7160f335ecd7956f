"""Criteria and price lines in the catalog file: what cannot be meant is told at its place, what can is let be."""

# Lines of a table stay on one line.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from services.intake.catalog.document import read_document

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()
CRITERION = "{field: employment_status, none_of: [unemployed]}"
LEAD = "lead: {exclusivity: exclusive, forms: [long, short], incentivized: false, opt_in: [single, double]}"
PRICES = '      - {form: long, amount: "32.00"}\n      - {form: short, amount: "18.00"}\n'


def faults(text: str) -> list[tuple[str, str, str]]:
    """Path, the text at the place, and what is said."""
    lines = text.splitlines()
    return [(f.field, lines[f.line - 1][f.column - 1 :], f.message) for f in read_document(text).faults]


def with_criterion(criterion: str) -> str:
    assert CATALOG.count(CRITERION) == 1
    return CATALOG.replace(CRITERION, criterion)


def with_prices(lead: str, prices: str) -> str:
    assert LEAD in CATALOG
    assert PRICES in CATALOG
    return CATALOG.replace(LEAD, lead, 1).replace(PRICES, prices, 1)


@pytest.mark.parametrize(
    "criterion",
    [
        "{field: age, minimum: 21, maximum: 75}",
        "{field: monthly_income, minimum: 1800.50}",
        "{field: vehicle_year, one_of: [2019, 2020]}",
        "{field: has_trade_in, one_of: [true]}",
        "{field: state, none_of: [NY, PR]}",
        '{field: postal_code, none_of: ["00501"]}',
        "{field: employer, none_of: [Acme, Null]}",
        "{field: credit_rating, one_of: [Good, EXCELLENT]}",
        "{field: opt_in, one_of: [double]}",
        "{field: exclusivity, one_of: [exclusive]}",
        "{field: incentivized, none_of: [true]}",
        "{field: date_of_birth, none_of: [1970-01-01]}",
        "{field: email, none_of: [a@b.example]}",
    ],
)
def test_a_criterion_that_can_be_meant_is_without_fault(criterion: str) -> None:
    assert faults(with_criterion(criterion)) == []


@pytest.mark.parametrize(
    ("criterion", "path", "at", "said"),
    [
        ("{field: employer_nam, one_of: [x]}", ".field", "employer_nam", "did you mean `employer`?"),
        ("{field: employer, minimum: 5}", ".minimum", "5", "bounds need a numeric field"),
        ("{field: credit_rating, maximum: 5}", ".maximum", "5", "bounds need a numeric field"),
        ("{field: state, minimum: 5}", ".minimum", "5", "bounds need a numeric field"),
        ("{field: date_of_birth, minimum: 18}", ".minimum", "18", "bounds need a numeric field"),
        ("{field: age, minimum: 140}", ".minimum", "140", "an age ends at 130"),
        ("{field: monthly_income, minimum: 5, maximum: 4}", ".minimum", "5", "the minimum 5 is above the maximum 4"),
        ("{field: monthly_income, minimum: 2000000}", ".minimum", "2000000", "ends at 1e+06"),
        ("{field: vehicle_year, maximum: 1970}", ".maximum", "1970", "begins at 1980"),
        ("{field: vehicle_year, one_of: [new]}", ".one_of[0]", "new", "expected a whole number"),
        ("{field: vehicle_year, one_of: [2019.5]}", ".one_of[0]", "2019.5", "expected a whole number"),
        ("{field: vehicle_year, one_of: [2019, 1970]}", ".one_of[1]", "1970", "begins at 1980"),
        ('{field: monthly_income, one_of: ["5,000"]}', ".one_of[0]", '"5,000"', "expected a number"),
        ("{field: monthly_income, none_of: [2000000]}", ".none_of[0]", "2000000", "ends at 1e+06"),
        ("{field: has_trade_in, one_of: [ja]}", ".one_of[0]", "ja", "no choice `ja`; choices: true, false"),
        ("{field: credit_rating, one_of: [god]}", ".one_of[0]", "god", "did you mean `good`?"),
        ("{field: credit_rating, none_of: [poor, bad]}", ".none_of[1]", "bad", "no choice `bad`"),
        ("{field: credit_rating, one_of: [good, Good]}", ".one_of[1]", "Good", "already in this list"),
        ("{field: state, one_of: [TX, XX]}", ".one_of[1]", "XX", "there is no state `XX`"),
        ("{field: state, one_of: [Texas]}", ".one_of[0]", "Texas", "there is no state `Texas`"),
        ("{field: postal_code, one_of: [7870]}", ".one_of[0]", "7870", "expected a ZIP of five digits"),
        ("{field: form, one_of: [medium]}", ".one_of[0]", "medium", "no choice `medium`"),
        ("{field: opt_in, one_of: [triple]}", ".one_of[0]", "triple", "no choice `triple`"),
        ("{field: date_of_birth, one_of: [01/01/1970]}", ".one_of[0]", "01/01/1970", "expected a date"),
        ('{field: employer, one_of: [" "]}', ".one_of[0]", '" "', "an empty value"),
        ("{field: employer}", "", "{field", "needs `minimum`"),
    ],
)
def test_a_criterion_that_cannot_be_meant_is_told_at_its_place(criterion: str, path: str, at: str, said: str) -> None:
    ((field, text, message),) = faults(with_criterion(criterion))
    assert field == f"orders[0].criteria[1]{path}"
    assert text.startswith(at)
    assert said in message


@pytest.mark.parametrize(
    ("old", "new", "field", "at"),
    [
        ("exclude_states: [AA, AE,", "exclude_states: [AA, QQ,", "orders[0].geography.exclude_states[1]", "QQ"),
        ('exclude_postal_codes: ["787"]', "exclude_postal_codes: [78A]", "orders[2].geography.exclude_postal_codes[0]", "78A"),
        ('exclude_postal_codes: ["787"]', 'exclude_postal_codes: ["787011"]', "orders[2].geography.exclude_postal_codes[0]",
         '"787011"'),
    ],
)  # fmt: skip
def test_a_place_that_does_not_exist_is_told_at_its_place(old: str, new: str, field: str, at: str) -> None:
    assert old in CATALOG
    ((found, text, _),) = faults(CATALOG.replace(old, new, 1))
    assert found == field
    assert text.startswith(at)


REPRICE = LEAD.replace("exclusive,", "exclusive, mismatch: reprice,")


@pytest.mark.parametrize(
    ("lead", "prices"),
    [
        (LEAD, "      - {opt_in: double, amount: '20.00'}\n      - {amount: '10.00'}\n"),
        (LEAD.replace("exclusivity: exclusive", "exclusivity: shared"),
         "      - {exclusivity: exclusive, amount: '20.00'}\n      - {amount: '10.00'}\n"),
        (LEAD.replace("incentivized: false", "incentivized: true"),
         "      - {incentivized: true, amount: '5.00'}\n      - {amount: '10.00'}\n"),
        (REPRICE, "      - {amount: '10.00'}\n      - {exclusivity: shared, amount: '5.00'}\n"),
        (REPRICE, "      - {exclusivity: shared, amount: '5.00'}\n      - {incentivized: true, amount: '2.00'}\n"
                  "      - {opt_in: none, amount: '2.00'}\n      - {amount: '10.00'}\n"),
    ],
)  # fmt: skip
def test_prices_by_type_are_without_fault(lead: str, prices: str) -> None:
    assert faults(with_prices(lead, prices)) == []


@pytest.mark.parametrize(
    ("lead", "prices", "field", "said"),
    [
        (LEAD, "      - {exclusivity: shared, amount: '5.00'}\n      - {amount: '10.00'}\n", "prices[0].exclusivity",
         "the order does not buy shared leads; `mismatch: reprice` would buy them"),
        (LEAD, "      - {incentivized: true, amount: '5.00'}\n      - {amount: '10.00'}\n", "prices[0].incentivized",
         "the order does not buy leads with a reward"),
        (LEAD, "      - {opt_in: none, amount: '5.00'}\n      - {amount: '10.00'}\n", "prices[0].opt_in",
         "the order does not buy leads whose opt-in is none"),
        (LEAD, "      - {amount: '10.00'}\n      - {opt_in: double, amount: '20.00'}\n", "prices[1]", "never reached"),
        (LEAD, "      - {opt_in: double, amount: '20.00'}\n", "prices", "(with opt-in single) has no price in some states"),
        (REPRICE, "      - {amount: '10.00'}\n", "lead.mismatch", "no price line names a lead of another type"),
        (REPRICE, "      - {exclusivity: shared, amount: '5.00'}\n", "prices", "(exclusive) has no price in some states"),
        (REPRICE, "      - {exclusivity: shared, amount: '5.00'}\n      - {exclusivity: shared, form: long, amount: '7.00'}\n"
                  "      - {amount: '10.00'}\n", "prices[1]", "never reached"),
    ],
)  # fmt: skip
def test_prices_by_type_that_cannot_be_meant_are_told(lead: str, prices: str, field: str, said: str) -> None:
    found = faults(with_prices(lead, prices))
    assert [path for path, _, _ in found][:1] == [f"orders[0].{field}"]
    assert said in found[0][2]
