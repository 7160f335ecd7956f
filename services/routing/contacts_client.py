"""Contact data, asked of intake at the moment it is needed and never kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import record_service_pb2_grpc as rpc
from services.routing.messages.filling import Recipient
from shared.rpc.client import call

#: Well inside a delivery's lease.
_TIMEOUT_SECONDS = 5.0


class Contacts(Protocol):
    """Where contact data comes from."""

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Recipient | None]:
        """One per lead, by index; None where the lead is unknown or was forgotten.

        Raises:
            AppError: contact data cannot be had now.
        """


class IntakeContacts:
    """Contacts from RecordService."""

    def __init__(self, stub: rpc.RecordServiceAsyncStub) -> None:
        self._stub = stub

    async def fetch(self, buyer_id: str, lead_ids: Sequence[UUID]) -> list[Recipient | None]:
        """See `Contacts`; at most 256 leads."""
        request = pb.GetContactsRequest(buyer_id=buyer_id, lead_ids=[str(lead_id) for lead_id in lead_ids])
        response = await call(self._stub.GetContacts, request, timeout=_TIMEOUT_SECONDS)
        found = {contact.lead_id: contact for contact in response.contacts if contact.found}
        return [_recipient(found.get(lead_id)) for lead_id in request.lead_ids]


def _recipient(contact: pb.Contact | None) -> Recipient | None:
    return None if contact is None else Recipient(contact.first_name, contact.email)
