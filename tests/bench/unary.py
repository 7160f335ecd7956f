"""The reference for calls: a bare unary gRPC echo of one lead, server and client each in a process of its own.

python -m tests.bench.unary serve                prints its port, serves until its input ends
python -m tests.bench.unary call PORT RESULT < plan.json
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import grpc
import uvloop

from leadline.common.v1 import lead_pb2

_METHOD = "/bench.Echo/Lead"


@dataclass(kw_only=True)
class Result:
    """Calls made, in how many seconds, and the seconds that each took."""

    calls: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


def a_lead() -> lead_pb2.Submission:
    """A lead of the usual size, about 1 KB."""
    fields = {f"field_{n}": "a value of the usual length" for n in range(16)}
    consent = lead_pb2.Consent(text="By clicking I agree to be called. " * 10, ip="198.51.100.7")
    return lead_pb2.Submission(order="marco-auto-2026", source="cars.example", fields=fields, consent=consent)


async def serve() -> None:
    """Serve the echo on a free port until standard input ends."""

    async def echo(request: lead_pb2.Submission, _context: object) -> lead_pb2.Submission:
        return request

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        echo,
        request_deserializer=lead_pb2.Submission.FromString,
        response_serializer=lead_pb2.Submission.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Lead": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(None)


async def call(port: int, *, in_flight: int, seconds: float) -> Result:
    """Call with `in_flight` calls under way for `seconds`."""
    result = Result()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo = channel.unary_unary(
            _METHOD,
            request_serializer=lead_pb2.Submission.SerializeToString,
            response_deserializer=lead_pb2.Submission.FromString,
        )
        lead = a_lead()
        await echo(lead, timeout=5)
        began = time.perf_counter()

        async def caller() -> None:
            while (sent := time.perf_counter()) < began + seconds:
                await echo(lead, timeout=5)
                result.calls += 1
                result.latencies.append(time.perf_counter() - sent)

        await asyncio.gather(*[caller() for _ in range(in_flight)])
        result.seconds = time.perf_counter() - began
    return result


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if sys.argv[1] == "serve":
            runner.run(serve())
        else:
            made = runner.run(call(int(sys.argv[2]), **json.load(sys.stdin)))
            Path(sys.argv[3]).write_text(json.dumps(asdict(made)))
