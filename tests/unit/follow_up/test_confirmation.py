"""The confirmation e-mail: what it always says, and what no form can make it say."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.messages.composition import CompositionError, compose, parsed_mailbox
from services.routing.messages.filling import EmailContent, Filling, email_content, salutation
from tests.unit.follow_up.samples import BUYER, TERMS, delivery, template

SENDER = parsed_mailbox(BUYER.email_from, "email_from")
RECIPIENT = parsed_mailbox("ann@mail.example", "email")
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Leadline-Delivery",
    "MIME-Version",
    "Content-Type",
}


def filled(subject: str, text: str, first_name: str, offer: str) -> EmailContent:
    """A confirmation of these words."""
    return email_content(
        template(subject, text), Filling(first_name=first_name, offer=offer, buyer=BUYER, product="auto loan")
    )


def composed(
    first_name: str = "Ann",
    subject: str = "{first_name}, your {product}",
    text: str = "Hello {first_name}, {offer}.",
    offer: str = TERMS.offer,
) -> tuple[EmailMessage, str, str]:
    """The message as a mail program reads it, its plain text and its HTML."""
    confirmation = filled(subject, text, first_name, offer)
    raw = compose(delivery(), confirmation, SENDER, RECIPIENT)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    return message, plain.get_content().replace("\r\n", "\n"), rich.get_content()


def test_it_repeats_the_offer_and_ends_with_the_postal_address() -> None:
    message, text, page = composed()
    assert message["Subject"] == "Ann, your auto loan"
    assert "Hello Ann, auto loans from 5.49 % APR." in text
    assert text.rstrip().endswith("Big Bank\n1 Main Street, New York, NY 10001")
    assert TERMS.offer in page
    assert BUYER.postal_address in page


def test_it_repeats_the_offer_even_where_the_playbook_forgot_to() -> None:
    _, text, page = composed(text="Hello {first_name}, we will call.")
    assert TERMS.offer in text
    assert TERMS.offer in page


def test_it_is_no_promotion_and_asks_for_no_automatic_answer() -> None:
    message, _, _ = composed()
    assert "List-Unsubscribe" not in message
    assert message["Auto-Submitted"] == "auto-generated"


def test_every_try_has_the_same_bytes_and_message_id() -> None:
    confirmation = filled("{first_name}", "{offer}", "Ann", "o")
    first, second = (compose(delivery(), confirmation, SENDER, RECIPIENT) for _ in range(2))
    assert first == second
    assert f"Message-ID: <{delivery().delivery_id}@bigbank.example>".encode() in first


@given(st.text(max_size=60))
def test_no_name_reaches_into_the_headers(first_name: str) -> None:
    message, text, _ = composed(first_name=first_name, text="{offer}")
    assert set(message.keys()) == HEADERS
    assert message["To"] == "ann@mail.example"
    assert text.startswith(TERMS.offer)


@pytest.mark.parametrize("first_name", ["Ann\r\nBcc: spy@evil.example", "\nBcc: x", "Ann\u2028Bcc: x", "=?utf-8?q?a?="])
def test_a_name_with_a_header_in_it_is_not_used(first_name: str) -> None:
    message, text, _ = composed(first_name=first_name)
    assert message["Bcc"] is None
    assert message["Subject"] == "Your auto loan"
    assert text.startswith("Hello there,")


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_of_the_catalog_makes_a_message_that_can_be_read(subject: str, offer: str) -> None:
    message, text, _ = composed(subject=subject, offer=offer)
    assert set(message.keys()) == HEADERS
    assert text.startswith("Hello Ann,")


def test_values_are_not_read_as_templates() -> None:
    _, text, _ = composed(offer="{first_name} {buyer.__class__} {0}")
    assert "{first_name} {buyer.__class__} {0}" in text


def test_html_shows_values_as_text() -> None:
    _, _, page = composed(offer="<script>alert(1)</script>")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "name", ["Ann", "Jean-Luc", "O’Neil", "D'Arcy", "St. John", "J.R.", "María José", "नमिता", "Æ"]
)
def test_people_are_greeted_by_their_names(name: str) -> None:
    assert salutation(f"  {name} ") == name


@pytest.mark.parametrize(
    "name", ["", "   ", "evil.com", "www.evil", "http://x", "a@b", "A1", "-", "x" * 41, "Ann\u202e"]
)
def test_what_is_no_name_is_not_repeated(name: str) -> None:
    assert salutation(name) == "there"


@pytest.mark.parametrize(
    "text", ["", "a@", "a b@x.example", "a@x.example\r\nBcc: q@q", "ü@x.example", "a@b c", "a@x.example."]
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(CompositionError) as caught:
        parsed_mailbox(text, "the contact's email")
    assert str(caught.value) == "the contact's email is not an ASCII e-mail address"
