"""The gateway in front of an intake over real gRPC: batches, shared calls, outages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.integration.gateway_suite import BOUGHT, KEY, NOT_BOUGHT, PENDING, Suite, running, until


@pytest.fixture(name="suite")
async def suite_fixture() -> AsyncIterator[Suite]:
    async with running() as suite:
        yield suite


# -- batches


async def test_a_batch_is_answered_lead_by_lead_and_a_bad_line_spoils_no_other(suite: Suite) -> None:
    lines = [BOUGHT, '{"phone":', "", NOT_BOUGHT, '{"order":"not-there"}', '{"lead":{"x":[]}}']
    status, headers, text = await suite.post("/v1/leads:batch", "\n".join(lines), "application/x-ndjson")

    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    answers = [json.loads(line) for line in text.splitlines()]
    assert [answer["index"] for answer in answers] == [0, 1, 2, 3, 4]
    assert [answer.get("outcome") or answer["status"] for answer in answers] == ["accepted", 400, "rejected", 404, 400]
    assert answers[1]["position"]["line"] == 2


async def test_an_array_is_answered_with_an_array_over_several_calls(suite: Suite) -> None:
    leads = [{"order": "o", "external_id": f"m-{number}", "state": "TX"} for number in range(1000)]
    status, _, answers = await suite.post("/v1/leads:batch", json.dumps(leads))

    assert status == 200
    assert [answer["index"] for answer in answers] == list(range(1000))
    assert {answer["outcome"] for answer in answers} == {"accepted"}
    assert sum(suite.rules.batch_sizes) == 1000
    assert max(suite.rules.batch_sizes) == 128
    assert len({answer["trace_id"] for answer in answers}) == 1000


async def test_too_many_leads_are_refused_before_any_is_taken(suite: Suite) -> None:
    assert (await suite.post("/v1/leads:batch", "{}\n" * 1001, "application/x-ndjson"))[0] == 400
    assert (await suite.post("/v1/leads:batch", b" " * (5 * 1024 * 1024 + 1)))[0] == 413
    assert suite.rules.batch_sizes == []


async def test_a_bad_key_is_refused_for_the_whole_batch(suite: Suite) -> None:
    status, _, problem = await suite.post(
        "/v1/leads:batch", f"[{BOUGHT},{NOT_BOUGHT}]", Authorization="Bearer ll_live_unknown_key"
    )

    assert (status, problem["code"]) == (401, "key_invalid")
    assert "index" not in problem


async def test_the_first_answers_arrive_while_later_leads_are_still_being_decided(suite: Suite) -> None:
    body = "\n".join(json.dumps({"external_id": str(number), "state": "TX"}) for number in range(1000))
    headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {KEY}"}
    suite.rules.passing = 1
    suite.rules.gate.clear()
    async with suite.client.post("/v1/leads:batch", data=body, headers=headers) as response:
        first = json.loads(await asyncio.wait_for(response.content.readline(), 5))
        assert first["index"] == 0
        assert sum(suite.rules.batch_sizes) < 1000
        suite.rules.gate.set()
        rest = (await response.read()).splitlines()
    assert len(rest) == 999


async def test_each_lead_of_a_batch_has_a_key_of_its_own_under_the_batchs(suite: Suite) -> None:
    await suite.post("/v1/leads:batch", f"[{BOUGHT},{NOT_BOUGHT}]", **{"Idempotency-Key": "k"})

    assert [sent.idempotency_key for sent in suite.rules.submissions] == ["k#0", "k#1"]


async def test_a_meta_envelope_is_answered_lead_by_lead(suite: Suite) -> None:
    whole = {"id": "1", "field_data": [{"name": "state", "values": ["TX"]}]}
    bare = {"id": "2", "changes": [{"field": "leadgen", "value": {"leadgen_id": "2"}}]}
    status, _, given = await suite.post("/v1/adapters/meta/o-9", json.dumps({"entry": [whole, bare]}))

    assert status == 200
    assert [one.get("outcome") or one["status"] for one in given] == ["accepted", 400]
    assert suite.rules.submissions[0].order == "o-9"


# -- intake


async def test_concurrent_single_posts_share_calls(suite: Suite) -> None:
    suite.rules.gate.clear()
    posts = [
        asyncio.create_task(suite.post("/v1/leads", json.dumps({"external_id": str(number), "state": "TX"})))
        for number in range(60)
    ]
    await until(lambda: sum(suite.rules.batch_sizes) + suite.waiting() == 60)
    suite.rules.gate.set()
    answers = await asyncio.gather(*posts)

    assert {answer[0] for answer in answers} == {200}
    assert len({answer[2]["lead_id"] for answer in answers}) == 60
    assert sum(suite.rules.batch_sizes) == 60
    assert len(suite.rules.batch_sizes) <= 6


async def test_a_large_lead_travels_alone(suite: Suite) -> None:
    body = json.dumps({f"f{number}": "x" * 8000 for number in range(30)} | {"state": "TX"})

    assert (await suite.post("/v1/leads", body))[0] == 200
    assert suite.rules.batch_sizes == [1]


async def test_a_restart_of_intake_is_ridden_out(suite: Suite) -> None:
    assert (await suite.post("/v1/leads", BOUGHT))[0] == 200
    await suite.intake.stop()
    post = asyncio.create_task(suite.post("/v1/leads", NOT_BOUGHT))
    done, _ = await asyncio.wait([post], timeout=1.0)
    assert not done
    await suite.intake.start()

    assert (await post)[0] == 200


async def test_an_intake_that_stays_away_is_a_503_that_says_when_to_come_back() -> None:
    async with running(LEADLINE_GATEWAY_PATIENCE_SECONDS="0.2") as suite:
        await suite.intake.stop()
        status, headers, problem = await suite.post("/v1/leads", BOUGHT)
        batch = await suite.post("/v1/leads:batch", f"[{BOUGHT}]")

    assert (status, problem["code"]) == (503, "unavailable")
    assert int(headers["retry-after"]) >= 1
    assert (batch[0], batch[2][0]["status"]) == (200, 503)


async def test_an_intake_that_does_not_answer_is_a_504() -> None:
    async with running(LEADLINE_GATEWAY_SUBMIT_TIMEOUT_SECONDS="0.2") as suite:
        suite.rules.gate.clear()
        status, _, problem = await suite.post("/v1/leads", BOUGHT)
        suite.rules.gate.set()

    assert (status, problem["code"]) == (504, "deadline")


async def test_a_defect_of_intake_is_a_500_without_its_text(suite: Suite) -> None:
    suite.rules.failures = [grpc.StatusCode.UNKNOWN]
    status, _, problem = await suite.post("/v1/leads", BOUGHT)

    assert (status, problem["code"]) == (500, "internal")
    assert "scripted" not in json.dumps(problem)


async def test_a_refusal_says_when_to_come_back(suite: Suite) -> None:
    status, headers, problem = await suite.post("/v1/leads", '{"order":"overloaded"}')

    assert (status, headers["retry-after"], problem["retry_after"]) == (429, "7", 7)


async def test_beyond_what_may_wait_posts_are_refused_at_once() -> None:
    async with running(LEADLINE_GATEWAY_MAX_WAITING="1", LEADLINE_GATEWAY_MAX_IN_FLIGHT="1") as suite:
        suite.rules.gate.clear()
        first = asyncio.create_task(suite.post("/v1/leads", BOUGHT))
        await until(lambda: suite.rules.batch_sizes != [])
        second = asyncio.create_task(suite.post("/v1/leads", NOT_BOUGHT))
        await until(lambda: suite.waiting() == 1)
        status, headers, _ = await suite.post("/v1/leads", PENDING)
        suite.rules.gate.set()

        assert (status, headers["retry-after"]) == (429, "1")
        assert [(await first)[0], (await second)[0]] == [200, 200]
