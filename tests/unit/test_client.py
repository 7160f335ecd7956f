from __future__ import annotations

import asyncio
import json
import socket
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from leadline.dedup.v1 import dedup_service_pb2 as pb
from leadline.dedup.v1 import dedup_service_pb2_grpc as pb_grpc
from shared.rpc.client import budget, call, channel_options, open_channel, service_config
from shared.rpc.errors import DeadlineExceeded, NotFound, Unavailable
from shared.rpc.server import server_options
from tests.serving import METHOD, rpc_settings, scripted_server, serving
from tests.silent_peer import silent_peer

REQUEST = pb.CheckLeadsRequest()
ANSWER = pb.CheckLeadsResponse()


class Remaining:
    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    def time_remaining(self) -> float | None:
        return self._seconds


async def answering(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
    return ANSWER


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("remaining", "at_most", "expected"), [(1.0, 0.5, 0.5), (0.3, 0.5, 0.28), (None, 0.5, 0.5), (10.0, 99.0, 9.98)]
)
def test_the_next_hop_gets_what_is_left_less_our_own_share(
    remaining: float | None, at_most: float, expected: float
) -> None:
    assert budget(Remaining(remaining), at_most=at_most) == pytest.approx(expected)


@pytest.mark.parametrize("remaining", [0.0, 0.02, 0.0249])
def test_a_hop_without_useful_time_is_not_begun(remaining: float) -> None:
    with pytest.raises(DeadlineExceeded):
        budget(Remaining(remaining), at_most=1)


def test_only_keyed_methods_are_sent_again() -> None:
    config = json.loads(service_config([METHOD]))
    (policy,) = config["methodConfig"]
    service, method = METHOD.split("/")
    assert policy["name"] == [{"service": service, "method": method}]
    assert policy["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert json.loads(service_config([]))["methodConfig"] == []


def test_a_frozen_peer_is_found_by_the_option_that_counts() -> None:
    options = dict(channel_options([]))
    assert options["grpc.http2.ping_timeout_ms"] == 5000
    assert "grpc.keepalive_timeout_ms" not in options


def test_every_channel_argument_is_one_that_the_library_knows() -> None:
    spec = find_spec("grpc._cython.cygrpc")
    assert spec is not None
    assert spec.origin is not None
    library = Path(spec.origin).read_bytes()
    names = [name for name, _ in (*channel_options([]), *server_options(rpc_settings()))]
    assert [name for name in names if name.encode() not in library] == []


@pytest.mark.parametrize(("keyed", "attempts"), [([METHOD], 2), ([], 1)])
async def test_a_refused_call_is_repeated_only_where_that_is_safe(keyed: list[str], attempts: int) -> None:
    calls = 0

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("away for a moment")
        return ANSWER

    async with serving(handle) as served, open_channel(f"127.0.0.1:{served.server.port}", keyed=keyed) as channel:
        stub = pb_grpc.DedupServiceStub(channel)
        if attempts == 1:
            with pytest.raises(Unavailable):
                await call(stub.CheckLeads, REQUEST, timeout=5)
        else:
            assert await call(stub.CheckLeads, REQUEST, timeout=5) == ANSWER
    assert calls == attempts


async def test_an_error_that_is_no_absence_is_never_repeated() -> None:
    calls = 0

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        nonlocal calls
        calls += 1
        raise NotFound("no such thing")

    async with serving(handle) as served, open_channel(f"127.0.0.1:{served.server.port}", keyed=[METHOD]) as channel:
        with pytest.raises(NotFound):
            await call(pb_grpc.DedupServiceStub(channel).CheckLeads, REQUEST, timeout=5)
    assert calls == 1


async def test_nobody_there_is_unavailable_at_once_and_names_no_address() -> None:
    port = free_port()
    started = time.monotonic()
    async with open_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(Unavailable) as raised:
            await call(pb_grpc.DedupServiceStub(channel).CheckLeads, REQUEST, timeout=5)
    assert time.monotonic() - started < 2
    assert str(port) not in raised.value.message


async def test_a_peer_that_takes_the_connection_and_says_nothing_costs_the_deadline_and_no_more() -> None:
    with silent_peer() as port:
        started = time.monotonic()
        async with open_channel(f"127.0.0.1:{port}") as channel:
            with pytest.raises((DeadlineExceeded, Unavailable)):
                await call(pb_grpc.DedupServiceStub(channel).CheckLeads, REQUEST, timeout=0.3)
        assert time.monotonic() - started < 0.8


async def test_a_service_that_comes_back_is_used_again_within_two_seconds() -> None:
    port = free_port()
    async with open_channel(f"127.0.0.1:{port}") as channel:
        stub = pb_grpc.DedupServiceStub(channel)
        with pytest.raises(Unavailable):
            await call(stub.CheckLeads, REQUEST, timeout=1)
        server, _ = scripted_server(answering, PORT=str(port))
        async with server, asyncio.timeout(4):
            while True:
                try:
                    assert await call(stub.CheckLeads, REQUEST, timeout=1) == ANSWER
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)


async def test_calls_go_round_the_replicas() -> None:
    seen = {"one": 0, "other": 0}

    def counting(name: str) -> Any:
        async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
            seen[name] += 1
            return ANSWER

        return handle

    async with serving(counting("one")) as one, serving(counting("other")) as other:
        target = f"ipv4:127.0.0.1:{one.server.port},127.0.0.1:{other.server.port}"
        async with open_channel(target) as channel:
            stub = pb_grpc.DedupServiceStub(channel)
            async with asyncio.timeout(5):
                while not all(seen.values()):
                    await call(stub.CheckLeads, REQUEST, timeout=5)
            before = dict(seen)
            for _ in range(10):
                await call(stub.CheckLeads, REQUEST, timeout=5)
    assert {name: seen[name] - before[name] for name in seen} == {"one": 5, "other": 5}


async def test_closing_the_channel_does_not_look_like_the_caller_being_cancelled() -> None:
    entered = asyncio.Event()

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        entered.set()
        await asyncio.sleep(60)
        return ANSWER

    async with serving(handle, DRAIN_SECONDS="0") as served:
        async with open_channel(f"127.0.0.1:{served.server.port}") as channel:
            held = asyncio.ensure_future(call(pb_grpc.DedupServiceStub(channel).CheckLeads, REQUEST, timeout=30))
            await entered.wait()
        with pytest.raises(Unavailable):
            await held
