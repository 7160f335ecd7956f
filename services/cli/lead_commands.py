"""`leadline submit`, `lead` and `leads`."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, moment, money, plain, say, show_json, table, warn, word

if TYPE_CHECKING:
    from leadline.intake.v1 import intake_service_pb2 as pb
    from leadline.reporting.v1.response_service_pb2 import GetTimelineResponse
    from leadline.routing.v1.follow_up_service_pb2 import GetFollowUpResponse
    from services.cli.client import Services
    from services.cli.leads_file import LeadsFile, Row
    from services.cli.submission import Tally

_REFUSED_SHOWN = 20
#: Validation may have to load old lists first.
_REPLAY_SECONDS = 45.0


def submit(
    file: Annotated[Path, typer.Argument(help="A .csv (with a header), .json or .ndjson file of leads.")],
    key: Annotated[str, typer.Option("--key", help="The seller's access key; else LEADLINE_ACCESS_KEY.")] = "",
    order: Annotated[str, typer.Option("--order", help="The order of rows that name none.")] = "",
    source: Annotated[str, typer.Option("--source", help="The source of rows that name none.")] = "",
    test: Annotated[bool, typer.Option("--test", help="Decide without money, calls or reports.")] = False,
    as_json: Json = False,
) -> None:
    """Send a file of leads; again is safe, each row gets its first answer."""
    from services.cli.client import run
    from services.cli.leads_file import LeadsFile

    try:
        with file.open("rb") as handle:
            leads = LeadsFile(handle, str(file), file.stat().st_size)
            tally = run(lambda services: _submit(services, leads, key, order, source, test))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or 'cannot be read'}") from None
    if as_json:
        refused = [{"row": number, "message": why} for number, why in tally.refused]
        show_json(
            {"rows": tally.rows, "results": sorted(tally.results, key=lambda one: one["row"]), "refused": refused}
        )
    else:
        _show_tally(tally, file)
    if tally.refused:
        raise CommandError()


async def _submit(services: Services, leads: LeadsFile, key: str, order: str, source: str, test: bool) -> Tally:
    from rich.console import Console
    from rich.progress import Progress

    from leadline.intake.v1 import intake_service_pb2 as pb
    from services.cli.submission import submit as send

    access_key = key or services.settings.access_key
    if not access_key:
        raise CommandError("no access key: give --key or set LEADLINE_ACCESS_KEY; `leadline keys create` makes one")

    def prepare(row: Row) -> pb.SubmitLeadItem:
        sent = row.submission
        assert sent is not None  # noqa: S101 - only readable rows are prepared
        sent.order = sent.order or order
        sent.source = sent.source or source
        sent.test = sent.test or test
        sent.received_at.GetCurrentTime()
        return pb.SubmitLeadItem(access_key=access_key, submission=sent)

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Sending", total=leads.size)
        return await send(services, leads.rows(), prepare, lambda: bar.update(task, completed=leads.position))


def _show_tally(tally: Tally, file: Path) -> None:
    order = ("accepted", "rejected", "pending")
    rows = [(outcome, tally.outcomes[outcome]) for outcome in order if tally.outcomes[outcome]]
    table(
        ("Outcome", "Leads"), [*rows, *([("not taken", len(tally.refused))] if tally.refused else [])], right=["Leads"]
    )
    if tally.reasons:
        table(("Reason", "Leads"), tally.reasons.most_common(), right=["Leads"])
    for currency, minor in tally.spend.items():
        say(f"Spend: {minor // 100:,}.{minor % 100:02d} {currency}")
    if tally.replayed:
        say(f"{tally.replayed} had been answered before; nothing was charged again.")
    for number, why in sorted(tally.refused)[:_REFUSED_SHOWN]:
        warn(clean(f"{file}:{number}: {why}"))
    if len(tally.refused) > _REFUSED_SHOWN:
        warn(f"… and {len(tally.refused) - _REFUSED_SHOWN} more")


def lead(
    lead_id: Annotated[str, typer.Argument(metavar="ID", help="The lead's id.")],
    buyer: Buyer = "",
    replay: Annotated[
        bool, typer.Option("--replay", help="Validate it once more from what is stored: same receipt, byte for byte?")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one lead: answer, timeline and decision receipt."""
    from services.cli.client import run
    from services.cli.receipt_view import show_marks, show_reasons, show_receipt
    from services.cli.timeline_view import show_timeline

    if replay:
        _replay(lead_id, buyer, as_json=as_json)
        return
    answer, follow_up, timeline = run(lambda services: _lead(services, buyer, lead_id))
    if as_json:
        beside = {"follow_up": follow_up, "timeline": timeline}
        show_json({**plain(answer), **{name: plain(one) if one is not None else None for name, one in beside.items()}})
        return
    _show_answer(answer)
    show_reasons(answer)
    show_timeline(answer, follow_up, timeline)
    show_marks(answer)
    show_receipt(answer)


