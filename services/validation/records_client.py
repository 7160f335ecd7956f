"""Consent records and contact data of bought leads, asked of intake at the moment they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import record_service_pb2_grpc as rpc
from shared.rpc.client import call
from shared.rpc.errors import DeadlineExceeded, Overloaded, Unavailable

_TIMEOUT_SECONDS = 5.0
MOST_LEADS = 256


class RecordsAway(OSError):  # noqa: N818
    """intake cannot be asked now; nothing is wrong with what was asked."""


class Person(NamedTuple):
    """How a certificate knows a person."""

    phone: str
    email: str


class IntakeRecords:
    """Bought leads, from RecordService."""

    def __init__(self, stub: rpc.RecordServiceAsyncStub) -> None:
        self._stub = stub

    async def consent(self, buyer_id: str, lead_ids: Sequence[str]) -> list[pb.ConsentRecord]:
        """One per lead, by index; at most 256.

        Raises:
            RecordsAway: intake does not answer.
            AppError: it refuses.
        """
        request = pb.GetConsentRecordsRequest(buyer_id=buyer_id, lead_ids=lead_ids)
        try:
            response = await call(self._stub.GetConsentRecords, request, timeout=_TIMEOUT_SECONDS)
        except (Unavailable, DeadlineExceeded, Overloaded):
            raise RecordsAway("intake is away") from None
        return list(response.records)

    async def person(self, buyer_id: str, lead_id: str) -> Person | None:
        """Phone and e-mail of a lead; None: unknown or forgotten.

        Raises:
            AppError: intake cannot say now.
        """
        request = pb.GetContactsRequest(buyer_id=buyer_id, lead_ids=[lead_id])
        response = await call(self._stub.GetContacts, request, timeout=_TIMEOUT_SECONDS)
        contact = next((one for one in response.contacts if one.found), None)
        return Person(contact.phone, contact.email) if contact is not None else None
