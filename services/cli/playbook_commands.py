"""`leadline playbooks` and `leadline playbook`: what is done about a bought lead, when, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, plain, say, show_json, table, word

if TYPE_CHECKING:
    from leadline.routing.v1 import playbook_service_pb2 as pb

_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]


def playbooks(buyer: Buyer = "", as_json: Json = False) -> None:
    """List the playbooks of the catalog in force."""
    from leadline.routing.v1 import playbook_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> pb.ListPlaybooksResponse:
        request = pb.ListPlaybooksRequest(buyer_id=await services.buyer(buyer))
        return await services.ask(services.playbooks.ListPlaybooks, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer))
        return
    rows = (
        (one.playbook, one.steps, one.calls, one.messages, _span(one.length_seconds), ", ".join(one.orders) or "none")
        for one in answer.playbooks
    )
    numbers = ("Steps", "Calls", "Messages", "Until")
    table(("Playbook", *numbers, "Orders"), rows, title=f"Catalog revision {answer.catalog_revision}", right=numbers)


def playbook(
    name: Annotated[str, typer.Argument(help="The playbook; left out: that of the lead or the order.")] = "",
    lead: Annotated[str, typer.Option("--lead", help="A lead that was bought; else one that could be.")] = "",
    order: Annotated[str, typer.Option("--order", help="By this order's terms; else the first that uses it.")] = "",
    state: Annotated[str, typer.Option("--state", help="USPS code of the person's state.")] = "",
    postal_code: Annotated[str, typer.Option("--zip", help="The person's ZIP.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="The person's phone, such as +15124782365.")] = "",
    form: Annotated[str, typer.Option("--form", help="long or short.")] = "long",
    exclusivity: Annotated[str, typer.Option("--exclusivity", help="exclusive or shared.")] = "exclusive",
    opt_in: Annotated[str, typer.Option("--opt-in", help="single, double or none.")] = "single",
    own: Annotated[bool, typer.Option("--own", help="Collected by the own site.")] = False,
    incentivized: Annotated[bool, typer.Option("--incentivized", help="Promised a reward.")] = False,
    disposition: Annotated[str, typer.Option("--disposition", help="The agents' latest word.")] = "",
    held_back: Annotated[bool, typer.Option("--held-back", help="In the share of a hold-out that waits.")] = False,
    at: Annotated[
        datetime | None,
        typer.Option("--at", formats=_FORMATS, help="Bought then, UTC unless a zone is named; else now."),
    ] = None,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Dry run: what a lead would get, when, and why not. Nothing is done and nobody is contacted."""
    from leadline.routing.v1 import playbook_service_pb2 as pb
    from services.cli.client import Services, run

    if not (name or lead or order):
        raise CommandError("expected a playbook, --order or --lead; `leadline playbooks` lists the playbooks")
    facts = pb.LeadFacts(
        us_state=state.upper(),
        postal_code=postal_code,
        phone=phone,
        form=form,
        exclusivity=exclusivity,
        opt_in=opt_in,
        incentivized=incentivized,
        own=own,
        disposition=disposition,
        arm="held_back" if held_back else "at_once",
    )

    async def ask(services: Services) -> pb.PreviewResponse:
        request = pb.PreviewRequest(
            buyer_id=await services.buyer(buyer), playbook=name, order=order, lead_id=lead, facts=facts
        )
        if at is not None:
            request.at.FromDatetime(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
        return await services.ask(services.playbooks.Preview, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer))
    else:
        _show(answer)


def _show(answer: pb.PreviewResponse) -> None:
    from leadline.routing.v1.playbook_service_pb2 import StepOutcome

    zone = answer.zones[0] if len(answer.zones) == 1 else "UTC"
    arm = f"{answer.arm} (waits {_span(answer.delay_seconds)})" if answer.arm == "held_back" else answer.arm
    facts = {
        "Playbook": f"{answer.playbook}, catalog revision {answer.catalog_revision}",
        "Order": answer.order or "none uses it",
        "Offer": answer.offer,
        "Hold-out": arm,
        "Bought": _moment(answer, "decided_at", zone),
        "Person in": ", ".join(answer.zones) or "a place that is not told",
        "Ended by": answer.stopped_by,
    }
    for title, value in facts.items():
        if value:
            say(f"{title:<10} {clean(value)}")
    say()
    rows = (
        (
            _moment(step, "at", zone),
            step.name,
            step.channel,
            step.template or step.receiver or step.team,
            word(StepOutcome.DESCRIPTOR, step.outcome).replace("_", " "),
            _remark(step, zone),
        )
        for step in sorted(answer.steps, key=_order)
    )
    table((f"When ({zone})", "Step", "By", "What", "Outcome", "Why"), rows)
    say("Assumed: every call is made as soon as it is due, and nobody answers. The contact gate judges each contact")
    say("at its moment and may still say no.")


def _order(step: pb.PlaybookStep) -> tuple[bool, int, int]:
    """By time; what is never reached comes last."""
    return not step.HasField("at"), step.at.seconds, step.at.nanos


def _remark(step: pb.PlaybookStep, zone: str) -> str:
    if step.HasField("lawful_at"):
        return f"may be sent from {_moment(step, 'lawful_at', zone)}"
    return step.explanation


def _moment(message: Any, field: str, zone: str) -> str:
    if not message.HasField(field):
        return ""
    instant: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return f"{instant.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M:%S}"


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds} s"
