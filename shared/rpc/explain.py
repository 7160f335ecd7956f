"""Why a lead was not bought, out of its receipt: the rule behind each reason, with what it saw and what it wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadline.common.v1 import lead_pb2, reason_pb2
from shared.rule_words import words

if TYPE_CHECKING:
    from leadline.intake.v1.intake_service_pb2 import GetLeadResponse

_CODES = {number: name.removeprefix("REASON_").lower() for name, number in reason_pb2.Reason.items() if number}


class Explained(NamedTuple):
    """One reason and the rule that gave it. What does not apply is empty."""

    code: str
    field: str
    #: The rule as a question that was answered with no, and its name.
    asked: str
    rule: str
    #: The order version whose rule it is; empty: it holds whatever the order.
    order: str
    #: What the rule saw, masked, and what it expected.
    seen: str
    expected: str
    #: The list that it consulted, and in which version.
    list: str
    #: What the answer says beyond that.
    message: str
    suggestion: str


def explain(lead: GetLeadResponse) -> list[Explained]:
    """Every reason of a lead's answer, in the answer's order."""
    return [_explained(reason, lead) for reason in lead.answer.reasons]


def _explained(reason: reason_pb2.Finding, lead: GetLeadResponse) -> Explained:
    code = _CODES.get(reason.reason, str(reason.reason))
    found = _rule_of(reason, lead)
    if found is None:
        return Explained(code, reason.field, "", "", "", "", "", "", reason.message, reason.suggestion)
    stage, check = found
    # A rule that is an order's is one of the order whose reasons are told.
    named = lead.answer.order
    return Explained(
        code=code,
        field=reason.field,
        asked=words(check.rule),
        rule=check.rule,
        order=f"{named.order}@{named.version}" if check.order else "",
        seen=check.observed or _seen_before(check, stage),
        expected=check.expected.removeprefix("Expected ").removesuffix("."),
        list=f"{check.list}: {stage.lists[check.list]}" if check.list in stage.lists else "",
        message="" if reason.message == check.expected else reason.message,
        suggestion=reason.suggestion,
    )


def _rule_of(reason: reason_pb2.Finding, lead: GetLeadResponse) -> tuple[lead_pb2.StageReceipt, lead_pb2.Check] | None:
    """The rule that gave a reason: about the lead alone, or for the order whose reasons are told."""
    orders = ("", lead.answer.order.order)
    for stage in lead.receipt:
        for check in stage.checks:
            same = (check.reason, check.field) == (reason.reason, reason.field)
            if same and not check.passed and check.order in orders:
                return stage, check
    return None


def _seen_before(check: lead_pb2.Check, stage: lead_pb2.StageReceipt) -> str:
    """What the rules before saw in the same field, where one has nothing to add to it."""
    seen = ""
    for earlier in stage.checks:
        if earlier == check:
            break
        if earlier.field == check.field and earlier.observed:
            seen = seen or earlier.observed
    return seen
