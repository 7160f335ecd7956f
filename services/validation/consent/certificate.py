"""Certificates of consent: which kinds there are, how old they may be, and what their issuer said of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from services.validation.fieldtypes.certificate import read_certificate as certificate_of
from services.validation.source import host_of
from services.validation.verdict import Finding, Notes
from shared.catalog.terms import ConsentTerms

Kind = Literal["TrustedForm", "LeadiD"]

#: What the issuer said. `matched`: of this person; `not_matched`: of somebody else; `incomparable`: it recorded
#: neither phone nor e-mail; `not_found`: gone or never issued; `expired`: gone; `sandbox`: made for tests;
#: `unavailable`: nothing.
Outcome = Literal["matched", "not_matched", "incomparable", "not_found", "expired", "sandbox", "unavailable"]
OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))


class CertificateFacts(NamedTuple):
    """What the issuer said of a lead's certificate, looked up before the rules run."""

    outcome: Outcome
    #: Seconds since it last recorded anything; None: not asked for, or not told.
    age_seconds: float | None = None
    #: The site that it recorded; empty: not asked for, or not told.
    domain: str = ""


#: Nothing is known: the issuer was not asked, or did not answer in time.
UNKNOWN = CertificateFacts("unavailable")


class Certificate(NamedTuple):
    """A certificate reference that can be one."""

    kind: Kind
    #: What names it to its issuer.
    token: str


#: Where TrustedForm's certificates are, and their issuer is asked.
ISSUER_URL = "https://cert.trustedform.com"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

#: Days in which a TrustedForm certificate can be claimed at most, and hours where no submission was recorded.
#: Source: activeprospect.com, "Certificate Expiration and Retention Window".
TRUSTED_FORM_DAYS = 90
TRUSTED_FORM_UNSUBMITTED_HOURS = 72

_KINDS: Mapping[str, Kind] = {"trustedform": "TrustedForm", "leadid": "LeadiD"}

_FORM, _PRESENT, _AGE, _ISSUER, _SITE = (
    "consent.certificate",
    "consent.certificate_present",
    "consent.certificate_age",
    "consent.certificate_match",
    "consent.certificate_site",
)
_FIELD = "consent.certificate"
_EXPECTED_FORM = "Expected a certificate URL at https://cert.trustedform.com/ or a LeadiD of 36 characters."
_EXPECTED_PRESENT = "Expected a certificate of the consent: a TrustedForm URL or a LeadiD."
_EXPECTED_MATCHABLE = "Expected a TrustedForm certificate URL: this order asks its issuer whose it is."
_EXPECTED_ISSUED = "Expected a certificate that its issuer knows."
_EXPECTED_LIVE = "Expected a certificate that its issuer still has."
_EXPECTED_OURS = "Expected the certificate of this person: its issuer recorded another phone number."
_EXPECTED_SITE = "Expected a certificate of the lead's source, not of another site."
_EXPECTED_LATER = "The certificate's issuer did not answer in time; the same lead may be accepted later."


def issuer_url(text: str, environment: str) -> str:
    """The issuer's base URL. Raises ValueError: the key goes to the issuer and, in development, to this machine."""
    text = text.rstrip("/")
    if text == ISSUER_URL:
        return text
    parts = urlsplit(text)
    if environment == "development" and parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    raise ValueError(f"expected {ISSUER_URL}, or in development an address of this machine")


@lru_cache(maxsize=256)
def read_certificate(text: str) -> Certificate | None:
    """The certificate that a text names; None where it cannot be one. A ping proves nothing and is none."""
    parts = certificate_of(text.strip()).parts
    kind = _KINDS.get(parts.get("kind", ""))
    if kind is None:
        return None
    return Certificate(kind, parts["id"].lower() if kind == "LeadiD" else parts["id"])


def judge_form(text: str, notes: Notes) -> None:
    """A certificate that is given has to be able to be one, whatever the order."""
    if not text.strip():
        return
    certificate = read_certificate(text)
    if certificate is None:
        notes.failed(_FORM, Finding("certificate_invalid", _FIELD, _EXPECTED_FORM), "neither kind", _FORMS)
    else:
        notes.passed(_FORM, _FIELD, certificate.kind)


_FORMS = "TrustedForm or LeadiD"


