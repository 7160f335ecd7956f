"""A provider of texts or calls inside the test: a real HTTP server that answers as told, also badly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

#: An answer in the provider's own words.
TAKEN = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"1"}'


def answer(status: int, body: bytes = b'{"error":"to Ann, +12025550123"}', *headers: str) -> bytes:
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Asked:
    """One request as it came."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *rest = head.decode("latin-1").strip().split("\r\n")
        self.path = first.split(" ")[1]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        self.body: dict[str, Any] = json.loads(body)


class ProviderServer:
    """Answers each request with the next of `answers`, and with yes once they are used up.

    `None` for an answer: hangs up without a word. An event: waits for it, then hangs up.
    """

    def __init__(self) -> None:
        self.answers: list[bytes | asyncio.Event | None] = []
        self.asked: list[Asked] = []
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                self.asked.append(Asked(head, await reader.readexactly(length)))
                said = self.answers.pop(0) if self.answers else TAKEN
                if isinstance(said, asyncio.Event):
                    await said.wait()
                    return
                if said is None:
                    writer.transport.abort()
                    return
                writer.write(said)
                await writer.drain()
                if b"content-length" not in said.lower():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def provider_server() -> AsyncIterator[ProviderServer]:
    """A running one."""
    made = ProviderServer()
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/messages"
    try:
        yield made
    finally:
        server.close()
