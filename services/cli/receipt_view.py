"""A decision receipt as a seller's engineer reads it: what was asked, seen and expected, and by which list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from services.cli.output import clean, moment, say, table, word
from services.cli.rule_words import words

if TYPE_CHECKING:
    from leadline.common.v1 import lead_pb2, reason_pb2
    from leadline.intake.v1 import intake_service_pb2 as pb
    from leadline.intake.v1 import receipt_service_pb2 as receipts_pb

_WIDTH = 100


def show_reasons(lead: pb.GetLeadResponse) -> None:
    """Why a lead was rejected: each reason with the rule that found it. Nothing for a lead that was bought."""
    reasons = lead.answer.reasons
    if not reasons:
        return
    say("Why it was rejected")
    say()
    for number, reason in enumerate(reasons, 1):
        for line in _reason(number, reason, lead):
            say(clean(line))
        say()


def _reason(number: int, reason: reason_pb2.Finding, lead: pb.GetLeadResponse) -> Iterator[str]:
    from leadline.common.v1.reason_pb2 import Reason

    yield f"{number}. {word(Reason.DESCRIPTOR, reason.reason)}" + (f" in {reason.field}" if reason.field else "")
    found = _rule_of(reason, lead)
    told = {"Told": reason.message, "Perhaps": reason.suggestion}
    if found is not None:
        stage, check = found
        of_order = f", for {_versioned(check.order, stage)}" if check.order else ", whatever the order"
        told = {
            "Asked": f"{words(check.rule)} ({check.rule}{of_order})",
            "Seen": check.observed,
            "Expected": check.expected.removeprefix("Expected "),
            "List": f"{check.list}, {stage.lists[check.list]}" if check.list else "",
            **(told if reason.message != check.expected else {"Perhaps": reason.suggestion}),
        }
    for name, value in told.items():
        if value:
            yield textwrap.fill(value, _WIDTH, initial_indent=f"   {name + ':':<10}", subsequent_indent=" " * 13)


def _rule_of(
    reason: reason_pb2.Finding, lead: pb.GetLeadResponse
) -> tuple[lead_pb2.StageReceipt, lead_pb2.Check] | None:
    """The rule that gave a reason: about the lead alone, or for the order whose reasons are told."""
    orders = ("", lead.answer.order.order)
    for stage in lead.receipt:
        for check in stage.checks:
            same = (check.reason, check.field) == (reason.reason, reason.field)
            if same and not check.passed and check.order in orders:
                return stage, check
    return None


def show_receipt(lead: pb.GetLeadResponse) -> None:
    """Every rule that ran, in order, then what it all rests on."""
    from leadline.common.v1.reason_pb2 import Reason

    rows = (
        (
            *(stage.stage, "yes" if check.passed else "NO", words(check.rule), check.field, check.observed),
            *(check.expected, check.order, word(Reason.DESCRIPTOR, check.reason), check.list, check.rule),
        )
        for stage in lead.receipt
        for check in stage.checks
    )
    columns = ("Stage", "", "Asked", "Field", "Seen", "Expected", "Order", "Reason", "List", "Rule")
    table(columns, rows, title="Decision receipt")
    for stage in lead.receipt:
        if stage.summary:
            say(clean(f"{stage.stage}: {stage.summary}"))
    say(clean(_times(lead)))
    for name, version in sorted({pair for stage in lead.receipt for pair in stage.orders.items()}):
        say(clean(f"Order {name}: version {version}"))
    for name, stamp in sorted({pair for stage in lead.receipt for pair in stage.lists.items()}):
        say(clean(f"{'Rules' if name == 'rules' else f'List {name}'}: {stamp}"))


def show_replay(done: receipts_pb.ReplayDecisionResponse) -> None:
    """Whether the receipt came out the same, and where not."""
    if done.same:
        say(
            f"The same receipt again, byte for byte: {done.checks} rules at catalog revision {done.catalog_revision}, "
            f"SHA-256 {done.stored_sha256}."
        )
        return
    say(f"Not the same receipt: SHA-256 was {done.stored_sha256}, is {done.repeated_sha256}.")
    table(("What", "Then", "Now"), [(one.what, one.stored, one.again) for one in done.differences])


def _times(lead: pb.GetLeadResponse) -> str:
    points = ((name, moment(lead.clock, f"{name}_at")) for name in ("received", "validated", "decided"))
    told = ", ".join(f"{name} {at}" for name, at in points if at)
    return f"Times: {told}; catalog revision {lead.catalog_revision}"


def _versioned(order: str, stage: lead_pb2.StageReceipt) -> str:
    return f"{order}@{stage.orders[order]}" if order in stage.orders else order
