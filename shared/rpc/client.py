"""The client's side of a call between services: one channel per target for the life of the process.

channel = await stack.enter_async_context(open_channel(settings.dedup_target))
stub = dedup_service_pb2_grpc.DedupServiceStub(channel)
response = await call(stub.CheckLeads, request, timeout=budget(context, at_most=0.5))
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import grpc

from shared.rpc.errors import DeadlineExceeded, Unavailable, from_rpc_error

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
#: A batch of leads is hundreds of kilobytes. With the usual 64 KiB window and 16 KiB frames it would go over in dozens
#: of turns between two processes, each of which wakes both.
WINDOW_BYTES = 4 * 1024 * 1024
FRAME_BYTES = 1024 * 1024
LEAST_USEFUL_SECONDS = 0.005
KEEPALIVE_SECONDS = 10.0
PING_TIMEOUT_SECONDS = 5.0

_Request = TypeVar("_Request", contravariant=True)
_Response = TypeVar("_Response", covariant=True)
_A = TypeVar("_A")
_B = TypeVar("_B")


class HasDeadline(Protocol):
    """What `budget` needs of a servicer context."""

    def time_remaining(self) -> float | None:
        """Seconds until the caller gives up; None where it set no deadline."""
        ...


class UnaryMethod(Protocol[_Request, _Response]):
    """A unary method of an asynchronous stub."""

    def __call__(self, request: _Request, *, timeout: float | None = None) -> Awaitable[_Response]:
        """Starts the call."""
        ...


@asynccontextmanager
async def open_channel(target: str, *, keyed: Sequence[str] = ()) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to `target` (`host:port`, or `dns:///name:port` for all replicas of a headless Service).

    Calls go round robin over the target's addresses. A broken connection is tried again after 100 ms to 1 s; a
    frozen peer is found after KEEPALIVE_SECONDS + PING_TIMEOUT_SECONDS. Nothing connects before the first call, so
    processes start in any order. `keyed`: methods, as `leadline.intake.v1.IntakeService/SubmitLeads`, that carry a
    key which makes sending again safe, or that write nothing; only those are retried, on UNAVAILABLE.
    """
    channel = grpc.aio.insecure_channel(target, options=channel_options(keyed))
    try:
        yield channel
    finally:
        await channel.close()


def channel_options(keyed: Sequence[str]) -> list[tuple[str, int | str]]:
    """The channel arguments of every client."""
    return [
        ("grpc.service_config", service_config(keyed)),
        ("grpc.lb_policy_name", "round_robin"),
        ("grpc.keepalive_time_ms", round(KEEPALIVE_SECONDS * 1000)),
        # The one that counts: keepalive_timeout_ms is ignored, and the default here is a minute.
        ("grpc.http2.ping_timeout_ms", round(PING_TIMEOUT_SECONDS * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1000),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.http2.lookahead_bytes", WINDOW_BYTES),
        ("grpc.http2.max_frame_size", FRAME_BYTES),
        # A channel of its own connections: two channels of one process must not share a broken one.
        ("grpc.use_local_subchannel_pool", 1),
    ]


def service_config(keyed: Sequence[str]) -> str:
    """Load balancing, and retries for keyed methods only (https://github.com/grpc/proposal, A6).

    The token bucket stops retrying once one call in eleven fails, so that a struggling service is not beaten down.
    """
    names = [dict(zip(("service", "method"), method.split("/", 1), strict=True)) for method in keyed]
    retry = {
        "maxAttempts": 3,
        "initialBackoff": "0.02s",
        "maxBackoff": "0.2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps(
        {
            "loadBalancingConfig": [{"round_robin": {}}],
            "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
            "methodConfig": [{"name": names, "retryPolicy": retry}] if names else [],
        }
    )


def budget(context: HasDeadline, *, at_most: float, shave: float = 0.02) -> float:
    """Seconds that the next hop may take: what the caller left, less `shave` for our own answer, at most `at_most`.

    So each hop gives up a little before the one above it, and the caller learns which hop was slow.
    Raises DeadlineExceeded where less than LEAST_USEFUL_SECONDS remain.
    """
    remaining = context.time_remaining()
    seconds = at_most if remaining is None else min(at_most, remaining - shave)
    if seconds < LEAST_USEFUL_SECONDS:
        raise DeadlineExceeded("no time is left for the next step")
    return seconds


async def call(method: UnaryMethod[_A, _B], request: _A, *, timeout: float) -> _B:
    """Calls with a deadline of `timeout` seconds; a failure is raised as the AppError that it means."""
    try:
        return await method(request, timeout=timeout)
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from None
    except asyncio.CancelledError:
        # Awaiting a call that the channel's close cut off raises the same thing as being cancelled oneself.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Unavailable("the call was cut off") from None
