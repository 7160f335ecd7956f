"""A lean HTTP load generator: prepared requests over kept-alive connections, in a process of its own.

A client library costs several times what the echo it measures costs; this one costs
about as much as the socket. It sends to loopback only and stops by itself.

    python -m tests.bench.load REQUESTS RESULT < plan.json
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import msgspec
import uvloop

#: No run goes on longer than this, whatever is asked of it.
LONGEST_SECONDS = 60.0
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send.

    Attributes:
        port: on 127.0.0.1.
        connections: kept-alive connections.
        seconds: how long to send; what is under way then is waited for.
        rate: requests a second, whether answers come or not; 0: each connection sends when it has its answer.
        good: what a good answer contains, once for each lead.
        leads: leads of one request.
    """

    port: int
    connections: int
    seconds: float
    rate: float = 0.0
    good: str = ""
    leads: int = 1


@dataclass(kw_only=True)
class Result:
    """What came of it. Latencies are seconds, from when a request was due to its whole answer."""

    good: int = 0
    bad: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    #: The first answer that was not good, to say what went wrong.
    sample: str = ""
    #: The requests ran out before the time did: the run says nothing.
    exhausted: bool = False


class Load:
    """Shares the requests out among connections and keeps the score."""

    def __init__(self, plan: Plan, requests: Iterator[bytes]) -> None:
        self._plan = plan
        self._requests = requests
        self._good = plan.good.encode()
        self._idle: deque[Connection] = deque()
        self._late: deque[float] = deque()
        self._under_way = 0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = self._ends = 0.0
        self.result = Result()

    async def run(self) -> Result:
        """Connect, send until the time is over, wait for the answers."""
        loop = asyncio.get_running_loop()
        for _ in range(self._plan.connections):
            _, connection = await loop.create_connection(lambda: Connection(self), _LOOPBACK, self._plan.port)
            self._idle.append(connection)
        self._began = time.perf_counter()
        self._ends = self._began + min(self._plan.seconds, LONGEST_SECONDS)
        if self._plan.rate:
            await self._send_at_rate()
        else:
            while self._idle:
                self._send(self._idle.popleft(), time.perf_counter())
        if self._under_way:
            await asyncio.wait_for(self._done, LONGEST_SECONDS)
        self.result.seconds = time.perf_counter() - self._began
        return self.result

    async def _send_at_rate(self) -> None:
        due = self._began
        while due < self._ends and not self.result.exhausted:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._idle:
                self._send(self._idle.popleft(), due)
            else:
                # The wait for a free connection counts: a seller would have waited as well.
                self._late.append(due)
            due += 1 / self._plan.rate

    def _send(self, connection: Connection, due: float) -> None:
        request = next(self._requests, None)
        if request is None:
            self.result.exhausted = True
            return
        self._under_way += 1
        connection.send(request, due)

    def answered(self, connection: Connection, status: int, body: bytes, due: float) -> None:
        """Called by a connection with a whole answer."""
        now = time.perf_counter()
        self._under_way -= 1
        self.result.latencies.append(now - due)
        if status == 200 and body.count(self._good) == self._plan.leads:
            self.result.good += 1
        else:
            self.result.bad += 1
            self.result.sample = self.result.sample or f"{status} {body[:600].decode(errors='replace')}"
        if self._plan.rate:
            if self._late:
                self._send(connection, self._late.popleft())
            else:
                self._idle.append(connection)
        elif now < self._ends:
            self._send(connection, now)
        if not self._under_way and now >= self._ends and not self._done.done():
            self._done.set_result(None)
        if not self._under_way and self.result.exhausted and not self._done.done():
            self._done.set_result(None)

    def lost(self) -> None:
        """Called by a connection that was closed with a request under way."""
        if not self._done.done():
            self._done.set_exception(ConnectionError("the server closed a connection"))


class Connection(asyncio.Protocol):
    """One connection, at most one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not registered as the standard library's abstract ones.
        self._transport = cast("asyncio.WriteTransport", transport)

    def send(self, request: bytes, due: float) -> None:
        """Send one request that was due at `due`."""
        assert self._transport is not None
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        whole = whole_answer(self._buffer)
        if whole is None or self._due is None:
            return
        self._buffer, due, self._due = b"", self._due, None
        self._load.answered(self, *whole, due)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._due is not None:
            self._load.lost()


def whole_answer(received: bytes) -> tuple[int, bytes] | None:
    """The status and body of an HTTP/1.1 answer; None while it is not complete."""
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        return None
    at = head.lower().find(b"content-length:")
    if at >= 0:
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        return (int(received[9:12]), rest) if len(rest) >= length else None
    return (int(received[9:12]), _unchunked(rest)) if rest.endswith(b"0\r\n\r\n") else None


def _unchunked(rest: bytes) -> bytes:
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
    return body


async def _main(plan: Plan, requests: Iterator[bytes]) -> Result:
    return await Load(plan, requests).run()


if __name__ == "__main__":
    prepared = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=list[bytes])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        made = runner.run(_main(Plan(**json.load(sys.stdin)), iter(prepared)))
    Path(sys.argv[2]).write_text(json.dumps(asdict(made)))
