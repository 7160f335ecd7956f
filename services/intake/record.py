"""A draft as it is stored."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.intake.answer import receipt_of, source_of
from services.intake.draft import Draft, moment, reached
from services.intake.rows import LeadRow, SubmissionRow
from services.intake.sealing import seal


def submission_row(draft: Draft, now: datetime) -> SubmissionRow:
    """The row that ties a draft's submission key to it; the key lives from `now`."""
    return SubmissionRow(
        lead_id=draft.lead_id,
        seller=draft.seller,
        submission_key=draft.key.text,
        content_hash=draft.content_hash,
        expires_at=now + draft.key.life,
        resumed=draft.resumed,
        own=draft.own,
    )


def pending_row(draft: Draft) -> LeadRow:
    """The row of a draft that is not decided yet."""
    sent, clock = draft.submission, draft.clock
    return LeadRow(
        buyer_id=draft.buyer_id,
        lead_id=draft.lead_id,
        seller=draft.seller,
        external_id=sent.external_id,
        source=sent.source[:255],
        sub_source=sent.sub_source,
        outcome="pending",
        order=None,
        order_version=None,
        price_minor=0,
        currency=draft.view.buyer.currency,
        team="",
        test=draft.test,
        catalog_revision=draft.view.revision,
        traceparent=sent.traceparent,
        submitted_at=moment(clock.submitted_at) if clock.HasField("submitted_at") else None,
        received_at=draft.received_at,
        decided_at=None,
        clock=clock.SerializeToString(),
        lead_type=b"",
        answer=b"",
        receipt=b"",
        fields="{}",
        submission=sent.SerializeToString(),
        payload=draft.payload,
    )


def lead_row(draft: Draft) -> LeadRow:
    """The row of a decided draft."""
    validated = draft.validated
    return pending_row(draft)._replace(
        source=source_of(draft),
        outcome="accepted" if draft.accepted else "rejected",
        order=draft.order or None,
        order_version=draft.order_version or None,
        price_minor=draft.price_minor,
        team=draft.routed.team if draft.routed and draft.accepted else "",
        decided_at=moment(draft.clock.decided_at),
        lead_type=validated.lead_type.SerializeToString() if validated else b"",
        answer=reached(draft.answer).SerializeToString(),
        receipt=seal(receipt_of(draft).SerializeToString()),
        fields=msgspec.json.encode(dict(validated.fields)).decode() if validated else "{}",
    )
