"""The gateway over real HTTP, in front of an intake over real gRPC."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable

import grpc
import pytest

from leadline.common.v1 import lead_pb2
from services.gateway import examples
from services.gateway.examples import Example
from tests.captured_logs import captured_logs
from tests.integration.gateway_suite import KEY, OTHER_ORDERS_KEY, Suite, running

BOUGHT = json.dumps({"order": "o-1", "external_id": "m-1", "lead": {"state": "TX", "email": "ann@mail.example"}})
NOT_BOUGHT = json.dumps({"order": "o-1", "external_id": "m-2", "firstName": "Ann", "zip": "10001", "weirdWord": "x"})
PENDING = json.dumps({"order": "o-1", "external_id": "m-3", "state": "NY"})


async def until(holds: Callable[[], bool]) -> None:
    """Return once the condition holds, in ten seconds at most."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the condition is of plain objects that tell nobody
            await asyncio.sleep(0.01)


@pytest.fixture(name="suite")
async def suite_fixture() -> AsyncIterator[Suite]:
    async with running() as suite:
        yield suite


async def test_a_bought_lead_is_answered_as_the_contract_says(suite: Suite) -> None:
    status, headers, answer = await suite.post("/v1/leads", BOUGHT)

    assert status == 200
    assert headers["content-type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.pop("lead_id"))
    assert re.fullmatch(r"[0-9a-f]{32}", answer.pop("trace_id"))
    assert answer == {
        "outcome": "accepted",
        "price": {"amount": "32.00", "currency": "USD"},
        "order": "o-1@3",
        "reasons": [],
        "replayed": False,
        "decision_ms": 11.0,
        "unknown_fields": [],
    }


async def test_a_lead_not_bought_costs_nothing_and_is_told_every_reason(suite: Suite) -> None:
    status, _, answer = await suite.post("/v1/leads", NOT_BOUGHT)

    assert status == 200
    assert (answer["outcome"], answer["price"]["amount"]) == ("rejected", "0.00")
    assert answer["reasons"] == [
        {"code": "geography_excluded", "field": "zip", "message": "expected a ZIP in Texas", "retryable": False},
        {"code": "cap_reached", "field": "", "message": "the day is full", "retryable": True},
    ]
    assert answer["unknown_fields"] == ["weirdWord"]


async def test_a_pending_lead_is_answered_202_with_where_to_ask(suite: Suite) -> None:
    status, headers, answer = await suite.post("/v1/leads", PENDING)

    assert (status, answer["outcome"], answer["price"]) == (202, "pending", None)
    again = await suite.get(headers["location"])
    assert again[0] == 200
    assert again[2]["lead_id"] == answer["lead_id"]
    assert again[2]["external_id"] == "m-1"


@pytest.mark.parametrize("example", examples.ALL, ids=lambda example: example.title)
async def test_every_documented_example_works_as_it_stands(suite: Suite, example: Example) -> None:
    status, _, _ = await suite.post(example.path, example.body, example.media_type)

    assert status == 200
    sent = suite.rules.submissions[0]
    assert sent.order == "marco-auto-2026"
    assert sent.external_id
    assert sent.fields["phone"].replace("-", "")[-10:-4] == "512555"


@pytest.mark.parametrize("kind", ["application/xml", "text/xml; charset=utf-8", "Application/X-ADF+XML"])
async def test_adf_comes_under_all_its_media_types(suite: Suite, kind: str) -> None:
    assert (await suite.post(examples.ADF.path, examples.ADF.body, kind))[0] == 200
    sent = suite.rules.submissions[0]
    assert sent.format == lead_pb2.SUBMISSION_FORMAT_ADF
    assert sent.payload == examples.ADF.body.encode()


async def test_the_same_submission_again_is_the_same_lead(suite: Suite) -> None:
    first = (await suite.post("/v1/leads", BOUGHT, **{"Idempotency-Key": "k-1"}))[2]
    second = (await suite.post("/v1/leads", BOUGHT, **{"Idempotency-Key": "k-1"}))[2]

    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["lead_id"] == second["lead_id"]
    assert suite.rules.submissions[0].idempotency_key == "k-1"


# -- access keys


@pytest.mark.parametrize("header", [{"Authorization": f"bearer {KEY}"}, {"Authorization": "", "X-Access-Key": KEY}])
async def test_a_key_comes_in_either_header(suite: Suite, header: dict[str, str]) -> None:
    assert (await suite.post("/v1/leads", BOUGHT, **header))[0] == 200
    assert suite.rules.keys == {KEY}


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/v1/leads", "application/x-www-form-urlencoded", f"access_key={KEY}&state=TX"),
        ("/v1/leads", "application/json", json.dumps({"access_key": KEY, "state": "TX"})),
        ("/v1/adapters/google-ads/o", "application/json", json.dumps({"google_key": KEY, "user_column_data": []})),
    ],
)
async def test_a_key_in_the_body_works_and_is_not_kept(suite: Suite, path: str, kind: str, body: str) -> None:
    status, _, _ = await suite.post(path, body, kind, Authorization="")

    assert status == 200
    sent = suite.rules.submissions[0]
    assert KEY.encode() not in sent.SerializeToString()
    assert b"***" in sent.payload


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": ""}, 401, "key_missing"),
        ({"Authorization": "Basic abcdefgh"}, 401, "key_invalid"),
        ({"Authorization": "Bearer short"}, 401, "key_invalid"),
        ({"Authorization": "Bearer ll_live_unknown_key"}, 401, "key_invalid"),
        ({"Authorization": f"Bearer {OTHER_ORDERS_KEY}"}, 403, "key_scope"),
    ],
)
async def test_a_key_that_is_no_good_is_told_so(suite: Suite, headers: dict[str, str], status: int, code: str) -> None:
    given = await suite.post("/v1/leads", BOUGHT, **headers)

    assert (given[0], given[2]["code"]) == (status, code)
    assert ("www-authenticate" in given[1]) == (status == 401)


