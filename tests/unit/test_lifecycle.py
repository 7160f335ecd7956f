"""How a process begins and ends. Signals and exit statuses are tested on real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.runtime.lifecycle import EXIT_FAILED, EXIT_SETTINGS, Process, live
from tests.captured_logs import captured_logs, lines

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, sys
from dataclasses import dataclass
from shared.runtime.lifecycle import run
from shared.runtime.settings import load, setting

@dataclass(frozen=True, kw_only=True)
class Settings:
    mode: str = setting("MODE", choices=("serve", "hang", "raise"))

async def hang(): await asyncio.sleep(60)

async def main(process):
    settings = load(Settings)
    if settings.mode == "raise":
        raise ValueError("canary")
    process.stack.callback(lambda: print("closed", flush=True))
    if settings.mode == "hang":
        process.stack.push_async_callback(hang)
    print("up", flush=True)
    await process.stop.wait()

run("sample", main)
"""


def start(mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "MODE": mode, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos/gen'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@asynccontextmanager
async def noting(seen: list[str], name: str) -> AsyncIterator[None]:
    try:
        yield
    finally:
        seen.append(name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(number: signal.Signals) -> None:
    with start("serve") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert "closed" in output
        assert process.returncode == 0


def test_a_second_signal_ends_it_at_once() -> None:
    with start("hang") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        while "stopping" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 128 + signal.SIGTERM


def test_unusable_settings_are_told_in_plain_words_before_anything_starts() -> None:
    with start("warp") as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (EXIT_SETTINGS, "")
    assert errors == "sample: MODE: expected one of serve, hang, raise\n"


def test_a_failed_start_exits_non_zero_without_quoting_the_error() -> None:
    with start("raise") as process:
        output, errors = process.communicate(timeout=20)
    assert process.returncode == EXIT_FAILED
    assert "ValueError" in output
    assert "canary" not in output + errors


async def test_what_is_entered_first_is_closed_last() -> None:
    seen: list[str] = []

    async def worker(stop: asyncio.Event) -> None:
        await stop.wait()
        seen.append("worker")

    async def main(process: Process) -> None:
        await process.enter(noting(seen, "telemetry"))
        await process.enter(noting(seen, "pool"))
        process.work("worker", worker)
        asyncio.get_running_loop().call_soon(process.stop.set)
        await process.serve(noting(seen, "server"))

    assert await live(Process("test"), main) == 0
    assert seen == ["server", "worker", "pool", "telemetry"]


@pytest.mark.parametrize(("raises", "event"), [(True, "a worker died"), (False, "a worker ended by itself")])
async def test_a_worker_that_ends_by_itself_ends_the_process(raises: bool, event: str) -> None:
    async def worker(stop: asyncio.Event) -> None:
        await asyncio.sleep(0)
        if raises:
            raise ValueError("canary")

    async def main(process: Process) -> None:
        process.work("projector", worker)
        await process.stop.wait()

    with captured_logs() as logs:
        assert await asyncio.wait_for(live(Process("test"), main), 10) == EXIT_FAILED
    told = [line for line in lines(logs) if line["event"] == event]
    assert [line["worker"] for line in told] == ["projector"]
    assert b"canary" not in logs.getvalue()


async def test_a_worker_that_does_not_stop_is_cut_off() -> None:
    cut = False

    async def worker(stop: asyncio.Event) -> None:
        nonlocal cut
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cut = True
            raise

    async def main(process: Process) -> None:
        process.work("worker", worker, grace_seconds=0.05)
        await asyncio.sleep(0)
        process.stop.set()

    assert await asyncio.wait_for(live(Process("test"), main), 10) == 0
    assert cut


async def test_a_failure_while_building_closes_what_was_built() -> None:
    seen: list[str] = []

    async def main(process: Process) -> None:
        await process.enter(noting(seen, "pool"))
        raise OSError(98, "canary")

    with captured_logs() as logs:
        assert await live(Process("test"), main) == EXIT_FAILED
    assert seen == ["pool"]
    assert lines(logs)[-1]["code"] == 98
    assert b"canary" not in logs.getvalue()


async def test_a_stop_while_still_building_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.lifecycle.BUILD_GRACE_SECONDS", 0.05)

    async def main(process: Process) -> None:
        asyncio.get_running_loop().call_soon(process.stop.set)
        await asyncio.Event().wait()

    assert await asyncio.wait_for(live(Process("test"), main), 10) == 0
