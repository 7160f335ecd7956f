"""`make bench`: what the chain does on this machine, as ratios to references measured in the same run.

    python -m tests.bench [--rounds 3] [--seconds 4]

Everything runs here: load generator, services, Postgres, Valkey. Absolute figures
drift with the machine; the ratios are what to compare. Each figure is the median of
its rounds, with the least and the greatest beside it. Writes `bench.json` into the
data folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from deploy.demo.judgement import percentile
from deploy.local.launch import Suite
from deploy.local.settings import LocalSettings, inherited
from deploy.local.up import CATALOG
from deploy.local.welcome import prepare
from shared.runtime.settings import load
from tests.bench import pgbench
from tests.bench.load import Plan
from tests.bench.machine import machine, resident_megabytes
from tests.bench.requests import BATCH, Posts, check_bodies

_SERVICES = ("gateway", "intake", "validation", "dedup", "routing", "follow_up", "reporting")
#: More requests are prepared than a run can send: one that runs out says nothing.
_SINGLES_A_SECOND = 6_000
_ECHOES = 2_000
ACCEPTED = '"outcome":"accepted"'


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the result. `ratio` is the figure over its reference, from the same rounds."""

    name: str
    value: float
    unit: str
    least: float
    greatest: float
    reference: str = ""
    ratio: float | None = None
    #: What the column "First" asks for.
    wanted: str = ""


