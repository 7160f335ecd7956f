"""`leadline report response`, `heat` and `hold-out`: how people answered leads."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from services.cli.output import Buyer, Json, clean, duration, plain, say, show_json, table, word
from services.cli.report_scope import From, OfSeller, OfSource, To, ask_report

if TYPE_CHECKING:
    from leadline.reporting.v1 import reporting_service_pb2 as reporting_pb
    from leadline.reporting.v1 import response_service_pb2 as pb
    from services.cli.client import Services

OfOrder = Annotated[str, typer.Option("--order", help="Only this order.")]
OfTeam = Annotated[str, typer.Option("--team", help="Only this team.")]
Zone = Annotated[str, typer.Option("--zone", help="IANA zone of the hours; else the buyer's.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, durations in milliseconds.")]

#: What each grouping shows, by the word of `--by`.
_GROUPINGS: Final[dict[str, tuple[str, ...]]] = {
    "all": (),
    "seller": ("seller",),
    "source": ("seller", "source"),
    "order": ("order",),
    "team": ("team",),
    "agent": ("team", "agent"),
    "hour": ("hour",),
}
_BANDS = ("within_5_minutes", "within_15_minutes", "within_60_minutes", "later")
_COUNTS = ("leads", "held_back", "attempted", "contacted", "appointed", "converted", "skewed")
_TIMED = ("attempt", "lawful", "contact", "total")
_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
_PARTS = ("seller_ms", "system_ms", "waiting_ms", "human_ms", "total_ms")


def response(
    by: Annotated[str, typer.Option("--by", help="all, seller, source, order, team, agent or hour.")] = "team",
    since: From = None,
    to: To = None,
    seller: OfSeller = "",
    source: OfSource = "",
    order: OfOrder = "",
    team: OfTeam = "",
    zone: Zone = "",
    lawful: Annotated[
        bool, typer.Option("--lawful", help="Count only time in which a call was lawful, where that is known.")
    ] = False,
    buyer: Buyer = "",
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """How long leads waited for their first real attempt; automatic messages and tasks are none."""
    from leadline.reporting.v1 import response_service_pb2 as pb

    if by not in _GROUPINGS:
        raise typer.BadParameter(f"expected one of {', '.join(_GROUPINGS)}", param_hint="--by")
    if lawful and by == "hour":
        raise typer.BadParameter("by hour there is the wall clock only", param_hint="--lawful")
    grouping = pb.ResponseGrouping.Value(f"RESPONSE_GROUPING_{'UNSPECIFIED' if by == 'all' else by.upper()}")

    everything = [pb.TIMING_ATTEMPT, pb.TIMING_LAWFUL, pb.TIMING_CONTACT, pb.TIMING_TOTAL]
    shown = pb.TIMING_LAWFUL if lawful else pb.TIMING_ATTEMPT
    timings = everything if as_json or as_csv else [shown]

    async def ask(services: Services, scope: reporting_pb.ReportScope) -> pb.GetResponseTimesResponse:
        request = pb.GetResponseTimesRequest(
            scope=scope, grouping=grouping, order=order, team=team, time_zone=zone, timings=timings
        )
        return await services.ask(services.response.GetResponseTimes, request)

    answer = ask_report(ask, buyer, since, to, seller, source)
    if as_json:
        show_json(plain(answer)["rows"])
    elif as_csv:
        _print_csv(answer.rows)
    else:
        _show_response(answer, _GROUPINGS[by], lawful=lawful)


def _show_response(answer: pb.GetResponseTimesResponse, columns: tuple[str, ...], *, lawful: bool) -> None:
    titles = tuple(f"Hour, {answer.time_zone}" if name == "hour" else name.capitalize() for name in columns)
    measured: Literal["lawful", "attempt"] = "lawful" if lawful else "attempt"
    numbers = (
        "Leads",
        "Tried",
        "Never",
        "Reached",
        "p50",
        "p95",
        "p99",
        "≤ 5 min",
        "≤ 15",
        "≤ 60",
        "> 60",
        "Held back",
    )
    rows = [
        (
            *(_named(row, name) for name in columns),
            *(row.leads, row.attempted, _share(row.leads - row.attempted, row.leads)),
            _share(row.contacted, row.leads),
            *(
                duration(getattr(getattr(row, measured), name)) if row.HasField(measured) else ""
                for name in _PERCENTILES
            ),
            *_shares(row.lawful_bands if lawful else row.wall_bands),
            row.held_back or "",
        )
        for row in answer.rows
    ]
    clock = "lawful time" if lawful else "wall clock"
    table((*titles, *numbers), rows, title=f"From purchase to the first real attempt, {clock}", right=numbers)
    split = [row for row in answer.rows if row.HasField("mean")]
    if split:
        parts = ("Seller", "System", "Waiting for an agent", "Agent", "Total")
        means = [
            (
                *(_named(row, name) for name in columns),
                *(duration(getattr(row.mean, name)) for name in _PARTS),
                row.skewed or "",
            )
            for row in split
        ]
        right = (*parts, "Clock ahead")
        table((*titles, *right), means, title="Where the time went, on average from the submit", right=right)
        if any(row.skewed for row in split):
            say("Clock ahead: leads whose seller's clock was ahead of ours; that seller's delay counts as none.")


def _print_csv(rows: Any) -> None:
    from shared.spreadsheet import row as line

    names = ("seller", "source", "order", "team", "agent", "hour")
    timed = [f"{clock}_{name}" for clock in _TIMED for name in _PERCENTILES]
    bands = [f"{clock}_{name}" for clock in ("wall", "lawful") for name in _BANDS]
    parts = [f"mean_{name}" for name in _PARTS]
    out = [line([*names, *_COUNTS, *timed, *bands, *parts])]
    for one in rows:
        cells: list[str | int] = [*(_named(one, name) for name in names), *(getattr(one, name) for name in _COUNTS)]
        for clock in _TIMED:
            cells += [_number(one, clock, name) for name in _PERCENTILES]
        for clock in ("wall_bands", "lawful_bands"):
            cells += [getattr(getattr(one, clock), name) if one.HasField(clock) else "" for name in _BANDS]
        cells += [_number(one, "mean", name) for name in _PARTS]
        out.append(line(cells))
    # Not through the text layer: its line ends would be the platform's.
    sys.stdout.buffer.write("".join(out).encode())
    sys.stdout.buffer.flush()


def heat(
    since: From = None,
    to: To = None,
    seller: OfSeller = "",
    source: OfSource = "",
    order: OfOrder = "",
    team: OfTeam = "",
    agent: Annotated[str, typer.Option("--agent", help="Only this agent.")] = "",
    zone: Zone = "",
    buyer: Buyer = "",
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Weekday by hour: when leads come, when people try and reach somebody, and how long leads wait."""
    from leadline.reporting.v1 import response_service_pb2 as pb
    from services.cli.heat_map import show_heat

    async def ask(services: Services, scope: reporting_pb.ReportScope) -> pb.GetHeatMapResponse:
        request = pb.GetHeatMapRequest(scope=scope, order=order, team=team, agent=agent, time_zone=zone)
        return await services.ask(services.response.GetHeatMap, request)

    answer = ask_report(ask, buyer, since, to, seller, source)
    if as_json:
        show_json(plain(answer))
    elif as_csv:
        from shared.spreadsheet import row as line

        names = ("weekday", "hour", "leads", "attempted", "attempts", "contacts", "p50_ms")
        cells = ([_named(cell, name) for name in names] for cell in answer.cells)
        sys.stdout.buffer.write("".join([line(names), *map(line, cells)]).encode())
        sys.stdout.buffer.flush()
    else:
        show_heat(answer)


