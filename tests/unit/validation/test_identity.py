from __future__ import annotations

import pytest

from services.validation.bots.sign import MOST
from services.validation.identity.signals import identity_signs
from tests.unit.validation.terms import GOOD, judged, lead_with, reasons, reference


def _signs(**fields: str) -> list[str]:
    return [sign.name for sign in identity_signs({**_ANN, **fields}, reference())]


_ANN = {
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann.lee@gmail.com",
    "phone": "+15126274199",
    "street": "12 Main St",
    "city": "Austin",
    "state": "TX",
    "postal_code": "78701",
}


def test_an_ordinary_person_shows_no_sign() -> None:
    assert _signs() == []


@pytest.mark.parametrize(
    ("fields", "sign"),
    [
        ({"first_name": "Harry", "last_name": "Potter", "email": "ba7@gmail.com"}, "name_of_a_figure"),
        ({"first_name": "Bart", "last_name": "Simpson", "email": "ba7@gmail.com"}, "name_of_a_figure"),
        ({"last_name": "Test", "email": "ba7@gmail.com"}, "name_of_a_test"),
        ({"last_name": "Xjgor", "email": "ba7@gmail.com"}, "odd_letters"),
        ({"first_name": "A", "last_name": "B", "email": "ba7@gmail.com"}, "single_letters"),
        ({"first_name": "Lee", "last_name": "Lee", "email": "ba7@gmail.com"}, "same_names"),
        ({"last_name": "Austin", "email": "ba7@gmail.com"}, "name_is_city"),
        ({"email": "bob.jones@gmail.com"}, "other_name_in_email"),
        ({"phone": "+12127365123"}, "area_code_elsewhere"),
        ({"street": "Main St"}, "street_without_number"),
        ({"city": "Zilkerville"}, "city_not_listed"),
    ],
)
def test_something_odd_is_a_sign_and_no_reason(fields: dict[str, str], sign: str) -> None:
    assert _signs(**fields) == [sign]
    assert reasons(judged(lead_with(**{**GOOD.fields, **fields}))) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "alee1980@gmail.com"},
        {"email": "annie.l@gmail.com"},
        {"email": "lee.family@gmail.com"},
        {"email": "the.lees@gmail.com"},
        {"email": "sunshine42@gmail.com"},
        {"email": "big_dog@gmail.com", "first_name": "Bo", "last_name": "Ng"},
        {"phone": "+17372714199"},
        {"phone": "+442079461958"},
        {"street": "PO Box 12"},
        {"street": "221B Baker St"},
        {"city": "Saint Louis", "postal_code": "63101", "state": "MO", "phone": "+13146274199"},
        {"first_name": "王", "last_name": "明", "email": "wang@gmail.com"},
        {"first_name": "Iqbal", "email": "ba7@gmail.com"},
    ],
)
def test_what_ordinary_people_have_is_no_sign(fields: dict[str, str]) -> None:
    assert _signs(**fields) == []


def test_all_signs_together_stay_below_every_usual_threshold() -> None:
    worst = identity_signs(
        {
            **_ANN,
            "first_name": "Harry",
            "last_name": "Potter",
            "email": "bob.jones@gmail.com",
            "phone": "+12127365123",
            "street": "Main St",
            "city": "Zilkerville",
        },
        reference(),
    )
    assert len(worst) == 5
    assert MOST["identity"] < 60
    assert all(sign.points <= MOST["identity"] and sign.explanation for sign in worst)


def test_a_sign_is_told_in_the_receipt() -> None:
    verdict = judged(lead_with(phone="212-736-5123"))
    told = [check.observed for check in verdict.checks if check.rule == "bots.score"]
    assert all("area_code_elsewhere 4" in observed for observed in told)
