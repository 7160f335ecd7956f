"""What people read: their name or a greeting, the offer of the ad, who writes, and how to end it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.messages.filling import FIRST_TEXT_FOOT, Filling, TextContent, email_content, text_content
from shared.catalog.following import Template
from tests.unit.follow_up.samples import BUYER, TERMS

URL = "https://mail.bigbank.example/u/t0ken"


def filling(first_name: str = "Ann", offer: str = TERMS.offer) -> Filling:
    return Filling(first_name=first_name, offer=offer, buyer=BUYER, product="auto loan")


def text(words: str, *, first: bool = False, first_name: str = "Ann", offer: str = TERMS.offer) -> TextContent:
    return text_content(Template(slug="t", text=words), filling(first_name, offer), first=first)


def test_a_template_may_have_html_of_its_own() -> None:
    template = Template(
        slug="t", subject="s", text="Hi {first_name}: {offer}", html="<h1>Hi {first_name}</h1><b>{offer}</b>"
    )
    content = email_content(template, filling(offer="<b>5 %</b> & more"))

    assert "<h1>Hi Ann</h1><b>&lt;b&gt;5 %&lt;/b&gt; &amp; more</b>" in content.html
    assert BUYER.postal_address in content.html
    assert content.html.count("&lt;b&gt;5 %") == 1


def test_html_of_an_older_snapshot_that_may_not_be_sent_is_not() -> None:
    template = Template(slug="t", subject="s", text="x", html="<script>x</script><div>Hi<form>")
    page = email_content(template, filling()).html
    assert "script" not in page
    assert "<form" not in page
    # The foot stands outside of what the template left open.
    assert page.index("</div>") < page.index(BUYER.postal_address)


def test_the_offer_stands_in_own_html_even_where_the_author_forgot_it() -> None:
    content = email_content(Template(slug="t", subject="s", text="x", html="<p>Hi</p>"), filling())
    assert f"<p>Your offer: {TERMS.offer}</p>" in content.html


def test_the_way_out_stands_below_the_postal_address_in_both_parts() -> None:
    content = email_content(Template(slug="t", subject="s", text="x", promotional=True), filling(), unsubscribe_url=URL)
    for part in (content.text, content.html):
        assert part.index(BUYER.postal_address) < part.index(URL)
    assert f'<a href="{URL}">' in content.html


def test_two_braces_are_one() -> None:
    assert "{first_name} Ann" in text("{{first_name}} {first_name}").text


def test_a_text_names_its_sender_and_repeats_the_offer() -> None:
    content = text("Hi {first_name}, a specialist will call you.")
    assert content.text == f"Big Bank: Hi Ann, a specialist will call you. {TERMS.offer}"
    assert (content.size.encoding, content.size.segments) == ("gsm-7", 1)


def test_only_the_first_text_says_how_to_end_it() -> None:
    assert text("{buyer}: {offer}", first=True).text.endswith(f"\n{FIRST_TEXT_FOOT}")
    assert "STOP" not in text("{buyer}: {offer}").text


def test_the_catalogs_line_breaks_are_not_sent_and_blank_lines_are() -> None:
    assert text("{buyer} here,\n  {first_name}.\n\n{offer}").text == f"Big Bank here, Ann.\n{TERMS.offer}"


@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_no_value_reaches_beyond_its_place(first_name: str, offer: str) -> None:
    content = text("{buyer}|{first_name}|{offer}|end", first_name=first_name, offer=offer)
    assert content.text.startswith("Big Bank|")
    assert "\n" not in content.text
    assert "\r" not in content.text


@pytest.mark.parametrize("name", ["evil.com", "http://x.example", "<b>", "Call +1 900 555 0100"])
def test_what_strangers_typed_as_a_name_is_not_texted(name: str) -> None:
    assert text("{buyer}: Hi {first_name}! {offer}", first_name=name).text.startswith("Big Bank: Hi there!")
