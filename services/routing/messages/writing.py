"""What a delivery says to its person, by the catalog that the lead was bought under. Pure but for the catalog's reader.

A confirmation answers a request and carries no promotion (15 U.S.C. 7702(17)); a promotional e-mail carries a way to
end such e-mails, or is not written at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from services.routing.delivery.delivery import Delivery
from services.routing.messages.composition import CompositionError, Mailbox, compose, parsed_mailbox
from services.routing.messages.filling import EmailContent, Filling, TextContent, email_content, text_content
from services.routing.messages.unsubscribe import Subscription, UnsubscribeLinks, headers, link
from shared.catalog.following import Template
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import Order

#: Where the gateway takes what people write back.
INBOUND_TEXT = "/v1/inbound/text"
INBOUND_CALL = "/v1/inbound/call-status"
_HTTPS = "https://"


class Catalogs(Protocol):
    """See `shared.catalog.snapshot.CatalogReader`."""

    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        """A revision. Raises AppError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An e-mail to one person. Personal data: in no repr, never kept."""

    sender: Mailbox
    recipient: Mailbox
    content: EmailContent
    headers: Mapping[str, str] = field(repr=False)

    def message(self, delivery: Delivery) -> bytes:
        """As it is sent: the same bytes on every try."""
        return compose(delivery, self.content, self.sender, self.recipient, self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text to one person. Personal data: in no repr, never kept."""

    #: The buyer's number, E.164.
    sender: str
    recipient: str = field(repr=False)
    content: TextContent
    #: Where the provider tells what the person answers; empty: not told.
    callback_url: str


class Writer:
    """Writes messages.

    Args:
        links: makes links to unsubscribe.
        public_url: where the gateway is reached from outside, by https, for buyers whose terms name no address of
            their own; empty: nowhere, and promotional e-mails are not written.
    """

    def __init__(self, catalogs: Catalogs, links: UnsubscribeLinks, public_url: str = "") -> None:
        self._catalogs = catalogs
        self._links = links
        self._public_url = public_url

    async def email(self, delivery: Delivery, first_name: str, address: str) -> Email:
        """The e-mail of a delivery.

        Raises:
            CompositionError: it cannot be written, whoever tries.
            AppError: the catalog cannot be had now.
        """
        view, order, template = await self._terms(delivery)
        if template.promotional and delivery.purpose == "confirmation":
            raise CompositionError(f"template {template.slug} is promotional, and this is a confirmation")
        return self.written_email(view, order, template, delivery.lead.lead_id, first_name, address)

    async def text(self, delivery: Delivery, first_name: str, phone: str, *, first: bool) -> Text:
        """The text of a delivery. `first`: the person had none before.

        Raises:
            CompositionError, AppError: as `email`.
        """
        view, order, template = await self._terms(delivery)
        return self.written_text(view, order, template, first_name, phone, first=first)

    def written_email(
        self, view: CatalogView, order: Order, template: Template, lead_id: UUID, first_name: str, address: str
    ) -> Email:
        """A template as an e-mail. Raises CompositionError."""
        if not template.subject.strip():
            raise CompositionError(f"template {template.slug} has no subject: it is a text's")
        url = self._way_out(view, lead_id) if template.promotional else ""
        return Email(
            sender=parsed_mailbox(view.buyer.email_from, "the buyer's email_from"),
            recipient=parsed_mailbox(address, "the contact's email"),
            content=email_content(template, _filling(view, order, first_name), unsubscribe_url=url),
            headers=headers(url) if url else {},
        )

    def written_text(
        self, view: CatalogView, order: Order, template: Template, first_name: str, phone: str, *, first: bool
    ) -> Text:
        """A template as a text. Raises CompositionError."""
        if template.subject.strip():
            raise CompositionError(f"template {template.slug} has a subject: it is an e-mail's")
        if not view.buyer.text_from:
            raise CompositionError("the buyer has no number that texts are sent from (text_from)")
        return Text(
            sender=view.buyer.text_from,
            recipient=phone,
            content=text_content(template, _filling(view, order, first_name), first=first),
            callback_url=self.callback(view, INBOUND_TEXT),
        )

    def callback(self, view: CatalogView, path: str) -> str:
        """Where a provider reaches a route of ours; empty where nothing is known from outside."""
        public_url = view.buyer.public_url or self._public_url
        return f"{public_url.rstrip('/')}{path}" if public_url else ""

    def _way_out(self, view: CatalogView, lead_id: UUID) -> str:
        public_url = view.buyer.public_url or self._public_url
        if not public_url.startswith(_HTTPS):
            raise CompositionError(
                "a promotional e-mail needs a link to unsubscribe: set the buyer's public_url, or LEADLINE_PUBLIC_URL"
            )
        return link(public_url, self._links.token(Subscription(view.buyer.slug, lead_id)))

    async def _terms(self, delivery: Delivery) -> tuple[CatalogView, Order, Template]:
        view = await self._catalogs.get(delivery.lead.buyer_id, delivery.lead.catalog_revision)
        order = view.order(delivery.lead.order)
        playbook = view.playbook(order.follow_up.playbook) if order is not None else None
        name = delivery.template
        if not name and playbook is not None and playbook.confirmation is not None:
            name = playbook.confirmation.template or ""
        template = view.template(name)
        if order is None or template is None:
            raise CompositionError("the order, its playbook or the template is not in the catalog")
        return view, order, template


def _filling(view: CatalogView, order: Order, first_name: str) -> Filling:
    product = view.product(order.product)
    if product is None:
        raise CompositionError("the order's product is not in the catalog")
    return Filling(first_name=first_name, offer=order.follow_up.offer, buyer=view.buyer, product=product.name)
