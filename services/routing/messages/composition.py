"""An e-mail as it is sent: addresses, headers, bytes. Pure.

No value can put a line into a header.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from types import MappingProxyType

from services.routing.delivery.delivery import Delivery
from services.routing.messages.filling import EmailContent

#: The addresses that every server takes: a dot-atom of ASCII and a host (RFC 5321, 4.1.2), not a quoted string.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: RFC 5322, 2.1.1: lines should not be longer than 78 characters, the header's name included.
_PLAIN_HEADER_LENGTH = 66
_NONE: Mapping[str, str] = MappingProxyType({})


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


def compose(
    delivery: Delivery,
    content: EmailContent,
    sender: Mailbox,
    recipient: Mailbox,
    headers: Mapping[str, str] = _NONE,
) -> bytes:
    """The message as sent. Two tries of one delivery give the same bytes, Message-ID included.

    Written by hand because `EmailMessage` takes 1.4 ms for it, more than the whole chain takes to buy the lead; so it
    keeps to the plainest form: ASCII only, quoted-printable (RFC 2045), every header value free of control characters.

    Args:
        headers: further ones, in ASCII and without a line's end.
    """
    boundary = f"leadline-{delivery.delivery_id.hex}"
    head = {
        "From": formataddr((sender.name, sender.address)),
        "To": recipient.address,
        "Subject": _unstructured(content.subject),
        "Date": format_datetime(delivery.created_at),
        "Message-ID": f"<{delivery.delivery_id}@{sender.domain}>",
        # RFC 3834: whoever answers automatically should not answer this.
        "Auto-Submitted": "auto-generated",
        "X-Leadline-Delivery": str(delivery.delivery_id),
        **headers,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    lines = [f"{name}: {value}" for name, value in head.items()]
    for kind, part in (("plain", content.text), ("html", content.html)):
        lines += [
            "",
            f"--{boundary}",
            f'Content-Type: text/{kind}; charset="utf-8"',
            "Content-Transfer-Encoding: quoted-printable",
            "",
            _quoted_printable(part),
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
