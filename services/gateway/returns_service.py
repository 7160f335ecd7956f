"""The handlers below `/v1/returns`: what the buyer asks back from a seller, and the seller's answers."""

from __future__ import annotations

import msgspec

from leadline.intake.v1 import return_service_pb2 as pb
from services.gateway import service
from services.gateway.answers import FaultFound, ReturnAsked, Returns, ReturnStep
from services.gateway.exchange import Request, Response
from services.gateway.formats.json_text import read_json
from services.gateway.intake_client import Intake
from services.gateway.posted import Fault, Unreadable
from services.gateway.problems import HttpError
from services.gateway.reading import JSON_CHARSETS
from shared.statement_table import instant

#: Most bytes of a seller's word on a return: its 500 characters, each escaped as a pair of surrogates, and some room.
WORD_BYTES = 8 * 1024
_WORDS = frozenset({"state", "page"})
_WHY = Fault("why", "a text of 1 to 500 characters, without contact data")


class ReturnsDesk:
    """What a seller can see of returns, and say about them."""

    def __init__(self, intake: Intake, read_timeout_seconds: float) -> None:
        self._intake = intake
        self._timeout = read_timeout_seconds

    async def list(self, request: Request) -> Response:
        """`GET /v1/returns`: those of the key's seller, newest first."""
        asked = pb.ListReturnsRequest(access_key=request.access_key())
        words = request.query(_WORDS)
        asked.state, asked.page_token = words.get("state", ""), words.get("page", "")
        return Response.json(from_page(await self._intake.returns(asked)))

    async def get(self, request: Request) -> Response:
        """`GET /v1/returns/{id}`: one, with what happened to it."""
        asked = pb.GetReturnRequest(access_key=request.access_key(), return_id=request.argument)
        request.query(frozenset())
        told = await self._intake.returned(asked)
        return Response.json(msgspec.structs.replace(from_return(told.found), history=[_step(s) for s in told.history]))

    async def agree(self, request: Request) -> Response:
        """`POST /v1/returns/{id}/agree`."""
        return await self._say(request, pb.RETURN_ACTION_AGREE)

    async def contest(self, request: Request) -> Response:
        """`POST /v1/returns/{id}/contest`."""
        return await self._say(request, pb.RETURN_ACTION_CONTEST)

    async def dispute(self, request: Request) -> Response:
        """`POST /v1/returns/{id}/dispute`."""
        return await self._say(request, pb.RETURN_ACTION_DISPUTE)

    async def _say(self, request: Request, action: pb.ReturnAction.ValueType) -> Response:
        step = pb.ActOnReturnRequest(access_key=request.access_key(), return_id=request.argument, action=action)
        request.query(frozenset())
        kind, charset = request.media_type()
        if kind != "application/json" or charset not in JSON_CHARSETS:
            raise HttpError("unsupported_media_type", "The format is not accepted.", Fault("", "application/json"))
        step.why = _why(await request.body(WORD_BYTES, self._timeout))
        return Response.json(from_return((await self._intake.act_on_return(step)).after))


def from_page(page: pb.ListReturnsResponse) -> Returns:
    """The public list."""
    return Returns(returns=[from_return(one) for one in page.returns], next_page=page.next_page_token or msgspec.UNSET)


def from_return(one: pb.Return) -> ReturnAsked:
    """The public form of one return, without its history."""
    return ReturnAsked(
        id=one.return_id,
        lead_id=one.lead_id,
        order=service.order_name(one.order),
        reason=one.reason,
        state=one.state,
        amount=service.price(one.amount),
        settlement=one.settlement,
        requested_at=instant(one.request_time),
        answer_by=instant(one.answer_by) if one.HasField("answer_by") else msgspec.UNSET,
        dispute_by=instant(one.dispute_by) if one.HasField("dispute_by") else msgspec.UNSET,
        faults=[FaultFound(term=fault.term, expected=fault.message) for fault in one.faults] or msgspec.UNSET,
    )


def _step(step: pb.ReturnStep) -> ReturnStep:
    return ReturnStep(action=step.action, state=step.state, at=instant(step.at), who=step.who, why=step.why)


def _why(body: bytes) -> str:
    sent = read_json(body)
    if not isinstance(sent, dict):
        raise Unreadable("The body cannot be used.", Fault("", 'an object, such as {"why": "…"}'))
    unknown = sorted(set(sent) - {"why"})
    if unknown:
        raise Unreadable("The body cannot be used.", *(Fault(name, "nothing of this name") for name in unknown))
    why = sent.get("why")
    # How long it may be, intake says.
    if not isinstance(why, str) or not why.strip():
        raise Unreadable("A reason is needed.", _WHY)
    return why
