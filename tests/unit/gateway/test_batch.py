"""Many leads in one body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.formats.batch import LEADS, split_array, split_lines
from services.gateway.posted import BODY_BYTES, Unreadable
from tests.unit.gateway.reading import fields_at_fault, refused


def test_each_line_is_a_lead_and_blank_lines_are_passed_over() -> None:
    parts = split_lines(b'{"a":1}\r\n\n  \n{"b":2}')

    assert [part.value() for part in parts] == [{"a": 1}, {"b": 2}]
    assert [part.line for part in parts] == [1, 4]


def test_a_bad_line_spoils_no_other_and_is_told_with_its_place_in_the_whole_body() -> None:
    good, bad, also_good = split_lines(b'{"a":1}\n{"b":oops}\n{"c":3}\n')

    assert (good.value(), also_good.value()) == ({"a": 1}, {"c": 3})
    position = refused(bad.value).position
    assert position is not None
    assert (position.line, position.column, position.byte) == (2, 6, 13)


def test_a_bad_element_of_an_array_spoils_no_other() -> None:
    first, second, third = split_array(b'[{"a":1}, {"b":1,"b":2}, "text"]')

    assert first.value() == {"a": 1}
    assert fields_at_fault(second.value) == ["b"]
    assert third.value() == "text"


@pytest.mark.parametrize("body", [b"{}", b"[", b"[1,]", b"", b"nope", b"[{}] []", b"[" * 100_000, b"[]"])
def test_what_is_no_array_of_leads_is_refused_as_a_whole(body: bytes) -> None:
    refused(split_array, body)


@pytest.mark.parametrize("count", [0, LEADS, LEADS + 1])
def test_a_batch_has_one_lead_to_a_thousand(count: int) -> None:
    for split, body in ((split_array, json.dumps([{}] * count).encode()), (split_lines, b"{}\n" * count)):
        if count == LEADS:
            assert len(split(body)) == LEADS
        else:
            refused(split, body)


def test_a_lead_of_a_batch_is_no_larger_than_a_lead_alone() -> None:
    (part,) = split_lines(json.dumps({"a": "x" * BODY_BYTES}).encode())

    refused(part.value)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), min_size=1, max_size=9))
def test_an_array_and_its_lines_hold_the_same_leads(leads: list[dict[str, str]]) -> None:
    lines = "\n".join(json.dumps(lead) for lead in leads).encode()

    assert [part.value() for part in split_array(json.dumps(leads).encode())] == leads
    assert [part.value() for part in split_lines(lines)] == leads


@given(st.binary(max_size=200))
def test_any_bytes_are_split_or_refused(body: bytes) -> None:
    for split in (split_array, split_lines):
        try:
            for part in split(body):
                part.value()
        except Unreadable:
            pass
