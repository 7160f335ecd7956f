"""The stages' answers, joined into a draft's decision."""

from __future__ import annotations

from leadline.common.v1 import reason_pb2
from services.intake import sandbox
from services.intake.answer import finding
from services.intake.decision import decide
from services.intake.draft import Draft, reached


def apply_decision(draft: Draft) -> None:
    """Write into a draft what the stages' answers amount to."""
    validated, checked, routed = reached(draft.validated), reached(draft.checked), reached(draft.routed)
    lead_findings = list(validated.findings)
    if draft.candidates.not_found:
        lead_findings.append(_order_not_found(draft))
    order_findings = {
        routing.order.order: [*validation.findings, *check.findings, *routing.findings]
        for validation, check, routing in zip(validated.candidates, checked.candidates, routed.candidates, strict=True)
    }
    decision = decide(
        lead_findings=lead_findings,
        order_findings=order_findings,
        chosen=routed.chosen.order,
        nearest=routed.nearest.order,
    )
    draft.accepted = decision.accepted
    draft.order = decision.order
    draft.reasons = list(decision.reasons)
    draft.price_minor = routed.price.amount_minor if decision.accepted else 0
    if draft.test:
        _apply_forced(draft)


def _apply_forced(draft: Draft) -> None:
    forced = sandbox.forced_outcome(draft.submission.fields)
    if forced is None:
        return
    if not draft.order and draft.candidates.orders:
        draft.order = draft.candidates.orders[0].slug
    draft.accepted = forced.outcome != "rejected"
    draft.reasons, draft.price_minor = [], 0
    if forced.outcome == "rejected":
        reason = reason_pb2.Reason.Value(f"REASON_{forced.code.upper()}")
        draft.reasons = [finding(reason, "A test ZIP asked for this outcome.", field="postal_code")]


def _order_not_found(draft: Draft) -> reason_pb2.Finding:
    message = "You have no order of this name." if draft.submission.order else "You have no active order."
    return finding(reason_pb2.REASON_ORDER_NOT_FOUND, message, field="order")


def expire(draft: Draft) -> None:
    """Reject a lead whose order's decision window passed while it was pending."""
    draft.accepted = False
    draft.price_minor = 0
    draft.order = draft.candidates.orders[0].slug if draft.candidates.orders else ""
    message = "No decision was reached within the order's decision window."
    draft.reasons = [finding(reason_pb2.REASON_DECISION_EXPIRED, message, retryable=True)]
