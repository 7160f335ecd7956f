"""A ping is judged by what it tells; what it may leave out for the post to bring is no fault of it."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from services.validation.lead import Consent, Lead
from services.validation.ping import UNTOLD
from shared.catalog.terms import ConsentTerms, Geography, LeadTerms
from tests.unit.validation.terms import GOOD, NOW, ORDER, PRODUCT, judged, reasons


def ping(**fields: str | None) -> Lead:
    """The good lead without its person and its consent; None takes a field away."""
    told = {name: value for name, value in GOOD.fields.items() if name not in UNTOLD}
    changed = {name: value for name, value in {**told, **fields}.items() if value is not None}
    return replace(GOOD, fields=changed, consent=Consent(), ping=True)


def test_a_ping_needs_neither_person_nor_consent() -> None:
    assert reasons(judged(ping())) == []
    assert reasons(judged(replace(ping(), ping=False))) != []


def test_either_state_or_zip_is_enough() -> None:
    assert reasons(judged(ping(postal_code=None))) == []
    assert reasons(judged(ping(postal_code=None, state=None))) == [("field_missing", "postal_code")]


def test_what_a_ping_tells_of_the_lead_is_held_against_the_order() -> None:
    assert reasons(judged(ping(loan_amount="1500"))) == [("criteria_not_met", "loan_amount")]
    order = msgspec.structs.replace(ORDER, geography=Geography(states=("CA",)))
    assert reasons(judged(ping(), order)) == [("geography_excluded", "state")]


def test_what_a_ping_tells_of_the_person_is_judged() -> None:
    assert [reason for reason, _ in reasons(judged(ping(phone="555-555-5555")))] == ["phone_fake"]


def test_what_a_ping_tells_of_the_consent_is_judged() -> None:
    text = replace(ping(), consent=Consent(text="I agree to everything that there is, to whomever it may concern."))
    assert reasons(judged(text)) == [("disclosure_mismatch", "consent.text")]
    old = replace(ping(), consent=Consent(captured_at=NOW - 90 * 86_400))
    assert reasons(judged(old)) == [("consent_expired", "consent.captured_at")]


def test_a_certificate_that_the_order_requires_may_come_with_the_post() -> None:
    order = msgspec.structs.replace(ORDER, consent=ConsentTerms(certificate="match", certificate_unknown="try_again"))
    assert reasons(judged(ping(), order)) == []


def test_a_ping_is_of_the_type_that_its_post_will_be() -> None:
    product = msgspec.structs.replace(PRODUCT, long_form=("loan_amount", "first_name", "phone"))
    order = msgspec.structs.replace(ORDER, lead=LeadTerms(forms=("long",)))
    assert reasons(judged(ping(), order, products=(product,))) == []


def test_a_ping_is_nobody_to_be_counted() -> None:
    assert GOOD.counted
    assert not ping().counted


