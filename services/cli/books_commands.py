"""`leadline books` and `leadline statement`."""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from services.cli.catalog_commands import login
from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, clean, moment, money, plain, say, set_period, show_json, table, warn

if TYPE_CHECKING:
    from leadline.intake.v1 import ledger_service_pb2 as pb
    from services.cli.client import Services

#: The proof reads every transfer, a closing all of its period.
LONG_SECONDS = 60.0
#: Entries asked for at once.
PAGE_ENTRIES = 2000

_INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Month = Annotated[str, typer.Option("--month", help="A month by the buyer's time zone, such as 2026-11.")]
From = Annotated[datetime | None, typer.Option("--from", formats=_INSTANTS, help="First instant, UTC.")]
To = Annotated[datetime | None, typer.Option("--to", "--until", formats=_INSTANTS, help="End, exclusive, UTC.")]
By = Annotated[str, typer.Option("--by", help="The person who answers for it; else your login.")]
Seller = Annotated[str, typer.Argument(help="The seller.")]


class _ShowUnlessNamed(TyperGroup):
    """`leadline statement SELLER` is `leadline statement show SELLER`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


books = typer.Typer(invoke_without_command=True, help="Prove that the books are whole, or correct them.")
statement = typer.Typer(cls=_ShowUnlessNamed, no_args_is_help=True, help="What sellers are owed, and what is closed.")


@books.callback()
def check(context: typer.Context, buyer: Buyer = "", as_json: Json = False) -> None:
    """Prove that the books are whole; else exit status 1."""
    if context.invoked_subcommand is not None:
        return
    from leadline.intake.v1 import ledger_service_pb2 as pb
    from services.cli.client import run

    request = pb.CheckBooksRequest(buyer_id=buyer)
    answer = run(lambda services: services.ask(services.ledger.CheckBooks, request, timeout=LONG_SECONDS))
    if as_json:
        show_json(plain(answer))
    else:
        say(f"Charged leads   {answer.charged_leads:,}")
        say(f"Charged         {money(answer.charged)}")
        say(f"Credited        {money(answer.credited)}")
        say(f"Fees            {money(answer.fees)}")
        say(f"Adjusted        {money(answer.adjusted)}")
        say(f"Held            {money(answer.held)}")
        say(f"To be paid      {money(answer.payable)}")
        say(f"Closed          {answer.statements:,} statements, as they were closed")
        for defect in answer.defects:
            warn(clean(defect))
        say("The books are whole." if answer.balanced else "The books are NOT whole.")
    if not answer.balanced:
        raise CommandError()


@books.command()
def adjust(
    amount: Annotated[str, typer.Argument(help="How much, such as 12.50.")],
    to: Annotated[str, typer.Option("--to", help="In whose favour: seller or buyer.")],
    why: Annotated[str, typer.Option("--why", help="Why; kept for ever and told to the seller. No contact data.")],
    lead: Annotated[str, typer.Option("--lead", help="The lead that it is about.")] = "",
    order: Annotated[str, typer.Option("--order", help="Without a lead: the order.")] = "",
    by: By = "",
    key: Annotated[str, typer.Option("--key", help="Names this correction: given again, it is made once.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Correct what a seller is owed, as a person who answers for it."""
    from leadline.intake.v1 import ledger_service_pb2 as pb
    from services.cli.client import run
    from shared.catalog.money import Minor

    if to not in ("seller", "buyer"):
        raise typer.BadParameter("expected seller or buyer", param_hint="--to")
    if bool(lead) == bool(order):
        raise typer.BadParameter("expected --lead or --order, one of them", param_hint="--lead")
    try:
        minor = Minor.parse(amount)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="AMOUNT") from None
    request = pb.AdjustRequest(
        buyer_id=buyer, lead_id=lead, order=order, amount_minor=minor, to_seller=to == "seller",
        who=by or login(), why=why, key=key or str(uuid.uuid4()),
    )  # fmt: skip
    answer = run(lambda services: services.ask(services.ledger.Adjust, request))
    if as_json:
        show_json(plain(answer))
        return
    say("This key had made it before." if answer.repeated else f"Adjusted by {request.who}: {clean(why)}")
    say(f"{clean(answer.seller)} can now be paid {money(answer.payable)} (transfer {answer.transfer_id}).")


