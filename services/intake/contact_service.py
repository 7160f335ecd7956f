"""A bought lead as whoever reaches its person gets it."""

from __future__ import annotations

import re

import asyncpg
import msgspec

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from services.intake.consent_record_service import consent_checks
from services.intake.sealing import unseal
from shared.sensitive.scrubbing import is_sensitive

#: Fields of the lead that have a place of their own in the message.
_OWN = ("first_name", "last_name", "email", "phone", "street", "city", "state", "postal_code")
_APPROVED = "consent.disclosure_approved"
_NOT_DIGITS = re.compile(r"[^0-9]")
#: Digits of a North American number without its country code.
_NATIONAL = 10


def contact_of(row: asyncpg.Record) -> pb.Contact:
    """The contact of a stored lead and its person."""
    fields = msgspec.json.decode(row["fields"], type=dict[str, str])
    order = row["order_slug"] or ""
    contact = pb.Contact(
        lead_id=row["lead_id"],
        found=True,
        **{name: fields.pop(name, "") for name in _OWN},  # type: ignore[arg-type]
        # Numbers of that kind were masked before anything was stored; a field that names one is left out as well.
        fields={name: value for name, value in fields.items() if not is_sensitive(name)},
        lead_type=lead_pb2.LeadType.FromString(row["lead_type"]),
        consent=_consent(row, order),
        seller=row["seller"],
        order=lead_pb2.OrderRef(order=order, version=row["order_version"] or 0) if order else None,
        source=row["source"],
        price=lead_pb2.Money(amount_minor=row["price_minor"], currency=row["currency"]),
        test=row["test"],
    )
    contact.decided_at.FromDatetime(row["decided_at"])
    return contact


def _consent(row: asyncpg.Record, order: str) -> pb.ContactConsent | None:
    """What the person agreed to; None: nothing was recorded."""
    submission = lead_pb2.Submission.FromString(row["submission"])
    if not submission.HasField("consent"):
        return None
    told = submission.consent
    checks = consent_checks(unseal(row["receipt"]), order)
    approved = next((check.observed for check in checks if check.rule == _APPROVED and check.passed), "")
    own = msgspec.json.decode(row["fields"], type=dict[str, str]).get("phone", "")
    consent = pb.ContactConsent(
        text=told.text, phone=_phone(told.phone, own), disclosure=approved, certificate=told.certificate
    )
    if told.HasField("captured_at"):
        consent.captured_at.CopyFrom(told.captured_at)
    return consent


def _phone(told: str, own: str) -> str:
    """The number that consent was given for, E.164; empty: the lead's own."""
    digits = _NOT_DIGITS.sub("", told)
    # The last ten digits: with or without +1, it is the same number.
    if len(digits) < _NATIONAL or digits[-_NATIONAL:] == own[-_NATIONAL:]:
        return ""
    return f"+1{digits}" if len(digits) == _NATIONAL else f"+{digits}"
