from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.validation.consent.disclosure import Nearest, Registry
from services.validation.consent.wording import words_of
from services.validation.lead import Consent
from shared.catalog.terms import ConsentTerms, Disclosure
from tests.unit.validation.terms import DISCLOSURE, GOOD, NOW, ORDER, SHOWN, judged, reasons

HOUR = 3600.0


def _with(consent: Consent, terms: ConsentTerms = ORDER.consent) -> list[tuple[str, str]]:
    return reasons(judged(replace(GOOD, consent=consent), msgspec.structs.replace(ORDER, consent=terms)))


def _consent(**changes: Any) -> Consent:
    return replace(GOOD.consent, **changes)


@pytest.mark.parametrize(
    "text",
    [
        SHOWN,
        SHOWN.upper(),
        SHOWN.lower(),
        SHOWN.replace(" ", "  \n"),
        SHOWN.replace('"', "“"),
        SHOWN.replace('"', ""),
        SHOWN.replace(".", "").replace(",", " "),
        SHOWN.replace("Get my rate", "Submit"),
        SHOWN.replace("Get my rate", ""),
        SHOWN.replace("Get my rate", "See what I could get from Big Bank today, Ann"),
        f"<p>{SHOWN.replace('and', '<b>and</b>')}</p>",
        SHOWN.replace(" and ", " &#97;nd "),
        f"  {SHOWN}  ",
        "*" + SHOWN,
    ],
)
def test_the_approved_wording_is_known_however_it_is_set(text: str) -> None:
    assert _with(_consent(text=text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "I agree.",
        SHOWN.replace("not a condition", "a condition"),
        SHOWN.replace("Big Bank", "Small Bank"),
        SHOWN + " I also agree to be called by anybody.",
        SHOWN[:-40],
        SHOWN.replace("Get my rate", "word " * 13),
        "*",
        DISCLOSURE + " * and more",
        "…",
    ],
)
def test_any_other_wording_is_a_mismatch(text: str) -> None:
    assert _with(_consent(text=text)) == [("disclosure_mismatch", "consent.text")]


def test_a_mismatch_names_the_nearest_approved_disclosure() -> None:
    verdict = judged(replace(GOOD, consent=_consent(text=SHOWN.replace("also", "even"))))
    (finding,) = verdict.candidates[0].findings
    assert finding.suggestion == "marco-tcpa"
    (check,) = [check for check in verdict.checks if not check.passed]
    assert check.observed.startswith("nearest: marco-tcpa, 9")


def test_a_wording_is_approved_for_its_sellers_and_sites_only() -> None:
    for disclosure in (
        Disclosure(slug="other", text=DISCLOSURE, sellers=("quickquote",)),
        Disclosure(slug="other", text=DISCLOSURE, sites=("drive-today.example",)),
    ):
        assert reasons(judged(GOOD, disclosures=(disclosure,))) == [("disclosure_mismatch", "consent.text")]
    here = Disclosure(slug="here", text=DISCLOSURE, sellers=("marco",), sites=("best-auto-loans.example",))
    assert reasons(judged(GOOD, disclosures=(here,))) == []


def test_an_order_may_name_the_disclosures_that_it_takes() -> None:
    assert _with(GOOD.consent, ConsentTerms(disclosures=("marco-tcpa",))) == []
    assert _with(GOOD.consent, ConsentTerms(disclosures=("another",))) == [("disclosure_mismatch", "consent.text")]


def test_without_any_approved_disclosure_none_matches() -> None:
    assert reasons(judged(GOOD, disclosures=())) == [("disclosure_mismatch", "consent.text")]


def test_no_consent_at_all_is_consent_missing_and_nothing_else() -> None:
    assert _with(Consent()) == [("consent_missing", "consent")]
    assert _with(Consent(text="   ")) == [("consent_missing", "consent")]


def test_consent_without_its_text_misses_the_disclosure() -> None:
    assert _with(_consent(text="")) == [("disclosure_missing", "consent.text")]
    assert _with(Consent(captured_at=NOW - 5)) == [("disclosure_missing", "consent.text")]
    assert _with(Consent(certificate=GOOD.consent.certificate)) == [("disclosure_missing", "consent.text")]


def test_an_order_that_needs_no_consent_takes_a_lead_without() -> None:
    assert _with(Consent(), ConsentTerms(required=False)) == []


@pytest.mark.parametrize(
    ("age", "found"), [(0, []), (71.9, []), (72, []), (72.1, ["consent_expired"]), (9999, ["consent_expired"])]
)
def test_consent_expires_by_the_orders_hours(age: float, found: list[str]) -> None:
    assert [reason for reason, _ in _with(_consent(captured_at=NOW - age * HOUR))] == found


@pytest.mark.parametrize(("ahead", "found"), [(599, []), (601, [("field_invalid", "consent.captured_at")])])
def test_consent_from_the_future_is_invalid_beyond_ten_minutes_of_skew(
    ahead: float, found: list[tuple[str, str]]
) -> None:
    assert _with(_consent(captured_at=NOW + ahead)) == found


def test_the_submission_time_stands_in_for_a_missing_consent_time() -> None:
    assert _with(_consent(captured_at=None)) == []
    lead = replace(GOOD, submitted_at=None, consent=_consent(captured_at=None))
    assert reasons(judged(lead)) == [("field_missing", "consent.captured_at")]


@pytest.mark.parametrize(
    "certificate",
    [
        "",
        "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567",
        " https://cert.trustedform.com/2605ec3e321e1b3e41addf0bba1213505ef57985 ",
        "EC2A0C2E-1C9C-4B5C-9C0D-0123456789AB",
        "ec2a0c2e-1c9c-4b5c-9c0d-0123456789ab",
    ],
)
def test_a_certificate_of_either_kind_is_accepted(certificate: str) -> None:
    assert _with(_consent(certificate=certificate)) == []


@pytest.mark.parametrize(
    "certificate",
    [
        "yes",
        "http://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567",
        "https://cert.trustedform.com.evil.example/0123456789abcdef",
        "https://evil.example/cert.trustedform.com/0123",
        "https://user@cert.trustedform.com/0123",
        "https://cert.trustedform.com:8443/0123",
        "https://cert.trustedform.com/",
        "https://ping.trustedform.com/0.abc",
        "EC2A0C2E-1C9C-4B5C-9C0D-0123456789A",
        "ZZ2A0C2E-1C9C-4B5C-9C0D-0123456789AB",
    ],
)
def test_a_certificate_that_cannot_be_one_is_invalid(certificate: str) -> None:
    assert _with(_consent(certificate=certificate)) == [("certificate_invalid", "consent.certificate")]


def test_several_wildcards_find_their_words_whatever_stands_between() -> None:
    registry = Registry((Disclosure(slug="d", text="I * agree * to a * call"),))
    assert registry.find("I Ann Lee agree and agree again to a to a nice call", "s", "", ()) == "d"
    assert registry.find("I agree to a call", "s", "", ()) == "d"
    assert isinstance(registry.find("I agree to a", "s", "", ()), Nearest)


def test_a_hostile_text_is_answered_in_bounded_work() -> None:
    registry = Registry((Disclosure(slug="d", text="a * " * 60 + "b"),))
    assert isinstance(registry.find("a " * 100_000, "s", "", ()), Nearest)
    assert len(words_of("a " * 100_000)) == 1200
