"""`leadline up` as a person meets it: one command, one screen, a lead bought, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.child import ROOT
from deploy.local.listeners import free_ports
from deploy.local.processes import MAILBOX, SERVICES

pytestmark = pytest.mark.timeout(240)

START_SECONDS = 120.0
STOP_SECONDS = 60.0
LAST_LINE = "Ctrl-C stops everything"


class Up:
    """`leadline up` as a process, with what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""
        self._shown = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for_screen(self) -> None:
        """Wait until everything runs."""
        assert self._shown.wait(START_SECONDS), self.printed
        assert LAST_LINE in self.printed, self.printed

    def end(self) -> int:
        """Wait for the exit status."""
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return status

    def curl(self) -> list[str]:
        """The words of the curl line that was printed."""
        return shlex.split(self.printed[self.printed.index("curl -sS") : self.printed.index(LAST_LINE)])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if LAST_LINE in line:
                self._shown.set()
        self._shown.set()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def surroundings(server_folder: Path) -> dict[str, str]:
    """An environment with a data folder and ports of this module's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    ports = iter(free_ports(2 * len(SERVICES) + 1))
    own = {MAILBOX.variable("PORT"): str(next(ports))}
    for service in SERVICES:
        own |= {service.variable("PORT"): str(next(ports)), service.variable("METRICS_PORT"): str(next(ports))}
    return {**kept, **own, "LEADLINE_DATA_DIR": str(server_folder / uuid.uuid4().hex[:12])}


@contextmanager
def up(environ: dict[str, str]) -> Iterator[Up]:
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.up"],
        cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    started = Up(process)
    try:
        yield started
    finally:
        process.kill()
        started.end()


def post(words: list[str]) -> dict[str, object]:
    """What curl would do with these words."""
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode()
    request = urllib.request.Request(words[2], data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


def pids_below(environ: dict[str, str]) -> list[str]:
    """Processes that were given this data folder."""
    mark = f"LEADLINE_DATA_DIR={environ['LEADLINE_DATA_DIR']}".encode()
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(process.name)
        except OSError:
            continue
    return found


def command(pid: str) -> list[str]:
    """The words of a process's command."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_the_printed_line_buys_a_lead_and_a_second_start_keeps_key_and_data(surroundings: dict[str, str]) -> None:
    with up(surroundings) as first:
        first.wait_for_screen()
        bought = post(first.curl())
        assert bought["outcome"] == "accepted", bought
        with up(surroundings) as second:
            assert second.end() == 1
            assert "already running" in second.printed
        first.process.send_signal(signal.SIGINT)
        assert first.end() == 0
    assert pids_below(surroundings) == []

    with up(surroundings) as again:
        again.wait_for_screen()
        key = re.search(r"demo access key\s+(\S+)", again.printed)
        assert key is not None
        assert key[1] in first.printed
        replay = post(first.curl())
        assert (replay["lead_id"], replay["replayed"]) == (bought["lead_id"], True)
        again.process.send_signal(signal.SIGTERM)
        assert again.end() == 0


def test_a_service_that_dies_ends_everything_with_its_last_log_lines(surroundings: dict[str, str]) -> None:
    with up(surroundings) as started:
        started.wait_for_screen()
        (dedup,) = [pid for pid in pids_below(surroundings) if "services.dedup" in command(pid)]
        os.kill(int(dedup), signal.SIGKILL)

        assert started.end() == 1
        assert "dedup was ended by SIGKILL" in started.printed
    assert pids_below(surroundings) == []
