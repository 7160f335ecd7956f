"""Consent: what the order needs of it, and what no order could accept."""

from __future__ import annotations

import re

from services.validation.consent.disclosure import Nearest, Registry
from services.validation.lead import Consent
from services.validation.verdict import Finding, Notes
from shared.catalog.terms import ConsentTerms

_PRESENT, _TEXT, _WORDING, _TOLD, _AGE, _CLOCK, _CERTIFICATE = (
    "consent.present",
    "consent.disclosure_present",
    "consent.disclosure_approved",
    "consent.time_told",
    "consent.age",
    "consent.clock",
    "consent.certificate",
)
#: How far a seller's clock may run ahead of ours, in seconds.
CLOCK_SKEW = 600

#: A TrustedForm certificate URL, and a Jornaya LeadiD (a GUID of 36 characters).
_TRUSTED_FORM = re.compile(r"https://cert\.trustedform\.com/[0-9A-Za-z_-]{1,200}/?(?:\?[!-~]{0,200})?", re.ASCII)
_LEADID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

_EXPECTED_CONSENT = "Expected the consumer's consent: the disclosure shown and when it was agreed to."
_EXPECTED_TEXT = "Expected the text of the disclosure that the consumer agreed to."
_EXPECTED_WORDING = "Expected a disclosure approved for this seller and site."
_EXPECTED_TIME = "Expected the time at which the consumer agreed, or at least the time of the submission."
_EXPECTED_PAST = "Expected a time in the past: consent cannot be given later than the lead is sent."
_EXPECTED_CERTIFICATE = "Expected a certificate URL at https://cert.trustedform.com/ or a LeadiD of 36 characters."


def judge_record(consent: Consent, received_at: float, notes: Notes) -> None:
    """What holds whatever the order: the clock, and the form of the certificate."""
    if consent.captured_at is not None:
        if consent.captured_at > received_at + CLOCK_SKEW:
            finding = Finding("field_invalid", "consent.captured_at", _EXPECTED_PAST)
            notes.failed(_CLOCK, finding, "in the future", f"at most {CLOCK_SKEW // 60} minutes ahead")
        else:
            notes.passed(_CLOCK, "consent.captured_at", "in the past", f"at most {CLOCK_SKEW // 60} minutes ahead")
    certificate = consent.certificate.strip()
    if certificate:
        if _LEADID.fullmatch(certificate):
            notes.passed(_CERTIFICATE, "consent.certificate", "LeadiD")
        elif _TRUSTED_FORM.fullmatch(certificate):
            notes.passed(_CERTIFICATE, "consent.certificate", "TrustedForm")
        else:
            finding = Finding("certificate_invalid", "consent.certificate", _EXPECTED_CERTIFICATE)
            notes.failed(_CERTIFICATE, finding, "neither kind", "TrustedForm or LeadiD")


def judge_consent(
    consent: Consent,
    terms: ConsentTerms,
    registry: Registry,
    *,
    seller: str,
    site: str,
    submitted_at: float | None,
    received_at: float,
    notes: Notes,
) -> None:
    """Holds the consent against an order. The consumer agrees by submitting: that time stands in for a missing one."""
    if not terms.required:
        notes.passed(_PRESENT, "consent", "", "not required")
        return
    text = consent.text.strip()
    if not text and consent.captured_at is None and not consent.certificate.strip():
        notes.failed(_PRESENT, Finding("consent_missing", "consent", _EXPECTED_CONSENT), "nothing")
        return
    notes.passed(_PRESENT, "consent", "given", "given")
    if not text:
        notes.failed(_TEXT, Finding("disclosure_missing", "consent.text", _EXPECTED_TEXT), "no text")
    else:
        _judge_wording(registry.find(text, seller, site, terms.disclosures), notes)
    captured_at = consent.captured_at if consent.captured_at is not None else submitted_at
    if captured_at is None:
        notes.failed(_TOLD, Finding("field_missing", "consent.captured_at", _EXPECTED_TIME), "no time")
        return
    expected = f"at most {terms.max_age_hours} hours old"
    if received_at - captured_at > terms.max_age_hours * 3600:
        finding = Finding("consent_expired", "consent.captured_at", f"Expected consent {expected}.")
        notes.failed(_AGE, finding, f"{(received_at - captured_at) / 3600:.0f} hours", expected)
    else:
        notes.passed(_AGE, "consent.captured_at", "fresh", expected)


def _judge_wording(found: str | Nearest | None, notes: Notes) -> None:
    if isinstance(found, str):
        notes.passed(_WORDING, "consent.text", found, "an approved disclosure")
        return
    finding = Finding("disclosure_mismatch", "consent.text", _EXPECTED_WORDING, found.slug if found else "")
    nearest = f"nearest: {found.slug}, {found.percent} % alike" if found else "none is approved"
    notes.failed(_WORDING, finding, nearest)