async def test_a_key_in_the_address_is_refused_without_being_used(suite: Suite) -> None:
    status, _, problem = await suite.post(f"/v1/leads?access_key={KEY}", BOUGHT)

    assert (status, problem["code"]) == (401, "key_invalid")
    assert suite.rules.submissions == []


# -- what cannot be read


@pytest.mark.parametrize(
    ("path", "kind", "body", "status", "code"),
    [
        ("/v1/leads", "application/json", b'{"a":1', 400, "request_malformed"),
        ("/v1/leads", "application/json", b"", 400, "request_malformed"),
        ("/v1/leads", "application/x-www-form-urlencoded", b"phone=1&phone=2", 400, "request_malformed"),
        ("/v1/leads", "text/xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><adf/>", 400, "request_malformed"),
        ("/v1/leads", "text/plain", b"x", 415, "unsupported_media_type"),
        ("/v1/leads", "", b"x", 415, "unsupported_media_type"),
        ("/v1/leads", "multipart/form-data; boundary=x", b"x", 415, "unsupported_media_type"),
        ("/v1/leads", "application/json; charset=utf-16", b"{}", 415, "unsupported_media_type"),
        ("/v1/leads", "application/json; charset=iso-8859-1", b"{}", 415, "unsupported_media_type"),
        ("/v1/leads:batch", "text/csv", b"x", 415, "unsupported_media_type"),
        ("/v1/leads:batch", "application/json", b"{}", 400, "request_malformed"),
        ("/v1/adapters/meta/o", "application/json", b'{"id":"1"}', 400, "request_malformed"),
        ("/v1/leads?colour=red", "application/json", b"{}", 400, "request_malformed"),
        ("/v1/leads?order=a&order=b", "application/json", b"{}", 400, "request_malformed"),
        ("/v1/leads?order=a", "application/json", b'{"order":"b"}', 400, "request_malformed"),
        ("/v1/leads", "application/json", b'{"order":"not-there"}', 404, "not_found"),
        ("/v1/nothing", "application/json", b"{}", 404, "not_found"),
        ("/v1/leads/", "application/json", b"{}", 404, "not_found"),
    ],
)
async def test_what_cannot_be_taken_is_a_problem(
    suite: Suite, path: str, kind: str, body: bytes, status: int, code: str
) -> None:
    given_status, headers, problem = await suite.post(path, body, kind)

    assert (given_status, problem["code"], problem["status"]) == (status, code, status)
    assert headers["content-type"] == "application/problem+json"
    assert suite.rules.submissions == []


async def test_an_unsupported_format_is_told_those_that_are(suite: Suite) -> None:
    _, headers, problem = await suite.post("/v1/leads", "x", "text/plain")

    assert "application/x-adf+xml" in problem["errors"][0]["expected"]
    assert "application/json" in headers["accept"]


async def test_another_method_is_told_those_that_are_allowed(suite: Suite) -> None:
    for method, path, allow in (
        ("GET", "/v1/leads", "POST"),
        ("DELETE", "/v1/leads/x", "GET, HEAD"),
        ("OPTIONS", "/docs", "GET, HEAD"),
    ):
        async with suite.client.request(method, path) as response:
            assert (response.status, response.headers["Allow"]) == (405, allow)


