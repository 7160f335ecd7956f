"""Confirmations by e-mail: what the playbook says, written for one person and handed to the mail server."""

from __future__ import annotations

from services.routing.delivery.delivery import Delivery, Outcome, Postponed, Refused
from services.routing.gate.person import Person
from services.routing.messages.composition import CompositionError, compose, parsed_mailbox
from services.routing.messages.filling import render
from services.routing.messages.mail import Mailer
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import AppError


class EmailChannel:
    """See `services.routing.delivery.worker.Channel`."""

    def __init__(self, mailer: Mailer, catalogs: CatalogReader) -> None:
        self._mailer = mailer
        self._catalogs = catalogs

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Hand one message over; every failure is an outcome."""
        if not person.email:
            return Refused("contact: no e-mail address")
        try:
            sender, address, message = await self._message(delivery, person)
        except CompositionError as error:
            return Refused(f"compose: {error}")
        except AppError as error:
            return Postponed(f"catalog: {error.code.name.lower()}")
        return await self._mailer.send(sender, address, message, begin_before=begin_before)

    async def _message(self, delivery: Delivery, person: Person) -> tuple[str, str, bytes]:
        view = await self._catalogs.get(delivery.lead.buyer_id, delivery.lead.catalog_revision)
        order = view.order(delivery.lead.order)
        playbook = view.playbook(order.follow_up.playbook) if order is not None else None
        product = view.product(order.product) if order is not None else None
        step = playbook.confirmation if playbook is not None else None
        template = view.template(delivery.template or (step and step.template) or "")
        if order is None or template is None or product is None:
            raise CompositionError("the order, its product, its playbook or the template is not in the catalog")
        confirmation = render(
            template,
            first_name=person.first_name,
            offer=order.follow_up.offer,
            buyer=view.buyer,
            product=product.name,
        )
        sender = parsed_mailbox(view.buyer.email_from, "the buyer's email_from")
        address = parsed_mailbox(person.email, "the contact's email")
        return sender.address, address.address, compose(delivery, confirmation, sender, address)
