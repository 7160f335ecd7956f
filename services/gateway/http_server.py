"""uvicorn as a part of our process: started and drained by us, with the bounds on a request's head that it lacks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.gateway.app import HEADER_BYTES, Gateway
from services.gateway.exchange import encode
from services.gateway.health_client import FirstContact
from services.gateway.problems import MEDIA_TYPE, HttpError, of_edge
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics

#: For a request's head to arrive, counted from its first byte or from the connection's opening.
HEAD_SECONDS = 10.0
#: An idle connection is kept this long; longer than a balancer in front keeps its own.
KEEP_ALIVE_SECONDS = 75

_BACKLOG = 2048

log = structlog.get_logger()


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request head is too large or does not come to its end.

    Without it a client could open connections and send a header byte a minute, or
    headers without end, before the application sees any of it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_open = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._waited()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; count while a head is open."""
        super().data_received(data)
        if not self._head_open:
            self._waited()
            return
        self._head_bytes += len(data)
        if self._head_bytes > 2 * HEADER_BYTES:
            self._refuse(HttpError("headers_too_large", f"At most {HEADER_BYTES} bytes."))
        else:
            self._wait()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head_open = True
        self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; what comes after the head (a chunked body's trailers) nobody reads."""
        if self._head_open:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A head is complete."""
        self._head_open = False
        super().on_headers_complete()

    def _wait(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _waited(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        self._refuse(HttpError("request_timeout", f"The headers did not arrive within {HEAD_SECONDS:g} seconds."))

    def _refuse(self, error: HttpError) -> None:
        if self.transport.is_closing():
            return
        # While an earlier answer is still on its way, one more would be taken for part of it.
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            problem = of_edge(error)
            body = encode(problem)
            self.transport.write(
                b"HTTP/1.1 %d Refused\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
                % (problem.status, MEDIA_TYPE, len(body), body)
            )
        self.transport.close()


class _Server(uvicorn.Server):
    """Leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class HttpServer:
    """Serves an application while entered. Leaving it says not ready, waits for balancers, and drains."""

    def __init__(self, app: Gateway, settings: RpcSettings, metrics: Metrics, contact: FirstContact) -> None:
        self._settings = settings
        self._contact = contact
        self._server = _Server(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=round(settings.drain_seconds) or 1,
            )
        )
        self._task: asyncio.Task[None] | None = None
        self._port = 0
        metrics.gauge("leadline_serving").set_function(lambda: float(contact.ready))

    @property
    def port(self) -> int:
        """The TCP port, once serving."""
        return self._port

    async def __aenter__(self) -> HttpServer:
        """Bind and serve. Raises OSError where the port is taken."""
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        listener = socket.create_server((self._settings.host, self._settings.port), family=family, backlog=_BACKLOG)
        self._port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise OSError("the HTTP server ended while starting")
            await asyncio.sleep(0.005)
        log.info("serving", host=self._settings.host, port=self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drain."""
        self._contact.drain()
        log.info("draining", in_flight=len(self._server.server_state.tasks))
        if kind is None:
            await asyncio.sleep(self._settings.drain_wait_seconds)
        self._server.should_exit = True
        if self._task is not None:
            await self._task
