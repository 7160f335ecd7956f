"""A decision receipt as a seller's engineer reads it: what was asked, seen and expected, and by which list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from services.cli.output import clean, moment, say, table
from shared.rule_words import words

if TYPE_CHECKING:
    from leadline.common.v1 import lead_pb2
    from leadline.intake.v1 import intake_service_pb2 as pb
    from leadline.intake.v1 import receipt_service_pb2 as receipts_pb
    from shared.rpc.explain import Explained

_WIDTH = 110


def show_reasons(lead: pb.GetLeadResponse) -> None:
    """Why a lead was rejected: each reason with the rule that gave it. Nothing for a lead that was bought."""
    from shared.rpc.explain import explain

    reasons = explain(lead)
    if reasons:
        say("Why it was rejected")
        say()
    for number, one in enumerate(reasons, 1):
        say(clean(f"{number}. {one.code}" + (f", in {one.field}" if one.field else "")))
        for line in _told(one):
            say(clean(line))
        say()


def _told(one: Explained) -> Iterator[str]:
    rule = f"{one.asked} No. (rule {one.rule}{f' of {one.order}' if one.order else ', whatever the order'})"
    told = {
        "Asked": rule if one.rule else "",
        "Seen": one.seen,
        "Expected": one.expected,
        "By list": one.list,
        "Told": one.message,
        "Perhaps": one.suggestion,
    }
    for name, value in told.items():
        if value:
            yield textwrap.fill(value, _WIDTH, initial_indent=f"   {name + ':':<10}", subsequent_indent=" " * 13)


def show_receipt(lead: pb.GetLeadResponse) -> None:
    """Every rule that ran, in order, then what it all rests on."""
    versions = {order: version for stage in lead.receipt for order, version in stage.orders.items()}
    for stage in lead.receipt:
        for order, checks in groupby(stage.checks, key=attrgetter("order")):
            named = f"{order}@{versions[order]}" if order in versions else order
            title = f"Decision receipt: {stage.stage}" + (f", held against {named}" if order else "")
            table(("", "Rule", "Field", "Asked", "Seen", "Expected", "By list"), map(_row, checks), title=title)
    for stage in lead.receipt:
        if stage.summary:
            say(clean(f"{stage.stage}: {stage.summary}"))
    say(clean(_times(lead)))
    for name, stamp in sorted({pair for stage in lead.receipt for pair in stage.lists.items()}):
        say(clean(f"{'rules' if name == 'rules' else f'list {name}'}: {stamp}"))


def _row(check: lead_pb2.Check) -> tuple[str, ...]:
    verdict = "yes" if check.passed else "NO"
    return verdict, check.rule, check.field, words(check.rule), check.observed, check.expected, check.list


def show_marks(lead: pb.GetLeadResponse) -> None:
    """Marks on the lead, and what dedup saw: the buyer alone is told which leads of whom. Nothing where nothing is."""
    from leadline.dedup.v1.dedup_service_pb2 import Sightings

    for mark in lead.marks:
        alike = f", {mark.score} of 100 alike: {', '.join(mark.why)}" if mark.why else ""
        say(
            clean(f"Marked {mark.flag.replace('_', ' ')} {moment(mark, 'marked_at')[:16]}, {mark.other_lead_id}{alike}")
        )
    seen = Sightings()
    for stage in lead.receipt:
        if stage.stage == "dedup":
            seen = Sightings.FromString(stage.observations)
    if seen.lists:
        say(clean(f"On the suppression lists: {', '.join(seen.lists)}"))
    rows = (
        (one.lead_id, one.seller, moment(one, "bought_at"), ", ".join(one.kinds), one.score or "", ", ".join(one.why))
        for one in seen.sightings
    )
    if seen.sightings:
        table(("Lead", "Seller", "Bought", "Same", "Alike", "Why"), rows, title="Bought before", right=["Alike"])


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
