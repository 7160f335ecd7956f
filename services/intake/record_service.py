"""RecordService: bought leads as whoever follows up or keeps evidence needs them."""

from __future__ import annotations

from typing import Any

import grpc

from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1.record_service_pb2_grpc import RecordServiceServicer
from services.intake.consent_record_service import consent_record_of
from services.intake.contact_service import contact_of
from services.intake.identifiers import is_lead_id
from services.intake.store import LeadStore
from shared.rpc.errors import Malformed

#: The most leads in one call.
MOST_LEADS = 256


class RecordService(RecordServiceServicer):
    """Answers for bought leads."""

    def __init__(self, store: LeadStore) -> None:
        self._store = store

    async def GetContacts(
        self, request: pb.GetContactsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetContactsResponse:
        """Contact data of accepted leads, by index."""
        if len(request.lead_ids) > MOST_LEADS:
            raise Malformed.field("lead_ids", f"expected at most {MOST_LEADS}")
        wanted = [lead_id for lead_id in request.lead_ids if is_lead_id(lead_id)]
        rows = await self._store.contacts(request.buyer_id, wanted)
        found = {row["lead_id"]: contact_of(row) for row in rows}
        return pb.GetContactsResponse(
            contacts=[found.get(lead_id) or pb.Contact(lead_id=lead_id) for lead_id in request.lead_ids]
        )

    async def GetConsentRecords(
        self, request: pb.GetConsentRecordsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetConsentRecordsResponse:
        """Consent records of accepted leads, by index."""
        if len(request.lead_ids) > MOST_LEADS:
            raise Malformed.field("lead_ids", f"expected at most {MOST_LEADS}")
        wanted = [lead_id for lead_id in request.lead_ids if is_lead_id(lead_id)]
        rows = await self._store.consent_records(request.buyer_id, wanted)
        found = {row["lead_id"]: consent_record_of(row) for row in rows}
        return pb.GetConsentRecordsResponse(
            records=[found.get(lead_id) or pb.ConsentRecord(lead_id=lead_id) for lead_id in request.lead_ids]
        )
