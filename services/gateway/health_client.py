"""Whether this gateway can be of use yet."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc

_INTAKE = "leadline.intake.v1.IntakeService"
_CALL_SECONDS = 1.0
_EVERY_SECONDS = 0.1
#: How often it is said that there is no contact yet; a start that takes no longer needs no words.
_SAY_EVERY_SECONDS = 5.0

log = structlog.get_logger()


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
        loop = asyncio.get_running_loop()
        say_at = loop.time() + _SAY_EVERY_SECONDS
        while not (self._made or stop.is_set()):
            said = await self._ask()
            self._made = said == "SERVING"
            if not self._made and loop.time() >= say_at:
                log.warning("intake takes no work yet", code=said)
                say_at = loop.time() + _SAY_EVERY_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY_SECONDS)
        await stop.wait()

    async def _ask(self) -> str:
        """What intake's health is; where it does not answer, the status of the call."""
        try:
            request = health_pb2.HealthCheckRequest(service=_INTAKE)
            response = await self._health.Check(request, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(response.status))
