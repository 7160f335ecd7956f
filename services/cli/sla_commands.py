"""`leadline sla` and `leadline report sla`: the clocks agreed with sales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli import report_commands
from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, moment, plain, set_period, show_json, table, word
from services.cli.report_scope import From, To

if TYPE_CHECKING:
    from leadline.routing.v1 import sla_service_pb2 as pb

_GROUPINGS: Final = ("all", "order", "team", "agent", "day", "source")


def sla(
    lead: Annotated[str, typer.Argument(metavar="[LEAD]", help="Only this lead's clock.")] = "",
    team: Annotated[str, typer.Option("--team", help="Only this team's.")] = "",
    breached: Annotated[bool, typer.Option("--breached", help="Only those that ran out uncalled.")] = False,
    unattended: Annotated[bool, typer.Option("--open", help="Only those of leads that somebody should call.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 100,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """Show the clocks agreed with sales, from purchase to the first real attempt; with --open the most urgent first."""
    from leadline.routing.v1 import sla_service_pb2 as pb
    from services.cli.client import Services, run

    async def ask(services: Services) -> pb.ListClocksResponse:
        request = pb.ListClocksRequest(
            buyer_id=await services.buyer(buyer), team=team, breached=breached, unattended=unattended, lead_id=lead,
            page_size=limit,
        )  # fmt: skip
        return await services.ask(services.sla.ListClocks, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["clocks"])
        return
    standings = pb.SlaStanding.DESCRIPTOR
    rows = (
        (
            *(one.lead_id, one.order, one.team, word(standings, one.standing)),
            *(f"{_seconds(one.agreed_seconds * 1000)} {one.clock}", moment(one, "due_at")[:19]),
            *(moment(one, "attempted_at")[:19], one.agent),
            _seconds(one.clock_milliseconds) if one.HasField("clock_milliseconds") else "",
            _told(one),
        )
        for one in answer.clocks
    )
    table(("Lead", "Order", "Team", "Standing", "Agreed", "Due", "Called", "By", "After", "Told"), rows)


@report_commands.report.command("sla")
def report(
    by: Annotated[str, typer.Option("--by", help=f"{', '.join(_GROUPINGS[:-1])} or {_GROUPINGS[-1]}.")] = "team",
    since: From = None,
    to: To = None,
    team: Annotated[str, typer.Option("--team", help="Only this team's.")] = "",
    order: Annotated[str, typer.Option("--order", help="Only this order's.")] = "",
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """How well what is agreed with sales was kept, and how long first attempts took."""
    from leadline.routing.v1 import sla_service_pb2 as pb
    from services.cli.client import Services, run

    if by not in _GROUPINGS:
        raise CommandError(f"--by: expected one of {', '.join(_GROUPINGS)}")
    grouping = pb.SLA_GROUPING_UNSPECIFIED if by == "all" else pb.SlaGrouping.Value(f"SLA_GROUPING_{by.upper()}")

    async def ask(services: Services) -> pb.GetSlaReportResponse:
        request = pb.GetSlaReportRequest(
            buyer_id=await services.buyer(buyer), grouping=grouping, team=team, order=order
        )
        set_period(request, since, to)
        return await services.ask(services.sla.GetSlaReport, request)

    answer = run(ask)
    if as_json:
        show_json(plain(answer)["rows"])
        return
    numbers = ("Clocks", "Met", "Late", "Never", "Running", "Excused", "Met share")
    times = ("p50", "p90", "p99", "Longest", "p50 wall", "p90 wall")
    rows = (
        (
            *(row.key, row.clocks, row.met, row.late, row.never, row.running, row.excused, _share(row)),
            *_times(row.agreed_clock),
            *_times(row.wall_clock)[:2],
        )
        for row in answer.rows
    )
    table((by.capitalize(), *numbers, *times), rows, right=(*numbers, *times))


def _share(row: pb.SlaReportRow) -> str:
    """Met, of what is decided: a clock that still runs, or was excused, says nothing yet."""
    decided = row.met + row.late + row.never
    return f"{100 * row.met / decided:.1f} %" if decided else ""


def _times(found: pb.SlaPercentiles) -> tuple[str, ...]:
    known = (found.p50_milliseconds, found.p90_milliseconds, found.p99_milliseconds, found.max_milliseconds)
    return tuple(_seconds(one) for one in known)


def _seconds(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds / 1000, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours}:{minutes:02}:{int(seconds):02} h"
    return f"{minutes}:{int(seconds):02} min" if minutes else f"{seconds:.1f} s"


def _told(clock: pb.SlaClock) -> str:
    told = ["reminded"] if clock.HasField("reminded_at") else []
    if clock.HasField("breached_at"):
        told.append("escalated" if clock.HasField("escalated_at") else "breached")
    return ", ".join(told) or clock.excuse
