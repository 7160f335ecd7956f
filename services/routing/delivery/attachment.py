"""E-mails to systems: ADF as the body, a file as an attachment. Pure."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from uuid import UUID

from services.routing.messages.composition import Mailbox


def with_body(message_id: UUID, subject: str, body: bytes, at: datetime, sender: Mailbox, recipient: Mailbox) -> bytes:
    """A plain text as it is: dealers' systems read ADF from the body."""
    message = _opened(message_id, subject, at, sender, recipient)
    message.set_content(body.decode(), subtype="plain", cte="quoted-printable")
    return message.as_bytes()


def with_file(
    message_id: UUID, subject: str, name: str, content: bytes, at: datetime, sender: Mailbox, recipient: Mailbox
) -> bytes:
    """A CSV file attached."""
    message = _opened(message_id, subject, at, sender, recipient)
    message.set_content("The leads are attached.\n")
    message.add_attachment(content, maintype="text", subtype="csv", filename=name)
    return message.as_bytes()


def _opened(message_id: UUID, subject: str, at: datetime, sender: Mailbox, recipient: Mailbox) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((sender.name, sender.address))
    message["To"] = recipient.address
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Leadline-Delivery"] = str(message_id)
    return message
