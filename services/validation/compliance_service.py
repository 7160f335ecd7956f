"""ComplianceService: protobuf in, protobuf out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.validation.v1 import compliance_service_pb2 as pb
from leadline.validation.v1.compliance_service_pb2_grpc import ComplianceServiceServicer
from services.validation.evidence import Link, is_digest, texts_named, verify, verify_end, verify_texts
from services.validation.evidence_store import EvidenceStore
from services.validation.wordings_store import Decision, WordingStore
from shared.evidence.chain import NO_HASH
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock

#: Records of one call of VerifyEvidence: some hundred milliseconds.
VERIFIED_AT_ONCE = 5000
_STATES = {
    pb.WORDING_STATE_UNSPECIFIED: "open",
    pb.WORDING_STATE_OPEN: "open",
    pb.WORDING_STATE_APPROVED: "approved",
    pb.WORDING_STATE_REFUSED: "refused",
}
_STATE_OF = {state: number for number, state in _STATES.items() if number}


class ComplianceService(ComplianceServiceServicer):
    """The queue of wordings, and evidence."""

    def __init__(self, wordings: WordingStore, evidence: EvidenceStore, clock: Clock) -> None:
        self._wordings = wordings
        self._evidence = evidence
        self._clock = clock

    async def ListWordings(
        self, request: pb.ListWordingsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListWordingsResponse:
        """Texts, the most recently seen first."""
        rows = await self._wordings.list(
            request.buyer_id, request.seller, _STATES.get(request.state, "open"), request.wording_id
        )
        return pb.ListWordingsResponse(wordings=map(_wording, rows))

    async def DecideWording(
        self, request: pb.DecideWordingRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.DecideWordingResponse:
        """Write a decision."""
        if request.state not in (pb.WORDING_STATE_APPROVED, pb.WORDING_STATE_REFUSED):
            raise Malformed.field("state", "expected approved or refused")
        if not request.decided_by.strip():
            raise Malformed.field("decided_by", "expected who decided")
        for name, text, most in (("decided_by", request.decided_by, 200), ("note", request.note, 2000)):
            if len(text) > most or "\x00" in text:
                raise Malformed.field(name, f"expected at most {most} characters")
        approved = request.state == pb.WORDING_STATE_APPROVED
        if approved and not (request.slug and request.revision > 0):
            raise Malformed.field("slug", "expected the disclosure that it became, and the revision that brought it")
        decision = Decision(
            state=_STATES[request.state],
            by=request.decided_by.strip(),
            at=self._clock.now(),
            note=request.note.strip(),
            slug=request.slug if approved else "",
            revision=request.revision if approved else 0,
        )
        row = await self._wordings.decide(request.buyer_id, request.wording_id, decision)
        if row is None:
            raise NotFound("there is no such wording")
        return pb.DecideWordingResponse(wording=_wording(row))

    async def GetEvidence(
        self, request: pb.GetEvidenceRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetEvidenceResponse:
        """What is kept of one lead."""
        links = await self._evidence.of_lead(request.buyer_id, _uuid(request.lead_id))
        if not links:
            raise NotFound("there is no evidence of that lead")
        named = {link.position: next(iter(texts_named([link])), "") for link in links}
        texts = await self._evidence.texts(request.buyer_id, [digest for digest in named.values() if is_digest(digest)])
        return pb.GetEvidenceResponse(
            records=[
                pb.EvidenceRecord(
                    position=link.position,
                    kind=link.kind,
                    record=link.record,
                    text=texts.get(named[link.position], ""),
                    keep_until=link.keep_until.isoformat(),
                    hash=link.hash.hex(),
                )
                for link in links
            ]
        )

    async def VerifyEvidence(
        self, request: pb.VerifyEvidenceRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.VerifyEvidenceResponse:
        """Recompute a part of a chain."""
        after, after_hash = _begin(request)
        # The head first: records that are added meanwhile are then beyond it, and not missing.
        head = await self._evidence.head(request.buyer_id)
        most = min(request.most_records, VERIFIED_AT_ONCE) if request.most_records > 0 else VERIFIED_AT_ONCE
        links = await self._evidence.links(request.buyer_id, after, most)
        faults = verify(links, after=after, after_hash=after_hash)
        named = texts_named(links)
        kept = await self._evidence.texts(request.buyer_id, [digest for digest in named if is_digest(digest)])
        faults += verify_texts(named, kept)
        complete = len(links) < most
        last = (links[-1].position, links[-1].hash) if links else (after, after_hash)
        if complete:
            faults += verify_end(_at_head(links, head, last), head)
        return pb.VerifyEvidenceResponse(
            records=len(links),
            faults=[pb.EvidenceFault(position=fault.position, message=fault.message) for fault in faults],
            last_position=last[0],
            last_hash=last[1].hex(),
            complete=complete,
        )


def _at_head(links: Sequence[Link], head: tuple[int, bytes] | None, last: tuple[int, bytes]) -> tuple[int, bytes]:
    """The record that the head was of when it was read; the last one where there is no such record."""
    if head is not None:
        for link in reversed(links):
            if link.position == head[0]:
                return link.position, link.hash
    return last


def _begin(request: pb.VerifyEvidenceRequest) -> tuple[int, bytes]:
    if request.after_position == 0:
        return 0, NO_HASH
    if request.after_position < 0 or not is_digest(request.after_hash):
        raise Malformed.field("after_hash", "expected position and hash as an answer before told them")
    return request.after_position, bytes.fromhex(request.after_hash)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Malformed.field("lead_id", "expected a lead's id") from None


def _wording(row: asyncpg.Record) -> pb.Wording:
    return pb.Wording(
        wording_id=row["wording_id"],
        seller=row["seller"],
        site=row["site"],
        text=row["text"],
        nearest=row["nearest"],
        percent=row["percent"],
        difference=row["difference"],
        first_seen=_timestamp(row["first_seen"]),
        last_seen=_timestamp(row["last_seen"]),
        leads=row["leads"],
        state=_STATE_OF[row["state"]],
        decided_by=row["decided_by"],
        decide_time=_timestamp(row["decided_at"]),
        note=row["note"],
        slug=row["slug"],
        revision=row["revision"],
    )


def _timestamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
