"""A peer that takes connections and never says anything, as a frozen process does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_peer() -> Iterator[int]:
    """Gives the peer's port. The kernel completes the handshakes; nobody ever reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield int(listening.getsockname()[1])
