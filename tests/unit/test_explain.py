"""A reject explained: each reason with the rule that gave it, what it saw and by which list."""

from __future__ import annotations

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from shared.rpc.explain import explain
from shared.rule_words import WORDS, words

ORDER = lead_pb2.OrderRef(order="marco-auto", version=3)
DISPOSABLE = reason_pb2.Finding(
    reason=reason_pb2.REASON_EMAIL_DISPOSABLE, field="email", message="Expected a lasting one.", suggestion=""
)
CRITERIA = reason_pb2.Finding(
    reason=reason_pb2.REASON_CRITERIA_NOT_MET, field="loan_amount", message="Expected more. Much more."
)


def rejected(*reasons: reason_pb2.Finding, checks: list[lead_pb2.Check], **lists: str) -> pb.GetLeadResponse:
    """A lead that was rejected for these reasons, by these rules."""
    stage = lead_pb2.StageReceipt(
        stage="validation", checks=checks, lists={name.replace("_", "-"): stamp for name, stamp in lists.items()}
    )
    return pb.GetLeadResponse(
        answer=pb.LeadAnswer(outcome=pb.OUTCOME_REJECTED, order=ORDER, reasons=reasons), receipt=[stage]
    )


def failed(
    rule: str, of: reason_pb2.Finding, *, order: str = "", observed: str = "", consulted: str = ""
) -> lead_pb2.Check:
    """The rule behind a reason."""
    return lead_pb2.Check(
        rule=rule, field=of.field, observed=observed, expected="Expected a lasting one.", reason=of.reason,
        order=order, list=consulted,
    )  # fmt: skip


def test_a_reason_is_told_with_its_rule_what_was_seen_before_and_the_list() -> None:
    seen = lead_pb2.Check(rule="email.readable", passed=True, field="email", observed="m***@mailinator.com")
    rule = failed("email.disposable", DISPOSABLE, consulted="throw-away-domains")
    (one,) = explain(rejected(DISPOSABLE, checks=[seen, rule], throw_away_domains="x 1 of 2026-07-01 #aa"))

    assert (one.code, one.field, one.rule, one.order) == ("email_disposable", "email", "email.disposable", "")
    assert one.asked == WORDS["email.disposable"]
    assert one.seen == "m***@mailinator.com"
    assert one.expected == "a lasting one"
    assert one.list == "throw-away-domains: x 1 of 2026-07-01 #aa"
    assert one.message == ""


def test_the_rule_of_the_order_that_is_told_is_taken_not_that_of_another_candidate() -> None:
    others = failed("order.criteria", CRITERIA, order="another", observed="as another saw it")
    own = failed("order.criteria", CRITERIA, order="marco-auto", observed="too little")
    (one,) = explain(rejected(CRITERIA, checks=[others, own]))

    assert (one.seen, one.order, one.message) == ("too little", "marco-auto@3", "Expected more. Much more.")


def test_a_reason_without_a_rule_is_told_as_it_was_answered() -> None:
    (one,) = explain(rejected(CRITERIA, checks=[]))
    assert (one.code, one.rule, one.message) == ("criteria_not_met", "", CRITERIA.message)
    assert explain(pb.GetLeadResponse()) == []


def test_rules_are_questions_and_an_unknown_one_is_its_name() -> None:
    assert all(question.endswith("?") and question[0].isupper() for question in WORDS.values())
    assert words("capacity.day_leads") == "Is there room under the order's day limit of leads?"
    assert words("tomorrow.rule") == "tomorrow.rule"
