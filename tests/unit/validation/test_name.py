from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.validation.fieldtypes.name import halves, read_name
from services.validation.identity.made_up import is_mashed
from tests.unit.validation.people import CASED, MADE_UP, NAMES, TESTS
from tests.unit.validation.terms import judged, lead_with, reasons


def test_there_are_hundreds_of_real_names_to_hold_the_rules_against() -> None:
    assert len(set(NAMES)) >= 300


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", [str, str.upper, str.lower])
def test_a_real_name_passes_however_it_is_written(name: str, style: Callable[[str], str]) -> None:
    if name.endswith(" Null") and style is not str:
        return  # "null" and "NULL" are what systems write; only the name has one capital
    first, _, last = style(name).partition(" ")
    assert reasons(judged(lead_with(first_name=first, last_name=last))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_real_full_name_gives_both_halves(name: str) -> None:
    verdict = judged(lead_with(full_name=name, first_name=None, last_name=None))
    assert reasons(verdict) == []
    assert verdict.fields["first_name"]
    assert verdict.fields["last_name"]


@pytest.mark.parametrize(("first", "last"), MADE_UP)
def test_a_name_that_nobody_bears_is_fake(first: str, last: str) -> None:
    found = reasons(judged(lead_with(first_name=first, last_name=last)))
    assert {reason for reason, _ in found} & {"name_fake", "field_invalid"}
    assert {field for _, field in found} <= {"first_name", "last_name"}


@pytest.mark.parametrize(("first", "last"), TESTS)
def test_a_test_name_is_test_data(first: str, last: str) -> None:
    found = reasons(judged(lead_with(first_name=first, last_name=last)))
    assert "test_data" in {reason for reason, _ in found}


def test_a_declared_test_may_look_like_one() -> None:
    assert reasons(judged(replace(lead_with(first_name="Test", last_name="Test"), test=True))) == []


@pytest.mark.parametrize(("text", "expected"), CASED)
def test_capitals_are_given_where_there_are_none_or_nothing_else(text: str, expected: str) -> None:
    surname = expected.startswith(("King", "van", "Null")) or expected.endswith("Jr")
    field = "last_name" if surname else "first_name"
    assert judged(lead_with(**{field: text})).fields[field] == expected


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ("Jane Smith", ("Jane", "Smith")),
        ("Smith, Jane", ("Jane", "Smith")),
        ("Jane Mary Smith", ("Jane", "Smith")),
        ("Ludwig van Beethoven", ("Ludwig", "van Beethoven")),
        ("Juan de la Cruz", ("Juan", "de la Cruz")),
        ("Sammy Davis Jr", ("Sammy", "Davis Jr")),
        ("Sammy Davis, Jr.", ("Sammy", "Davis Jr")),
        ("Henry Louis Gates III", ("Henry", "Gates III")),
        ("Sukarno", ("Sukarno", "")),
        ("Van Morrison", ("Van", "Morrison")),
    ],
)
def test_a_full_name_is_split_where_the_family_name_begins(full: str, expected: tuple[str, str]) -> None:
    assert halves(read_name("full_name", full).parts) == expected


@pytest.mark.parametrize(
    "text", ["", "  ", "N/A", "n/a", "none", "NULL", "null", "{{first_name}}", "-", ".", "undefined"]
)
def test_what_stands_for_nothing_is_missing(text: str) -> None:
    assert reasons(judged(lead_with(first_name=text))) == [("field_missing", "first_name")]


@pytest.mark.parametrize(
    "word", ["lynn", "byrd", "krc", "vlk", "strnad", "schwarzkopf", "wert", "trew", "hadsall", "sadaf"]
)
def test_words_that_look_struck_and_are_names_are_left_alone(word: str) -> None:
    assert not is_mashed(word)


@pytest.mark.parametrize("full", ["A a", "Ann smith", "ann -", "Ann N/A", "Ann van"])
def test_halves_of_a_full_name_are_cleaned_as_if_they_had_been_sent_alone(full: str) -> None:
    once = judged(lead_with(full_name=full, first_name=None, last_name=None)).fields
    again = judged(lead_with(full_name=full, first_name=once.get("first_name"), last_name=once.get("last_name"))).fields
    assert again == once