class Bench:
    """Measures one running suite."""

    def __init__(self, suite: Suite, posts: Posts, folder: Path, *, rounds: int, seconds: float, tell: Console) -> None:
        self._suite = suite
        self._posts = posts
        self._folder = folder
        self._rounds = rounds
        self._seconds = seconds
        self._tell = tell

    def run(self) -> list[Figure]:
        """Warm up, then every round in turn, so that a slow minute hits figure and reference alike."""
        measured: dict[str, list[float]] = {}
        self._tell.print("warming up …")
        self._singles(64, 2.0)
        for number in range(1, self._rounds + 1):
            for name, value in self._round(number):
                self._tell.print(f"  {name} {value:,.1f}")
                measured.setdefault(name, []).append(value)
        peak = statistics.median(measured["single_posts_64"])
        for number in range(1, self._rounds + 1):
            self._tell.print(f"round {number}: half of the peak")
            latencies = self._singles(64, self._seconds, rate=peak / 2)["latencies"]
            measured.setdefault("half_peak_p99_ms", []).append(percentile(latencies, 0.99) * 1000)
        return self._figures(measured)

    def _round(self, number: int) -> Iterator[tuple[str, float]]:
        self._tell.print(f"round {number}: references")
        yield "echo_64", self._echo(64)
        with self._unary() as port:
            calls = self._call(port, in_flight=64)
            yield "unary_64", calls["calls"] / calls["seconds"]
            yield "unary_1_p50_ms", percentile(self._call(port, in_flight=1)["latencies"], 0.5) * 1000
        yield (
            "pgbench",
            pgbench.inserts_per_second(self._suite.postgres_url, clients=16, seconds=max(2, round(self._seconds))),
        )
        for connections in (1, 16, 64):
            self._tell.print(f"round {number}: single posts, {connections} connections")
            run = self._singles(connections, self._seconds)
            yield f"single_posts_{connections}", run["good"] / run["seconds"]
            yield f"single_posts_{connections}_p50_ms", percentile(run["latencies"], 0.5) * 1000
            yield f"single_posts_{connections}_p99_ms", percentile(run["latencies"], 0.99) * 1000
        self._tell.print(f"round {number}: batch posts")
        requests = self._posts.batches(round(60 * self._seconds))
        batch = self._load(requests, 4, self._seconds, good=ACCEPTED, leads=BATCH)
        yield "batch_posts", batch["good"] * BATCH / batch["seconds"]

    def _echo(self, connections: int) -> float:
        # The echo keeps nothing, so its requests may come round again.
        requests = self._posts.echoes(_ECHOES) * round(20 * self._seconds)
        run = self._load(requests, connections, self._seconds, good='"outcome"')
        return float(run["good"] / run["seconds"])

    def _singles(self, connections: int, seconds: float, *, rate: float = 0.0) -> dict[str, Any]:
        requests = self._posts.singles(round((rate or _SINGLES_A_SECOND) * (seconds + 1)))
        return self._load(requests, connections, seconds, rate=rate, good=ACCEPTED)

    def _load(
        self,
        requests: Sequence[bytes],
        connections: int,
        seconds: float,
        *,
        good: str,
        leads: int = 1,
        rate: float = 0.0,
    ) -> dict[str, Any]:
        plan = Plan(
            port=self._suite.port("gateway"),
            connections=connections,
            seconds=seconds,
            rate=rate,
            good=good,
            leads=leads,
        )
        prepared, result = self._folder / "requests.bin", self._folder / "result.json"
        prepared.write_bytes(msgspec.msgpack.encode(list(requests)))
        self._python("tests.bench.load", str(prepared), str(result), stdin=json.dumps(asdict(plan)))
        run: dict[str, Any] = json.loads(result.read_text())
        if run["bad"] or run["exhausted"] or not run["good"]:
            ran_out = ", the requests ran out" if run["exhausted"] else ""
            bad = f"{run['bad']} answers were not good{ran_out}; such as {run['sample']}"
            raise SystemExit(f"a run says nothing: {bad}")
        return run

    @contextmanager
    def _unary(self) -> Iterator[int]:
        command = [sys.executable, "-m", "tests.bench.unary", "serve"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            yield int(server.stdout.readline())
            server.communicate()

    def _call(self, port: int, *, in_flight: int) -> dict[str, Any]:
        result = self._folder / "calls.json"
        plan = json.dumps({"in_flight": in_flight, "seconds": self._seconds / 2})
        self._python("tests.bench.unary", "call", str(port), str(result), stdin=plan)
        made: dict[str, Any] = json.loads(result.read_text())
        return made

    def _python(self, module: str, *arguments: str, stdin: str) -> None:
        subprocess.run([sys.executable, "-m", module, *arguments], input=stdin, text=True, check=True, timeout=120)

    def _figures(self, measured: dict[str, list[float]]) -> list[Figure]:
        def figure(name: str, unit: str, reference: str = "", wanted: str = "", title: str = "") -> Figure:
            values = measured[name]
            pairs = zip(values, measured[reference], strict=True) if reference else ()
            ratios = [value / other for value, other in pairs]
            return Figure(
                name=title or name,
                value=round(statistics.median(values), 3),
                unit=unit,
                least=round(min(values), 3),
                greatest=round(max(values), 3),
                reference=reference,
                ratio=round(statistics.median(ratios), 4) if ratios else None,
                wanted=wanted,
            )

        return [
            figure("echo_64", "posts/s"),
            figure("unary_64", "calls/s"),
            figure("unary_1_p50_ms", "ms"),
            figure("pgbench", "rows/s"),
            figure("single_posts_64", "leads/s", "echo_64", ">= 0.12"),
            figure("single_posts_64", "leads/s", "unary_64", ">= 0.5", title="single_posts_64_per_call"),
            figure("single_posts_1_p50_ms", "ms", "unary_1_p50_ms", "<= 14"),
            figure("half_peak_p99_ms", "ms", wanted="<= 60"),
            figure("batch_posts", "leads/s", "pgbench", ">= 0.25"),
            *[
                figure(f"single_posts_{connections}{what}", unit)
                for connections in (1, 16, 64)
                for what, unit in (("", "leads/s"), ("_p50_ms", "ms"), ("_p99_ms", "ms"))
            ],
        ]


def main(argv: Sequence[str]) -> int:
    """Run the benchmark; 0 where every run was one to speak of."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 21))
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one run, 1 to 30")
    options = parser.parse_args(argv)
    seconds = min(30.0, max(1.0, options.seconds))
    console = Console()
    environ = inherited()
    data_dir = load(LocalSettings, environ).data_dir
    described = machine()
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as folder:
        Path(folder).chmod(0o755)
        with Suite(Path(folder) / "store", free=True, environ=environ, report=console.print) as suite:
            ready = prepare(suite.target("intake"), CATALOG, Path(folder) / "demo.key")
            asyncio.run(_execute(suite.postgres_url, pgbench.TABLE))
            wordings = {seller: item.text for item in ready.catalog.disclosures for seller in item.sellers}
            wordings["lead-form"] = wordings["big-bank-web"]
            posts = Posts(wordings, ready.access_key, seed=7)
            check_bodies(posts)
            bench = Bench(suite, posts, Path(folder), rounds=options.rounds, seconds=seconds, tell=console)
            figures = bench.run()
            memory = {name: resident_megabytes(suite.pid(name)) for name in _SERVICES}
    document = {"machine": described, "runs": [asdict(figure) for figure in figures], "resident_mb": memory}
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "bench.json").write_text(json.dumps(document, indent=2) + "\n")
    _show(console, figures, memory)
    console.print(f"The whole result: {data_dir / 'bench.json'}")
    return 0


def _show(console: Console, figures: Sequence[Figure], memory: dict[str, float]) -> None:
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
