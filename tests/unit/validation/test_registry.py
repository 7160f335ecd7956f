"""The registry: one truth for decisions, products and people who ask."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from services.validation.fieldtypes.fieldtype import Context
from services.validation.fieldtypes.registry import FIELD_TYPES, field_type, product_reader, standard_readers
from shared.catalog import terms, words
from tests.unit.validation.phones import BAD, GOOD, MEANT
from tests.unit.validation.terms import reference


def test_every_type_that_a_product_may_name_is_in_the_registry() -> None:
    assert set(get_args(words.FieldType)) <= set(FIELD_TYPES)
    assert all(kind.name == name and kind.says for name, kind in FIELD_TYPES.items())


def test_decisions_products_and_people_read_a_value_alike() -> None:
    decides = standard_readers(reference())["phone"]
    for text in [text for text, _ in (*GOOD, *BAD, *MEANT)]:
        told, decided = FIELD_TYPES["phone"].parse(text, Context(reference())), decides(text)
        assert (told.value, told.faults, told.parts) == (decided.value, decided.findings, decided.parts)
    birth = Context(reference(), today=date(2026, 11, 22))
    assert FIELD_TYPES["date_of_birth"].parse("2030-01-01", birth).faults


@pytest.mark.parametrize("name", sorted(FIELD_TYPES))
def test_every_type_knows_what_is_missing_and_refuses_what_is_endless(name: str) -> None:
    context = Context(reference(), choices=("good",))
    for nothing in ("", "   ", "{{value}}", "N/A", "\u200b"):
        parsed = FIELD_TYPES[name].parse(nothing, context)
        assert (parsed.value, parsed.missing, parsed.valid, parsed.faults) == (None, True, False, ()), nothing
    (fault,) = FIELD_TYPES[name].parse("9" * 1001, context).faults
    assert fault.message == "Expected at most 1000 characters."
    assert fault.field == name


@pytest.mark.parametrize(
    ("named", "meant"),
    [("Phone", "phone"), ("ZIP code", "postal_code"), ("dob", "date_of_birth"), ("e-mail", "email"),
     ("first name", "first_name"), (" Date Of-Birth ", "date_of_birth")],
)  # fmt: skip
def test_a_type_is_found_by_the_names_that_people_use(named: str, meant: str) -> None:
    assert field_type(named) is FIELD_TYPES[meant]


def test_a_type_that_is_not_there_is_not_found() -> None:
    assert field_type("zodiac") is None


def test_a_products_own_phone_field_is_told_by_its_own_name() -> None:
    for name, text in (("phone", "123"), ("email", "ann@")):
        spec = terms.ProductField(name="spouse", type="text")
        reader = FIELD_TYPES[name].reader(Context(reference(), spec.name))
        assert [finding.field for finding in reader(text).findings] == ["spouse"]
        assert {check.field for check in reader(text).checks} == {"spouse"}
    assert product_reader(terms.ProductField(name="size", type="integer"), reference())("7").value == "7"
