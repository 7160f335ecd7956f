"""RecordService: bought leads as whoever follows up or keeps evidence needs them."""

from __future__ import annotations

from typing import Any

import asyncpg
import grpc
import msgspec

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ledger_service_pb2, record_service_pb2, return_service_pb2
from leadline.intake.v1.record_service_pb2_grpc import RecordServiceServicer
from services.intake.books.statement_store import StatementStore
from services.intake.consent_record_service import consent_record_of
from services.intake.contact_service import contact_of
from services.intake.identifiers import is_lead_id
from services.intake.lead_service import lead_of, mark_of
from services.intake.ledger_service import entry_of
from services.intake.marks_store import MarkStore
from services.intake.return_service import message_of, step_of
from services.intake.returns.store import ReturnStore
from services.intake.store import LeadStore
from shared.rpc.errors import Malformed, NotFound

#: The most leads in one call.
MOST_LEADS = 256


class RecordService(RecordServiceServicer):
    """Answers for bought leads."""

    def __init__(self, store: LeadStore, marks: MarkStore, statements: StatementStore, returns: ReturnStore) -> None:
        self._store = store
        self._marks = marks
        self._statements = statements
        self._returns = returns

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

    async def GetLeadFile(
        self, request: record_service_pb2.GetLeadFileRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> record_service_pb2.GetLeadFileResponse:
        """Everything of one lead."""
        if bool(request.lead_id) == bool(request.return_id):
            raise Malformed.field("lead_id", "expected a lead or a return")
        buyer_id, lead_id = request.buyer_id, request.lead_id or await self._lead_of(request)
        row = await self._store.get_lead(buyer_id, lead_id) if is_lead_id(lead_id) else None
        if row is None:
            raise NotFound("no such lead")
        lead = lead_of(row)
        lead.marks.extend(map(mark_of, await self._marks.marks(buyer_id, lead_id)))
        person = await self._store.person(buyer_id, lead_id)
        return record_service_pb2.GetLeadFileResponse(
            lead=lead,
            submission=lead_pb2.Submission.FromString(person["submission"]) if person is not None else None,
            payload=(person["payload"] or b"") if person is not None else b"",
            fields=msgspec.json.decode(person["fields"], type=dict[str, str]) if person is not None else {},
            entries=await self._entries(buyer_id, lead_id),
            returns=[await self._return(buyer_id, found) for found in await self._returns.of_lead(buyer_id, lead_id)],
        )

    async def _lead_of(self, request: record_service_pb2.GetLeadFileRequest) -> str:
        # Both are UUIDs of the same kind.
        found = await self._returns.get(request.buyer_id, request.return_id) if is_lead_id(request.return_id) else None
        if found is None:
            raise NotFound("there is no such return")
        return found[0].lead_id

    async def _entries(self, buyer_id: str, lead_id: str) -> list[ledger_service_pb2.StatementEntry]:
        rows: list[asyncpg.Record] = await self._statements.of_lead(buyer_id, lead_id)
        return [entry_of(row, for_seller=False) for row in rows]

    async def _return(self, buyer_id: str, return_id: str) -> return_service_pb2.GetReturnResponse:
        found = await self._returns.get(buyer_id, return_id)
        if found is None:
            raise NotFound("there is no such return")
        one, history = found
        faults = await self._returns.faults(buyer_id, [return_id])
        return return_service_pb2.GetReturnResponse(
            found=message_of(one, faults.get(return_id, ())),
            history=[step_of(step, for_seller=False) for step in history],
        )
