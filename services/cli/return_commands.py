"""`leadline returns`: bad leads asked back, and what becomes of it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.catalog_commands import login
from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, moment, plain, say, show_json, table

if TYPE_CHECKING:
    from leadline.intake.v1 import return_service_pb2 as pb
    from services.cli.client import Services

returns = typer.Typer(no_args_is_help=True, help="Bad leads that got through: ask them back, and see it through.")

By = Annotated[str, typer.Option("--by", help="Who does it.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the return. No contact data.")]
ReturnId = Annotated[str, typer.Argument(metavar="RETURN", help="The return's id.")]
#: Claims of one call.
_CLAIMS = 200
_COLUMNS = ("lead_id", "reason", "amount", "attempts", "evidence", "note")


@returns.command("request")
def request_one(
    lead: Annotated[str, typer.Argument(help="The lead's id.")],
    reason: Annotated[str, typer.Option("--reason", help="Such as disconnected, wrong_person or no_contact.")],
    amount: Annotated[str, typer.Option("--amount", help="Only so much of the price, such as 12.50.")] = "",
    attempts: Annotated[int, typer.Option("--attempts", min=0, help="How often the person was called.")] = 0,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", help="kind=reference, such as call_log=T-812; repeatable.")
    ] = None,
    note: Note = "",
    by: By = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Ask a lead back. Within the order's terms it is granted at once, or its seller is asked."""
    row = {"lead_id": lead, "reason": reason, "amount": amount, "attempts": str(attempts), "note": note}
    _request([_claim({**row, "evidence": ";".join(evidence or ())}, "")], by, buyer, as_json=as_json)


