"""One HTTP request and its answer over ASGI, with the bounds that a server on the open net needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from services.gateway.posted import KEY_LEAST, Fault, Unreadable
from services.gateway.problems import MEDIA_TYPE, HttpError, Problem
from shared.rpc.errors import KeyInvalid, KeyMissing, Unavailable

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON_TYPE = b"application/json"
#: Longest access key, in characters.
KEY_CHARACTERS = 256

# A body beyond the limit is read on for this long, so that the sender sees the answer rather than a reset.
_DRAINED_BYTES = 8 * 1024 * 1024
_QUERY_WORDS = 20
_COMMON: list[Header] = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_json = msgspec.json.Encoder()


@dataclass(slots=True)
class Response:
    """An answer. `stream` gives the body in parts where it is set."""

    status: int
    body: bytes = b""
    kind: bytes = JSON_TYPE
    headers: tuple[Header, ...] = ()
    stream: AsyncIterator[bytes] | None = None
    close: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: tuple[Header, ...] = ()) -> Response:
        """An answer in JSON."""
        return cls(status, _json.encode(value), headers=headers)

    @classmethod
    def problem(cls, problem: Problem, headers: tuple[Header, ...] = (), close: bool = False) -> Response:
        """An answer in problem+json, with Retry-After and WWW-Authenticate where they belong."""
        if problem.retry_after is not msgspec.UNSET:
            headers = (*headers, (b"retry-after", str(problem.retry_after).encode()))
        if problem.status == 401:
            headers = (*headers, (b"www-authenticate", b'Bearer realm="leadline"'))
        return cls(problem.status, _json.encode(problem), MEDIA_TYPE, headers, close=close)

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = [(b"content-type", self.kind), *_COMMON, *self.headers]
        if self.close:
            headers.append((b"connection", b"close"))
        if self.stream is None:
            headers.append((b"content-length", b"%d" % len(self.body)))
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            await send({"type": "http.response.body", "body": self.body})
            return
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        async for part in self.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def encode(value: Any) -> bytes:
    """A value as JSON."""
    return _json.encode(value)


class Request:
    """What a handler needs of one request."""

    __slots__ = ("_receive", "argument", "headers", "method", "query_string")

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, argument: str) -> None:
        self._receive = receive
        self.method: str = scope["method"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.query_string: bytes = scope["query_string"]
        #: The variable part of the path.
        self.argument = argument

    async def body(self, limit: int, timeout_seconds: float) -> bytes:
        """The whole body.

        Raises:
            HttpError: more than `limit` bytes (413), not there within the time (408), or compressed (415).
            Unavailable: the client went away.
        """
        if self.headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise HttpError("unsupported_media_type", "A body is sent uncompressed.", Fault("Content-Encoding", "none"))
        declared = self.headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > limit + _DRAINED_BYTES:
            raise _too_large(limit)
        try:
            async with asyncio.timeout(timeout_seconds):
                message = await self._receive()
                if not message.get("more_body") and message["type"] == "http.request":
                    body: bytes = message.get("body", b"")
                else:
                    body = await self._rest(message, limit)
        except TimeoutError:
            raise HttpError(
                "request_timeout", f"The body did not arrive within {timeout_seconds:g} seconds.", close=True
            ) from None
        if len(body) > limit:
            raise _too_large(limit)
        return body

    async def _rest(self, message: MutableMapping[str, Any], limit: int) -> bytes:
        parts, size = [], 0
        while True:
            if message["type"] == "http.disconnect":
                raise Unavailable("the client went away")
            part = message.get("body", b"")
            size += len(part)
            if size <= limit:
                parts.append(part)
            elif size > limit + _DRAINED_BYTES:
                raise _too_large(limit)
            if not message.get("more_body"):
                break
            message = await self._receive()
        if size > limit:
            raise _too_large(limit)
        return b"".join(parts)

    def access_key(self, in_body: str = "") -> str:
        """The access key: `Authorization: Bearer`, else `X-Access-Key`, else the one in the body.

        Raises:
            KeyMissing, KeyInvalid: none, or what cannot be one.
        """
        bearer = self.headers.get(b"authorization")
        if bearer is not None:
            scheme, _, key = bearer.partition(b" ")
            if scheme.lower() != b"bearer":
                raise KeyInvalid("expected `Authorization: Bearer <access key>`")
            sent = key.strip()
        else:
            sent = self.headers.get(b"x-access-key", b"").strip() or in_body.strip().encode()
        if not sent:
            raise KeyMissing("expected `Authorization: Bearer <access key>`")
        if not KEY_LEAST <= len(sent) <= KEY_CHARACTERS or not sent.isascii():
            raise KeyInvalid("this cannot be an access key")
        return sent.decode("ascii")

    def media_type(self) -> tuple[str, str]:
        """Media type and charset, in lower case, empty where not told."""
        return _media_type(self.headers.get(b"content-type", b""))

    def query(self, allowed: frozenset[str]) -> dict[str, str]:
        """The query's words.

        Raises:
            KeyInvalid: an access key in the address, where logs would keep it.
            Unreadable: a word that is not allowed, or a word twice.
        """
        if not self.query_string:
            return {}
        try:
            text = self.query_string.decode("ascii")
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_QUERY_WORDS)
        except ValueError:
            raise Unreadable("The query cannot be read.", Fault("", "a query in UTF-8")) from None
        words = dict(pairs)
        if "access_key" in words or "google_key" in words:
            raise KeyInvalid("an access key is never part of an address; send it as `Authorization: Bearer`")
        if len(words) != len(pairs) or not allowed.issuperset(words):
            raise Unreadable("The query cannot be read.", Fault("", f"once each: {', '.join(sorted(allowed))}"))
        return words


def _too_large(limit: int) -> HttpError:
    return HttpError("content_too_large", f"At most {limit} bytes.", close=True)


@lru_cache(maxsize=256)
def _media_type(header: bytes) -> tuple[str, str]:
    kind, *parameters = header.decode("latin-1").split(";")
    charset = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return kind.strip().lower(), charset