def _replay(lead_id: str, buyer: str, *, as_json: bool) -> None:
    """Raises CommandError where the receipt came out another."""
    from leadline.intake.v1 import receipt_service_pb2 as receipts_pb
    from services.cli.client import run
    from services.cli.receipt_view import show_replay

    request = receipts_pb.ReplayDecisionRequest(lead_id=lead_id, buyer_id=buyer)
    done = run(lambda services: services.ask(services.receipts.ReplayDecision, request, timeout=_REPLAY_SECONDS))
    if as_json:
        show_json(plain(done))
    else:
        show_replay(done)
    if not done.same:
        raise CommandError()


async def _lead(
    services: Services, buyer: str, lead_id: str
) -> tuple[pb.GetLeadResponse, GetFollowUpResponse | None, GetTimelineResponse | None]:
    from leadline.intake.v1 import intake_service_pb2 as pb
    from leadline.reporting.v1.response_service_pb2 import GetTimelineRequest
    from leadline.routing.v1.follow_up_service_pb2 import GetFollowUpRequest
    from shared.rpc.errors import AppError

    buyer_id = await services.buyer(buyer)
    answer = await services.ask(services.intake.GetLead, pb.GetLeadRequest(lead_id=lead_id, buyer_id=buyer_id))
    # The lead itself is worth showing while routing or reporting is away.
    follow_up = timeline = None
    with suppress(AppError):
        request = GetFollowUpRequest(buyer_id=buyer_id, lead_id=lead_id)
        follow_up = await services.ask(services.follow_up.GetFollowUp, request)
    with suppress(AppError):
        named = GetTimelineRequest(buyer_id=buyer_id, lead_id=lead_id)
        timeline = await services.ask(services.response.GetTimeline, named)
    return answer, follow_up, timeline


def _show_answer(lead: pb.GetLeadResponse) -> None:
    from leadline.intake.v1.intake_service_pb2 import Outcome

    answer, kind = lead.answer, lead.lead_type
    order = f"{answer.order.order}@{answer.order.version}" if answer.order.order else "none"
    form = ", ".join(part for part in (kind.exclusivity, kind.form and f"{kind.form} form", kind.opt_in) if part)
    facts = {
        "Lead": answer.lead_id,
        "Outcome": word(Outcome.DESCRIPTOR, answer.outcome) + (" (test)" if answer.test else ""),
        "Price": money(answer.price),
        "Order": f"{order}, catalog revision {lead.catalog_revision}",
        "Seller": lead.seller + (f", its id {lead.external_id}" if lead.external_id else ""),
        "Source": lead.source + (f" / {lead.sub_source}" if lead.sub_source else ""),
        "Type": form + (", incentivized" if kind.incentivized else "") + (", own site" if kind.own else ""),
        "Team": lead.team,
        "Trace": answer.trace_id,
        "Unknown fields": ", ".join(answer.unknown_fields),
    }
    for name, value in facts.items():
        if value:
            say(f"{name:<15} {clean(value)}")
    say()


def leads(
    seller: Annotated[str, typer.Option("--seller", help="Only this seller's.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="accepted, rejected or pending; else all.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """List leads, newest first."""
    from leadline.intake.v1.intake_service_pb2 import Outcome
    from services.cli.client import run
    from services.cli.submission import codes

    if outcome not in ("", "accepted", "rejected", "pending"):
        raise typer.BadParameter("expected accepted, rejected or pending", param_hint="--outcome")
    found = run(lambda services: _leads(services, buyer, seller, outcome, limit))
    if as_json:
        show_json([plain(one) for one in found])
        return
    rows = (
        (
            *(moment(one, "received_at"), one.answer.lead_id, one.seller, one.source),
            *(word(Outcome.DESCRIPTOR, one.answer.outcome), money(one.answer.price), one.answer.order.order),
            ", ".join(codes(one.answer)),
        )
        for one in found
    )
    table(("Received", "Lead", "Seller", "Source", "Outcome", "Price", "Order", "Reasons"), rows, right=["Price"])


async def _leads(services: Services, buyer: str, seller: str, outcome: str, limit: int) -> list[pb.LeadSummary]:
    from leadline.intake.v1 import intake_service_pb2 as pb

    request = pb.ListLeadsRequest(buyer_id=await services.buyer(buyer), seller=seller)
    if outcome:
        request.outcome = pb.Outcome.Value(f"OUTCOME_{outcome.upper()}")
    found: list[pb.LeadSummary] = []
    while len(found) < limit:
        request.page_size = min(500, limit - len(found))
        page = await services.ask(services.intake.ListLeads, request)
        found += page.leads
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    return found
