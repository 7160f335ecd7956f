"""Whether this gateway can be of use yet."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_INTAKE = "leadline.intake.v1.IntakeService"
_CALL_SECONDS = 1.0
_EVERY_SECONDS = 0.1


class FirstContact:
    """Asks intake for its health until it says SERVING for the first time.

    Later outages of intake do not take readiness back: every replica would leave the
    balancer at once, where each can still tell sellers when to come back.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._health = health_pb2_grpc.HealthStub(channel)
        self._made = False
        self._draining = False

    @property
    def ready(self) -> bool:
        """True from the first contact until the drain."""
        return self._made and not self._draining

    def drain(self) -> None:
        """Not ready from now on."""
        self._draining = True

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until contact is made, then rest until `stop`."""
        while not (self._made or stop.is_set()):
            with suppress(grpc.aio.AioRpcError):
                response = await self._health.Check(
                    health_pb2.HealthCheckRequest(service=_INTAKE), timeout=_CALL_SECONDS
                )
                self._made = response.status == health_pb2.HealthCheckResponse.SERVING
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY_SECONDS)
        await stop.wait()
