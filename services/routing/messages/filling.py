"""What a template says, filled in for one person. Pure.

Every value is data, never a template: it is put in once and not read again, and no
name can put a line into a header or a link into the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.routing.messages.segments import Size, plain, size_of
from shared.catalog.following import Template
from shared.catalog.markup import cleaned
from shared.catalog.terms import Buyer

_PLACEHOLDER = re.compile(r"\{(first_name|offer|buyer|product)\}|\{\{|\}\}")
_LEADING_NAME = re.compile(r"^\s*\{first_name\}[,:!]?\s+(\w|\{)")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PARAGRAPHS = re.compile(r"\n\s*\n")
#: `Mary`, `Jean-Luc`, `O’Neil`, `St.`, `J.R.`. A form is filled in by strangers and the buyer's mail must not carry
#: their text, so nothing passes that a link or an address needs: digits, slashes, colons, `@`, a dot inside a word.
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?")
_NAME_SIGNS = frozenset("'’-")
_NAME_LENGTH = 40
#: Said where the name is missing or would not pass for one.
_STRANGER = "there"
#: The first text to a person names the sender and both ways out (CTIA Messaging Principles and Best Practices, 5.1.2:
#: programme name, HELP, opt-out; that rates may apply is asked for by the carriers' codes of conduct).
FIRST_TEXT_FOOT = "Reply HELP for help, STOP to opt out. Msg & data rates may apply."


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailContent:
    """An e-mail as it will be read."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextContent:
    """A text as it will be read, and how it travels."""

    text: str = field(repr=False)
    size: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What is put into a template."""

    #: As the form has it; said only where it passes for a name.
    first_name: str = field(repr=False)
    #: What the ad promised.
    offer: str
    buyer: Buyer
    #: The product's name.
    product: str


def email_content(template: Template, filling: Filling, *, unsubscribe_url: str = "") -> EmailContent:
    """Fill in an e-mail.

    The offer that the ad made always stands in it, whether or not the template names it. The buyer's postal address
    stands at the foot, and below it the way out where one is given (15 U.S.C. 7704(a)(5)).
    """
    name = salutation(filling.first_name)
    values = _values(name, filling)
    subject = template.subject
    if name == _STRANGER:
        # "there, your request …" greets nobody; "Your request …" does no harm.
        subject = _LEADING_NAME.sub(lambda match: match[1].upper(), subject)
    body = _with_offer(_fill(template.text, values, str).strip(), filling.offer)
    foot = f"{filling.buyer.name}\n{filling.buyer.postal_address}"
    way_out = f"\n\nNo more e-mails like this one: {unsubscribe_url}" if unsubscribe_url else ""
    page = _own_page(template.html, values, filling.offer) if template.html.strip() else _paragraphs(body)
    return EmailContent(
        subject=_BLANKS.sub(" ", _fill(subject, values, str)).strip(),
        text=f"{body}\n\n--\n{foot}{way_out}\n",
        html=_page(
            _own_page(page, values, filling.offer) if page.strip() else _paragraphs(body), foot, unsubscribe_url
        ),
    )


def text_content(template: Template, filling: Filling, *, first: bool) -> TextContent:
    """Fill in a text.

    The buyer's name always stands in it, and the offer that the ad made; the first one to a person ends with HELP and
    STOP. Signs that would more than double its price are written as every phone has them.
    """
    name = salutation(filling.first_name)
    # A template's lines are broken for whoever reads the catalog file; only a blank line is meant.
    lines = [_BLANKS.sub(" ", part).strip() for part in _PARAGRAPHS.split(template.text.strip())]
    body = _fill("\n".join(lines), _values(name, filling), _one_line)
    if _one_line(filling.offer) not in body:
        body = f"{body} {_one_line(filling.offer)}"
    if filling.buyer.name.lower() not in body.lower():
        body = f"{filling.buyer.name}: {body}"
    if first:
        body = f"{body}\n{FIRST_TEXT_FOOT}"
    body = plain(body)
    return TextContent(body, size_of(body))


def salutation(first_name: str) -> str:
    """The name to greet by, on one line; `there` where it is missing or is not a name."""
    name = _BLANKS.sub(" ", first_name).strip()
    good = 0 < len(name) <= _NAME_LENGTH and all(_is_name(word) for word in name.split(" "))
    return name if good else _STRANGER


def _is_name(word: str) -> bool:
    if _INITIALS.fullmatch(word):
        return True
    letters = word.removesuffix(".")
    return letters[:1].isalpha() and all(
        letter in _NAME_SIGNS or unicodedata.category(letter)[0] in "LM" for letter in letters
    )


def _values(name: str, filling: Filling) -> dict[str, str]:
    return {"first_name": name, "offer": filling.offer, "buyer": filling.buyer.name, "product": filling.product}


def _fill(template: str, values: Mapping[str, str], written: Callable[[str], str]) -> str:
    """`{name}` is the value, as `written`; `{{` and `}}` are braces."""
    return _PLACEHOLDER.sub(lambda match: written(values[match[1]]) if match[1] else match[0][0], template)


def _one_line(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _with_offer(body: str, offer: str) -> str:
    return body if offer in body else f"{body}\n\nYour offer: {offer}"


def _own_page(page: str, values: Mapping[str, str], offer: str) -> str:
    filled = _fill(cleaned(page), values, html.escape)
    said = html.escape(offer)
    return filled if said in filled else f"{filled}\n<p>Your offer: {said}</p>"


def _paragraphs(body: str) -> str:
    # A template's lines are broken for whoever reads the catalog file; only a blank line is meant.
    return "\n".join(f"<p>{html.escape(part)}</p>" for part in _PARAGRAPHS.split(body))


def _page(body: str, foot: str, unsubscribe_url: str) -> str:
    way_out = (
        f'<br>\n<a href="{html.escape(unsubscribe_url)}">No more e-mails like this one</a>' if unsubscribe_url else ""
    )
    small = html.escape(foot).replace("\n", "<br>\n")
    return f'<!doctype html>\n<html><body>\n{body}\n<p style="color:#666">{small}{way_out}</p>\n</body></html>\n'
