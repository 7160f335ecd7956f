"""The stages' answers, joined into a draft's decision."""

from __future__ import annotations

from leadline.common.v1 import reason_pb2
from leadline.dedup.v1 import dedup_service_pb2
from leadline.routing.v1 import routing_service_pb2
from leadline.validation.v1 import validation_service_pb2
from services.intake import sandbox
from services.intake.answer import finding
from services.intake.decision import decide
from services.intake.draft import Draft, reached
from services.intake.pings.judgement import judge_bid


def apply_decision(draft: Draft) -> None:
    """Write into a draft what the stages' answers amount to."""
    validated, checked, routed = reached(draft.validated), reached(draft.checked), reached(draft.routed)
    if _is_clean(draft, validated, checked, routed):
        draft.accepted, draft.order, draft.price_minor = True, routed.chosen.order, routed.price.amount_minor
        return
    lead_findings = list(validated.findings)
    if draft.candidates.not_found:
        lead_findings.append(_order_not_found(draft))
    if draft.submission.bid_token or draft.bid_findings:
        lead_findings += judge_bid(draft)
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


def _is_clean(
    draft: Draft,
    validated: validation_service_pb2.ValidatedLead,
    checked: dedup_service_pb2.CheckedLead,
    routed: routing_service_pb2.RoutedLead,
) -> bool:
    """True for the most frequent case, one candidate that no stage has anything against: `decide` would buy it."""
    return (
        len(routed.candidates) == 1
        and routed.chosen.order != ""
        and not validated.findings
        and not draft.candidates.not_found
        and not draft.test
        and not draft.submission.bid_token
        and not draft.bid_findings
        and not validated.candidates[0].findings
        and not checked.candidates[0].findings
        and not routed.candidates[0].findings
    )


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
