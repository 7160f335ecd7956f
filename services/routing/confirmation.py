"""The confirmation e-mail: what the playbook says, filled in for one person. Pure.

Every value is data, never a template: it is put in once and not read again, and no
name can put a line into a header or a link into the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from binascii import b2a_qp
from dataclasses import dataclass, field
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr

from services.routing.follow_up import Delivery
from shared.catalog.terms import Buyer, Playbook

_PLACEHOLDER = re.compile(r"\{(first_name|offer|buyer|product)\}")
_LEADING_NAME = re.compile(r"^\s*\{first_name\}[,:!]?\s+(\w|\{)")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: `Mary`, `Jean-Luc`, `O’Neil`, `St.`, `J.R.`. A form is filled in by strangers and the buyer's mail must not carry
#: their text, so nothing passes that a link or an address needs: digits, slashes, colons, `@`, a dot inside a word.
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?")
_NAME_SIGNS = frozenset("'’-")
#: The addresses that every server takes: a dot-atom of ASCII and a host (RFC 5321, 4.1.2), not a quoted string.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: RFC 5322, 2.1.1: lines should not be longer than 78 characters, the header's name included.
_PLAIN_HEADER_LENGTH = 66
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


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name, which may be empty, and an ASCII address."""

    name: str = field(repr=False)
    address: str = field(repr=False)

    @property
    def domain(self) -> str:
        """What stands behind the `@`."""
        return self.address.rpartition("@")[2]


class CompositionError(ValueError):
    """The message cannot be written: the text names what is wrong, without personal data."""


def render(playbook: Playbook, *, first_name: str, offer: str, buyer: Buyer, product: str) -> Confirmation:
    """Fill in the playbook.

    The offer that the ad made always stands in the text, whether or not the playbook names it. The buyer's postal
    address stands at the foot (15 U.S.C. 7704(a)(5)). A confirmation carries no promotion, so it needs no
    List-Unsubscribe.
    """
    name = salutation(first_name)
    values = {"first_name": name, "offer": offer, "buyer": buyer.name, "product": product}
    subject = playbook.confirmation_subject
    if name == _STRANGER:
        # "there, your request …" greets nobody; "Your request …" does no harm.
        subject = _LEADING_NAME.sub(lambda match: match[1].upper(), subject)
    body = _fill(playbook.confirmation_text, values).strip()
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


def compose(delivery: Delivery, confirmation: Confirmation, sender: Mailbox, recipient: Mailbox) -> bytes:
    """The message as sent. Two tries of one delivery give the same bytes, Message-ID included.

    Written by hand because `EmailMessage` takes 1.4 ms for it, more than the whole chain takes to buy the lead; so it
    keeps to the plainest form: ASCII only, quoted-printable (RFC 2045), every header value free of control characters.
    """
    boundary = f"leadline-{delivery.delivery_id.hex}"
    head = {
        "From": formataddr((sender.name, sender.address)),
        "To": recipient.address,
        "Subject": _unstructured(confirmation.subject),
        "Date": format_datetime(delivery.created_at),
        "Message-ID": f"<{delivery.delivery_id}@{sender.domain}>",
        # RFC 3834: whoever answers automatically should not answer this.
        "Auto-Submitted": "auto-generated",
        "X-Leadline-Delivery": str(delivery.delivery_id),
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    lines = [f"{name}: {value}" for name, value in head.items()]
    for kind, content in (("plain", confirmation.text), ("html", confirmation.html)):
        lines += [
            "",
            f"--{boundary}",
            f'Content-Type: text/{kind}; charset="utf-8"',
            "Content-Transfer-Encoding: quoted-printable",
            "",
            _quoted_printable(content),
        ]
    lines += [f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


def parsed_mailbox(text: str, what: str) -> Mailbox:
    """Read `name@host` or `Name <name@host>`.

    Raises:
        CompositionError: anything else, or an address outside ASCII (it would need SMTPUTF8).
    """
    if _ADDRESS.fullmatch(text):
        return Mailbox("", text)
    name, address = parseaddr(text)
    bare = "<" in text or address == text.strip()
    if not bare or _CONTROL.search(text) or not _ADDRESS.fullmatch(address):
        raise CompositionError(f"{what} is not an ASCII e-mail address")
    return Mailbox(name, address)


def _unstructured(text: str) -> str:
    """A header's text: as it is where that is short ASCII, else in encoded words (RFC 2047), folded."""
    if text.isascii() and len(text) <= _PLAIN_HEADER_LENGTH and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _quoted_printable(text: str) -> str:
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    return b2a_qp(lines.encode(), istext=True).decode("ascii")


def _fill(template: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _page(body: str, foot: str) -> str:
    # A playbook's lines are broken for whoever reads the catalog file; only a blank line is meant.
    paragraphs = "".join(f"<p>{html.escape(part)}</p>\n" for part in re.split(r"\n\s*\n", body))
    return f'<!doctype html>\n<html><body>\n{paragraphs}<p style="color:#666">{_lines(foot)}</p>\n</body></html>\n'


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")
