from __future__ import annotations

from dataclasses import replace

import pytest

from services.validation.fieldtypes.place import STATES, state_code
from shared.catalog.states import USPS_STATES
from tests.unit.validation.people import ZIPS
from tests.unit.validation.terms import judged, lead_with, reasons, reference


def test_the_states_are_those_of_the_catalog() -> None:
    assert frozenset(STATES) == USPS_STATES


@pytest.mark.parametrize(("code", "name"), STATES.items())
def test_a_state_is_known_by_code_and_name_in_any_case(code: str, name: str) -> None:
    for text in (
        code,
        code.lower(),
        name,
        name.upper(),
        name.lower(),
        f" {name} ",
        f"{code[0]}.{code[1]}.",
        f"{code} - {name}",
    ):
        fields = judged(lead_with(state=text, postal_code=None)).fields
        assert fields.get("state") == code, text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Calif.", "CA"),
        ("Tex", "TX"),
        ("Mass.", "MA"),
        ("Penna", "PA"),
        ("Washington DC", "DC"),
        ("Washington, D.C.", "DC"),
        ("N. Carolina", "NC"),
        ("W. Va.", "WV"),
        ("NewYork", "NY"),
        ("new  hampshire", "NH"),
        ("U.S. Virgin Islands", "VI"),
    ],
)
def test_usual_abbreviations_are_read(text: str, code: str) -> None:
    assert state_code(text) == code


@pytest.mark.parametrize("text", ["ZZ", "Texass", "Ontario", "ON", "12", "Mexico", "TX - California", "United States"])
def test_what_is_no_state_is_invalid(text: str) -> None:
    assert reasons(judged(lead_with(state=text))) == [("field_invalid", "state")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("78701", "78701"),
        (" 78701 ", "78701"),
        ("78701-1234", "78701-1234"),
        ("787011234", "78701-1234"),
        ("78701 1234", "78701-1234"),
        ("78701-", "78701"),
        ("78701-0000", "78701"),
    ],
)
def test_a_zip_keeps_its_plus_four(text: str, expected: str) -> None:
    verdict = judged(lead_with(postal_code=text))
    assert verdict.fields["postal_code"] == expected
    assert reasons(verdict) == []


@pytest.mark.parametrize(
    "text", ["7870", "787", "787012", "ABCDE", "K1A 0B1", "SW1A 1AA", "00000", "99999", "12345-67"]
)
def test_what_is_no_zip_or_does_not_exist_is_invalid(text: str) -> None:
    assert reasons(judged(lead_with(postal_code=text))) == [("field_invalid", "postal_code")]


@pytest.mark.parametrize(("zip5", "state"), ZIPS)
def test_a_zip_agrees_with_its_state_and_gives_it_where_it_is_not_told(zip5: str, state: str) -> None:
    expected = [("geography_excluded", "state")] if state == "PR" else []
    assert reasons(judged(lead_with(postal_code=zip5, state=state))) == expected
    assert judged(lead_with(postal_code=zip5, state=None)).fields["state"] == state


@pytest.mark.parametrize(
    ("zip5", "state"),
    [
        ("78701", "CA"),
        ("90210", "NY"),
        ("10001", "CA"),
        ("10001", "NJ"),
        ("60601", "IN"),
        ("20001", "FL"),
        ("33101", "GA"),
        ("98101", "OR"),
    ],
)
def test_a_state_that_contradicts_the_zip_is_a_mismatch(zip5: str, state: str) -> None:
    verdict = judged(lead_with(postal_code=zip5, state=state))
    assert reasons(verdict) == [("address_mismatch", "state")]
    assert verdict.findings[0].suggestion == reference().zips.state(zip5)


@pytest.mark.parametrize(
    ("zip5", "state"), [("42223", "TN"), ("42223", "KY"), ("97635", "CA"), ("71749", "LA"), ("86515", "NM")]
)
def test_a_zip_that_crosses_a_state_line_may_lie_in_either(zip5: str, state: str) -> None:
    assert reference().zips.reaches(zip5, state)


def test_a_city_by_another_name_is_only_noted() -> None:
    verdict = judged(lead_with(city="Hyde Park"))
    assert reasons(verdict) == []
    (check,) = [check for check in verdict.checks if check.rule == "address.city_matches_zip"]
    assert check.passed
    assert check.observed == "a small place 1001 miles away"


def test_an_area_code_from_another_state_says_nothing() -> None:
    assert reasons(judged(lead_with(phone="212-736-5123", state="TX", postal_code="78701"))) == []


@pytest.mark.parametrize("zip5", ["00001", "00002", "00003", "00004"])
def test_a_sandbox_zip_is_for_tests_only(zip5: str) -> None:
    lead = lead_with(postal_code=zip5)
    assert reasons(judged(replace(lead, test=True))) == []
    assert reasons(judged(lead)) == [("field_invalid", "postal_code")]
