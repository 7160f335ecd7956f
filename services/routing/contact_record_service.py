"""ContactRecordService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from leadline.routing.v1 import contact_record_service_pb2 as pb
from leadline.routing.v1.contact_record_service_pb2_grpc import ContactRecordServiceServicer
from services.routing.contact_record_store import ContactRecordStore
from shared.rpc.errors import Malformed


class ContactRecordService(ContactRecordServiceServicer):
    """Tells what was recorded of reaching a person."""

    def __init__(self, store: ContactRecordStore) -> None:
        self._store = store

    async def GetContactRecord(
        self, request: pb.GetContactRecordRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetContactRecordResponse:
        """One lead's record; empty where nothing was recorded."""
        if not request.buyer_id:
            raise Malformed.field("buyer_id", "expected a buyer")
        try:
            lead_id = UUID(request.lead_id)
        except ValueError:
            raise Malformed.field("lead_id", "expected a UUID") from None
        answer = pb.GetContactRecordResponse()
        for row in await self._store.of_lead(request.buyer_id, lead_id):
            entry = answer.entries.add(kind=row["kind"], record=row["record"])
            entry.at.FromDatetime(row["at"])
        return answer
