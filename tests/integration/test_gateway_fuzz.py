"""Whatever is sent to the gateway, it never answers 5xx, never hangs, and lives on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.gateway import examples
from tests.integration.gateway_suite import Suite, running

PATHS = [
    "/v1/leads", "/v1/leads?order=x", "/v1/leads:batch", "/v1/adapters/google-ads/o", "/v1/adapters/meta/o",
    "/v1/leads/0199", "/v1/statement?from=1", "/docs", "/%00", "/v1/leads%3Abatch", "//", "/v1/adapters/meta/%ff",
]  # fmt: skip
KINDS = [
    "application/json", "application/x-www-form-urlencoded", "application/xml", "text/xml; charset=iso-8859-1",
    "application/x-adf+xml; charset=us-ascii", "application/x-ndjson", "text/plain",
    "application/json; charset=\"utf-8\"",
    ";;;", "application/xml; charset=utf-7",
]  # fmt: skip

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_NAMES = st.sampled_from(["order", "lead", "consent", "signals", "test", "submitted_at", "entry", "changes", "value",
                          "field_data", "name", "values", "user_column_data", "column_id", "string_value", "phone",
                          "access_key", "seconds_on_form", "captured_at", ""]) | st.text(max_size=8)  # fmt: skip
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5), max_leaves=25
).map(lambda value: json.dumps(value).encode())
_NDJSON = st.lists(_JSON, max_size=5).map(b"\n".join)
_FORMS = st.lists(st.tuples(_NAMES, st.text(max_size=9)), max_size=5).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")
)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """A good body with bytes cut out, put in or changed."""
    body = bytearray(draw(st.sampled_from([each.body.encode() for each in examples.ALL])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=4))
    return bytes(body)


_BODIES = _JSON | _NDJSON | _FORMS | _damaged() | st.binary(max_size=200)


@pytest.fixture(name="runner", scope="module")
def runner_fixture() -> Iterator[tuple[asyncio.Runner, Suite]]:
    """hypothesis runs plain functions, so the suite lives on a loop of its own."""
    with asyncio.Runner() as runner:
        context = running()
        yield runner, runner.run(context.__aenter__())
        runner.run(context.__aexit__(None, None, None))


_PROFILE = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@_PROFILE
@given(path=st.sampled_from(PATHS), kind=st.sampled_from(KINDS), body=_BODIES)
@example(path="/v1/leads", kind="application/json", body=b'{"order":"\\u0000"}')
@example(
    path="/v1/leads", kind="application/xml", body=b"<adf><prospect><leadline><field/></leadline></prospect></adf>"
)
@example(path="/v1/leads", kind="application/json", body=b'{"submitted_at":"2099-12-31T23:59:59-23:59"}')
@example(path="/v1/leads", kind="application/json", body=b'{"access_key":"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"}')
def test_any_body_is_answered_below_500(
    runner: tuple[asyncio.Runner, Suite], path: str, kind: str, body: bytes
) -> None:
    loop, suite = runner
    status, headers, answer = loop.run(suite.post(path, body, kind))

    assert status < 500
    if status >= 400:
        assert headers["content-type"] == "application/problem+json"
        assert (answer["status"], set(answer) >= {"type", "title", "detail", "code", "errors"}) == (status, True)


_HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@_PROFILE
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "PATCH", "TRACE", "OPTIONS", "BREW"]),
    path=st.sampled_from(PATHS),
    headers=st.dictionaries(
        st.sampled_from(["Authorization", "X-Access-Key", "Idempotency-Key", "traceparent", "Content-Type",
                         "Content-Encoding", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade"]),
        _HEADER_TEXT | st.sampled_from(["5", "chunked", "100-continue", "websocket", "-1"]),
    ),
)  # fmt: skip
def test_any_headers_are_answered_below_500(
    runner: tuple[asyncio.Runner, Suite], method: str, path: str, headers: dict[str, str]
) -> None:
    loop, suite = runner
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    answer = loop.run(_sent(suite, f"{method} {path} HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n{{}}"))

    assert answer == b"" or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4", b"HTTP/1.1 100"))
    assert loop.run(suite.get("/healthz"))[0] == 200


async def _sent(suite: Suite, text: str) -> bytes:
    """The first bytes that come back; the rest of a body that was only announced is never sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", suite.server.port)
    writer.write(text.encode("latin-1"))
    writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(100), 15)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_the_suite_is_real(runner: tuple[asyncio.Runner, Suite]) -> None:
    loop, suite = runner
    answer: tuple[int, Any, Any] = loop.run(suite.post(examples.JSON.path, examples.JSON.body))

    assert (answer[0], answer[2]["outcome"]) == (200, "accepted")