async def test_a_refusal_never_repeats_what_was_sent_and_no_log_does(suite: Suite) -> None:
    secret = "Xanthippe-Quux"
    with captured_logs("debug") as logs:
        for kind, body in (
            ("application/json", json.dumps({"submitted_at": secret, "test": secret, "email": {"a": secret}})),
            ("application/json", f'{{"email":"{secret}'),
            ("application/x-www-form-urlencoded", f"submitted_at={secret}"),
            ("text/xml", f"<adf><prospect><requestdate>{secret}</requestdate></prospect></adf>"),
            ("text/xml", f"<adf>&{secret};</adf>"),
            (f"text/{secret}", secret),
        ):
            status, _, problem = await suite.post("/v1/leads", body, kind)
            assert status in (400, 415)
            assert secret not in json.dumps(problem)
        await suite.get(f"/v1/{secret}?{secret}")

    assert secret.encode() not in logs.getvalue()
    assert logs.getvalue().count(b"request refused") == 7


# -- limits


@pytest.mark.parametrize(("size", "status"), [(256 * 1024, 400), (256 * 1024 + 1, 413), (2_000_000, 413)])
async def test_a_body_has_at_most_256_kib(suite: Suite, size: int, status: int) -> None:
    frame = len('{"a":""}')

    assert (await suite.post("/v1/leads", json.dumps({"a": "x" * (size - frame)}, separators=(",", ":"))))[0] == status


@pytest.mark.parametrize("pieces", [3, 400])
async def test_a_chunked_body_is_read_and_bounded_too(suite: Suite, pieces: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"state":"TX","note":"'
        for _ in range(pieces):
            yield b"x" * 1000
        yield b'"}'

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    async with suite.client.post("/v1/leads", data=chunks(), headers=headers) as response:
        assert response.status == (200 if pieces == 3 else 413)


async def test_a_body_that_does_not_arrive_is_given_up() -> None:
    async with running(LEADLINE_GATEWAY_READ_TIMEOUT_SECONDS="0.1") as suite:
        answer = await suite.raw(
            b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert b'"code":"request_timeout"' in answer


async def test_headers_are_bounded(suite: Suite) -> None:
    for size in (20_000, 100_000):
        answer = await suite.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * size + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 431 ")


async def test_headers_without_end_are_given_up(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.http_server.HEAD_SECONDS", 0.1)

    assert (await suite.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")).startswith(b"HTTP/1.1 408 ")
    assert (await suite.raw(b"")).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"POST /v1/leads HTTP/9.9\r\n\r\n",
        b"GET \xff HTTP/1.1\r\n\r\n",
        b"\r\n\r\nnonsense\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_and_the_gateway_lives_on(suite: Suite, garbage: bytes) -> None:
    assert b"HTTP/1.1 4" in await suite.raw(garbage)
    assert (await suite.get("/healthz"))[0] == 200


async def test_a_compressed_body_is_refused(suite: Suite) -> None:
    assert (await suite.post("/v1/leads", b"\x1f\x8b", **{"Content-Encoding": "gzip"}))[0] == 415


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


# -- asking


async def test_a_lead_is_found_by_its_seller_only(suite: Suite) -> None:
    lead_id = (await suite.post("/v1/leads", BOUGHT))[2]["lead_id"]

    status, _, lead = await suite.get(f"/v1/leads/{lead_id}")
    assert (status, lead["outcome"], lead["source"]) == (200, "accepted", "a.example")
    assert (await suite.get(f"/v1/leads/{lead_id}", Authorization=f"Bearer {OTHER_ORDERS_KEY}"))[0] == 404
    assert (await suite.get("/v1/leads/nonsense"))[0] == 404
    assert (await suite.get(f"/v1/leads/{lead_id}", Authorization=""))[0] == 401


async def test_a_statement_is_for_a_period(suite: Suite) -> None:
    status, _, statement = await suite.get("/v1/statement?from=2026-11-01&to=2026-12-01T00:00:00%2B00:00")

    assert status == 200
    assert statement == {
        "seller": "marco",
        "lines": [
            {
                "order": "since-1793491200-to-1796083200@2",
                "leads": 2,
                "charged": {"amount": "64.00", "currency": "USD"},
                "credited": {"amount": "96.05", "currency": "USD"},
            }
        ],
        "total": {"amount": "-32.05", "currency": "USD"},
    }


@pytest.mark.parametrize("query", ["from=soon", "to=2026-13-01", "from=2026-02-01&to=2026-01-01", "since=2026-01-01"])
async def test_a_period_that_cannot_be_used_is_refused(suite: Suite, query: str) -> None:
    assert (await suite.get(f"/v1/statement?{query}"))[0] == 400


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
