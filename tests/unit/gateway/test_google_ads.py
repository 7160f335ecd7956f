"""Google Ads lead form webhooks."""

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
from tests.unit.gateway.reading import fields_at_fault, from_google_ads


def test_a_webhook_call_has_every_part_in_its_place() -> None:
    lead = from_google_ads(examples.GOOGLE_ADS.body)

    assert lead.external_id == "g-128"
    assert (lead.source, lead.sub_source) == ("ads.google.com", "12345678")
    assert lead.test is False
    assert lead.submitted_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert lead.fields == {
        "full_name": "Rosa Delgado",
        "email": "rosa.delgado@mail.example",
        "phone": "+16022538417",
        "postal_code": "85004",
        "api_version": "1.0",
        "form_id": "40000000000",
        "campaign_id": "12345678",
    }


def test_the_google_key_is_the_access_key_and_a_test_is_a_test() -> None:
    lead = from_google_ads(b'{"google_key":"ll_secret","is_test":true,"user_column_data":[]}')

    assert lead.access_key == "ll_secret"
    assert lead.fields == {}
    assert lead.test is True


def test_a_work_address_serves_where_it_is_the_only_one() -> None:
    only = from_google_ads(b'{"user_column_data":[{"column_id":"WORK_EMAIL","string_value":"a@w.example"}]}')
    both = from_google_ads(
        b'{"user_column_data":[{"column_id":"WORK_EMAIL","string_value":"a@w.example"},'
        b'{"column_id":"email","string_value":"a@h.example"}]}'
    )

    assert only.fields == {"email": "a@w.example"}
    assert both.fields == {"email": "a@h.example", "WORK_EMAIL": "a@w.example"}


def test_a_question_of_ones_own_goes_by_its_name() -> None:
    lead = from_google_ads(b'{"user_column_data":[{"column_name":"Vehicle Make","string_value":"Honda"}]}')

    assert lead.fields == {"vehicle_make": "Honda"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "user_column_data"),
        (b'{"user_column_data":{}}', "user_column_data"),
        (b'{"user_column_data":["x"]}', "user_column_data[0]"),
        (b'{"user_column_data":[{"string_value":"x"}]}', "user_column_data[0].column_id"),
        (b'{"user_column_data":[{"column_id":"EMAIL","string_value":["x"]}]}', "user_column_data[0].string_value"),
        (b'{"user_column_data":[],"form_id":{}}', "form_id"),
        (b"[]", ""),
    ],
)
def test_a_wrong_shape_is_refused_by_its_field(body: bytes, field: str) -> None:
    assert fields_at_fault(from_google_ads, body) == [field]


_PARTS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)
_COLUMNS = st.lists(
    st.dictionaries(st.sampled_from(["column_id", "column_name", "string_value"]), _PARTS) | _PARTS, max_size=4
)


@given(
    st.dictionaries(st.sampled_from(["lead_id", "google_key", "is_test", "form_id", "campaign_id"]), _PARTS), _COLUMNS
)
def test_any_payload_is_read_or_refused(envelope: dict[str, Any], columns: list[Any]) -> None:
    with contextlib.suppress(Unreadable):
        from_google_ads(json.dumps({**envelope, "user_column_data": columns}))
