"""Ends what a launcher started, should the launcher itself be killed.

A process of its own that holds the reading end of a pipe. The launcher tells it which processes it has started;
when the pipe closes, for whatever reason, the keeper ends them in order: first politely, then not. `kill -9` of
the launcher, a closed terminal and a crashed test run thus leave nothing behind, a frozen process included.

A file of the standard library alone, because it is started in isolation (no site packages) and stays small.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

#: Time for one rank of processes to end politely.
GRACE_SECONDS = 10.0


class Keeper:
    """The launcher's side: names processes to end after a death of the launcher.

    Args:
        hold: File descriptors that stay open until everything has ended, such as that of a lock.
    """

    def __init__(self, hold: Sequence[int] = ()) -> None:
        # A session of its own: Ctrl-C at the terminal must not end the one who cleans up after it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, pass_fds=tuple(hold), start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Process id of the keeper."""
        return self._process.pid

    def watch(self, pid: int, ending: signal.Signals, rank: int) -> None:
        """End this process with that signal after the launcher's death; higher ranks go first."""
        self._tell(f"watch {pid} {int(ending)} {rank}")

    def forget(self, pid: int) -> None:
        """This process has ended; its id may soon be another's."""
        self._tell(f"forget {pid}")

    def close(self) -> None:
        """Let the keeper go. What it still watches, it ends."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            return
        # A keeper that somebody killed is missed only if the launcher dies too.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()


class Watched:
    """One process, held by a descriptor, so that an id used again is never mistaken for it."""

    def __init__(self, pid: int, ending: int, rank: int) -> None:
        self.rank = rank
        self._ending = ending
        self._descriptor = os.pidfd_open(pid)

    def ask(self) -> None:
        """Ask it to end, also where it is frozen."""
        self._send(self._ending)
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, at most this long."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)


def end(watched: Sequence[Watched]) -> None:
    """End processes, rank by rank: those that use others before those that are used."""
    for rank in sorted({process.rank for process in watched}, reverse=True):
        group = [process for process in watched if process.rank == rank]
        for process in group:
            process.ask()
        limit = time.monotonic() + GRACE_SECONDS
        for process in group:
            process.wait(limit - time.monotonic())
            process.kill()
            process.wait(GRACE_SECONDS)


def main() -> None:
    """Reads what to watch until the launcher is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, Watched] = {}
    for line in sys.stdin:
        verb, pid, *rest = line.split()
        if verb == "watch":
            with contextlib.suppress(ProcessLookupError):
                watched[int(pid)] = Watched(int(pid), int(rest[0]), int(rest[1]))
        elif (gone := watched.pop(int(pid), None)) is not None:
            gone.close()
    end(list(watched.values()))


if __name__ == "__main__":
    main()
