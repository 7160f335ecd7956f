"""Postgres and Valkey as members of the suite."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from deploy.local.child import Fallen, SuiteError, family, tail
from deploy.local.keeper import Keeper


class Server(Protocol):
    """What both embedded servers offer."""

    @property
    def pid(self) -> int:
        """Process id while it runs."""
        ...

    @property
    def log(self) -> Path:
        """Its log."""
        ...

    @property
    def status(self) -> int | None:
        """Exit status where it ended without being asked to; None while it runs or is stopped."""
        ...

    def start(self) -> str:
        """Start and return the URL."""
        ...

    def stop(self) -> None:
        """End cleanly."""
        ...

    def kill(self) -> None:
        """End at once."""
        ...


class Store:
    """An embedded server under the launcher.

    Args:
        name: `postgres` or `valkey`.
        rank: When it stops; see `Program.rank`.
        make: Makes the server, which calls the function given with the id of every process it launches.
        ending: Signal that ends it cleanly.
        keeper: Ends it should we be killed.
    """

    def __init__(
        self,
        name: str,
        rank: int,
        make: Callable[[Callable[[int], None]], Server],
        ending: signal.Signals,
        keeper: Keeper,
    ) -> None:
        self.name = name
        self.rank = rank
        self._keeper = keeper
        self._server = make(lambda pid: keeper.watch(pid, ending, rank))
        self._pid = 0

    @property
    def pid(self) -> int:
        """Process id of the last start.

        Raises:
            SuiteError: it was never started.
        """
        if self._pid == 0:
            raise SuiteError(f"{self.name} was not started")
        return self._pid

    def start(self) -> str:
        """Start it, wait until it answers, and return its URL.

        Raises:
            SuiteError: it did not come up; the text says why.
        """
        try:
            url = self._server.start()
        except RuntimeError as fault:
            raise SuiteError(str(fault)) from fault
        self._pid = self._server.pid
        return url

    def wait_healthy(self) -> None:
        """`start` has waited already."""

    def fallen(self) -> Fallen | None:
        """What is known of its end, where it ended unasked."""
        status = self._server.status
        if status is None:
            return None
        return Fallen(name=self.name, status=status, log=self._server.log, last_lines=tail(self._server.log))

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and all its processes; SIGKILL waits for the end."""
        if number == signal.SIGKILL:
            self._end(self._server.kill)
            return
        for pid in family(self.pid):
            os.kill(pid, number)

    def ask_to_stop(self) -> None:
        """Nothing yet: nobody uses it any more when its turn comes, so that `stop` takes an instant."""

    def stop(self) -> None:
        """End it cleanly."""
        if self._pid:
            self.send_quietly(signal.SIGCONT)
            self._end(self._server.stop)

    def send_quietly(self, number: signal.Signals) -> None:
        """As `send`, where the process may have ended."""
        try:
            self.send(number)
        except ProcessLookupError:
            return

    def _end(self, how: Callable[[], None]) -> None:
        how()
        self._keeper.forget(self._pid)
        self._pid = 0
