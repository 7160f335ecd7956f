"""The gateway over real HTTP: single leads, access keys, what cannot be read, limits."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest

from leadline.common.v1 import lead_pb2
from services.gateway import examples
from services.gateway.examples import Example
from tests.captured_logs import captured_logs
from tests.integration.gateway_suite import BOUGHT, KEY, NOT_BOUGHT, OTHER_ORDERS_KEY, PENDING, Suite, running


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
    assert sent.order in ("marco-auto-2026", "own-auto-2026")
    assert sent.external_id
    assert sent.fields["phone"]
    assert sent.consent.text
    told = sent.consent.captured_at if sent.consent.HasField("captured_at") else sent.submitted_at
    assert told.ToJsonString() == f"{examples.INSTANT}Z"


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
