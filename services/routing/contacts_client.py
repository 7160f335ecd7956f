"""Contact data, asked of intake at the moment it is needed and never kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Protocol
from uuid import UUID

from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import record_service_pb2_grpc as rpc
from services.routing.gate.person import Consent, Person
from shared.rpc.client import call

#: Well inside a delivery's lease.
_TIMEOUT_SECONDS = 5.0


class Contacts(Protocol):
    """Where contact data comes from."""

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """One per lead, by index; None where the lead is unknown or was forgotten.

        Raises:
            AppError: contact data cannot be had now.
        """


class IntakeContacts:
    """Contacts from RecordService."""

    def __init__(self, stub: rpc.RecordServiceAsyncStub) -> None:
        self._stub = stub

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Person | None]:
        """See `Contacts`; at most 256 leads."""
        request = pb.GetContactsRequest(buyer_id=buyer_id, lead_ids=[str(lead_id) for lead_id in lead_ids])
        response = await call(self._stub.GetContacts, request, timeout=_TIMEOUT_SECONDS)
        found = {contact.lead_id: contact for contact in response.contacts if contact.found}
        return [_person(found.get(lead_id)) for lead_id in request.lead_ids]


def _person(contact: pb.Contact | None) -> Person | None:
    if contact is None:
        return None
    kind = contact.lead_type
    return Person(
        lead_id=UUID(contact.lead_id),
        order=contact.order.order,
        order_version=contact.order.version,
        seller=contact.seller,
        source=contact.source,
        decided_at=contact.decided_at.ToDatetime(UTC),
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=contact.email,
        phone=contact.phone,
        street=contact.street,
        city=contact.city,
        state=contact.state,
        postal_code=contact.postal_code,
        fields=dict(contact.fields),
        form=kind.form,
        exclusivity=kind.exclusivity,
        opt_in=kind.opt_in,
        incentivized=kind.incentivized,
        own=kind.own,
        consent=_consent(contact),
        price_minor=contact.price.amount_minor,
        currency=contact.price.currency,
        test=contact.test,
    )


def _consent(contact: pb.Contact) -> Consent | None:
    if not contact.HasField("consent"):
        return None
    told = contact.consent
    return Consent(
        captured_at=told.captured_at.ToDatetime(UTC) if told.HasField("captured_at") else None,
        text=told.text,
        phone=told.phone,
        disclosure=told.disclosure,
        certificate=told.certificate,
    )