@statement.command()
def show(
    seller: Seller,
    month: Month = "",
    number: Annotated[int, typer.Option("--number", min=0, help="A closed statement.")] = 0,
    since: From = None,
    to: To = None,
    leads: Annotated[bool, typer.Option("--leads", help="Also every movement, lead by lead.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: every movement and the balance after it.")] = False,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """What a seller is owed: this month's, or that of a month, a number, or two instants."""
    from services.cli.client import run

    async def work(services: Services) -> None:
        from leadline.intake.v1 import ledger_service_pb2 as pb

        request = pb.GetStatementRequest(buyer_id=buyer, seller=seller, month=month, number=number)
        set_period(request, since, to)
        told = await services.ask(services.ledger.GetStatement, request, timeout=LONG_SECONDS)
        entries = _entries(services, request, told)
        if as_csv:
            await _print_csv(told, entries)
        elif as_json:
            show_json({**plain(told), "entries": [plain(one) async for page in entries for one in page]})
        else:
            _print_lines(told)
            if leads:
                _print_entries([one async for page in entries for one in page])

    run(work)


@statement.command()
def close(
    seller: Seller,
    month: Month = "",
    since: From = None,
    to: To = None,
    by: By = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Make a period's statement final. What moves later, for whichever lead, is in the next one."""
    from leadline.intake.v1 import ledger_service_pb2 as pb
    from services.cli.client import run

    if not month and to is None:
        raise typer.BadParameter("expected --month, or --until", param_hint="--month")
    request = pb.CloseStatementRequest(buyer_id=buyer, seller=seller, month=month, closed_by=by or login())
    set_period(request, since, to)
    answer = run(lambda services: services.ask(services.ledger.CloseStatement, request, timeout=LONG_SECONDS))
    closed = answer.statement
    if as_json:
        show_json(plain(closed))
        return
    say(
        f"Statement {closed.number} of {clean(closed.seller)} is closed: {closed.leads:,} leads, {money(closed.total)}."
    )
    say(f"To be paid: {money(closed.closing)}; withheld: {money(closed.closing_held)}.")
    say(f"Digest: {closed.digest}")


@statement.command("list")
def list_(
    seller: Annotated[str, typer.Argument(help="Only this seller's.")] = "", buyer: Buyer = "", as_json: Json = False
) -> None:
    """The closed statements."""
    from leadline.intake.v1 import ledger_service_pb2 as pb
    from services.cli.client import run

    request = pb.ListStatementsRequest(buyer_id=buyer, seller=seller)
    answer = run(lambda services: services.ask(services.ledger.ListStatements, request))
    if as_json:
        show_json(plain(answer)["statements"])
        return
    rows = (
        (
            *(one.seller, one.number, moment(one, "from"), moment(one, "to"), one.leads),
            *(money(one.total), money(one.closing), one.closed_by, one.digest[:16]),
        )
        for one in answer.statements
    )
    numbers = ("Number", "Leads", "Total", "To be paid")
    table(
        ("Seller", "Number", "From", "To", "Leads", "Total", "To be paid", "Closed by", "Digest"), rows, right=numbers
    )


async def _entries(
    services: Services, request: pb.GetStatementRequest, told: pb.GetStatementResponse
) -> AsyncIterator[list[pb.StatementEntry]]:
    """Pages of exactly what was answered, whatever is posted meanwhile."""
    from leadline.intake.v1 import ledger_service_pb2 as pb

    pinned = pb.GetStatementRequest(buyer_id=request.buyer_id, seller=request.seller)
    if told.HasField("closed"):
        pinned.number = told.closed.number
    else:
        if told.HasField("from"):
            getattr(pinned, "from").CopyFrom(getattr(told, "from"))
        pinned.to.CopyFrom(told.to)
    asked = pb.ListStatementEntriesRequest(statement=pinned, page_size=PAGE_ENTRIES)
    while True:
        page = await services.ask(services.ledger.ListStatementEntries, asked, timeout=LONG_SECONDS)
        yield list(page.entries)
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token


async def _print_csv(told: pb.GetStatementResponse, entries: AsyncIterator[list[pb.StatementEntry]]) -> None:
    from shared.statement_table import StatementTable

    rows = StatementTable(told)
    # Not through the text layer: its line ends would be the platform's.
    out = sys.stdout.buffer
    out.write(rows.head().encode())
    async for page in entries:
        out.write(rows.body(page).encode())
    out.write(rows.foot().encode())
    out.flush()


def _print_lines(told: pb.GetStatementResponse) -> None:
    state = f"closed as number {told.closed.number}" if told.HasField("closed") else "open"
    period = f"{moment(told, 'from') or 'the beginning'} to {moment(told, 'to')}"
    numbers = ("Leads", "Charged", "Credited", "Reversed", "Fees", "Adjusted", "Held", "Released", "Total")
    rows = (
        (
            f"{line.order.order}@{line.order.version}",
            line.leads,
            *(money(getattr(line, name.lower())) for name in numbers[1:]),
        )
        for line in told.lines
    )
    table(("Order", *numbers), rows, title=f"Statement of {clean(told.seller)}, {period}, {state}", right=numbers)
    say(f"Opening balance: {money(told.opening)}; withheld {money(told.opening_held)}")
    say(f"Total:           {money(told.total)}")
    say(f"Closing balance: {money(told.closing)}; withheld {money(told.closing_held)}")


def _print_entries(entries: list[pb.StatementEntry]) -> None:
    from shared.statement_table import kind_of

    rows = (
        (moment(one, "posted_at"), kind_of(one), one.lead_id, one.external_id, one.cause, one.why, money(one.amount))
        for one in entries
    )
    say()
    table(("Posted", "What", "Lead", "Seller's id", "Cause", "Why", "Amount"), rows, right=["Amount"])
