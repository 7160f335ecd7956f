"""`leadline gate`, `opt-outs` and `dnc`: who may be reached, who said no, and the lists behind it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, moment, plain, say, show_json, table, warn

if TYPE_CHECKING:
    from leadline.routing.v1 import gate_service_pb2 as pb
    from services.cli.client import Services
    from services.cli.number_file import NumberFile

_BATCH: Final = 5000
_SECONDS: Final = 60.0
_FAULTS_SHOWN: Final = 20
_INSTANT: Final = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]

Lead = Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id.")]
Channel = Annotated[str, typer.Option("--channel", help="call, text or email.")]


class _LeadFirst(TyperGroup):
    """`gate LEAD` is `gate decisions LEAD`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the command's name in where the lead's id stands in its place."""
        if args and args[0] not in self.commands:
            args = ["decisions", *args]
        return super().resolve_command(ctx, args)


gate = typer.Typer(
    cls=_LeadFirst,
    no_args_is_help=True,
    help="Whether a lead's person may be reached: `gate LEAD` shows every decision.",
)
opt_outs = typer.Typer(no_args_is_help=True, help="What people said about being left alone.")
dnc = typer.Typer(no_args_is_help=True, help="Do-not-call lists.")


@gate.command()
def decisions(lead: Lead, buyer: Buyer = "", as_json: Json = False) -> None:
    """Show what was decided about each contact with a lead's person, oldest first, and by which rules."""
    from services.cli.client import run

    found = run(lambda services: _decisions(services, buyer, lead))
    if as_json:
        show_json([plain(one) for one in found])
        return
    rows = (
        (
            *(moment(one, "decided_at")[:19], _manner(one), one.purpose.replace("_", " "), _said(one)),
            *(moment(one, "not_before")[:19], " ".join(one.rules), one.rules_version),
        )
        for one in found
    )
    table(("Decided", "Contact", "For", "Said", "Not before", "By", "Rules of"), rows)


async def _decisions(services: Services, buyer: str, lead: str) -> list[pb.ContactDecision]:
    from leadline.routing.v1 import gate_service_pb2 as pb

    request = pb.ListDecisionsRequest(buyer_id=await services.buyer(buyer), lead_id=lead, page_size=500)
    found: list[pb.ContactDecision] = []
    while True:
        answer = await services.ask(services.gate.ListDecisions, request)
        found += answer.decisions
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


