"""The processes of the suite: what runs, where it listens, in which order it starts and stops."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.listeners import free_ports, taken
from deploy.local.ports import LOOPBACK
from deploy.local.settings import MailboxSettings
from shared.runtime.settings import RpcSettings, load

_PROBE_SECONDS = 1.0

#: gRPC's newer event loop hands every message through one thread more than the older one does, for which a chain of
#: short calls pays a tenth of its processor time (https://github.com/grpc/grpc/issues/43092). Read by gRPC as a
#: process starts; deploy/Dockerfile says the same.
GRPC_EXPERIMENTS = "-event_engine_client,-event_engine_listener"


def serves_grpc(port: int) -> bool:
    """True where a gRPC server says that it serves."""
    # A refused connection is told by a plain socket for a hundredth of what a channel costs.
    if not taken(port):
        return False
    # A channel of its own each time: a kept one would wait out its back-off after the first refusal.
    with grpc.insecure_channel(f"{LOOPBACK}:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=_PROBE_SECONDS)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def serves_http(port: int) -> bool:
    """True where a web server says that it is ready."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def serves_mail(port: int) -> bool:
    """True where a mail server greets."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_PROBE_SECONDS) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process of the suite."""

    name: str
    #: Started as `python -m module`.
    module: str
    #: Whether it answers on its port.
    healthy: Callable[[int], bool]
    #: A program uses those of smaller rank only: it starts after and stops before them.
    rank: int
    #: False: it has no port for metrics.
    metrics: bool = True
    #: Niceness, 0 to 19: where processors are short, what is less nice goes first. Decisions come before the rest.
    nice: int = 0
    #: The program that it is one more replica of; empty: none.
    replica_of: str = ""

    @property
    def service(self) -> str:
        """What it is, whichever replica."""
        return self.replica_of or self.name

    def variable(self, what: str) -> str:
        """Name of a variable of this program's environment, such as LEADLINE_INTAKE_PORT."""
        return f"LEADLINE_{self.service.upper()}_{what}"


POSTGRES_RANK, VALKEY_RANK = 0, 1

MAILBOX = Program(name="mailbox", module="deploy.local.mailbox", healthy=serves_mail, rank=1, metrics=False, nice=10)

SERVICES = (
    Program(name="validation", module="services.validation", healthy=serves_grpc, rank=2),
    Program(name="dedup", module="services.dedup", healthy=serves_grpc, rank=2),
    Program(name="routing", module="services.routing", healthy=serves_grpc, rank=2),
    Program(name="reporting", module="services.reporting", healthy=serves_grpc, rank=2, nice=10),
    Program(name="intake", module="services.intake", healthy=serves_grpc, rank=3),
    Program(name="follow_up", module="services.routing.follow_up_process", healthy=serves_grpc, rank=4, nice=10),
    Program(name="evidence", module="services.validation.evidence_process", healthy=serves_grpc, rank=4, nice=10),
    Program(name="notices", module="services.intake.notice_process", healthy=serves_grpc, rank=4, nice=10),
    Program(name="gateway", module="services.gateway", healthy=serves_http, rank=4),
)


def replicated(programs: tuple[Program, ...], count: int) -> tuple[Program, ...]:
    """So many replicas of each, the first under its own name, the others as `intake.2` and so on."""
    more = [
        replace(program, name=f"{program.name}.{n}", replica_of=program.name)
        for n in range(2, count + 1)
        for program in programs
    ]
    return (*programs, *more)


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Ports of one program; 0: it has none."""

    port: int
    metrics_port: int


def settled(programs: tuple[Program, ...], environ: Mapping[str, str]) -> dict[str, Listening]:
    """The ports that the environment gives, or the usual ones.

    Raises:
        SettingsError: a variable does not hold a port.
    """
    ports = {}
    for program in programs:
        if program is MAILBOX:
            ports[program.name] = Listening(port=load(MailboxSettings, environ).port, metrics_port=0)
        else:
            rpc = load(RpcSettings, environ, service=program.name)
            ports[program.name] = Listening(port=rpc.port, metrics_port=rpc.metrics_port)
    return ports


def chosen(programs: tuple[Program, ...]) -> dict[str, Listening]:
    """Ports that nobody uses at the moment."""
    free = iter(free_ports(2 * len(programs)))
    return {
        program.name: Listening(port=next(free), metrics_port=next(free) if program.metrics else 0)
        for program in programs
    }
