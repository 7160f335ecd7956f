"""The one way to build a gRPC server here: layers, health, drain, reflection outside of production.

    server = RpcServer(settings.rpc, checks={"postgres": ping}, metrics=metrics)
    server.add(add_DedupServiceServicer_to_server, DedupService(store), "leadline.dedup.v1.DedupService")
    await stack.enter_async_context(server)        # last: what is entered last is drained first

Health (grpc.health.v1) answers for every service added, for the empty name, and for LIVENESS. The first ones are
readiness: SERVING while all checks pass and the process is not draining. LIVENESS is SERVING from start to end and
asks nothing, so that a database outage restarts nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from shared.rpc.client import (
    FRAME_BYTES,
    KEEPALIVE_SECONDS,
    MAX_MESSAGE_BYTES,
    PING_TIMEOUT_SECONDS,
    WINDOW_BYTES,
)
from shared.rpc.layers import InFlight, compose, layers
from shared.runtime.settings import RpcSettings
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

LIVENESS = "liveness"
CHECK_EVERY_SECONDS = 2.0
CHECK_WITHIN_SECONDS = 1.0

Check = Callable[[], Awaitable[None]]
S = TypeVar("S", contravariant=True)

log = structlog.get_logger()


class Adder(Protocol[S]):
    """A generated `add_XServicer_to_server`."""

    def __call__(self, servicer: S, server: Any) -> None:
        """Registers the servicer's methods."""
        ...


class RpcServer:
    """A server of one process. Enter it to serve; leaving it drains it.

    `checks`: what this process cannot work without, by name; each returns or raises, and has CHECK_WITHIN_SECONDS.
    """

    def __init__(self, settings: RpcSettings, *, checks: Mapping[str, Check], metrics: Metrics) -> None:
        self._settings = settings
        self._checks = dict(checks)
        self._in_flight = InFlight(settings.max_concurrent_calls, metrics)
        self._layers = layers(self._in_flight, metrics)
        self._server = grpc.aio.server(options=server_options(settings))
        self._health = health.HealthServicer()
        self._names: list[str] = []
        self._failing: frozenset[str] | None = None
        self._draining = False
        self._poll: asyncio.Task[None] | None = None
        self._port = 0
        metrics.gauge("leadline_serving").set_function(lambda: float(self.serving))

    @property
    def port(self) -> int:
        """The TCP port, once serving; useful where the settings asked for any free one."""
        return self._port

    @property
    def serving(self) -> bool:
        """True while the checks pass and the server is not draining."""
        return self._failing == frozenset() and not self._draining

    def add(self, adder: Adder[S], servicer: S, full_service_name: str) -> None:
        """Registers a servicer; its asynchronous unary methods are wrapped in all layers. Before serving only."""
        registrar = _Registrar(full_service_name)
        adder(servicer, registrar)
        wrapped = {
            name: _wrapped(f"{full_service_name}/{name}", handler, self._layers)
            for name, handler in registrar.handlers.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(full_service_name, wrapped),))
        self._names.append(full_service_name)

    async def __aenter__(self) -> RpcServer:
        """Binds, checks once, and serves. Raises OSError where the port is taken."""
        health_pb2_grpc.add_HealthServicer_to_server(cast(Any, self._health), self._server)
        if self._settings.reflection:
            names = (*self._names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
            reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), self._server)
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            self._port = self._server.add_insecure_port(address)
        except RuntimeError:
            raise OSError(f"cannot listen on {address}") from None
        await self._health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        await self.check()
        await self._server.start()
        self._poll = asyncio.create_task(self._keep_checking())
        log.info("serving", host=self._settings.host, port=self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """NOT_SERVING, a pause for balancers to notice, no new calls, then the calls under way finish or are cut."""
        self._draining = True
        if self._poll is not None:
            self._poll.cancel()
            with suppress(asyncio.CancelledError):
                await self._poll
        # Not enter_graceful_shutdown: it takes LIVENESS along, and a probe would kill what is draining.
        await self._publish(health_pb2.HealthCheckResponse.NOT_SERVING)
        log.info("draining", in_flight=self._in_flight.count)
        if kind is None:
            await asyncio.sleep(self._settings.drain_wait_seconds)
        await self._server.stop(self._settings.drain_seconds)
        # stop returns while cancelled handlers still clean up; pools must outlive them.
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._in_flight.idle()
        except TimeoutError:
            log.error("handlers did not end", in_flight=self._in_flight.count)

    async def check(self) -> None:
        """Runs all checks side by side, bounded, and sets the health of every service accordingly."""
        results = await asyncio.gather(*(self._passes(name, check) for name, check in self._checks.items()))
        failing = frozenset(name for name, passed in zip(self._checks, results, strict=True) if not passed)
        if failing == self._failing or self._draining:
            return
        self._failing = failing
        status = health_pb2.HealthCheckResponse.NOT_SERVING if failing else health_pb2.HealthCheckResponse.SERVING
        await self._publish(status)
        log.info("readiness changed", serving=not failing, check=", ".join(sorted(failing)))

    async def _publish(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for name in ("", *self._names):
            await self._health.set(name, status)

    async def _passes(self, name: str, check: Check) -> bool:
        try:
            async with asyncio.timeout(CHECK_WITHIN_SECONDS):
                await check()
        except Exception as error:
            if self._failing is None or name not in self._failing:
                log.warning("a check fails", check=name, **failure(error))
            return False
        return True

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_SECONDS)
            await self.check()


class _Registrar:
    """Stands in for the server while a generated adder runs, and keeps the handlers that it registers."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.handlers: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """The same handlers come again, by name, below."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        if service != self._service:
            raise ValueError(f"full_service_name: expected {service}")
        self.handlers.update(handlers)


def _wrapped(method: str, handler: Any, by_name: Any) -> Any:
    # Streams would need layers of their own; there are none in these contracts.
    if handler.request_streaming or handler.response_streaming:
        raise TypeError(f"{method}: expected a unary method")
    if not asyncio.iscoroutinefunction(handler.unary_unary):
        raise TypeError(f"{method}: expected an async method")
    return grpc.unary_unary_rpc_method_handler(
        compose(method, handler.unary_unary, by_name),
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def server_options(settings: RpcSettings) -> list[tuple[str, int]]:
    """The channel arguments of every server."""
    age = round(settings.max_connection_age_seconds * 1000)
    return [
        # Two processes on one port would silently share its connections.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.http2.lookahead_bytes", WINDOW_BYTES),
        ("grpc.http2.max_frame_size", FRAME_BYTES),
        # Clients ping every KEEPALIVE_SECONDS; without these two the server answers ENHANCE_YOUR_CALM.
        ("grpc.http2.min_ping_interval_without_data_ms", round(KEEPALIVE_SECONDS * 500)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.keepalive_time_ms", round(KEEPALIVE_SECONDS * 3000)),
        ("grpc.http2.ping_timeout_ms", round(PING_TIMEOUT_SECONDS * 1000)),
        # So that round robin sees new replicas. gRPC spreads the age by ±10 % itself.
        ("grpc.max_connection_age_ms", age),
        ("grpc.max_connection_age_grace_ms", 30_000),
    ]
