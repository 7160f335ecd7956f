"""The API's description is valid, whole, and true of what the gateway does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway import examples, problems
from services.gateway.aliases import meaning
from services.gateway.app import Route, routes
from services.gateway.health_client import FirstContact
from services.gateway.inbound_service import InboundDesk
from services.gateway.leads import Leads
from services.gateway.openapi import document
from services.gateway.order_service import OrderBook
from services.gateway.pages import Pages
from services.gateway.ping_service import Pings
from services.gateway.returns_service import ReturnsDesk
from services.gateway.service import REASON_CODES
from services.gateway.statement_service import Statements
from services.gateway.unsubscribe_service import Unsubscribing
from tests.clock import FakeClock


class _Contact:
    ready = True


def table() -> list[Route]:
    class Handlers:
        def __getattr__(self, name: str) -> object:
            return object()

    pages = Pages(cast("FirstContact", _Contact()), FakeClock())
    leads, pings, orders, statements, returns, inbound, unsubscribing = (Handlers() for _ in range(7))
    return routes(
        cast("Leads", leads),
        cast("Pings", pings),
        cast("OrderBook", orders),
        cast("Statements", statements),
        cast("ReturnsDesk", returns),
        cast("InboundDesk", inbound),
        cast("Unsubscribing", unsubscribing),
        pages,
        echo=False,
    )


@pytest.fixture(name="described", scope="module")
def described_fixture() -> dict[str, Any]:
    return document("1")


async def page() -> tuple[str, str]:
    response = await Pages(cast("FirstContact", _Contact()), FakeClock()).docs(cast("Any", None))
    return response.body.decode(), dict(response.headers)[b"content-security-policy"].decode()


def test_the_document_is_valid_openapi_3_1(described: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(json.loads(json.dumps(described))).iter_errors()) == []


def test_every_route_is_described_with_its_methods_and_nothing_else_is(described: dict[str, Any]) -> None:
    served = {route.template: {method.lower() for method in route.handlers} for route in table()}

    assert served == {path: set(methods) for path, methods in described["paths"].items()}


def test_the_benchmarks_echo_is_no_part_of_the_api(described: dict[str, Any]) -> None:
    assert "/echo" not in described["paths"]


def test_every_property_of_the_answer_is_described(described: dict[str, Any]) -> None:
    answer = described["components"]["schemas"]["Answer"]

    assert set(answer["required"]) == {
        "lead_id", "outcome", "price", "order", "reasons", "replayed", "trace_id", "decision_ms", "unknown_fields",
    }  # fmt: skip


def test_described_consent_and_signals_mean_what_they_say(described: dict[str, Any]) -> None:
    lead = described["components"]["schemas"]["Lead"]["properties"]
    for section in ("consent", "signals"):
        for name in lead[section]["properties"]:
            assert meaning(f"{section}.{name}")[0] == f"{section}.{name}"


async def test_the_page_explains_every_operation_reason_and_problem(described: dict[str, Any]) -> None:
    html, _ = await page()

    anchors = set(re.findall(r'id="([^"]+)"', html))
    assert {problems.code_of(kind) for kind in problems.TITLES} | set(problems.EDGE) <= anchors
    operations = {operation["operationId"] for methods in described["paths"].values() for operation in methods.values()}
    assert operations <= anchors
    assert all(f"<code>{code}</code>" in html for code in REASON_CODES.values())


async def test_the_page_shows_a_curl_line_for_every_format() -> None:
    html, _ = await page()

    for example in examples.SHOWN:
        assert f"Content-Type: {example.media_type}" in html
    assert html.count("curl -sS") == len(examples.SHOWN)


async def test_examples_carry_the_time_at_which_they_are_served() -> None:
    pages = Pages(cast("FirstContact", _Contact()), FakeClock(datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)))

    for response in (await pages.docs(cast("Any", None)), await pages.openapi(cast("Any", None))):
        assert b"2031-02-03T04:05:06Z" in response.body
        assert examples.INSTANT.encode() not in response.body


async def test_the_page_loads_nothing_and_runs_nothing() -> None:
    html, policy = await page()

    assert not re.search(r"<script|<link|<img|<iframe|\son\w+=|src=|@import|url\(", html)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
