"""Who listens where on this machine."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from contextlib import ExitStack
from pathlib import Path

from deploy.local.ports import LOOPBACK

#: Below the range from which the system takes ports for outgoing connections, so that none of those gets in the way.
_CHOICE = range(12_000, 30_000)
_LISTEN = "0A"


def taken(port: int) -> bool:
    """True where something listens on this loopback port.

    Asked before a start, because a gRPC server may otherwise share the port of another one, and each would
    silently get some of the calls.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> list[int]:
    """That many different loopback ports on which nothing listens at the moment."""
    chooser = random.SystemRandom()
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, chooser.choice(_CHOICE)))
                ports.append(probe.getsockname()[1])
        return ports


def holder(port: int) -> str:
    """Who listens on a port: process id and command, as far as we may see it; else `another process`."""
    sockets = _sockets(port)
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and sockets & _open_sockets(process):
            with contextlib.suppress(OSError):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"process {process.name} ({command[:80]})"
    return "another process"


def _sockets(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found


def _open_sockets(process: Path) -> set[str]:
    links: set[str] = set()
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                links.add(os.readlink(descriptor))
    return links
