"""Meta lead form payloads."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import examples
from services.gateway.posted import Unreadable
from tests.unit.gateway.reading import fields_at_fault, from_meta, refused

ANSWERS = '[{"name":"email","values":["a@b.example"]}]'


def test_what_the_graph_api_returns_has_every_part_in_its_place() -> None:
    (lead,) = from_meta(examples.META.body)

    assert lead.external_id == "129"
    assert (lead.source, lead.sub_source) == ("facebook.com", "777")
    assert lead.submitted_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert lead.fields == {
        "first_name": "Owen",
        "last_name": "Fraser",
        "email": "owen.fraser@mail.example",
        "phone": "+13034427195",
        "postal_code": "80203",
        "form_id": "777",
        "ad_id": "999",
    }


def test_an_envelope_holds_many_leads_in_order_and_other_changes_are_passed_over() -> None:
    leads = from_meta(
        f'{{"object":"page","entry":[{{"id":"1","changes":[{{"field":"feed","value":{{}}}},{{"field":"leadgen","value":'
        f'{{"leadgen_id":"7","created_time":1795341600,"field_data":{ANSWERS}}}}}]}},{{"id":"8","field_data":{ANSWERS}}}]}}'
    )

    assert [lead.external_id for lead in leads] == ["7", "8"]
    assert leads[0].submitted_at == datetime.fromtimestamp(1_795_341_600, UTC)


def test_several_choices_of_one_question_are_joined() -> None:
    (lead,) = from_meta(b'{"field_data":[{"name":"colours","values":["red","blue"]}]}')

    assert lead.fields == {"colours": "red, blue"}


def test_a_bare_notification_is_refused_with_what_to_do_first() -> None:
    body = b'{"entry":[{"id":"1","changes":[{"field":"leadgen","value":{"leadgen_id":"7","form_id":"1"}}]}]}'
    (fault,) = refused(from_meta, body).faults

    assert fault.field == "entry[0].changes[0].value.field_data"
    assert "fetch the lead" in fault.expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", ""),
        (b"{}", "field_data"),
        (b'{"entry":[]}', "entry"),
        (b'{"entry":{}}', "entry"),
        (b'{"entry":[1]}', "entry[0]"),
        (b'{"entry":[{}]}', "entry[0].changes"),
        (b'{"entry":[{"changes":[1]}]}', "entry[0].changes[0]"),
        (b'{"field_data":[1]}', "field_data[0]"),
        (b'{"field_data":[{"name":"x"}]}', "field_data[0].values"),
        (b'{"field_data":[{"name":"x","values":[{}]}]}', "field_data[0].values"),
        (b'{"field_data":[{"name":"x","values":[]},{"name":"x","values":[]}]}', "field_data"),
        (b'{"field_data":[],"created_time":"soon"}', "submitted_at"),
        (b'{"field_data":[],"ad_id":{}}', "ad_id"),
    ],
)
def test_a_wrong_shape_is_refused_by_its_field(body: bytes, field: str) -> None:
    assert fields_at_fault(from_meta, body) == [field]


_ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["entry", "changes", "value", "field_data", "name", "values", "id"]), inner)
    ),
    max_leaves=15,
)


@given(_ANY)
def test_any_payload_is_read_or_refused(value: Any) -> None:
    with contextlib.suppress(Unreadable):
        from_meta(json.dumps(value))
