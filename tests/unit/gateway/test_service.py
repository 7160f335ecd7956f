"""Between messages and the gateway's shapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from services.gateway import service
from tests.clock import FakeClock
from tests.unit.gateway.reading import from_json


def test_a_posted_lead_becomes_a_submission_whole() -> None:
    posted = from_json(
        b'{"order":"o","source":"s","sub_source":"t","external_id":"e","idempotency_key":"k","test":true,'
        b'"submitted_at":"2026-11-22T09:59:59.25Z","lead":{"fname":"Ann"},'
        b'"consent":{"text":"x","captured_at":"2026-11-22T09:59:00Z","ip":"i","page_url":"p","certificate":"c"},'
        b'"signals":{"user_agent":"u","seconds_on_form":0,"honeypot":""}}'
    )
    now = FakeClock().now()
    item = service.to_item(
        posted, access_key="key", payload=b"body", sent_as=service.JSON, received_at=now, traceparent="tp"
    )

    assert item.access_key == "key"
    sent = item.submission
    assert (sent.order, sent.source, sent.sub_source, sent.external_id, sent.idempotency_key) == tuple("ostek")
    assert sent.test is True
    assert dict(sent.fields) == {"first_name": "Ann"}
    assert (sent.payload, sent.traceparent, sent.format) == (b"body", "tp", lead_pb2.SUBMISSION_FORMAT_JSON)
    assert sent.received_at.ToDatetime(tzinfo=now.tzinfo) == now
    assert (sent.submitted_at.seconds, sent.submitted_at.nanos) == (1795341599, 250_000_000)
    assert (sent.consent.text, sent.consent.ip, sent.consent.page_url, sent.consent.certificate) == tuple("xipc")
    assert sent.consent.captured_at.seconds == 1795341540
    assert (sent.signals.user_agent, sent.signals.seconds_on_form, sent.signals.honeypot) == ("u", 0, "")
    assert sent.signals.HasField("honeypot")
    assert sent.signals.HasField("seconds_on_form")
    for later in ("keystrokes", "pastes", "autofills", "pointer_events", "webdriver"):
        assert not sent.signals.HasField(later)


def test_every_signal_arrives_by_the_names_that_forms_use() -> None:
    posted = from_json(
        b'{"fname":"Ann","key_presses":0,"paste_count":"3","autofilledFields":2.0,"mouseMoves":17,'
        b'"device_fingerprint":" d-1 ","navigator.webdriver":false}'
    )
    sent = service.to_item(
        posted, access_key="", payload=b"", sent_as=service.JSON, received_at=FakeClock().now(), traceparent=""
    ).submission
    assert sent.signals == lead_pb2.Signals(
        keystrokes=0, pastes=3, autofills=2, pointer_events=17, device_id="d-1", webdriver=False
    )
    assert dict(sent.fields) == {"first_name": "Ann"}


def test_what_was_not_told_stays_unset() -> None:
    sent = service.to_item(
        from_json(b"{}"),
        access_key="",
        payload=b"",
        sent_as=service.FORM,
        received_at=FakeClock().now(),
        traceparent="",
    ).submission

    for part in ("submitted_at", "consent", "signals"):
        assert not sent.HasField(part)


def test_reasons_and_unknown_fields_are_named_as_the_seller_spells_them() -> None:
    answer = pb.LeadAnswer(outcome=pb.OUTCOME_REJECTED, unknown_fields=["monthly_rent", "other"])
    answer.reasons.add(reason=reason_pb2.REASON_FIELD_INVALID, field="postal_code", message="m", suggestion="78701")
    answer.reasons.add(reason=reason_pb2.REASON_CAP_REACHED, message="n", retryable=True)
    public = service.from_answer(answer, {"postal_code": "zip", "monthly_rent": "monthlyRent"})

    assert [(reason.code, reason.field, reason.retryable) for reason in public.reasons] == [
        ("field_invalid", "zip", False),
        ("cap_reached", "", True),
    ]
    assert public.reasons[0].suggestion == "78701"
    assert public.unknown_fields == ["monthlyRent", "other"]


@pytest.mark.parametrize(
    ("minor", "text"), [(3200, "32.00"), (0, "0.00"), (5, "0.05"), (-3205, "-32.05"), (-5, "-0.05")]
)
def test_money_is_written_in_whole_units(minor: int, text: str) -> None:
    assert service.price(lead_pb2.Money(amount_minor=minor, currency="USD")).amount == text


@given(st.datetimes().map(lambda moment: moment.replace(tzinfo=FakeClock().now().tzinfo)))
def test_nanoseconds_are_exact(moment: object) -> None:
    from google.protobuf.timestamp_pb2 import Timestamp

    stamp = Timestamp()
    stamp.FromDatetime(moment)  # type: ignore[arg-type]
    assert service.nanoseconds(moment) == stamp.seconds * 1_000_000_000 + stamp.nanos  # type: ignore[arg-type]
