"""The HTML of a template shows, and neither runs nor loads nor hides."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalog.markup import ELEMENTS, cleaned, faults

GOOD = (
    '<h1>Hello {first_name}</h1>\n<p style="color: #0a6c5b">Your <b>{offer}</b>.<br>\n'
    '<a href="https://bigbank.example/auto?x=1&amp;y=2" title="More">More</a>, <a href="tel:+18005550100">call</a></p>'
)


def test_what_mail_programs_show_stays_as_it_is() -> None:
    assert faults(GOOD) == []
    assert cleaned(GOOD) == GOOD


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<script>alert(1)</script>a", "a"),
        ("<style>p{}</style>a", "a"),
        ("<svg><script>x</script></svg>a", "a"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ('<a href="javascript:x()">a</a>', "<a>a</a>"),
        ('<a href="JaVaScRiPt&#58;x()">a</a>', "<a>a</a>"),
        ('<a href=" http://plain.example">a</a>', "<a>a</a>"),
        ('<a href="https://x.example/{first_name}">a</a>', "<a>a</a>"),
        ('<img src="data:text/html,x">', "<img>"),
        ('<p style="background:url(https://x.example/t.gif)">a</p>', "<p>a</p>"),
        ('<p style="width:expression(x)">a</p>', "<p>a</p>"),
        ('<form action="https://x.example"><input name="ssn"></form>a', "a"),
        ("<!-- <p> -->a", "a"),
        ("<!doctype html><html><body>a</body></html>", "a"),
        ('<p title="{offer}">a</p>', "<p>a</p>"),
    ],
)
def test_what_is_not_allowed_is_told_and_left_out(html: str, left: str) -> None:
    assert cleaned(html) == left
    assert faults(html) != []


def test_what_is_left_open_does_not_take_in_what_follows() -> None:
    assert cleaned("<div><b>a") == "<div><b>a</b></div>"
    assert cleaned("a</div></p>") == "a"


def test_a_fault_names_its_line() -> None:
    assert [line for line, _ in faults("<p>a</p>\n<script>x</script>")] == [2]


@given(st.text(alphabet="<>/=\"' abpiscr!-&;{}:", max_size=80))
def test_whatever_is_written_only_the_allowed_is_left(html: str) -> None:
    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append(tag)

        def handle_comment(self, data: str) -> None:
            seen.append("comment")

    Reader().feed(cleaned(html))
    assert set(seen) <= set(ELEMENTS)
    assert cleaned(cleaned(html)) == cleaned(html)
