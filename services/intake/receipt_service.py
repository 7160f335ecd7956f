"""ReceiptService: protobuf in, protobuf out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import grpc

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import receipt_service_pb2 as pb
from leadline.intake.v1.receipt_service_pb2_grpc import ReceiptServiceServicer
from services.intake.catalog.directory import Directory
from services.intake.identifiers import is_lead_id
from services.intake.replay import differences, replay
from services.intake.store import LeadStore
from shared.rpc.client import budget
from shared.rpc.errors import NotFound

if TYPE_CHECKING:
    from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceAsyncStub

#: Longest that validation may take, in seconds: it may have to load old lists first.
_SECONDS = 30.0


class ReceiptService(ReceiptServiceServicer):
    """Holds receipts against what they were made from."""

    def __init__(self, *, store: LeadStore, directory: Directory, validation: ValidationServiceAsyncStub) -> None:
        self._store = store
        self._directory = directory
        self._validation = validation

    async def ReplayDecision(
        self, request: pb.ReplayDecisionRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ReplayDecisionResponse:
        """Raises NotFound for a lead that is unknown, undecided or erased, and for lists that are not kept."""
        buyer_id = self._directory.buyer(request.buyer_id)
        row = await self._store.get_evidence(buyer_id, request.lead_id) if is_lead_id(request.lead_id) else None
        if row is None:
            raise NotFound("no such lead")
        done = await replay(row, self._validation, timeout=budget(context, at_most=_SECONDS))
        receipt = lead_pb2.StageReceipt.FromString(done.stored)
        return pb.ReplayDecisionResponse(
            same=done.same,
            stored_sha256=hashlib.sha256(done.stored).hexdigest(),
            repeated_sha256=hashlib.sha256(done.again).hexdigest(),
            differences=[
                pb.ReceiptDifference(what=one.what, stored=one.stored, again=one.again)
                for one in differences(done.stored, done.again)
            ],
            checks=len(receipt.checks),
            lists=receipt.lists,
            catalog_revision=done.catalog_revision,
        )
