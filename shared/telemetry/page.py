"""The small HTTP page of every process: `/metrics` for Prometheus, `/healthz` and `/readyz` for probes.

It runs on the process's own event loop on purpose: a loop that hangs does not answer `/healthz` and is restarted,
where a thread would go on saying that all is well. Liveness asks nothing else, so a database outage kills nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from shared.telemetry.metrics import Metrics

_REQUEST_SECONDS = 5.0
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"


@asynccontextmanager
async def serve_page(host: str, port: int, metrics: Metrics, ready: Callable[[], bool]) -> AsyncIterator[int]:
    """Serves the page while the context is open; gives the TCP port (0 asks for a free one).

    `ready` decides between 200 and 503 on /readyz. Raises OSError where the port is taken.
    """

    def answer(method: str, path: str) -> tuple[str, str, bytes]:
        if method not in ("GET", "HEAD"):
            return "405 Method Not Allowed", _PLAIN, b"expected GET\n"
        if path == "/metrics":
            return "200 OK", _METRICS_TYPE, metrics.exposition()
        if path == "/healthz":
            return "200 OK", _PLAIN, b"alive\n"
        if path == "/readyz":
            return ("200 OK", _PLAIN, b"ready\n") if ready() else ("503 Service Unavailable", _PLAIN, b"not ready\n")
        return "404 Not Found", _PLAIN, b"expected /metrics, /healthz or /readyz\n"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, *_ = [*head.split(b"\r\n", 1)[0].decode("latin-1").split(" "), "", ""]
                status, kind, body = answer(method, target.partition("?")[0])
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                    "Connection: close\r\n\r\n".encode("latin-1")
                    + (b"" if method == "HEAD" else body)
                )
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # A probe that goes away or sends something else is owed nothing.
        finally:
            writer.close()

    server = await asyncio.start_server(handle, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