def hold_out(
    since: From = None,
    to: To = None,
    order: OfOrder = "",
    contact_points: Annotated[
        float, typer.Option("--contact-points", min=0.1, max=99, help="Difference of contact rates worth finding.")
    ] = 5.0,
    conversion_points: Annotated[
        float, typer.Option("--conversion-points", min=0.1, max=99, help="Difference of conversions worth finding.")
    ] = 1.0,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """What a delay costs, measured on the leads that were held back at random."""
    from leadline.reporting.v1 import response_service_pb2 as pb

    async def ask(services: Services, scope: reporting_pb.ReportScope) -> pb.GetHoldOutResponse:
        request = pb.GetHoldOutRequest(
            scope=scope,
            order=order,
            contact_difference=contact_points / 100,
            conversion_difference=conversion_points / 100,
        )
        return await services.ask(services.response.GetHoldOut, request)

    answer = ask_report(ask, buyer, since, to, "", "")
    if as_json:
        show_json(plain(answer))
        return
    for one in answer.hold_outs:
        _show_hold_out(one)
    if answer.hold_outs:
        say(textwrap.fill(answer.reading, 100))
    else:
        say("No order held leads back in this period.")


_SAID = {
    "too_early": "too early to say",
    "at_once_is_better": "at once is better",
    "held_back_is_better": "holding back is better",
    "no_difference_shown": "no difference was shown",
}


def _show_hold_out(one: pb.HoldOut) -> None:
    from leadline.reporting.v1.response_service_pb2 import HoldOutVerdict

    titles = ("Outcome", "Arm", "Leads", "Needed", "With it", "Rate", "95 % interval")
    rows: list[tuple[object, ...]] = []
    for outcome in one.outcomes:
        arms = (
            ("at once", outcome.at_once, outcome.needed_at_once),
            ("held back", outcome.held_back, outcome.needed_held_back),
        )
        for name, arm, needed in arms:
            within = f"{outcome.outcome} in {outcome.days} days" if name == "at once" else ""
            known = arm.HasField("rate")
            rate = (_percent(arm.rate.value), _between(arm.rate)) if known else ("", "")
            rows.append((within, name, arm.leads, needed or "", arm.reached, *rate))
    title = f"{clean(one.order)}: follow-up at once against {duration(1000 * one.delay_seconds)} later"
    table(titles, rows, title=title, right=titles[2:])
    for outcome in one.outcomes:
        verdict = _SAID[word(HoldOutVerdict.DESCRIPTOR, outcome.verdict)]
        say(f"{outcome.outcome.capitalize()}: {verdict}.")
        for line in _told(outcome):
            say(f"  {line}")
    say()


def _told(outcome: pb.HoldOutOutcome) -> Iterator[str]:
    if outcome.HasField("difference"):
        yield f"Uplift at once    {_points(outcome.difference.value)}, 95 % {_between(outcome.difference, points=True)}"
    if outcome.HasField("ratio"):
        ratio = outcome.ratio
        yield f"Times the rate    {ratio.value:.2f}, 95 % {ratio.low:.2f} to {ratio.high:.2f}"
    if outcome.HasField("always_valid"):
        yield f"At any time       {_between(outcome.always_valid, points=True)}"
    if outcome.needed_at_once and not outcome.enough:
        points = _points(outcome.detectable_difference).lstrip("+")
        needed = f"{outcome.needed_at_once:,} and {outcome.needed_held_back:,}"
        yield f"The sample is too small: to find {points} four times in five takes {needed} leads."
    if outcome.too_young:
        yield f"{outcome.too_young:,} leads are younger than {outcome.days} days and not counted yet."


def _named(row: Any, name: str) -> str | int:
    """A field as a cell: empty where it is unset, numbers whole."""
    if row.DESCRIPTOR.fields_by_name[name].has_presence and not row.HasField(name):
        return ""
    value: str | float = getattr(row, name)
    if isinstance(value, float):
        return round(value)
    return value


def _number(row: Any, part: str, name: str) -> str | int:
    return round(getattr(getattr(row, part), name)) if row.HasField(part) else ""


def _shares(bands: pb.Bands) -> Iterator[str]:
    total = sum(getattr(bands, name) for name in _BANDS)
    return (_share(getattr(bands, name), total) for name in _BANDS)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _points(value: float) -> str:
    return f"{100 * value:+.1f} points"


def _between(told: pb.Estimate, *, points: bool = False) -> str:
    shown = _points if points else _percent
    return f"{shown(told.low)} to {shown(told.high)}"
