"""The whole of Leadline as processes of this machine.

    with Suite(Path(".leadline"), free=True) as suite:
        post(suite.gateway_url, …)
        suite.kill("intake")
        suite.restart("intake")

Used by `leadline up`, the demo, the end-to-end tests, the chaos tests and the bench: whatever they see is what a
person sees. Every method blocks; from a coroutine, call it through `asyncio.to_thread`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from deploy.local.child import ROOT, Child, Fallen, SuiteError
from deploy.local.directory import DataDirectory, write_secret
from deploy.local.keeper import Keeper
from deploy.local.listeners import holder, taken
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.processes import (
    GRPC_EXPERIMENTS,
    MAILBOX,
    POSTGRES_RANK,
    SERVICES,
    VALKEY_RANK,
    Listening,
    Program,
    chosen,
    replicated,
    settled,
)
from deploy.local.settings import LocalSettings, inherited
from deploy.local.store import Store
from deploy.local.valkey import EmbeddedValkey
from shared.runtime.settings import load

Member = Child | Store

_MIGRATE_SECONDS = 120.0


class Suite:
    """Postgres, Valkey, the mailbox and every service, in one data folder.

    Args:
        data_dir: Where everything is kept; used by one suite at a time.
        free: True: every process listens on a port that is free, for tests; False: on the usual ports, or those
            that the environment names.
        environ: Environment of the processes, and where LEADLINE_POSTGRES_URL, LEADLINE_REDIS_URL and
            LEADLINE_SMTP_URL name stores to use instead of embedded ones. Default: our own environment.
        services: What to run, all by default.
        replicas: Processes of each service, the second of which is the member `intake.2`. More than one only where
            `free`; clients of a service go to its replicas in turn.
        migrate: False leaves the database as it is.
        report: Called with a line of progress, for people.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        free: bool = False,
        environ: Mapping[str, str] | None = None,
        services: tuple[Program, ...] = SERVICES,
        replicas: int = 1,
        migrate: bool = True,
        report: Callable[[str], None] | None = None,
    ) -> None:
        if replicas > 1 and not free:
            raise ValueError("replicas: expected 1, or free ports")
        self.directory = DataDirectory(data_dir)
        self._environ = dict(inherited() if environ is None else environ)
        self._settings = load(LocalSettings, self._environ)
        self._programs = (*([] if self._settings.smtp_url else [MAILBOX]), *replicated(services, replicas))
        self._free = free
        self._migrate = migrate
        self._report = report or _silent
        self._keeper: Keeper | None = None
        self._members: dict[str, Member] = {}
        self._listening: dict[str, Listening] = {}
        self._postgres_url = self._settings.postgres_url or ""
        self._redis_url = self._settings.redis_url or ""

    @property
    def postgres_url(self) -> str:
        """Where Postgres is, as its superuser; empty before the start of an embedded one."""
        return self._postgres_url

    @property
    def redis_url(self) -> str:
        """Where Redis is; empty before the start of an embedded one."""
        return self._redis_url

    @property
    def smtp_url(self) -> str:
        """Where e-mail goes."""
        return self._settings.smtp_url or f"smtp://{self.target('mailbox')}"

    @property
    def gateway_url(self) -> str:
        """The seller API, without a slash at the end."""
        return f"http://{self.target('gateway')}"

    def port(self, name: str) -> int:
        """TCP port of a program of the suite. Raises KeyError where it has none."""
        return self._listening[name].port

    def target(self, name: str) -> str:
        """`host:port` of a program, as gRPC takes it."""
        return f"{LOOPBACK}:{self.port(name)}"

    def _targets(self, service: str) -> str:
        """Where a service's clients find all of its replicas."""
        targets = [self.target(program.name) for program in self._programs if program.service == service]
        return targets[0] if len(targets) == 1 else f"ipv4:{','.join(targets)}"

    def metrics_url(self, name: str) -> str:
        """Where a service shows its metrics."""
        return f"http://{LOOPBACK}:{self._listening[name].metrics_port}/metrics"

    def pid(self, name: str) -> int:
        """Process id of a member."""
        return self._member(name).pid

    def log(self, name: str) -> Path:
        """Log of a program."""
        return self.directory.logs / f"{name}.log"

    def start(self) -> None:
        """Start everything and return once all of it answers. After a fault nothing is left running.

        Raises:
            SuiteError: a port is taken, or something did not start; the text says which and why.
            DirectoryInUseError: another suite uses the folder.
            SettingsError: the environment is not usable.
        """
        lock = self.directory.take()
        try:
            self._listening = chosen(self._programs) if self._free else settled(self._programs, self._environ)
            self._check_ports()
            self.directory.make_keys()
            self._keeper = Keeper(hold=[lock])
            self._start_stores(self._keeper)
            self._start_programs(self._keeper)
            self._describe()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything, users before the used. Safe to call at any time, twice too."""
        for rank in sorted({_rank(member) for member in self._members.values()}, reverse=True):
            group = [member for member in self._members.values() if _rank(member) == rank]
            for member in group:
                member.ask_to_stop()
            for member in group:
                member.stop()
        self._members.clear()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        (self.directory.path / "suite.json").unlink(missing_ok=True)
        self.directory.release()

    def restart(self, name: str) -> None:
        """Stop one member, where it runs, start it again on the same port and wait until it answers."""
        member = self._member(name)
        member.stop()
        member.start()
        member.wait_healthy()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send one member a signal; SIGKILL waits for its end. `restart` brings it back."""
        self._member(name).send(number)

    def pause(self, name: str) -> None:
        """Freeze one member: it holds its connections and answers nothing."""
        self._member(name).send(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a frozen member go on."""
        self._member(name).send(signal.SIGCONT)

    def fallen(self) -> list[Fallen]:
        """Members that ended without being asked to."""
        return [fallen for member in self._members.values() if (fallen := member.fallen()) is not None]

    def __enter__(self) -> Suite:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _member(self, name: str) -> Member:
        if name not in self._members:
            raise SuiteError(f"no member {name!r} in this suite: expected one of {', '.join(self._members)}")
        return self._members[name]

    def _check_ports(self) -> None:
        faults = []
        for program in self._programs:
            ports = self._listening[program.name]
            for port, variable in ((ports.port, "PORT"), (ports.metrics_port, "METRICS_PORT")):
                if port and taken(port):
                    faults.append(
                        f"port {port}, for {program.name}, is taken by {holder(port)}: "
                        f"stop it, or set {program.variable(variable)} to another port"
                    )
        if faults:
            raise SuiteError("\n".join(faults))

    def _start_stores(self, keeper: Keeper) -> None:
        folder = self.directory.path
        if not self._postgres_url:
            postgres = Store(
                "postgres", POSTGRES_RANK, lambda told: EmbeddedPostgres(folder / "postgres", on_launch=told),
                signal.SIGINT, keeper,
            )  # fmt: skip
            self._postgres_url = self._start_store(postgres)
        if not self._redis_url:
            valkey = Store(
                "valkey", VALKEY_RANK, lambda told: EmbeddedValkey(folder / "valkey", on_launch=told),
                signal.SIGTERM, keeper,
            )  # fmt: skip
            self._redis_url = self._start_store(valkey)
        if self._migrate:
            self._run_migrations()

    def _start_store(self, store: Store) -> str:
        began = time.monotonic()
        url = store.start()
        self._members[store.name] = store
        self._report(f"{store.name} is ready ({time.monotonic() - began:.1f} s)")
        return url

    def _run_migrations(self) -> None:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "shared.db.migrate"], cwd=ROOT, env=self._child_environ(), text=True,
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_MIGRATE_SECONDS,
        )  # fmt: skip
        if done.returncode != 0:
            raise SuiteError(f"the database could not be migrated: {(done.stderr or done.stdout).strip()}")
        self._report(f"database is up to date ({time.monotonic() - began:.1f} s)")

    def _start_programs(self, keeper: Keeper) -> None:
        # All at once: every service waits for what it needs, and two cores import in parallel.
        began = time.monotonic()
        environ = self._child_environ()
        children = []
        for program in sorted(self._programs, key=lambda program: program.rank):
            child = Child(
                program,
                self._listening[program.name],
                environ=environ | self._own_ports(program),
                log=self.log(program.name),
                keeper=keeper,
            )
            self._members[program.name] = child
            child.start()
            children.append(child)
        for child in children:
            child.wait_healthy()
            self._report(f"{child.program.name} is ready ({time.monotonic() - began:.1f} s)")

    def _child_environ(self) -> dict[str, str]:
        environ = {
            "GRPC_EXPERIMENTS": GRPC_EXPERIMENTS,
            **self._environ,
            "LEADLINE_DATA_DIR": str(self.directory.path),
            "LEADLINE_POSTGRES_URL": self._postgres_url,
            "LEADLINE_REDIS_URL": self._redis_url,
            "PYTHONUNBUFFERED": "1",
        }
        keys = (
            ("IDENTITY", self.directory.identity_key),
            ("BID", self.directory.bid_key),
            ("PACK", self.directory.pack_key),
        )
        for name, file in keys:
            if not environ.get(f"LEADLINE_{name}_KEY") and not environ.get(f"LEADLINE_{name}_KEY_FILE"):
                environ[f"LEADLINE_{name}_KEY_FILE"] = str(file)
        if MAILBOX in self._programs:
            environ["LEADLINE_SMTP_URL"] = self.smtp_url
        for program in self._programs:
            if not program.replica_of:
                environ |= self._own_ports(program)
                environ[program.variable("TARGET")] = self._targets(program.name)
        return environ

    def _own_ports(self, program: Program) -> dict[str, str]:
        ports = self._listening[program.name]
        own = {program.variable("PORT"): str(ports.port)}
        return own | ({program.variable("METRICS_PORT"): str(ports.metrics_port)} if program.metrics else {})

    def _describe(self) -> None:
        """Leave word of what runs where, for tools; it holds the database's password."""
        facts = {
            "pid": os.getpid(),
            "postgres_url": self.postgres_url,
            "redis_url": self.redis_url,
            "smtp_url": self.smtp_url,
            "targets": {program.name: self.target(program.name) for program in self._programs},
        }
        write_secret(self.directory.path / "suite.json", json.dumps(facts, indent=2))


def _rank(member: Member) -> int:
    return member.program.rank if isinstance(member, Child) else member.rank


def _silent(_line: str) -> None:
    """Progress that nobody asked for."""
