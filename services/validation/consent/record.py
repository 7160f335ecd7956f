"""Consent: what the order needs of it, and what no order could accept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from services.validation.bots.network import consumer_network
from services.validation.consent.certificate import UNKNOWN, CertificateFacts, judge_certificate, judge_form, on_site
from services.validation.consent.disclosure import Nearest, Registry
from services.validation.consent.wording import words_of
from services.validation.fieldtypes.text import is_missing, tidy
from services.validation.lead import Consent
from services.validation.source import host_of
from services.validation.verdict import Finding, Notes
from shared.catalog.terms import ConsentTerms

_PRESENT, _TEXT, _WORDING, _NAMES, _TOLD, _AGE, _CLOCK, _SHOWN, _PAGE, _IP, _PHONE = (
    "consent.present",
    "consent.disclosure_present",
    "consent.disclosure_approved",
    "consent.names_buyer",
    "consent.time_told",
    "consent.age",
    "consent.clock",
    "consent.form_shown",
    "consent.page",
    "consent.ip",
    "consent.phone",
)
#: How far two clocks may disagree, in seconds.
CLOCK_SKEW = 600
_DAY = 86_400

_EXPECTED_CONSENT = "Expected the consumer's consent: the disclosure shown and when it was agreed to."
_EXPECTED_TEXT = "Expected the text of the disclosure that the consumer agreed to."
_EXPECTED_WORDING = "Expected a disclosure approved for this seller and site."
_EXPECTED_NAME = "Expected a disclosure that names the buyer as who may call."
_EXPECTED_TIME = "Expected the time at which the consumer agreed, or at least the time of the submission."
_EXPECTED_CAPTURED = "Expected the time at which the consumer agreed."
_EXPECTED_PAST = "Expected a time in the past: consent cannot be given later than the lead is sent."
_EXPECTED_SHOWN = "Expected consent after the form was shown, not before."
_EXPECTED_PAGE = "Expected the URL of the page on which the consumer agreed."
_EXPECTED_SITE = "Expected consent given on the lead's source, not on another site."
_EXPECTED_IP = "Expected the consumer's public IP address at the time of the consent."
_EXPECTED_PHONE = "Expected the phone number that the consumer agreed to be called at."
_EXPECTED_SAME_PHONE = "Expected consent for the lead's own phone number: the record names another one."
_ELSEWHERE = {
    "seller": "for other sellers",
    "site": "for other sites",
    "order": "and not for this order",
    "date": "for other days",
}
#: Fields whose words are the consumer's own, and are shown to nobody.
PRIVATE_FIELDS = (
    "first_name",
    "last_name",
    "full_name",
    "email",
    "phone",
    "street",
    "city",
    "postal_code",
    "date_of_birth",
)


#: Parts of the record, with what else than a placeholder stands for nothing there: a box that was ticked is no text.
_NOTHING = (
    ("text", frozenset({"yes", "y", "true", "1", "on", "checked", "no", "false", "0"})),
    ("certificate", frozenset({"no", "false", "0"})),
    ("ip", frozenset({"unknown", "0.0.0.0", "::"})),
    ("page_url", frozenset({"unknown", "about:blank"})),
    ("phone", frozenset({"unknown", "same"})),
)
_LONGEST_NOTHING = 60


class Circumstances(NamedTuple):
    """What is known of a lead beside its consent record. Times are Unix seconds."""

    seller: str
    #: The source's site; empty: unreadable.
    site: str
    buyer: str
    received_at: float
    submitted_at: float | None
    #: Canonical fields, and as sent.
    fields: Mapping[str, str]
    sent: Mapping[str, str]
    certificate: CertificateFacts = UNKNOWN


def present(consent: Consent) -> Consent:
    """The record without parts that stand for nothing, such as `N/A`, `{{consent_text}}`, or `yes` for a text."""
    told = consent.text, consent.certificate, consent.ip, consent.page_url, consent.phone
    empty: dict[str, Any] = {
        name: ""
        for text, (name, nothing) in zip(told, _NOTHING, strict=True)
        if text and len(text) <= _LONGEST_NOTHING and _stands_for_nothing(text, nothing)
    }
    return replace(consent, **empty) if empty else consent


def _stands_for_nothing(text: str, nothing: frozenset[str]) -> bool:
    text = tidy(text)
    return is_missing(text) or text.casefold() in nothing


def judge_record(consent: Consent, received_at: float, notes: Notes) -> None:
    """What holds whatever the order: the clock, and the form of the certificate."""
    if consent.captured_at is not None:
        if consent.captured_at > received_at + CLOCK_SKEW:
            finding = Finding("field_invalid", "consent.captured_at", _EXPECTED_PAST)
            notes.failed(_CLOCK, finding, "in the future", f"at most {CLOCK_SKEW // 60} minutes ahead")
        else:
            notes.passed(_CLOCK, "consent.captured_at", "in the past", f"at most {CLOCK_SKEW // 60} minutes ahead")
        if consent.shown_at is not None:
            if consent.captured_at < consent.shown_at - CLOCK_SKEW:
                finding = Finding("field_invalid", "consent.captured_at", _EXPECTED_SHOWN)
                notes.failed(_SHOWN, finding, "before the form was shown", "after the form was shown")
            else:
                notes.passed(_SHOWN, "consent.shown_at", "before the consent", "before the consent")
    judge_form(consent.certificate, notes)


def judge_consent(
    consent: Consent, terms: ConsentTerms, registry: Registry, about: Circumstances, notes: Notes
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
    captured_at = consent.captured_at
    if captured_at is None and "captured_at" not in terms.require:
        captured_at = about.submitted_at
    if not text:
        notes.failed(_TEXT, Finding("disclosure_missing", "consent.text", _EXPECTED_TEXT), "no text")
    else:
        day = int((captured_at if captured_at is not None else about.received_at) // _DAY) if registry.dated else 0
        found = registry.find(text, about.seller, about.site, terms.disclosures, day)
        _judge_wording(found, about.sent, notes)
        if terms.names_buyer:
            named = registry.names(text, about.buyer)
            _hold(named, _NAMES, Finding("disclosure_mismatch", "consent.text", _EXPECTED_NAME), "the buyer", notes)
    _judge_age(captured_at, terms, about.received_at, notes)
    _judge_page(consent.page_url, terms, about.site, notes)
    if "ip" in terms.require:
        _judge_given(consent.ip, _is_public, _IP, "consent.ip", _EXPECTED_IP, notes)
    _judge_phone(consent.phone, terms, about.fields.get("phone", ""), notes)
    age = about.received_at - captured_at if captured_at is not None else None
    judge_certificate(consent.certificate, terms, about.certificate, age, about.site, notes)


def _judge_wording(found: str | Nearest | None, sent: Mapping[str, str], notes: Notes) -> None:
    if isinstance(found, str):
        notes.passed(_WORDING, "consent.text", found, "an approved disclosure")
        return
    if found is None:
        finding = Finding("disclosure_mismatch", "consent.text", _EXPECTED_WORDING)
        notes.failed(_WORDING, finding, "none is approved", _EXPECTED_WORDING)
        return
    if found.elsewhere:
        observed = f"{found.slug}, approved {_ELSEWHERE[found.elsewhere]}"
        message = f"{_EXPECTED_WORDING} This one is {observed}."
    else:
        told = found.difference.told(private_words(sent))
        observed = f"nearest: {found.slug}, {found.percent} % alike; {told}"
        message = f"{_EXPECTED_WORDING} Against the nearest, {found.slug}: {told}."
    finding = Finding("disclosure_mismatch", "consent.text", message, found.slug)
    notes.failed(_WORDING, finding, observed, _EXPECTED_WORDING)


def private_words(sent: Mapping[str, str]) -> frozenset[str]:
    """The words of a lead's own details, folded: what no difference may show."""
    return frozenset(word for name in PRIVATE_FIELDS if name in sent for word in words_of(sent[name]))


