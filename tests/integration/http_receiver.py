"""A raw HTTP server inside the test, which takes what it is sent and answers, or fails, as told by the path."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


def status(code: int, *headers: str, body: bytes = b"") -> Answer:
    """A whole answer."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {code} Told", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(head).encode() + body)

    return answer


def raw(text: bytes) -> Answer:
    """These bytes, then the end of the connection."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    return answer


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RST instead of an answer."""
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Nothing, for as long as the other side waits."""
    await reader.read()


async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A good answer, but a byte at a time, over more than a minute."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 600:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


def flood(head: bytes) -> Answer:
    """What begins like this and never ends."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"X-Flood: " + b"a" * 4000 + b"\r\n")
            await writer.drain()

    return answer


@dataclass
class HttpReceiver:
    """Listens on a port of the loopback. What no path is told of is answered with 204."""

    answers: dict[str, Answer] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/hook") -> str:
        """Where a path is reached."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ids(self, path: str = "/hook") -> list[str]:
        """What was delivered to a path, by webhook-id, copies included."""
        return [one.headers["webhook-id"] for one in self.heard if one.path == path]

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            path = head[0].split(" ")[1]
            self.heard.append(Heard(path, headers, body))
            await self.answers.get(path, status(204))(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
