"""IntakeService: protobuf in, protobuf out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc

from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from services.intake.catalog.directory import Directory
from services.intake.identifiers import is_lead_id
from services.intake.lead_service import lead_of, mark_of, summary_of
from services.intake.marks_store import MarkStore
from services.intake.pipeline import Pipeline
from services.intake.store import LeadStore
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock
from shared.runtime.coalescer import Coalescer
from shared.runtime.shield import Shield

#: The most submissions in one call.
MOST_ITEMS = 256
#: A call with at least this many is a batch of its own; smaller ones are joined with others that wait.
OWN_BATCH = 32
_OUTCOMES = {pb.OUTCOME_ACCEPTED: "accepted", pb.OUTCOME_REJECTED: "rejected", pb.OUTCOME_PENDING: "pending"}


class IntakeService(IntakeServiceServicer):
    """Takes leads and answers for them."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        coalescer: Coalescer[pb.SubmitLeadItem, pb.SubmitLeadResult],
        directory: Directory,
        store: LeadStore,
        marks: MarkStore,
        shield: Shield,
        clock: Clock,
        max_batches: int,
    ) -> None:
        """`max_batches`: how many large calls are decided at the same time."""
        self._pipeline = pipeline
        self._shield = shield
        self._coalescer = coalescer
        self._directory = directory
        self._store = store
        self._marks = marks
        self._clock = clock
        self._batches = asyncio.Semaphore(max_batches)

    async def SubmitLeads(
        self, request: pb.SubmitLeadsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.SubmitLeadsResponse:
        """Decide a batch."""
        items = request.items
        if not 1 <= len(items) <= MOST_ITEMS:
            raise Malformed.field("items", f"expected 1 to {MOST_ITEMS} submissions")
        if len(items) >= OWN_BATCH:
            # To the end although the caller may go away: a settlement is never cut off half-way.
            results: Sequence[pb.SubmitLeadResult] = await self._shield.finish(self._submit_batch(list(items)))
        else:
            results = await self._coalescer.submit_all(items)
        return pb.SubmitLeadsResponse(results=results)

    async def _submit_batch(self, items: list[pb.SubmitLeadItem]) -> list[pb.SubmitLeadResult]:
        # A few at a time: more side by side decide no faster and make each other slow.
        async with self._batches:
            return await self._pipeline.submit(items)

    async def GetLead(
        self, request: pb.GetLeadRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetLeadResponse:
        """One lead, for its seller or for the buyer."""
        buyer_id, seller = self._who_asks(request.access_key, request.buyer_id)
        row = await self._store.get_lead(buyer_id, request.lead_id) if is_lead_id(request.lead_id) else None
        if row is None or (seller and row["seller"] != seller):
            raise NotFound("no such lead")
        lead = lead_of(row)
        if seller:
            # Whose earlier leads were seen, and which lists the person is on, is the buyer's to know.
            for stage in lead.receipt:
                if stage.stage == "dedup":
                    stage.ClearField("observations")
        else:
            lead.marks.extend(map(mark_of, await self._marks.marks(buyer_id, request.lead_id)))
        return lead

    async def ListLeads(
        self, request: pb.ListLeadsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListLeadsResponse:
        """A page of leads, newest first."""
        buyer_id, seller = self._who_asks(request.access_key, request.buyer_id)
        size = request.page_size or 100
        if not 1 <= size <= 500:
            raise Malformed.field("page_size", "expected 1 to 500")
        if request.page_token and not is_lead_id(request.page_token):
            raise Malformed.field("page_token", "expected the token of an earlier answer")
        rows = await self._store.list_leads(
            buyer_id, seller or request.seller, _OUTCOMES.get(request.outcome, ""), request.page_token, size + 1
        )
        return pb.ListLeadsResponse(
            leads=[summary_of(row) for row in rows[:size]],
            next_page_token=rows[size - 1]["lead_id"] if len(rows) > size else "",
        )

    def _who_asks(self, access_key: str, buyer_id: str) -> tuple[str, str]:
        """The buyer, and the seller whose leads alone may be seen; empty for the buyer's own people."""
        if access_key:
            key = self._directory.authenticate(access_key, self._clock.now(), "read")
            return key.buyer_id, key.seller
        return self._directory.buyer(buyer_id), ""
