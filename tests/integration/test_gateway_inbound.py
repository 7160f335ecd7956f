"""What the gateway takes from providers and from links in e-mails: only what is signed, once, and never half."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio

from leadline.routing.v1 import inbound_service_pb2 as pb
from leadline.routing.v1.inbound_service_pb2_grpc import (
    InboundServiceServicer,
    add_InboundServiceServicer_to_server,
)
from shared.rpc.errors import NotFound, to_status
from tests.integration.gateway_suite import Suite, running
from tests.signed import signed

SECRET = b"a secret of thirty-two bytes, ok"
WRITTEN = "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgb2s="
TEXT = {"from": "+12025550123", "to": "+18005550100", "text": "STOP"}
TOKEN = "AQAA-token_0"


class Routing(InboundServiceServicer):
    """InboundService by rule: knows one link, opts out on STOP."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def ReceiveText(self, request: pb.ReceiveTextRequest, context: Any) -> pb.ReceiveTextResponse:
        self.asked.append(request)
        if request.text != "STOP":
            return pb.ReceiveTextResponse(outcome="reply")
        return pb.ReceiveTextResponse(outcome="opted_out", reply="No more texts.", reply_from=request.to)

    async def ReportCall(self, request: pb.ReportCallRequest, context: Any) -> pb.ReportCallResponse:
        self.asked.append(request)
        return pb.ReportCallResponse(outcome="recorded")

    async def ReceiveEmail(self, request: pb.ReceiveEmailRequest, context: Any) -> pb.ReceiveEmailResponse:
        self.asked.append(request)
        return pb.ReceiveEmailResponse(outcome="marked")

    async def DescribeUnsubscribe(
        self, request: pb.DescribeUnsubscribeRequest, context: Any
    ) -> pb.DescribeUnsubscribeResponse:
        await _known(request.token, context)
        return pb.DescribeUnsubscribeResponse(buyer="Big & <Bold> Bank")

    async def Unsubscribe(self, request: pb.UnsubscribeRequest, context: Any) -> pb.UnsubscribeResponse:
        await _known(request.token, context)
        self.asked.append(request)
        return pb.UnsubscribeResponse(buyer="Big & <Bold> Bank")


async def _known(token: str, context: Any) -> None:
    if token != TOKEN:
        error = NotFound("not a link of this install")
        await context.abort(
            error.code, error.message, (("grpc-status-details-bin", to_status(error).SerializeToString()),)
        )


