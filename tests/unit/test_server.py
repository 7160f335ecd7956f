"""The server as its callers meet it: refusals, failures, health and drain, over a real connection."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from leadline.dedup.v1 import dedup_service_pb2 as pb
from leadline.dedup.v1 import dedup_service_pb2_grpc as pb_grpc
from shared.rpc import server as server_module
from shared.rpc.client import call, open_channel
from shared.rpc.errors import DeadlineExceeded, DeadlineMissing, Internal, NotFound, Overloaded, Unavailable
from shared.rpc.server import LIVENESS, RpcServer
from shared.telemetry.metrics import Metrics
from tests.captured_logs import captured_logs, lines
from tests.serving import METHOD, SERVICE, Scripted, Served, rpc_settings, scripted_server, serving

REQUEST = pb.CheckLeadsRequest()
ANSWER = pb.CheckLeadsResponse()
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def answering(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
    return ANSWER


async def health(channel: grpc.aio.Channel, name: str = "") -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5)
    return int(answer.status)


def answered(served: Served, code: str) -> float:
    return served.metrics.value("leadline_rpc_requests_total", method=METHOD, code=code)


async def until(condition: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is seen from outside only
            await asyncio.sleep(0.005)


async def test_a_call_is_answered_counted_and_timed() -> None:
    async with serving(answering) as served:
        assert await call(served.stub.CheckLeads, REQUEST, timeout=5) == ANSWER
        # The caller has its answer a moment before the call is counted.
        await until(lambda: answered(served, "OK") == 1)
        assert served.metrics.value("leadline_rpc_seconds_count", method=METHOD) == 1


async def test_a_call_without_a_deadline_is_refused() -> None:
    async with serving(answering) as served:
        with pytest.raises(DeadlineMissing):
            await call(served.stub.CheckLeads, REQUEST, timeout=None)  # type: ignore[arg-type]
        # The caller has its answer a moment before the call is counted.
        await until(lambda: answered(served, "INVALID_ARGUMENT") == 1)


async def test_a_call_with_no_time_left_does_no_work() -> None:
    reached = False

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        nonlocal reached
        reached = True
        return ANSWER

    async with serving(handle) as served:
        with pytest.raises(DeadlineExceeded):
            await call(served.stub.CheckLeads, REQUEST, timeout=0.004)
        assert not reached


async def test_an_unhandled_error_tells_the_caller_an_incident_and_nothing_else() -> None:
    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        raise ValueError("canary ann.lee@example.org 5125550100")

    with captured_logs() as logs:
        async with serving(handle) as served:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await served.stub.CheckLeads(REQUEST, timeout=5)
            with pytest.raises(Internal) as understood:
                await call(served.stub.CheckLeads, REQUEST, timeout=5)
    assert "canary" not in str(raised.value) + repr(raised.value.trailing_metadata())
    assert b"canary" not in logs.getvalue()
    incidents = [line for line in lines(logs) if line["event"] == "unhandled error"]
    assert incidents[1]["incident"] == understood.value.metadata["incident"]
    assert incidents[1]["error_type"] == "ValueError"
    assert "test_server.py" in incidents[1]["error_at"]


async def test_a_cancelled_step_inside_a_handler_is_answered() -> None:
    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        raise asyncio.CancelledError

    async with serving(handle) as served:
        with pytest.raises(Unavailable):
            await call(served.stub.CheckLeads, REQUEST, timeout=5)
        # The caller has its answer a moment before the call is counted.
        await until(lambda: answered(served, "UNAVAILABLE") == 1)


async def test_time_running_out_inside_a_handler_is_an_unknown_outcome() -> None:
    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        raise TimeoutError

    async with serving(handle) as served:
        with pytest.raises(DeadlineExceeded):
            await call(served.stub.CheckLeads, REQUEST, timeout=5)


async def test_what_a_handler_aborts_itself_stays_as_it_is() -> None:
    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        await context.abort(grpc.StatusCode.NOT_FOUND, "own words")
        return ANSWER

    async with serving(handle) as served:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await served.stub.CheckLeads(REQUEST, timeout=5)
        assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.NOT_FOUND, "own words")


async def test_the_error_of_a_deeper_service_passes_through() -> None:
    async def deep(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        raise NotFound("no such catalog revision")

    async with serving(deep) as below:

        async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
            return await below.stub.CheckLeads(request, timeout=5)

        async with serving(handle) as above:
            with pytest.raises(NotFound, match="no such catalog revision"):
                await call(above.stub.CheckLeads, REQUEST, timeout=5)


async def test_a_caller_that_gives_up_cancels_the_handler_and_is_counted() -> None:
    cancelled = asyncio.Event()

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return ANSWER

    async with serving(handle) as served:
        with pytest.raises(DeadlineExceeded):
            await call(served.stub.CheckLeads, REQUEST, timeout=0.1)
        await asyncio.wait_for(cancelled.wait(), 5)
        await until(lambda: answered(served, "DEADLINE_EXCEEDED") + answered(served, "CANCELLED") == 1)


async def test_calls_beyond_the_limit_are_refused_with_a_time_to_come_back() -> None:
    gate = asyncio.Event()

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        await gate.wait()
        return ANSWER

    async with serving(handle, MAX_CONCURRENT_CALLS="2") as served:
        held = [asyncio.ensure_future(call(served.stub.CheckLeads, REQUEST, timeout=10)) for _ in range(2)]
        await until(lambda: served.metrics.value("leadline_rpc_in_flight") == 2)
        with pytest.raises(Overloaded) as raised:
            await call(served.stub.CheckLeads, REQUEST, timeout=5)
        assert raised.value.retry_after_seconds > 0
        gate.set()
        assert await asyncio.gather(*held) == [ANSWER, ANSWER]
        assert await call(served.stub.CheckLeads, REQUEST, timeout=5) == ANSWER


async def test_readiness_follows_the_checks_and_liveness_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CHECK_EVERY_SECONDS", 0.01)
    away = False

    async def postgres() -> None:
        if away:
            raise ConnectionError("canary")

    async with serving(answering, checks={"postgres": postgres}) as served:
        assert [await health(served.channel, name) for name in ("", SERVICE, LIVENESS)] == [SERVING] * 3
        away = True
        await until(lambda: not served.server.serving)
        assert [await health(served.channel, name) for name in ("", SERVICE)] == [NOT_SERVING] * 2
        assert await health(served.channel, LIVENESS) == SERVING
        away = False
        await until(lambda: served.server.serving)
        assert await health(served.channel) == SERVING


async def test_a_check_that_hangs_is_a_check_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CHECK_WITHIN_SECONDS", 0.05)

    async def frozen() -> None:
        await asyncio.Event().wait()

    started = time.monotonic()
    async with serving(answering, checks={"frozen": frozen}) as served:
        assert time.monotonic() - started < 2
        assert await health(served.channel) == NOT_SERVING


async def test_draining_says_so_first_then_lets_calls_end() -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        entered.set()
        await gate.wait()
        return ANSWER

    server, _ = scripted_server(handle, DRAIN_WAIT_SECONDS="0.3", DRAIN_SECONDS="10")
    async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
        stub = pb_grpc.DedupServiceStub(channel)
        held = asyncio.ensure_future(call(stub.CheckLeads, REQUEST, timeout=10))
        await entered.wait()
        leaving = asyncio.create_task(server.__aexit__(None, None, None))
        await until(lambda: not server.serving)
        assert await health(channel) == NOT_SERVING
        assert await health(channel, LIVENESS) == SERVING
        assert not leaving.done()
        gate.set()
        assert await held == ANSWER
        await leaving


async def test_draining_cuts_what_does_not_end_and_waits_for_it_to_clean_up() -> None:
    entered, cleaned = asyncio.Event(), False

    async def handle(request: pb.CheckLeadsRequest, context: Any) -> pb.CheckLeadsResponse:
        nonlocal cleaned
        try:
            entered.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            cleaned = True
        return ANSWER

    server, _ = scripted_server(handle, DRAIN_SECONDS="0.3")
    async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
        stub = pb_grpc.DedupServiceStub(channel)
        held = asyncio.ensure_future(call(stub.CheckLeads, REQUEST, timeout=30))
        await entered.wait()
        await server.__aexit__(None, None, None)
        assert cleaned
        with pytest.raises(Unavailable):
            await held


async def test_a_port_that_is_taken_is_an_error_and_not_shared() -> None:
    async with serving(answering) as served:
        taken = replace(rpc_settings(), port=served.server.port)
        second = RpcServer(taken, checks={}, metrics=Metrics())
        with pytest.raises(OSError, match="cannot listen"):
            await second.__aenter__()


@pytest.mark.parametrize(("environment", "described"), [("development", True), ("production", False)])
async def test_only_outside_of_production_the_server_describes_itself(environment: str, described: bool) -> None:
    async def names(channel: grpc.aio.Channel) -> set[str]:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        stream = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=5)
        return {item.name async for answer in stream for item in answer.list_services_response.service}

    async with serving(answering, ENVIRONMENT=environment, DRAIN_WAIT_SECONDS="0") as served:
        if described:
            assert SERVICE in await names(served.channel)
        else:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await names(served.channel)
            assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_servicer_under_another_name_is_refused() -> None:
    server = RpcServer(rpc_settings(), checks={}, metrics=Metrics())
    with pytest.raises(ValueError, match=SERVICE):
        server.add(pb_grpc.add_DedupServiceServicer_to_server, Scripted(answering), "leadline.dedup.v2.DedupService")
