"""`leadline disclosures` and `leadline evidence`: what the buyer's compliance people decide and check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.catalog_commands import login
from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, moment, plain, say, show_json, table, warn, word

if TYPE_CHECKING:
    from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
    from leadline.validation.v1 import compliance_service_pb2 as pb
    from services.cli.client import Services

disclosures = typer.Typer(no_args_is_help=True, help="Consent texts that sellers show and nobody approved yet.")
evidence = typer.Typer(no_args_is_help=True, help="Evidence of the consent of bought leads, kept for five years.")

Wording = Annotated[str, typer.Argument(metavar="ID", help="The text, as `disclosures seen` names it.")]
By = Annotated[str, typer.Option("--by", help="Who decides.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the decision.")]
_STATES = ("open", "approved", "refused")


@disclosures.command("seen")
def seen(
    seller: Annotated[str, typer.Argument(help="Only this seller's.")] = "",
    state: Annotated[str, typer.Option("--state", help="open, approved or refused.")] = "open",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show texts that matched no approved disclosure, the most recently seen first."""
    from leadline.validation.v1 import compliance_service_pb2 as pb
    from services.cli.client import run

    if state not in _STATES:
        raise typer.BadParameter(f"expected {', '.join(_STATES)}", param_hint="--state")
    number = pb.WordingState.Value(f"WORDING_STATE_{state.upper()}")

    async def ask(services: Services) -> pb.ListWordingsResponse:
        request = pb.ListWordingsRequest(buyer_id=await services.buyer(buyer), seller=seller, state=number)
        return await services.ask(services.compliance.ListWordings, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["wordings"])
        return
    if not answer.wordings:
        say("none")
    for wording in answer.wordings:
        _show_wording(wording)


