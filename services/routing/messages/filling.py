"""What the playbook says, filled in for one person. Pure.

Every value is data, never a template: it is put in once and not read again, and no
name can put a line into a header or a link into the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field

from shared.catalog.following import Template
from shared.catalog.terms import Buyer

_PLACEHOLDER = re.compile(r"\{(first_name|offer|buyer|product)\}")
_LEADING_NAME = re.compile(r"^\s*\{first_name\}[,:!]?\s+(\w|\{)")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: `Mary`, `Jean-Luc`, `O’Neil`, `St.`, `J.R.`. A form is filled in by strangers and the buyer's mail must not carry
#: their text, so nothing passes that a link or an address needs: digits, slashes, colons, `@`, a dot inside a word.
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?")
_NAME_SIGNS = frozenset("'’-")
_NAME_LENGTH = 40
#: Said where the name is missing or would not pass for one.
_STRANGER = "there"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for. Personal data: not in its repr, never kept."""

    first_name: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A message as it will be read."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


def render(template: Template, *, first_name: str, offer: str, buyer: Buyer, product: str) -> Confirmation:
    """Fill in a template.

    The offer that the ad made always stands in the text, whether or not the template names it. The buyer's postal
    address stands at the foot (15 U.S.C. 7704(a)(5)). A confirmation carries no promotion, so it needs no
    List-Unsubscribe.
    """
    name = salutation(first_name)
    values = {"first_name": name, "offer": offer, "buyer": buyer.name, "product": product}
    subject = template.subject
    if name == _STRANGER:
        # "there, your request …" greets nobody; "Your request …" does no harm.
        subject = _LEADING_NAME.sub(lambda match: match[1].upper(), subject)
    body = _fill(template.text, values).strip()
    if offer not in body:
        body = f"{body}\n\nYour offer: {offer}"
    foot = f"{buyer.name}\n{buyer.postal_address}"
    return Confirmation(
        subject=_BLANKS.sub(" ", _fill(subject, values)).strip(),
        text=f"{body}\n\n--\n{foot}\n",
        html=_page(body, foot),
    )


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


def _fill(template: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _page(body: str, foot: str) -> str:
    # A playbook's lines are broken for whoever reads the catalog file; only a blank line is meant.
    paragraphs = "".join(f"<p>{html.escape(part)}</p>\n" for part in re.split(r"\n\s*\n", body))
    return f'<!doctype html>\n<html><body>\n{paragraphs}<p style="color:#666">{_lines(foot)}</p>\n</body></html>\n'


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")
