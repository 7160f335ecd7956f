"""Weekday by hour in a terminal: a block for each hour, the higher the more, with a scale below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from services.cli.output import duration, say

if TYPE_CHECKING:
    from leadline.reporting.v1 import response_service_pb2 as pb

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
#: Fewer attempts say nothing about a rate.
FEWEST_ATTEMPTS = 10
_MINUTE_MS = 60_000
#: Upper ends of what a wait is drawn as; above the last it is a full block.
_WAITS = ((1, "▁"), (5, "▂"), (15, "▄"), (60, "▆"))

Cell = tuple[int, int]


def show_heat(told: pb.GetHeatMapResponse) -> None:
    """Draw when leads come, when people try, how often they reach somebody, and how long leads wait."""
    leads = {(cell.weekday, cell.hour): cell.leads for cell in told.cells if cell.leads}
    attempts = {(cell.weekday, cell.hour): cell.attempts for cell in told.cells if cell.attempts}
    if not leads and not attempts:
        say("none")
        return
    rates = {
        (cell.weekday, cell.hour): cell.contacts / cell.attempts
        for cell in told.cells
        if cell.attempts >= FEWEST_ATTEMPTS
    }
    waits = {(cell.weekday, cell.hour): cell.p50_ms for cell in told.cells if cell.HasField("p50_ms")}
    say(f"Hours are those of {told.time_zone}.")
    say()
    _counts("Leads bought", leads)
    _counts("Attempts begun", attempts)
    top = max(rates.values(), default=0)
    if top:
        _grid("Attempts that reached somebody", rates, _scale(top))
        scale = f"{_BLOCKS[0]} few to {_BLOCKS[-1]} {100 * top:.0f} %"
        say(f"      {scale}; {_NOTHING} fewer than {FEWEST_ATTEMPTS} attempts")
    else:
        say(f"Attempts that reached somebody: in no hour of {FEWEST_ATTEMPTS} attempts or more")
    say()
    _grid("Median wait for the first attempt, by the hour in which the lead was bought", waits, _wait)
    say("      ▁ up to 1 min  ▂ 5 min  ▄ 15 min  ▆ 1 h  █ longer")
    slowest = max(waits, key=lambda cell: waits[cell], default=None)
    if slowest is not None:
        say(f"      slowest: {_DAYS[slowest[0] - 1]} {slowest[1]:02d}:00, {duration(waits[slowest])}")


def _counts(title: str, values: Mapping[Cell, int]) -> None:
    top = max(values.values(), default=0)
    days = {number: sum(n for (day, _), n in values.items() if day == number) for number in range(1, 8)}
    _grid(title, values, _scale(top), {day: f"{total:>9,}" for day, total in days.items()})
    say(f"      {_BLOCKS[0]} few to {_BLOCKS[-1]} {top:,} in an hour of the week, over the whole period")
    say()


def _grid(
    title: str, values: Mapping[Cell, float], block: Callable[[float], str], totals: Mapping[int, str] | None = None
) -> None:
    say(title)
    say("      " + " ".join(f"{hour:02d}" for hour in range(24)))
    for number, day in enumerate(_DAYS, 1):
        cells = (values.get((number, hour)) for hour in range(24))
        drawn = " ".join(f"{_NOTHING} " if value is None else block(value) * 2 for value in cells)
        say(f" {day}  {drawn}{(totals or {}).get(number, '')}".rstrip())


def _scale(top: float) -> Callable[[float], str]:
    def block(value: float) -> str:
        return _BLOCKS[min(len(_BLOCKS) - 1, int(value / top * len(_BLOCKS)))] if top else _BLOCKS[0]

    return block


def _wait(milliseconds: float) -> str:
    return next((drawn for minutes, drawn in _WAITS if milliseconds <= minutes * _MINUTE_MS), _BLOCKS[-1])
