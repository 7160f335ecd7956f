"""Returns over HTTP: what a seller is shown, what it can say, and what is never sent twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import return_service_pb2 as pb
from leadline.intake.v1.return_service_pb2_grpc import ReturnServiceServicer, add_ReturnServiceServicer_to_server
from shared.rpc.errors import AppError, KeyScope, NotFound, WrongState, to_status
from tests.integration.gateway_suite import KEY, Suite, running

ID = "0193a1de-0000-7000-8000-000000000001"


class Rules(ReturnServiceServicer):
    """Knows one return, and writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.failures: list[AppError | grpc.StatusCode] = []

    async def _hear(self, request: Any, context: Any) -> None:
        self.asked.append(request)
        if not self.failures:
            return
        failure = self.failures.pop(0)
        if isinstance(failure, grpc.StatusCode):
            await context.abort(failure, "scripted")
            return
        details = (("grpc-status-details-bin", to_status(failure).SerializeToString()),)
        await context.abort(failure.code, failure.message, details)

    async def ListReturns(self, request: pb.ListReturnsRequest, context: Any) -> pb.ListReturnsResponse:
        await self._hear(request, context)
        return pb.ListReturnsResponse(returns=[_open(), _refused()], next_page_token=ID)

    async def GetReturn(self, request: pb.GetReturnRequest, context: Any) -> pb.GetReturnResponse:
        await self._hear(request, context)
        answer = pb.GetReturnResponse(found=_open())
        step = answer.history.add(action="request", state="open", who="the buyer", why="no such number")
        step.at.FromJsonString("2026-11-20T10:00:00Z")
        return answer

    async def ActOnReturn(self, request: pb.ActOnReturnRequest, context: Any) -> pb.ActOnReturnResponse:
        await self._hear(request, context)
        after = _open()
        after.state = "contested"
        after.ClearField("answer_by")
        return pb.ActOnReturnResponse(after=after)


def _open() -> pb.Return:
    one = pb.Return(
        return_id=ID, lead_id="lead-1", seller="marco", order=lead_pb2.OrderRef(order="auto", version=3),
        reason="disconnected", state="open", amount=lead_pb2.Money(amount_minor=3205, currency="USD"),
        settlement="credit",
    )  # fmt: skip
    one.request_time.FromJsonString("2026-11-20T10:00:00Z")
    one.answer_by.FromJsonString("2026-11-23T10:00:00.5Z")
    return one


def _refused() -> pb.Return:
    one = _open()
    one.state = "refused"
    one.ClearField("answer_by")
    one.faults.add(term="too_late", message="expected at most 30 days after the purchase")
    return one


@pytest.fixture(name="rules")
def rules_fixture() -> Rules:
    return Rules()  # type: ignore[abstract] # the gateway calls no other method


@pytest.fixture(name="suite")
async def suite_fixture(rules: Rules) -> AsyncIterator[Suite]:
    async with running(also=lambda server: add_ReturnServiceServicer_to_server(rules, server)) as suite:
        yield suite


SHOWN = {
    "id": ID, "lead_id": "lead-1", "order": "auto@3", "reason": "disconnected", "state": "open",
    "amount": {"amount": "32.05", "currency": "USD"}, "settlement": "credit",
    "requested_at": "2026-11-20T10:00:00.000Z", "answer_by": "2026-11-23T10:00:00.500Z",
}  # fmt: skip


async def test_a_list_tells_deadlines_faults_and_where_it_goes_on(suite: Suite, rules: Rules) -> None:
    status, _, told = await suite.get(f"/v1/returns?state=open&page={ID}")
    assert status == 200
    refused = {name: value for name, value in SHOWN.items() if name != "answer_by"}
    faults = [{"term": "too_late", "expected": "expected at most 30 days after the purchase"}]
    assert told == {"returns": [SHOWN, {**refused, "state": "refused", "faults": faults}], "next_page": ID}
    assert rules.asked == [pb.ListReturnsRequest(access_key=KEY, state="open", page_token=ID)]


async def test_one_is_told_with_its_history(suite: Suite, rules: Rules) -> None:
    status, _, told = await suite.get(f"/v1/returns/{ID}")
    step = {"action": "request", "state": "open", "at": "2026-11-20T10:00:00.000Z", "who": "the buyer"}
    assert (status, told) == (200, {**SHOWN, "history": [{**step, "why": "no such number"}]})
    assert rules.asked == [pb.GetReturnRequest(access_key=KEY, return_id=ID)]


@pytest.mark.parametrize("action", ["agree", "contest", "dispute"])
async def test_a_seller_says_yes_or_no_with_its_reason(suite: Suite, rules: Rules, action: str) -> None:
    status, _, told = await suite.post(f"/v1/returns/{ID}/{action}", '{"why": "it answers"}')
    assert (status, told["state"], "answer_by" in told) == (200, "contested", False)
    wanted = pb.ReturnAction.Value(f"RETURN_ACTION_{action.upper()}")
    assert rules.asked == [pb.ActOnReturnRequest(access_key=KEY, return_id=ID, action=wanted, why="it answers")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{}", "why"), ('{"why": " "}', "why"), ('{"why": 7}', "why"), ('{"why": null}', "why"), ("[]", ""),
        ('{"why": "a", "amount": "1.00"}', "amount"), ('{"why": "a", "why": "b"}', ""), ("", ""), ('{"why": "a"', ""),
    ],
)  # fmt: skip
async def test_a_word_that_cannot_be_read_reaches_nobody(suite: Suite, rules: Rules, body: str, field: str) -> None:
    status, headers, problem = await suite.post(f"/v1/returns/{ID}/dispute", body)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    if field:
        assert [error["field"] for error in problem["errors"]] == [field]
    assert rules.asked == []


async def test_only_json_and_only_so_much_of_it_is_read(suite: Suite, rules: Rules) -> None:
    assert (await suite.post(f"/v1/returns/{ID}/dispute", "why=a", "application/x-www-form-urlencoded"))[0] == 415
    assert (await suite.post(f"/v1/returns/{ID}/dispute", json.dumps({"why": "a" * 9000})))[0] == 413
    assert (await suite.get("/v1/returns?seller=other"))[0] == 400
    assert (await suite.get("/v1/returns", Authorization=""))[0] == 401
    status, headers, _ = await suite.get(f"/v1/returns/{ID}/dispute")
    assert (status, headers["allow"]) == (405, "POST")
    assert rules.asked == []


async def test_what_intake_refuses_is_told_as_a_problem(suite: Suite, rules: Rules) -> None:
    rules.failures = [NotFound("there is no such return"), KeyScope("this key may not"), WrongState("it is withdrawn")]
    told = [await suite.post(f"/v1/returns/{ID}/agree", '{"why": "a"}') for _ in range(3)]
    assert [(status, problem["code"]) for status, _, problem in told] == [
        (404, "not_found"), (403, "key_scope"), (409, "wrong_state"),
    ]  # fmt: skip


async def test_a_question_rides_out_an_outage_and_a_step_is_never_sent_twice(suite: Suite, rules: Rules) -> None:
    rules.failures = [grpc.StatusCode.UNAVAILABLE]
    assert (await suite.get("/v1/returns"))[0] == 200
    rules.asked.clear()
    rules.failures = [grpc.StatusCode.UNAVAILABLE]
    assert (await suite.post(f"/v1/returns/{ID}/dispute", '{"why": "a"}'))[0] == 503
    assert len(rules.asked) == 1
