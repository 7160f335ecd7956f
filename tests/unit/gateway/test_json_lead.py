"""The seller API's own JSON."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.assembly import Assembler
from services.gateway.formats import json_lead
from services.gateway.formats.json_text import read_json
from services.gateway.posted import FIELDS, VALUE_BYTES, Unreadable
from tests.unit.gateway.reading import fields_at_fault, from_json, refused


def test_a_structured_lead_has_every_part_in_its_place() -> None:
    lead = from_json(
        b'{"order":"o-1","source":"https://a.example/x","sub_source":"fb","external_id":"m-1","test":true,'
        b'"submitted_at":"2026-11-22T10:00:00.5+02:00","lead":{"first_name":"Ann","zip":"78701"},'
        b'"consent":{"text":"I agree","captured_at":"2026-11-22T08:00:00Z","ip":"192.0.2.1","page_url":"https://a.example",'
        b'"certificate":"c-1"},"signals":{"user_agent":"UA","seconds_on_form":42.5,"honeypot":""}}'
    )

    assert (lead.order, lead.source, lead.sub_source, lead.external_id) == ("o-1", "https://a.example/x", "fb", "m-1")
    assert lead.test is True
    assert lead.submitted_at == datetime(2026, 11, 22, 8, 0, 0, 500_000, tzinfo=UTC)
    assert lead.fields == {"first_name": "Ann", "postal_code": "78701"}
    assert lead.consent is not None
    assert lead.consent.text == "I agree"
    assert lead.consent.captured_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert (lead.consent.ip, lead.consent.certificate) == ("192.0.2.1", "c-1")
    assert lead.signals is not None
    assert lead.signals.seconds_on_form == 42.5
    assert lead.signals.honeypot == ""


def test_a_flat_lead_is_understood_by_its_well_known_names() -> None:
    lead = from_json(
        b'{"firstName":"Ann","LNAME":"Lee","e-mail":"a@b.example","zip":"78701","order":"o","lead_id":"m-9",'
        b'"xxTrustedFormCertUrl":"https://cert.trustedform.com/x","tcpa_text":"I agree","ip_address":"192.0.2.1"}'
    )

    assert lead.fields == {"first_name": "Ann", "last_name": "Lee", "email": "a@b.example", "postal_code": "78701"}
    assert (lead.order, lead.external_id) == ("o", "m-9")
    assert lead.consent is not None
    assert lead.consent.certificate == "https://cert.trustedform.com/x"
    assert (lead.consent.text, lead.consent.ip) == ("I agree", "192.0.2.1")
    assert lead.spelled["first_name"] == "firstName"


@pytest.mark.parametrize("nothing", ["null", '""', '"undefined"', '"NULL"'])
def test_a_signal_that_the_forms_script_did_not_find_is_not_told(nothing: str) -> None:
    lead = from_json(
        f'{{"lead":{{}},"signals":{{"webdriver":{nothing},"pastes":{nothing},"seconds_on_form":4}}}}'.encode()
    )

    assert lead.signals is not None
    assert lead.signals.webdriver is None
    assert lead.signals.counts == {}


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("25000", "25000"),
        ("25000.10", "25000.10"),
        ("0.1", "0.1"),
        ("-3", "-3"),
        ("2.5e4", "25000"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1234567890.123456789012345", "1234567890.123456789012345"),
        ("1e400", "1e400"),
        ("true", "true"),
        ("false", "false"),
    ],
)
def test_numbers_and_flags_become_their_plain_text(literal: str, text: str) -> None:
    assert from_json(f'{{"loan_amount":{literal}}}').fields == {"loan_amount": text}


def test_null_means_absent_and_an_empty_text_does_not() -> None:
    assert from_json(b'{"email":null,"phone":""}').fields == {"phone": ""}


def test_a_field_nobody_knows_is_kept() -> None:
    lead = from_json(b'{"favouriteColour":"red","x.y":"1","lead":{"source":"radio"},"consent":{"witness":"Bo"}}')

    assert lead.fields == {"favourite_colour": "red", "x.y": "1", "source": "radio", "consent.witness": "Bo"}


def test_two_spellings_of_one_field_keep_both_contents() -> None:
    lead = from_json(b'{"zip":"10001","postal_code":"78701","postcode":"78701"}')

    assert lead.fields == {"postal_code": "78701", "zip": "10001"}


def test_one_field_with_two_contents_in_two_places_is_refused() -> None:
    assert fields_at_fault(from_json, b'{"phone":"1","lead":{"phone":"2"}}') == ["phone"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"phone":{"home":"1"}}', "phone"),
        (b'{"lead":{"phone":["1"]}}', "lead.phone"),
        (b'{"consent":{"text":{}},"lead":{}}', "consent.text"),
        (b'{"lead":"Ann"}', "lead"),
        (b'{"lead":{},"consent":"yes"}', "consent"),
        (b'{"submitted_at":"yesterday"}', "submitted_at"),
        (b'{"submitted_at":"2026-11-22T10:00:00"}', "submitted_at"),
        (b'{"submitted_at":"2026-02-30T10:00:00Z"}', "submitted_at"),
        (b'{"submitted_at":"1969-01-01T10:00:00Z"}', "submitted_at"),
        (b'{"consent_captured_at":1700000000}', "consent.captured_at"),
        (b'{"test":"perhaps"}', "test"),
        (b'{"seconds_on_form":"-1"}', "signals.seconds_on_form"),
        (b'{"signals":{"keystrokes":"many"},"lead":{}}', "signals.keystrokes"),
        (b'{"paste_count":-1}', "signals.pastes"),
        (b'{"pointer_events":1.5}', "signals.pointer_events"),
        (b'{"webdriver":"perhaps"}', "signals.webdriver"),
        (b'{"note":"a\\u0000b"}', "note"),
        (b'{"":"x"}', ""),
        (b'{"a\\u0007":"x"}', ""),
        (b'[{"phone":"1"}]', ""),
        (b'"lead"', ""),
        (b"7", ""),
    ],
)
def test_a_wrong_shape_is_refused_by_its_field(body: bytes, field: str) -> None:
    assert fields_at_fault(from_json, body) == [field]


def test_all_faults_are_told_at_once() -> None:
    body = b'{"submitted_at":"x","test":"x","seconds_on_form":"x"}'

    assert fields_at_fault(from_json, body) == ["submitted_at", "test", "signals.seconds_on_form"]


@pytest.mark.parametrize("size", [VALUE_BYTES, VALUE_BYTES + 1])
@pytest.mark.parametrize("letter", ["a", "é", "😀"])
def test_a_value_may_have_so_many_bytes_and_no_more(size: int, letter: str) -> None:
    text = letter * (size // len(letter.encode()))
    text += "a" * (size - len(text.encode()))
    body = json.dumps({"note": text})

    if size <= VALUE_BYTES:
        assert from_json(body).fields == {"note": text}
    else:
        assert fields_at_fault(from_json, body) == ["note"]


@pytest.mark.parametrize("count", [FIELDS, FIELDS + 1])
def test_a_lead_may_have_so_many_fields_and_no_more(count: int) -> None:
    body = json.dumps({f"f{number}": "x" for number in range(count)} | {"order": "o"})

    if count <= FIELDS:
        assert len(from_json(body).fields) == count
    else:
        assert fields_at_fault(from_json, body) == [""]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"phone":"1","phone":"2"}', "phone"),
        (b'{"phone":"1","phone":"1"}', "phone"),
        (b'{"phone":"1","\\u0070hone":"2"}', "phone"),
        (b'{"a":1,"a":2}', "a"),
        (b'{"lead":{"a":1.5,"a":2.5}}', "a"),
        (b'{"lead":{"a":1},"lead":{"a":1}}', "lead"),
        (b'{"a" : 1, "a"\n:2, "b":"\\""}', "a"),
        (b'{"x":[{"q":1,"q":2}]}', "q"),
    ],
)
def test_a_key_that_comes_twice_is_refused_by_name(body: bytes, name: str) -> None:
    assert fields_at_fault(from_json, body) == [name]


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(value=st.dictionaries(st.text(), _VALUES, max_size=6), twice=st.booleans(), blank=st.sampled_from(["", " "]))
def test_a_key_is_found_to_come_twice_exactly_where_it_does(value: dict[str, Any], twice: bool, blank: str) -> None:
    pairs = [f"{json.dumps(key)}{blank}:{json.dumps(inner)}" for key, inner in value.items()]
    if twice and pairs:
        pairs.append(pairs[0])
    body = ("{" + ",".join(pairs) + "}").encode()

    if twice and pairs:
        with pytest.raises(Unreadable):
            read_json(body)
    else:
        assert set(read_json(body)) == set(value)


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"a":1,}', 1, 8),
        (b'{"a":1,\n "b":nope}', 2, 6),
        (b'{"a":1', 1, 7),
        (b"", 1, 1),
        (b'{"a":"x\ty"}', 1, 8),
        (b'{"a":"\xc3\xa9\xff"}', 1, 8),
        (b"\xff\xfe{\x00", 1, 1),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(body: bytes, line: int, column: int) -> None:
    position = refused(from_json, body).position

    assert position is not None
    assert (position.line, position.column) == (line, column)


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"a":' + b"[" * 17 + b"]" * 17 + b"}"]
)
def test_deep_nesting_is_refused(body: bytes) -> None:
    refused(from_json, body)


@pytest.mark.parametrize(
    "body", [b'{"a":"\\ud800"}', b'{"a":NaN}', b'{"a":Infinity}', b"{'a':1}", b'{"a":01}', b"{}{}"]
)
def test_what_only_lenient_readers_take_is_refused(body: bytes) -> None:
    refused(from_json, body)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        from_json(body)


@given(_VALUES)
def test_any_json_is_read_or_refused(value: Any) -> None:
    with contextlib.suppress(Unreadable):
        json_lead.parse(json.dumps(value).encode(), Assembler())
