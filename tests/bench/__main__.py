"""`make bench`: what the chain does on this machine, as ratios to references measured in the same run.

    python -m tests.bench [--rounds 3] [--seconds 4]

Everything runs here: load generator, services, Postgres, Valkey. Absolute figures
drift with the machine; the ratios are what to compare. Each figure is the median of
its rounds, with the least and the greatest beside it.

The decision is measured with real validation, ledger, outbox and tracing at 5 %, and
with follow-up and reporting stopped: what they do is after the answer. A second suite
then runs with all of it. Writes `bench.json` into the data folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from deploy.local.launch import Suite
from deploy.local.processes import SERVICES
from deploy.local.settings import LocalSettings, inherited
from deploy.local.up import CATALOG
from deploy.local.welcome import Ready, prepare
from shared.runtime.settings import load
from tests.bench import pgbench
from tests.bench.follow_up import whole_suite
from tests.bench.machine import machine, resident_megabytes
from tests.bench.requests import Posts, check_bodies
from tests.bench.rounds import Bench, Figure

_DECIDING = tuple(program for program in SERVICES if program.name not in ("reporting", "follow_up"))


def main(argv: Sequence[str]) -> int:
    """Run the benchmark; 0 where every run was one to speak of."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 21))
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one run, 1 to 30")
    options = parser.parse_args(argv)
    seconds = min(30.0, max(1.0, options.seconds))
    console = Console(width=140)
    environ = inherited()
    data_dir = load(LocalSettings, environ).data_dir
    described = machine()
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Suite(folder / "deciding", free=True, environ=environ, services=_DECIDING) as suite:
            ready = prepare(suite.target("intake"), CATALOG, folder / "deciding.key")
            asyncio.run(_execute(suite.postgres_url, pgbench.TABLE))
            posts = _posts(ready, seed=7)
            check_bodies(posts)
            figures = Bench(suite, posts, folder, rounds=options.rounds, seconds=seconds, tell=console).run()
        console.print("the whole suite, follow-up and reporting included")
        with Suite(folder / "whole", free=True, environ=environ) as suite:
            ready = prepare(suite.target("intake"), CATALOG, folder / "whole.key")
            bench = Bench(suite, _posts(ready, seed=8), folder, rounds=1, seconds=seconds, tell=console)
            figures += whole_suite(bench, suite, ready.catalog.buyer.slug, seconds)
            memory = {program.name: resident_megabytes(suite.pid(program.name)) for program in SERVICES}
    document = {"machine": described, "runs": [asdict(figure) for figure in figures], "resident_mb": memory}
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "bench.json").write_text(json.dumps(document, indent=2) + "\n")
    _show(console, figures, memory)
    console.print(f"The whole result: {data_dir / 'bench.json'}")
    return 0


def _posts(ready: Ready, seed: int) -> Posts:
    wordings = {seller: item.text for item in ready.catalog.disclosures for seller in item.sellers}
    return Posts({**wordings, "lead-form": wordings["big-bank-web"]}, ready.access_key, seed)


def _show(console: Console, figures: Sequence[Figure], memory: Mapping[str, float]) -> None:
    table = Table("figure", "median", "least", "greatest", "unit", "over", "ratio", "wanted")
    for one in figures:
        ratio = f"{one.ratio:.3f}" if one.ratio is not None else ""
        numbers = (f"{number:,.1f}" for number in (one.value, one.least, one.greatest))
        table.add_row(one.name, *numbers, one.unit, one.reference, ratio, one.wanted)
    console.print(table)
    console.print("resident memory, MB: " + ", ".join(f"{name} {size:.0f}" for name, size in memory.items()))


async def _execute(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
