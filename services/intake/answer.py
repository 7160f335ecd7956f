"""What a settled lead is told to others: the seller's answer, the receipt, the events."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.events.v1 import lead_event_pb2
from leadline.intake.v1 import intake_service_pb2 as intake_pb2
from leadline.intake.v1 import receipt_pb2
from services.intake.draft import Draft
from shared.telemetry.tracing import trace_id


def answer_of(draft: Draft) -> intake_pb2.LeadAnswer:
    """The answer to a decided lead."""
    clock = draft.clock
    return intake_pb2.LeadAnswer(
        lead_id=draft.lead_id,
        outcome=intake_pb2.OUTCOME_ACCEPTED if draft.accepted else intake_pb2.OUTCOME_REJECTED,
        price=lead_pb2.Money(amount_minor=draft.price_minor, currency=draft.view.buyer.currency),
        order=order_ref(draft),
        reasons=draft.reasons,
        trace_id=trace_id(draft.submission.traceparent),
        decision_ms=milliseconds(clock.received_at, clock.decided_at),
        unknown_fields=draft.validated.unknown_fields if draft.validated else (),
        test=draft.test,
    )


def pending_answer(
    *, lead_id: str, currency: str, traceparent: str, test: bool, replayed: bool
) -> intake_pb2.LeadAnswer:
    """The answer to a lead that is kept and not yet decided."""
    return intake_pb2.LeadAnswer(
        lead_id=lead_id,
        outcome=intake_pb2.OUTCOME_PENDING,
        price=lead_pb2.Money(currency=currency),
        trace_id=trace_id(traceparent),
        replayed=replayed,
        test=test,
    )


def order_ref(draft: Draft) -> lead_pb2.OrderRef | None:
    """The order version that decided; None where none could be named."""
    return lead_pb2.OrderRef(order=draft.order, version=draft.order_version) if draft.order else None


def receipt_of(draft: Draft) -> receipt_pb2.SealedReceipt:
    """The stages' receipts, unread, and settlement's own."""
    stages = [stage.receipt for stage in (draft.validated, draft.checked, draft.routed) if stage is not None]
    return receipt_pb2.SealedReceipt(stages=[*stages, draft.settlement.SerializeToString()])


def decided_event(draft: Draft) -> lead_event_pb2.LeadEvent:
    """The decision as others hear of it: facts and ids, no contact data."""
    order = draft.view.order(draft.order) if draft.order else None
    validated, routed = draft.validated, draft.routed
    return lead_event_pb2.LeadEvent(
        # A lead is decided once, so its own id names the event as well.
        event_id=draft.lead_id,
        buyer_id=draft.buyer_id,
        lead_id=draft.lead_id,
        occurred_at=draft.clock.decided_at,
        traceparent=draft.submission.traceparent,
        decided=lead_event_pb2.LeadDecided(
            accepted=draft.accepted,
            seller=draft.seller,
            source=source_of(draft),
            sub_source=draft.submission.sub_source,
            order=order_ref(draft),
            product=order.product if order else "",
            price=lead_pb2.Money(amount_minor=draft.price_minor, currency=draft.view.buyer.currency),
            reasons=sorted({finding.reason for finding in draft.reasons}),
            lead_type=validated.lead_type if validated else None,
            team=routed.team if routed and draft.accepted else "",
            clock=draft.clock,
            was_pending=draft.resumed,
            us_state=validated.fields.get("state", "") if validated else "",
            catalog_revision=draft.view.revision,
            ping_id=draft.bid.claims.ping_id if draft.bid is not None else "",
        ),
    )


def source_of(draft: Draft) -> str:
    """The source's identifier, or what was sent where validation could not read one."""
    return (draft.validated.source if draft.validated else "") or draft.submission.source[:255]


def finding(
    reason: reason_pb2.Reason.ValueType, message: str, *, field: str = "", retryable: bool = False
) -> reason_pb2.Finding:
    """A finding of intake's own."""
    return reason_pb2.Finding(reason=reason, field=field, message=message, retryable=retryable)


def milliseconds(start: Timestamp, end: Timestamp) -> float:
    """The time between two protobuf Timestamps in milliseconds, to the microsecond."""
    nanos = (end.seconds - start.seconds) * 1_000_000_000 + end.nanos - start.nanos
    return round(nanos / 1_000_000, 3)
