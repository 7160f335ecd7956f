"""What the gateway answers about leads and about itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from tests.integration.gateway_suite import BOUGHT, NOT_BOUGHT, OTHER_ORDERS_KEY, Suite, running, until


@pytest.fixture(name="suite")
async def suite_fixture() -> AsyncIterator[Suite]:
    async with running() as suite:
        yield suite


# -- asking


async def test_a_lead_is_found_by_its_seller_only(suite: Suite) -> None:
    lead_id = (await suite.post("/v1/leads", BOUGHT))[2]["lead_id"]

    status, _, lead = await suite.get(f"/v1/leads/{lead_id}")
    assert (status, lead["outcome"], lead["source"]) == (200, "accepted", "a.example")
    assert (await suite.get(f"/v1/leads/{lead_id}", Authorization=f"Bearer {OTHER_ORDERS_KEY}"))[0] == 404
    assert (await suite.get("/v1/leads/nonsense"))[0] == 404
    assert (await suite.get(f"/v1/leads/{lead_id}", Authorization=""))[0] == 401


# -- the service itself


async def test_pages_are_served_with_their_types_and_guards(suite: Suite) -> None:
    for path, kind in (("/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")):
        status, headers, _ = await suite.get(path, Authorization="")
        assert (status, headers["content-type"], headers["x-content-type-options"]) == (200, kind, "nosniff")
    assert "content-security-policy" in (await suite.get("/docs"))[1]


async def test_readiness_waits_for_intake_and_does_not_go_with_it() -> None:
    async with running(start_intake=False) as suite:
        assert (await suite.get("/healthz"))[0] == 200
        assert (await suite.get("/readyz"))[0] == 503
        await suite.intake.start()
        await until(lambda: suite.contact.ready)
        assert (await suite.get("/readyz"))[0] == 200
        await suite.intake.stop()
        assert (await suite.get("/readyz"))[0] == 200


async def test_the_echo_is_for_development_only(suite: Suite) -> None:
    assert (await suite.post("/echo", BOUGHT))[0] == 200
    async with running(LEADLINE_ENVIRONMENT="production", LEADLINE_DRAIN_WAIT_SECONDS="0") as production:
        assert (await production.post("/echo", BOUGHT))[0] == 404


async def test_requests_and_answers_are_counted(suite: Suite) -> None:
    await suite.post("/v1/leads", BOUGHT)
    await suite.post("/v1/leads", "nonsense")
    await suite.get("/v1/leads/x")

    value = suite.metrics.value
    assert value("leadline_http_requests_total", route="/v1/leads", status="200") == 1
    assert value("leadline_http_requests_total", route="/v1/leads", status="400") == 1
    assert value("leadline_http_requests_total", route="/v1/leads/{id}", status="404") == 1
    assert value("leadline_answers_total", outcome="accepted") == 1
    assert value("leadline_http_seconds_count", route="/v1/leads") == 2


async def test_each_lead_has_a_trace_and_a_valid_one_is_continued(suite: Suite) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    continued = await suite.post("/v1/leads", BOUGHT, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    fresh = await suite.post("/v1/leads", NOT_BOUGHT, traceparent=f"00-{'0' * 32}-00f067aa0ba902b7-01")

    assert continued[2]["trace_id"] == trace
    assert re.fullmatch(r"(?!0{32})[0-9a-f]{32}", fresh[2]["trace_id"])


async def test_leads_under_way_are_answered_before_the_gateway_ends() -> None:
    async with running() as suite:
        suite.rules.gate.clear()
        post = asyncio.create_task(suite.post("/v1/leads", BOUGHT))
        await until(lambda: suite.rules.batch_sizes != [])
        ending = asyncio.create_task(suite.end_server())
        await asyncio.sleep(0)
        suite.rules.gate.set()
        status, _, _ = await post
        await ending

    assert status == 200
