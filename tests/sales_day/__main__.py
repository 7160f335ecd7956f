"""Plays a day and prints it: `python -m tests.sales_day [leads] [agents] [seed]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.postgres import EmbeddedPostgres
from services.routing.sla.report_store import Grouping, ReportRow
from shared.db.migrate import migrate
from tests.clock import FakeClock
from tests.sales_day.audit import differences, reckoned, reported, without_alarm
from tests.sales_day.day import SalesDay
from tests.sales_day.floor import open_floor
from tests.sales_day.roster import BEGINS, leads, shifts

_NUMBERS = ("Leads", "Met", "Late", "Never", "Running", "p50", "p90", "p99", "Longest", "p50 wall", "p90 wall")


async def play(url: str, count: int, agents: int, seed: int) -> int:
    """Play the day; returns how much is wrong with it."""
    began = time.monotonic()
    await migrate(url)
    async with open_floor(url, FakeClock(BEGINS)) as floor:
        day = SalesDay(floor, shifts(agents), leads(count, seed), seed)
        played = time.monotonic()
        await day.play()
        wrong = [*await differences(floor, day), *without_alarm(floor, reckoned(day))]
        console = Console(width=150)
        groupings: tuple[Grouping, ...] = ("all", "team", "agent")
        for by in groupings:
            console.print(_table(by, await reported(floor, by)))
        told = Counter(f"{alert.point} to {alert.team}" for alert in floor.heard.alerts)
        console.print("Told:", ", ".join(f"{number} x {what}" for what, number in sorted(told.items())))
        console.print(f"Taken from agents who vanished: {day.log.reclaimed}")
        console.print(f"Most that nobody could take at once: {day.log.nobody_could}")
        console.print(f"{len(day.log.bought)} leads, {len(day.log.dialled)} calls, {time.monotonic() - played:.1f} s")
        console.print(f"Migrated in {played - began:.1f} s. Wrong: {len(wrong)}")
        for line in wrong[:20]:
            console.print(line)
        return len(wrong)


def main() -> None:
    """Run it on a Postgres of its own."""
    count, agents, seed = (int(word) for word in (*sys.argv[1:], *("2000", "20", "1")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="leadline-day-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
            sys.exit(1 if asyncio.run(play(server.url, count, agents, seed)) else 0)


def _table(by: str, rows: list[ReportRow]) -> Table:
    table = Table(by.capitalize(), *_NUMBERS, box=None)
    for row in rows:
        times = (row.agreed.p50, row.agreed.p90, row.agreed.p99, row.agreed.longest, row.wall.p50, row.wall.p90)
        counts = (row.clocks, row.met, row.late, row.never, row.running)
        table.add_row(row.key or "-", *map(str, counts), *(f"{one / 1000:.1f} s" for one in times))
    return table


if __name__ == "__main__":
    main()
