"""A bought lead as whoever keeps evidence of consent gets it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import receipt_pb2
from services.intake.sealing import unseal


def consent_record_of(row: asyncpg.Record) -> pb.ConsentRecord:
    """The record of a stored lead and its person."""
    submission = lead_pb2.Submission.FromString(row["submission"])
    receipt = unseal(row["receipt"])
    order = row["order_slug"] or ""
    return pb.ConsentRecord(
        lead_id=row["lead_id"],
        found=True,
        seller=row["seller"],
        source=row["source"],
        order=lead_pb2.OrderRef(order=order, version=row["order_version"] or 0) if order else None,
        catalog_revision=row["catalog_revision"],
        consent=submission.consent,
        submitted_at=_timestamp(row["submitted_at"]),
        received_at=_timestamp(row["received_at"]),
        decided_at=_timestamp(row["decided_at"]),
        checks=consent_checks(receipt, order),
        submission_sha256=sha256(row["submission"]).digest(),
        payload_sha256=sha256(row["payload"]).digest() if row["payload"] else b"",
        receipt_sha256=sha256(receipt).digest(),
    )


def consent_checks(receipt: bytes, order: str) -> list[lead_pb2.Check]:
    """What was checked of the consent, whatever the order or for the one that bought the lead."""
    stages = receipt_pb2.DecisionReceipt.FromString(receipt).stages
    return [
        check
        for stage in stages
        if stage.stage == "validation"
        for check in stage.checks
        if check.rule.startswith("consent.") and check.order in ("", order)
    ]


def _timestamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
