"""Who, when, where, how: each part of the consent record, and what an order may ask of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.validation.consent.certificate import UNKNOWN, CertificateFacts, read_certificate
from services.validation.verdict import Verdict
from shared.catalog.terms import ConsentTerms
from tests.unit.validation.terms import GOOD, NOW, ORDER, SHOWN, judged, reasons

HOUR = 3600.0
WEB = "https://cert.trustedform.com/2605ec3e321e1b3e41addf0bba1213505ef57985"


def _verdict(terms: ConsentTerms, *, facts: CertificateFacts = UNKNOWN, **changes: Any) -> Verdict:
    lead = replace(GOOD, consent=replace(GOOD.consent, **changes), certificate=facts)
    return judged(lead, msgspec.structs.replace(ORDER, consent=terms))


def _found(terms: ConsentTerms, **changes: Any) -> list[tuple[str, str]]:
    return reasons(_verdict(terms, **changes))


@pytest.mark.parametrize(
    ("part", "given", "found"),
    [
        ("page_url", "", "field_missing"),
        ("page_url", "https://www.best-auto-loans.example/apply", ""),
        ("page_url", "best-auto-loans.example/apply", ""),
        ("page_url", "https://anything.example/x", ""),
        ("page_url", "yes", "field_invalid"),
        ("ip", "", "field_missing"),
        ("ip", "  ", "field_missing"),
        ("ip", "24.28.104.159", ""),
        ("ip", "2600:1700:ab12::1", ""),
        ("ip", "10.0.0.1", "field_invalid"),
        ("ip", "127.0.0.1", "field_invalid"),
        ("ip", "unknown", "field_missing"),
        ("ip", "{{ip}}", "field_missing"),
        ("ip", "999.1.1.1", "field_invalid"),
        ("phone", "", "field_missing"),
        ("phone", "yes", "field_missing"),
        ("phone", "+1 (512) 627-4199", ""),
        ("phone", "512.627.4199 ext 12", ""),
        ("phone", "1-512-627-4199", ""),
        ("phone", "512-627-4100", "consent_missing"),
        ("captured_at", None, "field_missing"),
        ("captured_at", NOW - 60, ""),
    ],
)
def test_a_part_that_the_order_requires_is_there_and_usable(part: Any, given: object, found: str) -> None:
    expected = [(found, f"consent.{part}")] if found else []
    assert _found(ConsentTerms(require=(part,)), **{part: given}) == expected


@pytest.mark.parametrize(
    "nothing", ["N/A", "none", "-", "{{xxTrustedFormCertUrl}}", "${cert}", "null", "undefined", "no"]
)
def test_a_placeholder_is_a_missing_part_and_not_a_wrong_one(nothing: str) -> None:
    assert _found(ConsentTerms(), certificate=nothing, ip=nothing, page_url=nothing, phone=nothing) == []
    assert _found(ConsentTerms(certificate="present"), certificate=nothing) == [
        ("field_missing", "consent.certificate")
    ]
    assert _found(ConsentTerms(), text=nothing) == [("disclosure_missing", "consent.text")]
    assert _found(ConsentTerms(), text=nothing, certificate=nothing, captured_at=None) == [
        ("consent_missing", "consent")
    ]


@pytest.mark.parametrize("ticked", ["yes", "TRUE", "1", " on "])
def test_a_ticked_box_is_no_disclosure_text(ticked: str) -> None:
    assert _found(ConsentTerms(), text=ticked) == [("disclosure_missing", "consent.text")]


def test_what_no_order_requires_may_be_missing_or_odd() -> None:
    assert _found(ConsentTerms(), ip="unknown", page_url="yes", phone="") == []


def test_consent_for_another_number_is_no_consent_for_this_one() -> None:
    assert _found(ConsentTerms(), phone="5126274199") == []
    assert _found(ConsentTerms(), phone="(210) 555-0199") == [("consent_missing", "consent.phone")]
    assert _found(ConsentTerms(required=False), phone="(210) 555-0199") == []


@pytest.mark.parametrize(
    ("page", "same"),
    [
        ("https://best-auto-loans.example/apply", True),
        ("https://quote.best-auto-loans.example", True),
        ("https://www.best-auto-loans.example", True),
        ("https://evil-best-auto-loans.example", False),
        ("https://drive-today.example", False),
    ],
)
def test_another_site_than_the_source_is_noted_and_a_reason_only_where_the_order_says_so(page: str, same: bool) -> None:
    weak = _verdict(ConsentTerms(), page_url=page)
    assert reasons(weak) == []
    assert any(check.observed == "another site than the source" for check in weak.checks) is not same
    assert _found(ConsentTerms(same_site=True), page_url=page) == (
        [] if same else [("field_invalid", "consent.page_url")]
    )


def test_consent_before_the_form_was_shown_is_invalid() -> None:
    assert _found(ConsentTerms(), shown_at=NOW - 60, captured_at=NOW - 5) == []
    assert _found(ConsentTerms(), shown_at=NOW - 60, captured_at=NOW - 300) == []
    assert _found(ConsentTerms(), shown_at=NOW - 60, captured_at=NOW - 4000) == [
        ("field_invalid", "consent.captured_at")
    ]


def test_an_order_may_ask_that_the_text_names_the_buyer() -> None:
    terms = ConsentTerms(names_buyer=True)
    assert _found(terms) == []
    nameless = SHOWN.replace("Big Bank", "its partners")
    assert ("disclosure_mismatch", "consent.text") in _found(terms, text=nameless)
    assert [check.rule for check in _verdict(terms, text=nameless).checks if not check.passed] == [
        "consent.disclosure_approved",
        "consent.names_buyer",
    ]


def test_a_mismatch_tells_seller_and_receipt_what_differs_and_nothing_personal() -> None:
    text = SHOWN.replace("I agree", "I Ann Lee do agree").replace("auto loans", "loans")
    (finding,) = _verdict(ConsentTerms(), text=text).candidates[0].findings
    assert finding.message == (
        "Expected a disclosure approved for this seller and site. Against the nearest, marco-tcpa: "
        'added "… do"; missing "auto".'
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (WEB, "TrustedForm"),
        (WEB + "/", "TrustedForm"),
        (WEB + "?lead=1", "TrustedForm"),
        (WEB.replace("https://cert", "HTTPS://Cert"), "TrustedForm"),
        ("https://cert.trustedform.com/0.Zm9vYmFyYmF6cXV4-_Zm9vYmFy", "TrustedForm"),
        ("https://cert.trustedform.com/" + "a1B2c3D4" * 10, "TrustedForm"),
        ("EC2A0C2E-1C9C-4B5C-9C0D-0123456789AB", "LeadiD"),
        ("https://cert.trustedform.com/test", ""),
        ("https://cert.trustedform.com/" + "0" * 40, ""),
        ("https://cert.trustedform.com/" + "ab" * 150, ""),
        ("https://cert.trustedform.com/../" + "a1b2c3d4" * 5, ""),
        (WEB + "#x", ""),
        (WEB.replace("https", "http"), ""),
        (WEB.replace(".com/", ".com./"), ""),
        (WEB.replace("//cert", "//API:key@cert"), ""),
        ("00000000-0000-0000-0000-000000000000", ""),
        ("{EC2A0C2E-1C9C-4B5C-9C0D-0123456789AB}", "LeadiD"),
        (f'"{WEB}"', "TrustedForm"),
        (f"<{WEB}>", "TrustedForm"),
        ("{{xxTrustedFormCertUrl}}", ""),
    ],
)
def test_the_form_of_a_certificate(text: str, kind: str) -> None:
    found = read_certificate(text)
    assert (found.kind if found else "") == kind


def test_an_order_may_ask_for_a_certificate() -> None:
    assert _found(ConsentTerms(certificate="present"), certificate="") == [("field_missing", "consent.certificate")]
    assert _found(ConsentTerms(certificate="present")) == []
    # One that cannot be one is told once, not twice.
    assert _found(ConsentTerms(certificate="present"), certificate="yes") == [
        ("certificate_invalid", "consent.certificate")
    ]


@pytest.mark.parametrize(
    ("limit", "hours", "found"),
    [(None, 89 * 24, []), (None, 91 * 24, ["certificate_expired"]), (24, 23, []), (24, 25, ["certificate_expired"])],
)
def test_a_certificate_expires(limit: int | None, hours: float, found: list[str]) -> None:
    terms = ConsentTerms(certificate="present", certificate_max_age_hours=limit, max_age_hours=9999)
    assert [reason for reason, _ in _found(terms, captured_at=NOW - hours * HOUR)] == found


@pytest.mark.parametrize(
    ("outcome", "hours", "found"),
    [
        ("matched", 1, []),
        ("incomparable", 1, []),
        ("not_matched", 1, ["certificate_mismatch"]),
        ("expired", 1, ["certificate_expired"]),
        ("not_found", 1, ["certificate_invalid"]),
        ("not_found", 80, ["certificate_expired"]),
        ("sandbox", 1, ["certificate_invalid"]),
        ("unavailable", 1, []),
    ],
)
def test_what_the_issuer_said_decides(outcome: Any, hours: float, found: list[str]) -> None:
    terms = ConsentTerms(certificate="match", max_age_hours=9999)
    verdict = _verdict(terms, facts=CertificateFacts(outcome), captured_at=NOW - hours * HOUR)
    assert [reason for reason, _ in reasons(verdict)] == found


def test_an_issuer_that_cannot_be_asked_is_harmless_unless_the_order_says_try_again() -> None:
    assert reasons(_verdict(ConsentTerms(certificate="match"))) == []
    later = ConsentTerms(certificate="match", certificate_unknown="try_again")
    assert reasons(_verdict(later)) == [("try_again", "consent.certificate")]


def test_the_certificates_own_age_and_site_count_where_they_were_asked_for() -> None:
    strict = ConsentTerms(certificate="match", certificate_max_age_hours=24, same_site=True)
    ours = CertificateFacts("matched", 23 * HOUR, "www.best-auto-loans.example")
    assert reasons(_verdict(strict, facts=ours)) == []
    assert reasons(_verdict(strict, facts=ours._replace(age_seconds=25 * HOUR))) == [
        ("certificate_expired", "consent.certificate")
    ]
    elsewhere = ours._replace(domain="other.example")
    assert reasons(_verdict(strict, facts=elsewhere)) == [("certificate_mismatch", "consent.certificate")]
    assert reasons(_verdict(ConsentTerms(certificate="match"), facts=elsewhere)) == []


def test_only_a_certificate_whose_issuer_can_be_asked_is_taken_where_the_order_asks_it() -> None:
    terms = ConsentTerms(certificate="match")
    leadid = "EC2A0C2E-1C9C-4B5C-9C0D-0123456789AB"
    assert _found(terms, certificate=leadid) == [("certificate_invalid", "consent.certificate")]
