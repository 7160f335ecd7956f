"""Leads as intake sends them."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2 as common
from leadline.validation.v1.validation_service_pb2 import LeadToValidate, ValidateLeadsRequest
from services.validation.lead import Lead


def request_of(*leads: Lead) -> ValidateLeadsRequest:
    """A batch under the catalog of `terms`."""
    return ValidateLeadsRequest(buyer_id="big-bank", catalog_revision=7, leads=[message_of(lead) for lead in leads])


def message_of(lead: Lead) -> LeadToValidate:
    """One lead."""
    return LeadToValidate(
        lead_id="018f0000-0000-7000-8000-000000000000",
        seller=lead.seller,
        candidates=[common.OrderRef(order=order, version=version) for order, version in lead.candidates],
        submission=common.Submission(
            source=lead.source,
            submitted_at=_time(lead.submitted_at),
            received_at=_time(lead.received_at),
            test=lead.test,
            fields=lead.fields,
            consent=common.Consent(
                text=lead.consent.text,
                captured_at=_time(lead.consent.captured_at),
                certificate=lead.consent.certificate,
                ip=lead.consent.ip,
                page_url=lead.consent.page_url,
                phone=lead.consent.phone,
                shown_at=_time(lead.consent.shown_at),
            ),
            signals=common.Signals(
                user_agent=lead.signals.user_agent,
                seconds_on_form=lead.signals.seconds_on_form,
                honeypot=lead.signals.honeypot,
                keystrokes=lead.signals.keystrokes,
                pastes=lead.signals.pastes,
                autofills=lead.signals.autofills,
                pointer_events=lead.signals.pointer_events,
                device_id=lead.signals.device_id,
                webdriver=lead.signals.webdriver,
            ),
        ),
    )


def _time(seconds: float | None) -> Timestamp | None:
    return None if seconds is None else Timestamp(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))
