"""The client of routing's InboundService: what came back from people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import grpc

from leadline.routing.v1 import inbound_service_pb2 as pb
from leadline.routing.v1.inbound_service_pb2_grpc import InboundServiceStub
from shared.rpc.client import UnaryMethod, call
from shared.rpc.errors import RaceLost, Unavailable
from shared.runtime.clock import Clock

if TYPE_CHECKING:
    # Known to the type stubs only.
    from leadline.routing.v1.inbound_service_pb2_grpc import InboundServiceAsyncStub

#: For one message, retries included: an opt-out waits until no contact with the person is being handed over, which may
#: take ten seconds; providers wait fifteen.
_TIMEOUT_SECONDS = 14.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.8
_LEAST_SECONDS = 0.5

Q = TypeVar("Q")
R = TypeVar("R")


class Inbound:
    """Hands on what came in. Each request has the id of its message, or means the same twice: it may be sent again.

    Raises `AppError` where routing cannot answer; whoever sent the message then sends it again.
    """

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._stub: InboundServiceAsyncStub = InboundServiceStub(channel)
        self._clock = clock

    async def text(self, request: pb.ReceiveTextRequest) -> pb.ReceiveTextResponse:
        """A text from a person."""
        return await self._ride_out(self._stub.ReceiveText, request)

    async def call(self, request: pb.ReportCallRequest) -> pb.ReportCallResponse:
        """What became of a call."""
        return await self._ride_out(self._stub.ReportCall, request)

    async def email(self, request: pb.ReceiveEmailRequest) -> pb.ReceiveEmailResponse:
        """Something about an e-mail."""
        return await self._ride_out(self._stub.ReceiveEmail, request)

    async def link(self, token: str) -> pb.DescribeUnsubscribeResponse:
        """What an unsubscribe link is about."""
        return await self._ride_out(self._stub.DescribeUnsubscribe, pb.DescribeUnsubscribeRequest(token=token))

    async def unsubscribe(self, token: str, *, everything: bool) -> pb.UnsubscribeResponse:
        """End e-mails, or every contact."""
        return await self._ride_out(self._stub.Unsubscribe, pb.UnsubscribeRequest(token=token, all=everything))

    async def _ride_out(self, method: UnaryMethod[Q, R], request: Q) -> R:
        ends = self._clock.monotonic() + _TIMEOUT_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            left = ends - self._clock.monotonic()
            try:
                return await call(method, request, timeout=max(left, 0.01))
            except (Unavailable, RaceLost):
                if left - pause < _LEAST_SECONDS:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
