"""Posted HTML forms."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.posted import FIELDS, Unreadable
from tests.unit.gateway.reading import fields_at_fault, from_form, refused


def test_a_form_is_read_like_flat_json() -> None:
    lead = from_form(b"order=o&fname=Ann&email=a%2Bb%40c.example&note=two+words&empty=&universal_leadid=id-1&test=1")

    assert lead.order == "o"
    assert lead.fields == {"first_name": "Ann", "email": "a+b@c.example", "note": "two words", "empty": ""}
    assert lead.consent is not None
    assert lead.consent.certificate == "id-1"
    assert lead.test is True


def test_the_access_key_is_no_field() -> None:
    lead = from_form(b"access_key=ll_secret&fname=Ann")

    assert lead.access_key == "ll_secret"
    assert lead.fields == {"first_name": "Ann"}
    assert "ll_secret" not in repr(lead)


def test_a_declared_charset_is_used_for_escapes_too() -> None:
    assert from_form(b"fname=Jos%E9", "iso-8859-1").fields == {"first_name": "José"}
    assert from_form("fname=José").fields == {"first_name": "José"}


@pytest.mark.parametrize(
    ("body", "charset"), [(b"fname=Jos%E9", "utf-8"), (b"fname=\xe9", "utf-8"), (b"a=\xe9", "us-ascii")]
)
def test_another_charset_than_declared_is_refused(body: bytes, charset: str) -> None:
    refused(from_form, body, charset)


def test_a_field_that_comes_twice_is_refused_by_name() -> None:
    assert fields_at_fault(from_form, b"phone=1&phone=2") == ["phone"]


@pytest.mark.parametrize("body", [b"", b"&&", b"="])
def test_an_empty_form_is_refused(body: bytes) -> None:
    refused(from_form, body)


def test_too_many_fields_are_refused() -> None:
    assert fields_at_fault(from_form, "&".join(f"f{n}=x" for n in range(FIELDS + 1))) == [""]
    refused(from_form, "&".join(f"f{n}=x" for n in range(10_000)))


def test_a_nul_character_is_refused_by_field() -> None:
    assert fields_at_fault(from_form, b"note=a%00b") == ["note"]


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "iso-8859-1", "us-ascii"]))
def test_any_bytes_are_read_or_refused(body: bytes, charset: str) -> None:
    with contextlib.suppress(Unreadable):
        from_form(body, charset)