class World:
    """A gateway and who it hands on to."""

    def __init__(self, suite: Suite, routing: Routing) -> None:
        self.suite = suite
        self.routing = routing

    async def send(self, path: str, content: object, *secrets: bytes, **how: Any) -> tuple[int, dict[str, str], Any]:
        """Post a message as its provider does."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = signed(body, *(secrets or (SECRET,)), **how)
        return await self.suite.post(f"/v1/inbound/{path}", body, Authorization="", **headers)


@pytest_asyncio.fixture(name="world", scope="module", loop_scope="module")
async def world_fixture() -> AsyncIterator[World]:
    routing = Routing()

    def add(server: grpc.aio.Server) -> None:
        add_InboundServiceServicer_to_server(routing, server)

    async with running(also=add, LEADLINE_INBOUND_SECRET=WRITTEN) as suite:
        yield World(suite, routing)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_text_is_handed_on_and_its_answer_goes_back(world: World) -> None:
    status, _, answer = await world.send("text", {**TEXT, "received_at": "2026-11-22T10:00:00Z"}, message_id="msg_a")

    assert (status, answer) == (
        200,
        {
            "outcome": "opted_out",
            "reply": {"id": "msg_a", "from": TEXT["to"], "to": TEXT["from"], "text": "No more texts."},
        },
    )
    asked = world.routing.asked[-1]
    assert (asked.message_id, getattr(asked, "from"), asked.to, asked.text) == ("msg_a", *TEXT.values())
    assert asked.received_at.seconds == 1795341600


async def test_where_nothing_is_to_be_said_nothing_is(world: World) -> None:
    assert (await world.send("text", {**TEXT, "text": "yes, call me"}))[2] == {"outcome": "reply"}


async def test_calls_and_emails_are_handed_on(world: World) -> None:
    attempt = "01926f3e-0000-7000-8000-000000000001"
    call = await world.send("call-status", {"id": attempt, "status": "answered", "answered_by": "person"})
    assert call[2] == {"outcome": "recorded"}
    assert world.routing.asked[-1].answered_by == "person"

    bounce = {"type": "bounce", "address": "ann@mail.example", "permanent": True, "delivery_id": attempt, "more": 1}
    assert (await world.send("email", bounce))[2] == {"outcome": "marked"}
    asked = world.routing.asked[-1]
    assert (asked.permanent, asked.delivery_id, asked.subject) == (True, attempt, "")


@pytest.mark.parametrize("path", ["text", "call-status", "email"])
async def test_who_does_not_sign_is_not_heard(world: World, path: str) -> None:
    heard = len(world.routing.asked)
    body = json.dumps(TEXT).encode()

    unsigned = await world.suite.post(f"/v1/inbound/{path}", body, Authorization="")
    with_a_sellers_key = await world.suite.post(f"/v1/inbound/{path}", body)
    forged = await world.send(path, TEXT, SECRET[::-1])
    old = await world.send(path, TEXT, at=time.time() - 301)
    early = await world.send(path, TEXT, at=time.time() + 303)

    assert [answer[0] for answer in (unsigned, with_a_sellers_key, forged, old, early)] == [401] * 5
    assert unsigned[2]["code"] == "key_missing"
    assert {answer[2]["code"] for answer in (forged, old, early)} == {"key_invalid"}
    assert len(world.routing.asked) == heard


async def test_a_signature_is_of_one_content_only(world: World) -> None:
    heard = len(world.routing.asked)
    headers = signed(json.dumps(TEXT).encode(), SECRET)
    changed = json.dumps({**TEXT, "from": "+12025550199"}).encode()

    assert (await world.suite.post("/v1/inbound/text", changed, Authorization="", **headers))[0] == 401
    assert len(world.routing.asked) == heard


@pytest.mark.parametrize(
    ("path", "content", "fields"),
    [
        ("text", {}, ["to", "text", "from"]),
        ("text", {**TEXT, "from": "202-555-0123"}, ["from"]),
        ("text", {**TEXT, "text": 7}, ["text"]),
        ("text", {**TEXT, "received_at": "yesterday"}, ["received_at"]),
        ("call-status", {"id": "1", "status": "fine"}, ["id", "status"]),
        ("email", {"type": "open", "address": "nobody", "permanent": "yes"}, ["type", "address", "permanent"]),
        ("email", [], [""]),
    ],
)
async def test_what_cannot_be_used_is_refused_and_not_repeated(
    world: World, path: str, content: object, fields: list[str]
) -> None:
    status, _, answer = await world.send(path, content)
    assert status == 400
    assert [error["field"] for error in answer["errors"]] == fields
    assert "202-555" not in json.dumps(answer)


async def test_only_json_of_bounded_size_is_read(world: World) -> None:
    assert (await world.send("text", b"{" * 100_000))[0] == 413
    assert (await world.send("text", b"no json"))[0] == 400
    body = json.dumps(TEXT).encode()
    assert (await world.suite.post("/v1/inbound/text", body, kind="text/plain", **signed(body, SECRET)))[0] == 415


async def test_without_providers_nothing_is_taken_and_while_routing_is_away_nothing_is_said_to_be() -> None:
    async with running() as suite:
        body = json.dumps(TEXT).encode()
        assert (await suite.post("/v1/inbound/text", body, Authorization="", **signed(body, SECRET)))[0] == 404
        # The suite's intake does not know routing's methods.
        status, _, page = await suite.get(f"/u/{TOKEN}", Authorization="")
        assert status >= 500
        assert "did not work just now" in page


# -- the link


async def test_opening_the_link_changes_nothing(world: World) -> None:
    heard = len(world.routing.asked)
    status, headers, page = await world.suite.get(f"/u/{TOKEN}", Authorization="")

    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "No more e-mails from Big &amp; &lt;Bold&gt; Bank?" in page
    assert re.findall(r'<form method="(\w+)">', page) == ["post"]
    assert re.findall(r'<button[^>]* name="([^"]+)" value="([^"]+)">', page) == [
        ("List-Unsubscribe", "One-Click"),
        ("contact", "none"),
    ]
    assert len(world.routing.asked) == heard


async def test_the_page_can_send_its_form_and_nothing_else(world: World) -> None:
    _, headers, page = await world.suite.get(f"/u/{TOKEN}", Authorization="")
    policy = headers["content-security-policy"]

    assert "form-action 'self'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in page
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "everything", "said"),
    [
        (b"List-Unsubscribe=One-Click", False, "no more e-mails."),
        (b"", False, "no more e-mails."),
        (b"contact=none", True, "no more e-mails or texts, and does not call you."),
    ],
)
async def test_one_click_is_enough(world: World, body: bytes, everything: bool, said: str) -> None:
    kind = "application/x-www-form-urlencoded"
    status, _, page = await world.suite.post(f"/u/{TOKEN}", body, kind, Authorization="")

    assert status == 200
    assert said in page
    assert world.routing.asked[-1] == pb.UnsubscribeRequest(token=TOKEN, all=everything)


async def test_a_form_of_several_parts_is_one_click_too(world: World) -> None:
    # RFC 8058, 3.2: the mail program may send either form.
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x"
    assert (await world.suite.post(f"/u/{TOKEN}", body, kind, Authorization=""))[0] == 200


async def test_an_unknown_link_says_so_and_shows_another_way(world: World) -> None:
    for status, _, page in (
        await world.suite.get("/u/other", Authorization=""),
        await world.suite.post("/u/other", b"", Authorization=""),
    ):
        assert status == 404
        assert "answer the e-mail" in page
