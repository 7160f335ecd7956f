"""The launcher: everything starts, answers, restarts and ends, and nothing outlives the launcher."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.child import ROOT, SuiteError
from deploy.local.directory import DirectoryInUseError
from deploy.local.launch import Suite
from deploy.local.processes import Program, serves_http

ALPHA = Program(name="alpha", module="tests.e2e.stand_in", healthy=serves_http, rank=2, nice=5)

#: Stores of somebody else, which a suite of stand-ins never asks.
ELSEWHERE = {
    "LEADLINE_POSTGRES_URL": "postgresql://127.0.0.1:1/none",
    "LEADLINE_REDIS_URL": "redis://127.0.0.1:1/0",
}


def environ(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    return {**kept, **more}


def stand_in_suite(data_dir: Path, **more: str) -> Suite:
    """A suite of the mailbox and one stand-in, without stores."""
    return Suite(data_dir, free=True, environ=environ(**ELSEWHERE, **more), services=(ALPHA,), migrate=False)


def runs(pid: int) -> bool:
    """True where the process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def data_dir(server_folder: Path) -> Path:
    """A folder of this test alone."""
    return server_folder / uuid.uuid4().hex[:12]


@pytest.fixture
def suite(data_dir: Path) -> Iterator[Suite]:
    with stand_in_suite(data_dir) as started:
        yield started


def test_everything_answers_after_start_and_nothing_runs_after_stop(suite: Suite) -> None:
    pids = [suite.pid("alpha"), suite.pid("mailbox")]
    assert serves_http(suite.port("alpha"))

    suite.stop()

    assert not [pid for pid in pids if runs(pid)]


def test_every_process_learns_where_the_others_are(suite: Suite) -> None:
    variables = Path(f"/proc/{suite.pid('alpha')}/environ").read_bytes().decode().split("\0")

    assert f"LEADLINE_ALPHA_TARGET=127.0.0.1:{suite.port('alpha')}" in variables
    assert f"LEADLINE_SMTP_URL={suite.smtp_url}" in variables
    assert f"LEADLINE_IDENTITY_KEY_FILE={suite.directory.identity_key}" in variables


def test_a_program_that_may_wait_lets_the_others_go_first(suite: Suite) -> None:
    pid = suite.pid("alpha")
    assert os.getpriority(os.PRIO_PROCESS, pid) == 5
    group = Path(f"/proc/{pid}/autogroup")
    # Where Linux weighs sessions, a process's own niceness says nothing to the other sessions.
    assert not group.exists() or group.read_text().endswith("nice 5\n")
    assert os.getpriority(os.PRIO_PROCESS, os.getpid()) == 0


def test_identity_key_is_private_and_stays_the_same(data_dir: Path) -> None:
    with stand_in_suite(data_dir) as suite:
        key = suite.directory.identity_key
        first = key.read_text()
        assert key.stat().st_mode & 0o777 == 0o600
    with stand_in_suite(data_dir):
        assert key.read_text() == first
    assert len(bytes.fromhex(first)) == 32


def test_second_suite_in_one_folder_is_refused_and_the_first_goes_on(suite: Suite) -> None:
    with pytest.raises(DirectoryInUseError, match=f"process {os.getpid()}"):
        stand_in_suite(suite.directory.path).start()

    assert serves_http(suite.port("alpha"))


def test_a_taken_port_is_named_with_who_holds_it_and_nothing_starts(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        variables = environ(**ELSEWHERE, LEADLINE_ALPHA_PORT=str(port), LEADLINE_ALPHA_METRICS_PORT="0")
        suite = Suite(data_dir, environ={**variables, "LEADLINE_SMTP_URL": "smtp://127.0.0.1:1"}, services=(ALPHA,))

        with pytest.raises(SuiteError, match=rf"port {port}.*process {os.getpid()}.*LEADLINE_ALPHA_PORT"):
            suite.start()
    assert not suite.log("alpha").exists()


def test_a_service_that_does_not_start_is_told_with_its_last_log_lines(data_dir: Path) -> None:
    suite = stand_in_suite(data_dir, STAND_IN_FAILS="1")

    with pytest.raises(SuiteError, match=r"alpha ended, status 1(.|\n)*no such table"):
        suite.start()

    with stand_in_suite(data_dir) as again:
        assert again.fallen() == []


def test_a_service_that_ends_by_itself_is_noticed_and_comes_back_on_its_port(suite: Suite) -> None:
    port = suite.port("alpha")
    os.kill(suite.pid("alpha"), signal.SIGSEGV)
    assert eventually(lambda: [one.name for one in suite.fallen()] == ["alpha"])
    assert suite.fallen()[0].status == -signal.SIGSEGV

    suite.restart("alpha")

    assert suite.fallen() == []
    assert serves_http(port)


def test_a_paused_service_answers_only_after_it_is_resumed(suite: Suite) -> None:
    suite.pause("alpha")
    assert not serves_http(suite.port("alpha"))

    suite.resume("alpha")

    assert eventually(lambda: serves_http(suite.port("alpha")))


def test_mail_is_kept_with_its_envelope(suite: Suite) -> None:
    with smtplib.SMTP("127.0.0.1", suite.port("mailbox"), timeout=5) as client:
        client.sendmail("loans@bigbank.example", ["ann@mail.example"], "Subject: Hello\r\n\r\nYour offer stands.\r\n")

    (message,) = (suite.directory.mail / "new").iterdir()
    text = message.read_text()
    assert "X-RcptTo: ann@mail.example" in text
    assert "Your offer stands." in text


def test_nothing_outlives_a_killed_launcher_not_even_what_is_frozen(data_dir: Path) -> None:
    program = f"""
import signal
from pathlib import Path
from deploy.local.launch import Suite
from tests.e2e.test_launch import ALPHA, environ

suite = Suite(Path({str(data_dir)!r}), free=True, environ=environ(), services=(ALPHA,), migrate=False)
suite.start()
suite.pause("alpha")
print(*(suite.pid(name) for name in ("postgres", "valkey", "mailbox", "alpha")), flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        pids = [int(pid) for pid in launcher.stdout.readline().split()]
        assert len(pids) == 4
        assert all(runs(pid) for pid in pids)
        launcher.kill()

    assert eventually(lambda: not any(runs(pid) for pid in pids), seconds=40)
    with Suite(data_dir, free=True, environ=environ(), services=(), migrate=False) as next_run:
        assert next_run.fallen() == []


def test_stores_come_back_after_a_crash_at_the_same_address(data_dir: Path) -> None:
    with Suite(data_dir, free=True, environ=environ(), services=(), migrate=False) as suite:
        addresses = suite.postgres_url, suite.redis_url
        for name in ("postgres", "valkey"):
            suite.kill(name)
            suite.restart(name)
        assert (suite.postgres_url, suite.redis_url) == addresses
        assert suite.fallen() == []
