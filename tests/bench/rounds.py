"""The decision's figures: single posts, batch posts, and the references beside them in every round."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from deploy.demo.judgement import percentile
from deploy.local.launch import Suite
from tests.bench import pgbench
from tests.bench.load import Plan
from tests.bench.requests import BATCH, Posts

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
        #: Single leads bought so far.
        self.accepted = 0

    def run(self) -> list[Figure]:
        """Warm up, then every round in turn, so that a slow minute hits figure and reference alike."""
        measured: dict[str, list[float]] = {}
        self._tell.print("warming up …")
        self.singles(64, 2.0)
        for number in range(1, self._rounds + 1):
            for name, value in self._round(number):
                self._tell.print(f"  {name} {value:,.1f}")
                measured.setdefault(name, []).append(value)
        peak = statistics.median(measured["single_posts_64"])
        for number in range(1, self._rounds + 1):
            self._tell.print(f"round {number}: half of the peak")
            latencies = self.singles(64, self._seconds, rate=peak / 2)["latencies"]
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
            run = self.singles(connections, self._seconds)
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

    def singles(self, connections: int, seconds: float, *, rate: float = 0.0) -> dict[str, Any]:
        """Post single leads; `rate`: so many a second, whether answers come or not."""
        requests = self._posts.singles(round((rate or _SINGLES_A_SECOND) * (seconds + 1)))
        run = self._load(requests, connections, seconds, rate=rate, good=ACCEPTED)
        self.accepted += run["good"]
        return run

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
