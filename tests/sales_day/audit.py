"""What must be true of a day once it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.routing.sla.report_store import Grouping, ReportRow
from tests.sales_day.day import GRID, SalesDay
from tests.sales_day.floor import Floor
from tests.sales_day.reckoning import Line, Reckoned, has_run_out, reckon, report
from tests.sales_day.roster import BEGINS, BUYER, ENDS

_ZONE = "America/New_York"
_KEYS: Final[dict[Grouping, Callable[[Reckoned], str]]] = {
    "all": lambda one: "",
    "team": lambda one: one.lead.team,
    "order": lambda one: one.lead.order,
    "agent": lambda one: "" if one.first is None else one.first.agent,
    # New York is five hours behind on both days.
    "day": lambda one: str((one.lead.at - timedelta(hours=5)).date()),
}


def reckoned(day: SalesDay) -> list[Reckoned]:
    """The clocks by the bookkeeper's log."""
    return reckon(day.log.bought, day.log.dialled, ENDS)


async def reported(floor: Floor, by: Grouping) -> list[ReportRow]:
    """The system's own report."""
    return await floor.reports.report(BUYER, BEGINS, ENDS, by, now=ENDS, zone=_ZONE)


async def differences(floor: Floor, day: SalesDay) -> list[str]:
    """Where the system's reports and the reckoning differ; none: they are the same to the millisecond."""
    clocks = reckoned(day)
    found = []
    for by, key in _KEYS.items():
        said = [_line(row) for row in await reported(floor, by)]
        right = report(clocks, key)
        found += [f"by {by}: {one}" for one in said if one not in right]
        found += [f"by {by}, missing: {one}" for one in right if one not in said]
    return found


def without_alarm(floor: Floor, clocks: Sequence[Reckoned]) -> list[str]:
    """Leads that nobody attended in time and nobody was told of; and alarms that came late, early or twice."""
    told: dict[str, list[datetime]] = {}
    for alert in floor.heard.alerts:
        if alert.point == "breach":
            told.setdefault(str(alert.clock.start.lead_id), []).append(alert.at)
    found = []
    for one in clocks:
        lead, alarms = one.lead, told.pop(str(one.lead.lead_id), [])
        # Whoever calls within the very seconds in which the alarm is due is told of to nobody.
        until = ENDS if one.first is None else one.first.at
        if has_run_out(lead, until - GRID) and len(alarms) != 1:
            found.append(f"{lead.lead_id}: {len(alarms)} alarms")
        for at in alarms:
            if not has_run_out(lead, at) or has_run_out(lead, at - GRID - timedelta(seconds=1)) or at > until:
                found.append(f"{lead.lead_id} of {lead.team}, bought {lead.at}, called {until}: an alarm at {at}")
    return found + [f"{lead}: an alarm for nothing" for lead in told]


def _line(row: ReportRow) -> Line:
    agreed, wall = ((one.p50, one.p90, one.p99, one.longest) for one in (row.agreed, row.wall))
    return Line(row.key, row.clocks, row.met, row.late, row.never, row.running, agreed=agreed, wall=wall)
