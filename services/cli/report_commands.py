"""`leadline report`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli import books_commands, response_commands
from services.cli.output import Buyer, Json, money, plain, show_json, table
from services.cli.report_scope import From, OfSeller, OfSource, To, ask_report

if TYPE_CHECKING:
    from leadline.reporting.v1 import reporting_service_pb2 as pb
    from services.cli.client import Services

By = Annotated[str, typer.Option("--by", help="all, seller, source, sub-source or order.")]

#: What each grouping shows, by the word of `--by`.
_GROUPINGS: Final[dict[str, tuple[str, ...]]] = {
    "all": (),
    "seller": ("seller",),
    "source": ("seller", "source"),
    "sub-source": ("seller", "source", "sub_source"),
    "order": ("order",),
}

report = typer.Typer(no_args_is_help=True, help="What was bought, why not, how fast, and what is owed.")
report.command("statement")(books_commands.show)
report.command()(response_commands.response)
report.command()(response_commands.heat)
report.command()(response_commands.hold_out)


@report.command()
def funnel(
    by: By = "source",
    since: From = None,
    to: To = None,
    seller: OfSeller = "",
    source: OfSource = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Submitted, accepted, rejected, spend, what was credited of it, and net cost."""
    from leadline.reporting.v1 import reporting_service_pb2 as pb

    columns = _columns(by)

    async def ask(services: Services, scope: pb.ReportScope) -> pb.GetFunnelResponse:
        request = pb.GetFunnelRequest(scope=scope, grouping=_grouping(by))
        return await services.ask(services.reporting.GetFunnel, request)

    answer = ask_report(ask, buyer, since, to, seller, source)
    if as_json:
        show_json(plain(answer)["rows"])
        return
    rows = (
        (
            *(getattr(row, column) for column in columns),
            *(row.submitted, row.accepted, row.rejected, _share(row.accepted, row.submitted)),
            *(money(row.spend), money(row.credited), money(row.net)),
        )
        for row in answer.rows
    )
    numbers = ("Submitted", "Accepted", "Rejected", "Accept rate", "Spend", "Credited", "Net cost")
    table((*_titles(columns), *numbers), rows, right=numbers)


@report.command()
def reasons(
    by: By = "all",
    since: From = None,
    to: To = None,
    seller: OfSeller = "",
    source: OfSource = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """How often each reason rejected; a lead with three reasons counts in three rows."""
    from leadline.reporting.v1 import reporting_service_pb2 as pb

    columns = _columns(by)

    async def ask(services: Services, scope: pb.ReportScope) -> pb.GetRejectReasonsResponse:
        request = pb.GetRejectReasonsRequest(scope=scope, grouping=_grouping(by))
        return await services.ask(services.reporting.GetRejectReasons, request)

    answer = ask_report(ask, buyer, since, to, seller, source)
    if as_json:
        show_json(plain(answer)["rows"])
        return
    rows = ((*(getattr(row, column) for column in columns), row.code, row.leads) for row in answer.rows)
    table((*_titles(columns), "Reason", "Leads"), rows, right=["Leads"])


@report.command()
def speed(
    since: From = None,
    to: To = None,
    seller: OfSeller = "",
    source: OfSource = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """How long each stage took, from the consumer's submit to the first hand-over and the first live contact."""
    from leadline.reporting.v1 import reporting_service_pb2 as pb

    async def ask(services: Services, scope: pb.ReportScope) -> pb.GetSpeedToLeadResponse:
        return await services.ask(services.reporting.GetSpeedToLead, pb.GetSpeedToLeadRequest(scope=scope))

    answer = ask_report(ask, buyer, since, to, seller, source)
    if as_json:
        show_json(plain(answer)["stages"])
        return
    rows = (
        (row.stage, row.leads, *(f"{value:,.1f}" for value in (row.p50_ms, row.p95_ms, row.p99_ms, row.mean_ms)))
        for row in answer.stages
    )
    numbers = ("Leads", "p50 ms", "p95 ms", "p99 ms", "Mean ms")
    table(("Stage", *numbers), rows, right=numbers)


def _columns(by: str) -> Sequence[str]:
    if by not in _GROUPINGS:
        raise typer.BadParameter(f"expected one of {', '.join(_GROUPINGS)}", param_hint="--by")
    return _GROUPINGS[by]


def _grouping(by: str) -> pb.Grouping.ValueType:
    from leadline.reporting.v1 import reporting_service_pb2 as pb

    word = "UNSPECIFIED" if by == "all" else by.upper().replace("-", "_")
    return pb.Grouping.Value(f"GROUPING_{word}")


def _titles(columns: Sequence[str]) -> list[str]:
    return [column.replace("_", "-").capitalize() for column in columns]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""