@returns.command("import")
def request_file(
    file: Annotated[str, typer.Argument(help=f"CSV with the columns {', '.join(_COLUMNS)}; `-`: standard input.")],
    by: By = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Ask many leads back. Each line is answered for itself."""
    claims = [_claim(row, f"line {number}: ") for number, row in _rows(file)]
    if not claims:
        raise CommandError(f"{file}: expected at least one line")
    _request(claims, by, buyer, as_json=as_json)


@returns.command("list")
def list_returns(
    seller: Annotated[str, typer.Argument(help="Only this seller's.")] = "",
    state: Annotated[str, typer.Option("--state", help="Only those that are open, granted, disputed …")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show returns, newest first, with the next deadline of each."""
    from leadline.intake.v1 import return_service_pb2 as pb
    from services.cli.client import run

    request = pb.ListReturnsRequest(buyer_id=buyer, seller=seller, state=state, page_size=limit)
    answer = run(lambda services: services.ask(services.returns.ListReturns, request))
    if as_json:
        show_json(plain(answer)["returns"])
        return
    _show(answer.returns)


@returns.command("show")
def show_one(return_id: ReturnId, buyer: Buyer = "", as_json: Json = False) -> None:
    """Show one return and what happened to it."""
    from leadline.intake.v1 import return_service_pb2 as pb
    from services.cli.client import run

    request = pb.GetReturnRequest(buyer_id=buyer, return_id=return_id)
    answer = run(lambda services: services.ask(services.returns.GetReturn, request))
    if as_json:
        show_json(plain(answer))
        return
    _show([answer.found])
    for fault in answer.found.faults:
        say(f"  {fault.term}: {fault.message}")
    say()
    rows = ((moment(step, "at"), step.action, step.state, step.who, step.why) for step in answer.history)
    table(("At", "What", "State", "Who", "Why"), rows)


@returns.command("terms")
def terms_of(
    lead: Annotated[str, typer.Argument(help="A bought lead's id.")], buyer: Buyer = "", as_json: Json = False
) -> None:
    """Show until when a lead may be asked back, for which reasons, and for how much."""
    from leadline.intake.v1 import return_service_pb2 as pb
    from services.cli.client import run

    request = pb.GetReturnTermsRequest(buyer_id=buyer, lead_id=lead)
    answer = run(lambda services: services.ask(services.returns.GetReturnTerms, request))
    if as_json:
        show_json(plain(answer))
        return
    if not answer.reasons:
        say("The order's seller takes no leads back.")
        return
    until = f"before {moment(answer, 'closes_at')}" if answer.HasField("closes_at") else "at any time"
    say(f"From {moment(answer, 'opens_at')}, {until}, up to {_amount(answer.left)}.")
    say(f"Reasons: {', '.join(answer.reasons)}")


@returns.command("uphold")
def uphold(
    return_id: ReturnId,
    note: Note,
    amount: Annotated[str, typer.Option("--amount", help="Settle on less than was asked, such as 12.50.")] = "",
    by: By = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Stand by a return to which its seller said no."""
    _act("UPHOLD", return_id, note, by, buyer, amount=amount, as_json=as_json)


@returns.command("yield")
def give_in(return_id: ReturnId, note: Note, by: By = "", buyer: Buyer = "", as_json: Json = False) -> None:
    """Give in to a seller that said no."""
    _act("YIELD", return_id, note, by, buyer, as_json=as_json)


@returns.command("reinstate")
def reinstate(
    return_id: ReturnId,
    note: Note,
    amount: Annotated[str, typer.Option("--amount", help="Less than was asked, such as 12.50.")] = "",
    by: By = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Grant a return after all that was given up in a dispute."""
    _act("REINSTATE", return_id, note, by, buyer, amount=amount, as_json=as_json)


@returns.command("withdraw")
def withdraw(return_id: ReturnId, note: Note, by: By = "", buyer: Buyer = "", as_json: Json = False) -> None:
    """No longer ask for it."""
    _act("WITHDRAW", return_id, note, by, buyer, as_json=as_json)


def _act(action: str, return_id: str, why: str, by: str, buyer: str, *, as_json: bool, amount: str = "") -> None:
    from leadline.intake.v1 import return_service_pb2 as pb
    from services.cli.client import run

    request = pb.ActOnReturnRequest(
        buyer_id=buyer,
        return_id=return_id,
        action=pb.ReturnAction.Value(f"RETURN_ACTION_{action}"),
        who=by or login(),
        why=why,
        amount_minor=_cents(amount, "") if amount else None,
    )
    answer = run(lambda services: services.ask(services.returns.ActOnReturn, request))
    if as_json:
        show_json(plain(answer)["after"])
    else:
        _show([answer.after])


def _request(claims: Sequence[pb.ReturnClaim], by: str, buyer: str, *, as_json: bool) -> None:
    from leadline.intake.v1 import return_service_pb2 as pb
    from services.cli.client import run

    async def ask(services: Services) -> list[pb.ReturnResult]:
        results: list[pb.ReturnResult] = []
        for at in range(0, len(claims), _CLAIMS):
            request = pb.RequestReturnsRequest(
                buyer_id=buyer, requested_by=by or login(), claims=claims[at : at + _CLAIMS]
            )
            results += (await services.ask(services.returns.RequestReturns, request)).results
        return results

    results = run(ask)
    if as_json:
        show_json([plain(result) for result in results])
    else:
        _show([result.made for result in results if result.HasField("made")])
    refused = [
        f"{claim.lead_id}: {result.refusal.message}"
        for claim, result in zip(claims, results, strict=True)
        if result.HasField("refusal")
    ]
    if refused:
        raise CommandError(*refused)


def _show(found: Sequence[pb.Return]) -> None:
    rows = (
        (
            *(one.return_id, one.lead_id, one.seller, f"{one.order.order}@{one.order.version}", one.reason),
            *(_amount(one.amount), one.state, _deadline(one)),
        )
        for one in found
    )
    columns = ("Return", "Lead", "Seller", "Order", "Reason", "Amount", "State", "Next deadline")
    table(columns, rows, right=("Amount",))


def _deadline(one: pb.Return) -> str:
    if one.HasField("answer_by"):
        return f"the seller answers by {moment(one, 'answer_by')[:16]}"
    if one.HasField("dispute_by"):
        return f"the seller may dispute until {moment(one, 'dispute_by')[:16]}"
    return ", ".join(fault.term for fault in one.faults)


def _amount(money: object) -> str:
    minor: int = money.amount_minor  # type: ignore[attr-defined]
    return f"{minor // 100}.{minor % 100:02d}"


def _claim(row: dict[str, str], where: str) -> pb.ReturnClaim:
    from leadline.intake.v1 import return_service_pb2 as pb

    evidence = []
    for piece in filter(None, (part.strip() for part in (row.get("evidence") or "").split(";"))):
        kind, found, reference = piece.partition("=")
        if not found:
            raise CommandError(f"{where}evidence: expected kind=reference, such as call_log=T-812")
        evidence.append(pb.ReturnEvidence(kind=kind.strip(), reference=reference.strip()))
    attempts = (row.get("attempts") or "0").strip()
    if not (attempts.isascii() and attempts.isdigit() and len(attempts) < 6):
        raise CommandError(f"{where}attempts: expected a whole number")
    amount = (row.get("amount") or "").strip()
    return pb.ReturnClaim(
        lead_id=(row.get("lead_id") or "").strip().lower(),
        reason=(row.get("reason") or "").strip(),
        amount_minor=_cents(amount, where) if amount else None,
        attempts=int(attempts),
        evidence=evidence,
        note=(row.get("note") or "").strip(),
    )


def _cents(amount: str, where: str) -> int:
    from shared.catalog.money import Minor

    try:
        return int(Minor.parse(amount))
    except ValueError as fault:
        raise CommandError(f"{where}amount: {fault}") from None


def _rows(file: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: {getattr(error, 'strerror', None) or 'expected UTF-8'}") from None
    reader = csv.DictReader(text.splitlines())
    unknown = sorted(set(reader.fieldnames or ()) - set(_COLUMNS))
    if unknown or not {"lead_id", "reason"} <= set(reader.fieldnames or ()):
        raise CommandError(f"{file}: expected the columns {', '.join(_COLUMNS)}; lead_id and reason are needed")
    for row in reader:
        yield reader.line_num, row
