"""Leads mailed to dealers' systems as ADF."""

from __future__ import annotations

from services.routing.delivery.adf import adf
from services.routing.delivery.attachment import with_body
from services.routing.delivery.delivery import Delivery, Outcome, Postponed, Refused
from services.routing.delivery.receivers import Receivers, UnknownReceiverError
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError, parsed_mailbox
from services.routing.messages.mail import Mailer
from shared.rpc.errors import AppError


class AdfMailChannel:
    """See `services.routing.delivery.channel.Channel`."""

    def __init__(self, mailer: Mailer, receivers: Receivers) -> None:
        self._mailer = mailer
        self._receivers = receivers

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Mail one lead."""
        try:
            handover = await self._receivers.find(delivery)
            sender = parsed_mailbox(handover.view.buyer.email_from, "the buyer's email_from")
            recipient = parsed_mailbox(handover.receiver.address, "the receiver's address")
        except (UnknownReceiverError, CompositionError) as error:
            return Refused(str(error))
        except AppError as error:
            return Postponed(f"catalog: {error.code.name.lower()}")
        message = with_body(
            delivery.delivery_id,
            f"Lead for {delivery.lead.order}",
            adf(delivery, person, handover),
            delivery.created_at,
            sender,
            recipient,
        )
        return await self._mailer.send(sender.address, recipient.address, message, begin_before=begin_before)
