"""A real server on a free port of this machine whose one method does what the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from leadline.dedup.v1 import dedup_service_pb2 as pb
from leadline.dedup.v1 import dedup_service_pb2_grpc as pb_grpc
from shared.rpc.client import open_channel
from shared.rpc.server import Check, RpcServer
from shared.runtime.settings import RpcSettings, load
from shared.telemetry.metrics import Metrics

SERVICE = "leadline.dedup.v1.DedupService"
METHOD = f"{SERVICE}/CheckLeads"

Handle = Callable[[pb.CheckLeadsRequest, Any], Awaitable[pb.CheckLeadsResponse]]


class Scripted(pb_grpc.DedupServiceServicer):
    """Answers with what the test's function does."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def CheckLeads(self, request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        return await self._handle(request, context)


@dataclass
class Served:
    """A server that serves, a stub that calls it, and what it counts."""

    server: RpcServer
    channel: grpc.aio.Channel
    stub: pb_grpc.DedupServiceAsyncStub
    metrics: Metrics


def rpc_settings(**environment: str) -> RpcSettings:
    """Settings for any free port; variables by the end of their name: `MAX_CONCURRENT_CALLS="2"`."""
    own = {"LEADLINE_DEDUP_PORT": "0"} | {f"LEADLINE_DEDUP_{name}": value for name, value in environment.items()}
    common = {f"LEADLINE_{name}": value for name, value in environment.items()}
    return load(RpcSettings, {**common, **own}, service="dedup")


def scripted_server(
    handle: Handle, *, checks: Mapping[str, Check] | None = None, **environment: str
) -> tuple[RpcServer, Metrics]:
    """A server that does not serve yet."""
    metrics = Metrics()
    server = RpcServer(rpc_settings(**environment), checks=checks or {}, metrics=metrics)
    server.add(pb_grpc.add_DedupServiceServicer_to_server, Scripted(handle), SERVICE)
    return server, metrics


@asynccontextmanager
async def serving(
    handle: Handle, *, checks: Mapping[str, Check] | None = None, **environment: str
) -> AsyncIterator[Served]:
    """A server that serves while the context is open."""
    server, metrics = scripted_server(handle, checks=checks, **environment)
    async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
        yield Served(server, channel, pb_grpc.DedupServiceStub(channel), metrics)