def _judge_age(captured_at: float | None, terms: ConsentTerms, received_at: float, notes: Notes) -> None:
    if captured_at is None:
        message = _EXPECTED_CAPTURED if "captured_at" in terms.require else _EXPECTED_TIME
        notes.failed(_TOLD, Finding("field_missing", "consent.captured_at", message), "no time")
        return
    expected = f"at most {terms.max_age_hours} hours old"
    if received_at - captured_at > terms.max_age_hours * 3600:
        finding = Finding("consent_expired", "consent.captured_at", f"Expected consent {expected}.")
        notes.failed(_AGE, finding, f"{(received_at - captured_at) / 3600:.0f} hours", expected)
    else:
        notes.passed(_AGE, "consent.captured_at", "fresh", expected)


def _judge_page(page: str, terms: ConsentTerms, site: str, notes: Notes) -> None:
    """The page's site is a weak signal unless the order asks for it: sellers send people from one site to another."""
    host = host_of(page) if page.strip() else ""
    if "page_url" in terms.require or (terms.same_site and page.strip()):
        _judge_given(page, host_of, _PAGE, "consent.page_url", _EXPECTED_PAGE, notes)
    if not host or not site:
        return
    same = on_site(host, site)
    if terms.same_site:
        _hold(same, _PAGE, Finding("field_invalid", "consent.page_url", _EXPECTED_SITE), "on the source", notes)
    elif not same:
        notes.passed(_PAGE, "consent.page_url", "another site than the source", "noted only")


def _judge_phone(phone: str, terms: ConsentTerms, own: str, notes: Notes) -> None:
    given = _digits(phone) if phone else ""
    if "phone" in terms.require:
        _judge_given(given, bool, _PHONE, "consent.phone", _EXPECTED_PHONE, notes)
    if given and own:
        # The last ten digits: with or without +1, it is the same number.
        same = given[-10:] == own.lstrip("+")[-10:]
        _hold(same, _PHONE, Finding("consent_missing", "consent.phone", _EXPECTED_SAME_PHONE), "the lead's own", notes)


def _judge_given(
    text: str, usable: Callable[[str], object], rule: str, field: str, expected: str, notes: Notes
) -> None:
    """A part that the order requires. One that is there and unusable is invalid, not missing."""
    if not text.strip():
        notes.failed(rule, Finding("field_missing", field, expected), "nothing")
    elif not usable(text):
        notes.failed(rule, Finding("field_invalid", field, expected), "unusable")
    else:
        notes.passed(rule, field, "given", "given")


def _hold(holds: bool, rule: str, finding: Finding, expected: str, notes: Notes) -> None:
    if holds:
        notes.passed(rule, finding.field, expected, expected)
    else:
        notes.failed(rule, finding, "not " + expected, expected)


def _is_public(text: str) -> bool:
    return bool(consumer_network(text))


_EXTENSION = re.compile(r"(?:x|ext|#|;).*", re.IGNORECASE | re.DOTALL)


def _digits(phone: str) -> str:
    """The digits of a number without its extension; empty where they are too few for one."""
    digits = "".join(filter(str.isdecimal, _EXTENSION.sub("", phone)))
    return digits if len(digits) >= 7 else ""
