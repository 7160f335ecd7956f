"""Where the parts of a pack come from: intake's file of the lead, and routing's record of reaching its person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from leadline.intake.v1 import record_service_pb2 as record_pb
from leadline.routing.v1 import contact_record_service_pb2 as contact_pb
from shared.rpc.client import call

if TYPE_CHECKING:
    from leadline.intake.v1.record_service_pb2_grpc import RecordServiceAsyncStub
    from leadline.routing.v1.contact_record_service_pb2_grpc import ContactRecordServiceAsyncStub

_TIMEOUT_SECONDS = 10.0


class Sources(Protocol):
    """What other services know of a lead."""

    async def file(self, buyer_id: str, lead_id: str, return_id: str) -> record_pb.GetLeadFileResponse:
        """intake's file; of a lead or of a return's lead, one of which is empty.

        Raises:
            NotFound: there is no such lead, or no such return.
            AppError: intake cannot say now.
        """
        ...

    async def contacts(self, buyer_id: str, lead_id: str) -> contact_pb.GetContactRecordResponse:
        """What was done to reach the person.

        Raises:
            AppError: routing cannot say now.
        """
        ...


class RemoteSources:
    """Both, over gRPC."""

    def __init__(self, records: RecordServiceAsyncStub, contacts: ContactRecordServiceAsyncStub) -> None:
        self._records = records
        self._contacts = contacts

    async def file(self, buyer_id: str, lead_id: str, return_id: str) -> record_pb.GetLeadFileResponse:
        """See `Sources`."""
        request = record_pb.GetLeadFileRequest(buyer_id=buyer_id, lead_id=lead_id, return_id=return_id)
        return await call(self._records.GetLeadFile, request, timeout=_TIMEOUT_SECONDS)

    async def contacts(self, buyer_id: str, lead_id: str) -> contact_pb.GetContactRecordResponse:
        """See `Sources`."""
        request = contact_pb.GetContactRecordRequest(buyer_id=buyer_id, lead_id=lead_id)
        return await call(self._contacts.GetContactRecord, request, timeout=_TIMEOUT_SECONDS)
