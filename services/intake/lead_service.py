"""Stored leads as messages."""

from __future__ import annotations

import asyncpg
import msgspec

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import receipt_pb2
from services.intake.answer import pending_answer
from services.intake.sealing import unseal


def lead_of(row: asyncpg.Record) -> pb.GetLeadResponse:
    """The whole lead; marks are the caller's to add."""
    return pb.GetLeadResponse(
        answer=answer_of(row),
        seller=row["seller"],
        external_id=row["external_id"],
        source=row["source"],
        sub_source=row["sub_source"],
        lead_type=lead_pb2.LeadType.FromString(row["lead_type"]),
        clock=lead_event_pb2.ClockPoints.FromString(row["clock"]),
        receipt=receipt_pb2.DecisionReceipt.FromString(unseal(row["receipt"])).stages,
        catalog_revision=row["catalog_revision"],
        team=row["team"],
    )


def mark_of(row: asyncpg.Record) -> pb.LeadMark:
    """A mark on a lead."""
    evidence = msgspec.json.decode(row["evidence"])
    mark = pb.LeadMark(
        flag=row["flag"],
        other_lead_id=row["other_lead"],
        score=evidence.get("score", 0),
        why=evidence.get("why", ()),
    )
    mark.marked_at.FromDatetime(row["created_at"])
    return mark


def summary_of(row: asyncpg.Record) -> pb.LeadSummary:
    """A line of a list."""
    summary = pb.LeadSummary(answer=answer_of(row), seller=row["seller"], source=row["source"])
    summary.received_at.FromDatetime(row["received_at"])
    return summary


def answer_of(row: asyncpg.Record) -> pb.LeadAnswer:
    """The answer as the seller got it."""
    if row["outcome"] != "pending":
        return pb.LeadAnswer.FromString(row["answer"])
    return pending_answer(
        lead_id=row["lead_id"],
        currency=row["currency"],
        traceparent=row["traceparent"],
        test=row["test"],
        replayed=False,
    )