@disclosures.command("approve")
def approve(
    wording_id: Wording,
    slug: Annotated[str, typer.Option("--slug", help="The disclosure's name in the catalog.")],
    text: Annotated[
        str, typer.Option("--text", help="The wording to approve, with `*` for a run of words; else the text as seen.")
    ] = "",
    every_site: Annotated[bool, typer.Option("--every-site", help="For all of the seller's sites.")] = False,
    by: By = "",
    note: Note = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Make a text an approved disclosure of its seller: a new catalog revision.

    Those of the seller's orders that name their disclosures take it from then on.
    """
    from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
    from leadline.validation.v1 import compliance_service_pb2 as pb
    from services.cli.client import run

    who = by or login()

    async def decide(services: Services) -> tuple[catalog_pb.ApproveDisclosureResponse, pb.Wording]:
        name = await services.buyer(buyer)
        wording = await _the_wording(services, name, wording_id)
        request = catalog_pb.ApproveDisclosureRequest(
            buyer_id=name,
            slug=slug,
            text=text or wording.text,
            sellers=[wording.seller],
            sites=[wording.site] if wording.site and not every_site else [],
            approved_by=who,
            note=note,
        )
        made = await services.ask(services.catalog.ApproveDisclosure, request)
        if made.errors:
            return made, wording
        decision = pb.DecideWordingRequest(
            buyer_id=name,
            wording_id=wording_id,
            state=pb.WORDING_STATE_APPROVED,
            decided_by=who,
            note=note,
            slug=slug,
            revision=made.revision,
        )
        return made, (await services.ask(services.compliance.DecideWording, decision)).wording

    made, wording = run(decide)
    if as_json:
        show_json({**plain(made), "wording": plain(wording)})
    if made.errors:
        raise CommandError(*(f"{fault.field}: {fault.message}" for fault in made.errors))
    if not as_json:
        _show_approved(made, wording, slug, text or wording.text)


@disclosures.command("refuse")
def refuse(wording_id: Wording, note: Note, by: By = "", buyer: Buyer = "", as_json: Json = False) -> None:
    """Say that a text will not be approved. Its leads are rejected as before."""
    from leadline.validation.v1 import compliance_service_pb2 as pb
    from services.cli.client import run

    async def decide(services: Services) -> pb.Wording:
        request = pb.DecideWordingRequest(
            buyer_id=await services.buyer(buyer),
            wording_id=wording_id,
            state=pb.WORDING_STATE_REFUSED,
            decided_by=by or login(),
            note=note,
        )
        return (await services.ask(services.compliance.DecideWording, request)).wording

    wording = run(decide)
    if as_json:
        show_json(plain(wording))
    else:
        say(clean(f"{wording.wording_id} of {wording.seller} is refused by {wording.decided_by}."))


@evidence.command("show")
def show(lead_id: Annotated[str, typer.Argument(help="The lead.")], buyer: Buyer = "", as_json: Json = False) -> None:
    """Show what is kept of one lead's consent."""
    from leadline.validation.v1 import compliance_service_pb2 as pb
    from services.cli.client import run

    async def ask(services: Services) -> pb.GetEvidenceResponse:
        request = pb.GetEvidenceRequest(buyer_id=await services.buyer(buyer), lead_id=lead_id)
        return await services.ask(services.compliance.GetEvidence, request)

    answer = run(ask)
    if as_json:
        show_json([{**plain(record), "record": json.loads(record.record)} for record in answer.records])
        return
    for record in answer.records:
        say(f"Record {record.position}: {record.kind}, kept until {record.keep_until} or longer, hash {record.hash}")
        for name, value in json.loads(record.record).items():
            if value not in ("", 0, None):
                say(clean(f"  {name}: {value}"))
        if record.text:
            say(clean(f"  text: {record.text}"))


@evidence.command("verify")
def verify(
    expect: Annotated[
        str, typer.Option("--expect", help="A record's POSITION:HASH as noted earlier, which has to be there still.")
    ] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Recompute the whole chain of evidence; any edit, deletion or reordering is a failure.

    Keep what it prints at the end somewhere else: with --expect, even a chain that was forged as a whole is found out.
    """
    from services.cli.client import run

    position, expected = _expected(expect)
    found = run(lambda services: _verify(services, buyer, position, expected))
    if as_json:
        show_json(found)
    else:
        for fault in found["faults"]:
            warn(f"record {fault['position']}: {fault['message']}")
        state = "do not hold" if found["faults"] else "hold"
        say(f"{found['records']} records {state}; the chain ends at {found['last_position']}:{found['last_hash']}")
    if found["faults"]:
        raise CommandError()


async def _verify(services: Services, buyer: str, position: int, expected: str) -> dict[str, Any]:
    from leadline.validation.v1 import compliance_service_pb2 as pb

    request = pb.VerifyEvidenceRequest(buyer_id=await services.buyer(buyer))
    records, faults, noted = 0, [], False
    while True:
        # A part ends where a noted record stands, so that its hash is told.
        request.most_records = position - request.after_position if request.after_position < position else 0
        answer = await services.ask(services.compliance.VerifyEvidence, request)
        records += answer.records
        faults += [{"position": fault.position, "message": fault.message} for fault in answer.faults]
        noted = noted or (answer.last_position, answer.last_hash) == (position, expected)
        request.after_position, request.after_hash = answer.last_position, answer.last_hash
        if answer.complete:
            break
    if position and not noted:
        faults.append({"position": position, "message": "is not the record that was noted"})
    return {
        "records": records,
        "faults": faults,
        "last_position": request.after_position,
        "last_hash": request.after_hash,
    }


def _expected(text: str) -> tuple[int, str]:
    position, _, digest = text.partition(":")
    if not text:
        return 0, ""
    if not position.isdecimal() or int(position) < 1 or len(digest) != 64:
        raise typer.BadParameter("expected POSITION:HASH as `evidence verify` prints it", param_hint="--expect")
    return int(position), digest.lower()


async def _the_wording(services: Services, buyer: str, wording_id: str) -> pb.Wording:
    from leadline.validation.v1 import compliance_service_pb2 as pb

    request = pb.ListWordingsRequest(buyer_id=buyer, wording_id=wording_id)
    found: Sequence[pb.Wording] = (await services.ask(services.compliance.ListWordings, request)).wordings
    if not found:
        raise CommandError("there is no such wording")
    return found[0]


def _show_wording(wording: pb.Wording) -> None:
    from leadline.validation.v1.compliance_service_pb2 import WordingState

    seen_at = f"{moment(wording, 'first_seen')[:16]} to {moment(wording, 'last_seen')[:16]}"
    leads = f"{wording.leads} {'lead' if wording.leads == 1 else 'leads'}"
    say(clean(f"{wording.wording_id}  {wording.seller} on {wording.site or 'no site'}: {leads}, {seen_at}"))
    if wording.nearest:
        say(clean(f"    {wording.percent} % like {wording.nearest}: {wording.difference}"))
    if wording.decided_by:
        state = word(WordingState.DESCRIPTOR, wording.state)
        say(clean(f"    {state} by {wording.decided_by}{f': {wording.note}' if wording.note else ''}"))
    say(clean(f"    {wording.text}"))


def _show_approved(made: catalog_pb.ApproveDisclosureResponse, wording: pb.Wording, slug: str, text: str) -> None:
    rows = [(change.kind, change.name, f"version {change.version}" if change.version else "", "; ".join(change.details))
            for change in made.changes]  # fmt: skip
    table(("Changed", "Name", "", "How"), rows)
    say(clean(f"{slug} is approved by {wording.decided_by}; revision {made.revision} is in force."))
    say("Put it into the catalog file as well, and into its orders, or the next `leadline apply` takes it out again:")
    say(clean(f"  - slug: {slug}\n    sellers: [{wording.seller}]\n    text: {json.dumps(text, ensure_ascii=False)}"))
