"""PingService: protobuf in, protobuf out."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from leadline.intake.v1 import ping_service_pb2 as pb
from leadline.intake.v1.ping_service_pb2_grpc import PingServiceServicer
from services.intake.pings.desk import PingDesk
from shared.rpc.errors import Malformed
from shared.runtime.shield import Shield

#: The most pings in one call.
MOST_ITEMS = 256


class PingService(PingServiceServicer):
    """Takes pings."""

    def __init__(self, desk: PingDesk, shield: Shield, *, max_batches: int) -> None:
        """`max_batches`: how many calls are decided at the same time."""
        self._desk = desk
        self._shield = shield
        self._batches = asyncio.Semaphore(max_batches)

    async def SubmitPings(
        self, request: pb.SubmitPingsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.SubmitPingsResponse:
        """Decide a batch."""
        items = list(request.items)
        if not 1 <= len(items) <= MOST_ITEMS:
            raise Malformed.field("items", f"expected 1 to {MOST_ITEMS} pings")
        # To the end although the caller may go away: whether capacity is held is then known to whoever asks again.
        return pb.SubmitPingsResponse(results=await self._shield.finish(self._submit(items)))

    async def _submit(self, items: list[pb.SubmitPingItem]) -> list[pb.SubmitPingResult]:
        async with self._batches:
            return await self._desk.submit(items)
