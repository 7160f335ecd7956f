"""E-mails: what a template says, written for one person and handed to the mail server."""

from __future__ import annotations

from typing import Protocol

from services.routing.delivery.delivery import Delivery, Outcome, Postponed, Refused
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError
from services.routing.messages.mail import Mailer
from services.routing.messages.writing import Writer
from shared.rpc.errors import AppError


class Mailboxes(Protocol):
    """See `services.routing.messages.bad_address_store.BadAddresses`."""

    async def bad(self, buyer_id: str, address: str) -> bool:
        """Whether a mailbox takes no mail ever. Raises AppError."""


class EmailChannel:
    """See `services.routing.delivery.channel.Channel`."""

    def __init__(self, mailer: Mailer, writer: Writer, mailboxes: Mailboxes) -> None:
        self._mailer = mailer
        self._writer = writer
        self._mailboxes = mailboxes

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Hand one message over; every failure is an outcome."""
        if not person.email:
            return Refused("contact: no e-mail address")
        try:
            if await self._mailboxes.bad(delivery.lead.buyer_id, person.email):
                return Refused("contact: mail to the address came back for good")
            email = await self._writer.email(delivery, person.first_name, person.email)
            message = email.message(delivery)
        except CompositionError as error:
            return Refused(f"compose: {error}")
        except AppError as error:
            return Postponed(f"email: {error.code.name.lower()}")
        return await self._mailer.send(
            email.sender.address, email.recipient.address, message, begin_before=begin_before
        )