def judge_certificate(
    text: str, terms: ConsentTerms, facts: CertificateFacts, age_seconds: float | None, site: str, notes: Notes
) -> None:
    """Holds the certificate against an order.

    Args:
        text: The certificate as sent.
        terms: What the order asks.
        facts: What its issuer said.
        age_seconds: Of the consent by its record; None: not told. The certificate's own counts before it.
        site: The lead's source; empty: unreadable.
        notes: Where findings go.
    """
    if facts.age_seconds is not None:
        age_seconds = facts.age_seconds
    if terms.certificate == "none" and terms.certificate_max_age_hours is None:
        return
    certificate = read_certificate(text)
    if certificate is None:
        if not text.strip() and terms.certificate != "none":
            notes.failed(_PRESENT, Finding("field_missing", _FIELD, _EXPECTED_PRESENT), "none")
        return
    if terms.certificate != "none":
        notes.passed(_PRESENT, _FIELD, certificate.kind, "a certificate")
    gone = age_seconds is not None and not _is_young(certificate, terms, age_seconds, notes)
    if terms.certificate == "match" and not gone:
        if certificate.kind == "TrustedForm":
            _judge_issuer(terms, facts, age_seconds, notes)
            _judge_site(terms, facts.domain, site, notes)
        else:
            finding = Finding("certificate_invalid", _FIELD, _EXPECTED_MATCHABLE)
            notes.failed(_ISSUER, finding, certificate.kind, "TrustedForm")


def _is_young(certificate: Certificate, terms: ConsentTerms, age_seconds: float, notes: Notes) -> bool:
    hours = terms.certificate_max_age_hours or TRUSTED_FORM_DAYS * 24
    if certificate.kind == "TrustedForm":
        hours = min(hours, TRUSTED_FORM_DAYS * 24)
    expected = f"at most {hours} hours old"
    if age_seconds <= hours * 3600:
        notes.passed(_AGE, _FIELD, "young enough", expected)
        return True
    finding = Finding("certificate_expired", _FIELD, f"Expected a certificate {expected}.")
    notes.failed(_AGE, finding, f"{age_seconds / 3600:.0f} hours", expected)
    return False


def _judge_site(terms: ConsentTerms, domain: str, site: str, notes: Notes) -> None:
    host = host_of(domain) if domain else ""
    if not host or not site:
        return
    if on_site(host, site):
        notes.passed(_SITE, _FIELD, "the source", "the source")
    elif terms.same_site:
        notes.failed(_SITE, Finding("certificate_mismatch", _FIELD, _EXPECTED_SITE), "another site", "the source")
    else:
        notes.passed(_SITE, _FIELD, "another site", "noted only")


def on_site(host: str, site: str) -> bool:
    """Whether two hosts are one site: the same, or one below the other."""
    return host == site or host.endswith("." + site) or site.endswith("." + host)


def _judge_issuer(terms: ConsentTerms, facts: CertificateFacts, age_seconds: float | None, notes: Notes) -> None:
    outcome = facts.outcome
    expected = "of this person, by its issuer"
    match outcome:
        case "matched" | "incomparable":
            notes.passed(_ISSUER, _FIELD, outcome, expected)
            return
        case "not_matched":
            finding = Finding("certificate_mismatch", _FIELD, _EXPECTED_OURS)
        case "expired":
            finding = Finding("certificate_expired", _FIELD, _EXPECTED_LIVE)
        case "not_found":
            # The issuer says the same of both: "has expired or could not be found".
            old = age_seconds is not None and age_seconds > TRUSTED_FORM_UNSUBMITTED_HOURS * 3600
            finding = (
                Finding("certificate_expired", _FIELD, _EXPECTED_LIVE)
                if old
                else Finding("certificate_invalid", _FIELD, _EXPECTED_ISSUED)
            )
        case "sandbox":
            finding = Finding("certificate_invalid", _FIELD, _EXPECTED_ISSUED)
        case _:
            if terms.certificate_unknown == "accept":
                notes.passed(_ISSUER, _FIELD, "not known", expected)
                return
            finding = Finding("try_again", _FIELD, _EXPECTED_LATER)
    notes.failed(_ISSUER, finding, outcome.replace("_", " "), expected)
