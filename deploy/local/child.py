"""One process that the launcher starts, watches and ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.keeper import Keeper
from deploy.local.processes import Listening, Program

#: The checkout, from which `python -m services.<name>` works whatever the current folder is.
ROOT = Path(__file__).resolve().parents[2]

START_SECONDS = 60.0
STOP_SECONDS = 20.0
_POLL_SECONDS = 0.03
_LOG_BYTES = 10 * 1024 * 1024
_TAIL_LINES = 12
_NICE_TRIES = 10


class SuiteError(RuntimeError):
    """The suite cannot run; the text says what failed and what to do."""


@dataclass(frozen=True, kw_only=True)
class Fallen:
    """A process that ended without being asked to."""

    name: str
    #: Exit status; negative: the number of the signal that ended it.
    status: int
    #: Where it wrote its log, and the end of it.
    log: Path
    last_lines: str

    def __str__(self) -> str:
        how = f"was ended by {signal.Signals(-self.status).name}" if self.status < 0 else f"ended, status {self.status}"
        return f"{self.name} {how}. The last lines of {self.log}:\n{self.last_lines}"


class Child:
    """A program of the suite as a process of its own, with its log in a file.

    Args:
        program: What to run.
        listening: Where it listens.
        environ: Its whole environment.
        log: File to which its output is appended.
        keeper: Ends it should we be killed.
    """

    def __init__(
        self, program: Program, listening: Listening, *, environ: Mapping[str, str], log: Path, keeper: Keeper
    ) -> None:
        self.program = program
        self.listening = listening
        self.log = log
        self._environ = environ
        self._keeper = keeper
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the last start, even where it has ended.

        Raises:
            SuiteError: it was never started.
        """
        if self._process is None:
            raise SuiteError(f"{self.program.name} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """True between start and end, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; `wait_healthy` tells when it answers. Does nothing where it runs."""
        if self.running:
            return
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            # A session of its own: Ctrl-C at the terminal is the launcher's to pass on, in the right order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.program.module],
                cwd=ROOT, env=self._environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        be_nice(self._process.pid, self.program.nice)
        self._keeper.watch(self._process.pid, signal.SIGTERM, self.program.rank)

    def wait_healthy(self, seconds: float = START_SECONDS) -> None:
        """Wait until it answers.

        Raises:
            SuiteError: it ended, or did not answer in time; the text ends with its last log lines.
        """
        limit = time.monotonic() + seconds
        while not self.program.healthy(self.listening.port):
            if (fallen := self.fallen()) is not None:
                raise SuiteError(str(fallen))
            if time.monotonic() > limit:
                raise SuiteError(
                    f"{self.program.name} did not answer on port {self.listening.port} within {seconds:.0f} s. "
                    f"The last lines of {self.log}:\n{tail(self.log)}"
                )
            time.sleep(_POLL_SECONDS)

    def fallen(self) -> Fallen | None:
        """What is known of its end, where it ended; None while it runs and after `stop`."""
        status = self._process.poll() if self._process is not None else None
        if status is None:
            return None
        return Fallen(name=self.program.name, status=status, log=self.log, last_lines=tail(self.log))

    def send(self, number: signal.Signals) -> None:
        """Send a signal; after SIGKILL, wait for the end. Does nothing where it does not run."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait(STOP_SECONDS)
            self._keeper.forget(self._process.pid)

    def ask_to_stop(self) -> None:
        """Ask it to end; `stop` waits for that."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """End it: politely, and after `seconds` not. True where it ended by itself."""
        process = self._process
        if process is None:
            return True
        self.ask_to_stop()
        polite = True
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            polite = False
            process.kill()
            process.wait(STOP_SECONDS)
        self._keeper.forget(process.pid)
        self._process = None
        return polite


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log; empty where there is none."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    return ""


def be_nice(pid: int, nice: int) -> None:
    """Let others go first, as far as this system allows. `nice`: 0 to 19; 0 does nothing."""
    if not nice:
        return
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    # Each program is a session, and Linux may weigh sessions instead of processes (sched(7), "The autogroup feature").
    for _ in range(_NICE_TRIES):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(nice))
            return
        except BlockingIOError:
            # An ordinary user may do it ten times a second.
            time.sleep(_POLL_SECONDS)
        except OSError:
            return


def family(pid: int) -> list[int]:
    """A process and its direct children, such as a Postgres server and its backends."""
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]
    return [pid]