@gate.command()
def check(
    lead: Lead,
    channel: Channel = "call",
    automatic: Annotated[bool, typer.Option("--automatic", help="A program would make it, not a person.")] = False,
    purpose: Annotated[str, typer.Option("--purpose", help="confirmation, follow_up or reply.")] = "follow_up",
    at: Annotated[
        datetime | None, typer.Option("--at", formats=_INSTANT, help="When, UTC unless it says otherwise; now.")
    ] = None,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Say whether a contact would be allowed, and by which law not. Nothing is recorded, and nothing allowed by it."""
    from leadline.routing.v1 import gate_service_pb2 as pb
    from services.cli.client import run

    request = pb.CheckContactRequest(lead_id=lead, channel=channel, automatic=automatic, purpose=purpose)
    if at is not None:
        request.at.FromDatetime(at if at.tzinfo is not None else at.replace(tzinfo=UTC))

    async def ask(services: Services) -> pb.CheckContactResponse:
        request.buyer_id = await services.buyer(buyer)
        return await services.ask(services.gate.CheckContact, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer))
        return
    decision = answer.decision
    again = f", not before {moment(decision, 'not_before')}" if decision.HasField("not_before") else ""
    say(f"{_said(decision)}{again}")
    cited = {rule.rule: rule for rule in answer.citations}
    rows = (
        (rule, cited[rule].citation, cited[rule].basis, cited[rule].source) if rule in cited else (rule, "", "", "")
        for rule in decision.rules
    )
    table(("Rule", "Law", "Basis", "Read at"), rows)


@opt_outs.command("list")
def list_(
    lead: Annotated[str, typer.Option("--lead", help="Only of this lead and what it was reached at.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="Only of this phone.")] = "",
    email: Annotated[str, typer.Option("--email", help="Only of this mailbox.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 50,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show opt-outs, the newest first; addresses are not shown, for they are not kept."""
    from leadline.routing.v1 import gate_service_pb2 as pb
    from services.cli.client import run

    async def ask(services: Services) -> pb.ListOptOutsResponse:
        request = pb.ListOptOutsRequest(
            buyer_id=await services.buyer(buyer), lead_id=lead, phone=phone, email=email, page_size=limit
        )
        return await services.ask(services.gate.ListOptOuts, request)

    answer = run(ask)
    if as_json:
        show_json([plain(one) for one in answer.opt_outs])
        return
    rows = (
        (
            *(one.opt_out_id, one.scope, " ".join(one.kinds), one.said_by, moment(one, "said_at")[:19]),
            *(one.recorded_by, one.lead_id, moment(one, "withdrawn_at")[:19], one.withdrawn_by, one.evidence),
        )
        for one in answer.opt_outs
    )
    columns = ("Opt-out", "Ends", "Of", "Said by", "Said", "Taken by", "Lead", "Withdrawn", "By", "Consent")
    table(columns, rows)


@opt_outs.command()
def add(
    by: Annotated[str, typer.Option("--by", help="Who takes it.")],
    lead: Annotated[str, typer.Option("--lead", help="The lead that it is about.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="The phone that it came from.")] = "",
    email: Annotated[str, typer.Option("--email", help="The mailbox that it came from.")] = "",
    scope: Annotated[str, typer.Option("--scope", help="What ends: all, phone, call, text or email.")] = "",
    words: Annotated[str, typer.Option("--words", help="The person's words instead; read and not kept.")] = "",
    said_by: Annotated[str, typer.Option("--said-by", help="text, email, call, link, agent or letter.")] = "agent",
    buyer: Buyer = "",
) -> None:
    """Take an opt-out. When this ends, no contact that it forbids begins any more."""
    from leadline.routing.v1 import gate_service_pb2 as pb
    from services.cli.client import run

    request = pb.RecordOptOutRequest(
        lead_id=lead, phone=phone, email=email, scope=scope, words=words, said_by=said_by, recorded_by=by
    )

    async def ask(services: Services) -> pb.RecordOptOutResponse:
        request.buyer_id = await services.buyer(buyer)
        # A message that is being handed over is waited for.
        return await services.ask(services.gate.RecordOptOut, request, timeout=_SECONDS)

    answer = run(ask)
    say(f"{answer.opt_out_id}: ends {answer.scope}")


@opt_outs.command()
def withdraw(
    opt_out: Annotated[str, typer.Argument(metavar="OPT-OUT", help="Its id.")],
    consented_at: Annotated[
        datetime, typer.Option("--consented-at", formats=_INSTANT, help="When the person consented anew (UTC).")
    ],
    evidence: Annotated[str, typer.Option("--evidence", help="How and where: a form's or a recording's id.")],
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
    buyer: Buyer = "",
) -> None:
    """End an opt-out because the person consented anew, expressly and after it."""
    from leadline.routing.v1 import gate_service_pb2 as pb
    from services.cli.client import run

    request = pb.WithdrawOptOutRequest(opt_out_id=opt_out, evidence=evidence, withdrawn_by=by)
    request.consented_at.FromDatetime(
        consented_at if consented_at.tzinfo is not None else consented_at.replace(tzinfo=UTC)
    )

    async def ask(services: Services) -> pb.WithdrawOptOutResponse:
        request.buyer_id = await services.buyer(buyer)
        return await services.ask(services.gate.WithdrawOptOut, request)

    run(ask)
    say("Withdrawn.")


@dnc.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A number or its SHA-256 a line, or the registry's `512,5550123`.")],
    version: Annotated[
        datetime, typer.Option("--version", formats=["%Y-%m-%d"], help="The day on which its publisher made it.")
    ],
    name: Annotated[
        str, typer.Option("--list", help="national, internal, litigators, or state-tx and the like.")
    ] = "national",
    buyer: Buyer = "",
) -> None:
    """Take a list over. It counts as a whole, once its last number is in; only keyed digests are kept."""
    from services.cli.client import run
    from services.cli.number_file import NumberFile

    try:
        with file.open("rb") as handle:
            numbers = NumberFile(handle, str(file))
            taken, refused = run(lambda services: _import(services, buyer, name, f"{version:%Y-%m-%d}", numbers))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or 'cannot be read'}") from None
    say(f"{taken:,} numbers on {name} of {version:%Y-%m-%d}")
    for line in refused[:_FAULTS_SHOWN]:
        warn(clean(f"{file}:{line}: expected a North American number or a SHA-256"))
    if len(refused) > _FAULTS_SHOWN:
        warn(f"… and {len(refused) - _FAULTS_SHOWN:,} more")
    if refused:
        raise CommandError()


async def _import(
    services: Services, buyer: str, name: str, version: str, numbers: NumberFile
) -> tuple[int, list[int]]:
    from leadline.routing.v1 import gate_service_pb2 as pb

    buyer_id, taken, refused = await services.buyer(buyer), 0, list[int]()
    for batch, last in numbers.batches(_BATCH):
        phones = [(line, said) for line, said in batch if isinstance(said, str)]
        hashes = [(line, said) for line, said in batch if isinstance(said, bytes)]
        answer = await services.ask(
            services.gate.ImportNumbers,
            pb.ImportNumbersRequest(
                buyer_id=buyer_id,
                list=name,
                version=version,
                phones=[said for _, said in phones],
                phone_sha256=[said for _, said in hashes],
                last=last,
            ),
            timeout=_SECONDS,
        )
        refused += [phones[place][0] for place in answer.refused_phones]
        refused += [hashes[place][0] for place in answer.refused_hashes]
        taken += len(batch) - len(answer.refused_phones) - len(answer.refused_hashes)
    return taken, refused


@dnc.command("list")
def lists(buyer: Buyer = "", as_json: Json = False) -> None:
    """Show every list: its day, how many are on it, and until when it may be gone by."""
    from leadline.routing.v1 import gate_service_pb2 as pb
    from services.cli.client import run

    async def ask(services: Services) -> pb.ListNumberListsResponse:
        request = pb.ListNumberListsRequest(buyer_id=await services.buyer(buyer))
        return await services.ask(services.gate.ListNumberLists, request, timeout=_SECONDS)

    answer = run(ask)
    if as_json:
        show_json([plain(one) for one in answer.lists])
        return
    rows = (
        (
            *(one.list, one.version, one.numbers, "yes" if one.usable else "no"),
            *(one.usable_until, moment(one, "imported_at")[:19]),
        )
        for one in answer.lists
    )
    table(("List", "Version", "Numbers", "Usable", "Until", "Imported"), rows, right=["Numbers"])


def _manner(decision: pb.ContactDecision) -> str:
    return f"{decision.channel}, automatic" if decision.automatic else decision.channel


def _said(decision: pb.ContactDecision) -> str:
    return "allowed" if decision.allowed else f"blocked: {decision.reason.replace('_', ' ')}"
