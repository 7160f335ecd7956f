"""MessageService: shows what would be said."""

from __future__ import annotations

from uuid import UUID

import grpc

from leadline.routing.v1 import message_service_pb2 as pb
from leadline.routing.v1 import message_service_pb2_grpc as rpc
from services.routing.contacts_client import Contacts
from services.routing.gate.person import Person
from services.routing.messages.buyers import InForce
from services.routing.messages.composition import CompositionError
from services.routing.messages.text_channel import MOST_SEGMENTS, Texted
from services.routing.messages.writing import Catalogs, Writer
from shared.catalog.following import Template
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import Order
from shared.rpc.errors import Malformed, NotFound, WrongState


class MessageService(rpc.MessageServiceServicer):
    """Writes a message for a person and sends it nowhere. By the terms in force, which a next lead is bought under."""

    def __init__(
        self, in_force: InForce, catalogs: Catalogs, contacts: Contacts, texted: Texted, writer: Writer
    ) -> None:
        self._in_force = in_force
        self._catalogs = catalogs
        self._contacts = contacts
        self._texted = texted
        self._writer = writer

    async def PreviewMessage(
        self, request: pb.PreviewMessageRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.PreviewMessageResponse:
        """What a template would say to the person of a lead."""
        try:
            lead_id = UUID(request.lead_id)
        except ValueError:
            raise Malformed.field("lead_id", "expected a UUID") from None
        view = await self._view(request.buyer_id)
        template = view.template(request.template)
        if template is None:
            raise NotFound(f"there is no template {request.template[:63]} in the catalog in force")
        (person,) = await self._contacts.fetch(request.buyer_id, [lead_id])
        if person is None:
            raise NotFound("no bought lead has this id, or its person was forgotten")
        order = view.order(person.order)
        if order is None:
            raise WrongState("the lead's order is not in the catalog in force")
        try:
            if template.subject.strip():
                return self._email(view, order, template, person)
            first = not await self._texted.before(request.buyer_id, lead_id)
            return self._text(view, order, template, person, first=first)
        except CompositionError as fault:
            channel = "email" if template.subject.strip() else "text"
            return pb.PreviewMessageResponse(channel=channel, faults=[str(fault)])

    async def _view(self, buyer_id: str) -> CatalogView:
        for known, revision in await self._in_force.buyers():
            if known == buyer_id:
                return await self._catalogs.get(buyer_id, revision)
        raise NotFound("there is no such buyer, or no catalog of it is in force")

    def _email(self, view: CatalogView, order: Order, template: Template, person: Person) -> pb.PreviewMessageResponse:
        email = self._writer.written_email(view, order, template, person.lead_id, person.first_name, person.email)
        told = pb.PreviewMessageResponse(
            channel="email",
            to=email.recipient.address,
            subject=email.content.subject,
            text=email.content.text,
            html=email.content.html,
            headers=email.headers,
            faults=_faults(person),
        )
        # `from` is a word of Python.
        setattr(told, "from", email.sender.address)
        return told

    def _text(
        self, view: CatalogView, order: Order, template: Template, person: Person, *, first: bool
    ) -> pb.PreviewMessageResponse:
        text = self._writer.written_text(view, order, template, person.first_name, person.phone, first=first)
        size = text.content.size
        faults = _faults(person)
        if not person.phone:
            faults.append("the lead has no phone")
        if size.segments > MOST_SEGMENTS:
            faults.append(f"it takes {size.segments} segments, at most {MOST_SEGMENTS} are sent")
        told = pb.PreviewMessageResponse(
            channel="text",
            to=text.recipient,
            text=text.content.text,
            encoding=size.encoding,
            segments=size.segments,
            faults=faults,
        )
        setattr(told, "from", text.sender)
        return told


def _faults(person: Person) -> list[str]:
    return ["the lead is a test: nobody is written to"] if person.test else []
