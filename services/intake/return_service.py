"""ReturnService: protobuf in, protobuf out; `returns.desk` decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast, get_args

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import return_service_pb2 as pb
from leadline.intake.v1.return_service_pb2_grpc import ReturnServiceServicer
from services.intake.catalog.directory import Directory
from services.intake.identifiers import is_lead_id
from services.intake.returns.desk import Asked, ReturnDesk
from services.intake.returns.judgement import Claim, Fault
from services.intake.returns.lifecycle import STATES, Action, Party
from services.intake.returns.record import Happening, Return
from services.intake.returns.store import ReturnStore
from shared.catalog.returning import EvidenceKind, ReturnReason
from shared.rpc.errors import AppError, Malformed, NotFound, Violation, to_refusal
from shared.runtime.clock import Clock

MOST_CLAIMS = 500
MOST_NAME = 200
MOST_WORDS = 500
MOST_EVIDENCE = 20
_REASONS, _KINDS = get_args(ReturnReason), get_args(EvidenceKind)
_SELLERS: frozenset[Action] = frozenset(("agree", "contest", "dispute"))
_ACTIONS: dict[int, Action] = {
    number: cast(Action, name.removeprefix("RETURN_ACTION_").lower())
    for name, number in pb.ReturnAction.items()
    if number
}
_Context = grpc.aio.ServicerContext[Any, Any]


class ReturnService(ReturnServiceServicer):
    """Takes returns, tells of them, and takes them further."""

    def __init__(self, desk: ReturnDesk, store: ReturnStore, directory: Directory, clock: Clock) -> None:
        self._desk = desk
        self._store = store
        self._directory = directory
        self._clock = clock

    async def RequestReturns(self, request: pb.RequestReturnsRequest, context: _Context) -> pb.RequestReturnsResponse:
        """Ask leads back, each for itself."""
        buyer_id = self._directory.buyer(request.buyer_id)
        who = _words("requested_by", request.requested_by, MOST_NAME)
        if not 1 <= len(request.claims) <= MOST_CLAIMS:
            raise Malformed.field("claims", f"expected 1 to {MOST_CLAIMS}")
        asked = [self._asked(claim, f"claims[{n}]") for n, claim in enumerate(request.claims)]
        return pb.RequestReturnsResponse(results=[await self._request(buyer_id, one, who) for one in asked])

    async def _request(self, buyer_id: str, asked: Asked, who: str) -> pb.ReturnResult:
        try:
            made = await self._desk.request(buyer_id, asked, who)
        except AppError as error:
            return pb.ReturnResult(refusal=to_refusal(error))
        (message,) = await self._messages(buyer_id, [made])
        return pb.ReturnResult(made=message)

    def _asked(self, claim: pb.ReturnClaim, path: str) -> Asked:
        """Raises Malformed for what no terms could make right."""
        wrong = []
        if not is_lead_id(claim.lead_id):
            wrong.append(Violation(f"{path}.lead_id", "expected a lead's id"))
        if claim.reason not in _REASONS:
            wrong.append(Violation(f"{path}.reason", f"expected one of {', '.join(_REASONS)}"))
        if claim.HasField("amount_minor") and claim.amount_minor < 1:
            wrong.append(Violation(f"{path}.amount_minor", "expected more than nothing"))
        if not 0 <= claim.attempts <= 10_000:
            wrong.append(Violation(f"{path}.attempts", "expected 0 to 10000"))
        if len(claim.evidence) > MOST_EVIDENCE:
            wrong.append(Violation(f"{path}.evidence", f"expected at most {MOST_EVIDENCE} pieces"))
        for n, piece in enumerate(claim.evidence):
            if piece.kind not in _KINDS:
                wrong.append(Violation(f"{path}.evidence[{n}].kind", f"expected one of {', '.join(_KINDS)}"))
            if not _fits(piece.reference, MOST_WORDS):
                wrong.append(Violation(f"{path}.evidence[{n}].reference", f"expected 1 to {MOST_WORDS} characters"))
        if claim.note and not _fits(claim.note, MOST_WORDS):
            wrong.append(Violation(f"{path}.note", f"expected at most {MOST_WORDS} characters"))
        if wrong:
            raise Malformed("a claim cannot be read", violations=wrong)
        return Asked(
            lead_id=claim.lead_id,
            claim=Claim(
                reason=cast(ReturnReason, claim.reason),
                asked_at=self._clock.now(),
                amount_minor=claim.amount_minor if claim.HasField("amount_minor") else None,
                attempts=claim.attempts,
                evidence=tuple(piece.kind for piece in claim.evidence),
            ),
            evidence=[(piece.kind, piece.reference) for piece in claim.evidence],
            note=claim.note,
        )

    async def ActOnReturn(self, request: pb.ActOnReturnRequest, context: _Context) -> pb.ActOnReturnResponse:
        """One step."""
        action = _ACTIONS.get(request.action)
        if action is None:
            raise Malformed.field("action", f"expected one of {', '.join(_ACTIONS.values())}")
        buyer_id, seller = self._who_asks(request.access_key, request.buyer_id)
        party: Party = "seller" if seller else "buyer"
        if not seller and action in _SELLERS:
            raise Malformed.field("access_key", f"expected the seller's key: {action} is the seller's to do")
        after = await self._desk.act(
            buyer_id,
            _return_id(request.return_id),
            action,
            party=party,
            who=seller or _words("who", request.who, MOST_NAME),
            why=_words("why", request.why, MOST_WORDS),
            seller=seller,
            amount_minor=request.amount_minor if request.HasField("amount_minor") else None,
        )
        (message,) = await self._messages(buyer_id, [after])
        return pb.ActOnReturnResponse(after=message)

    async def GetReturn(self, request: pb.GetReturnRequest, context: _Context) -> pb.GetReturnResponse:
        """One return with its history."""
        buyer_id, seller = self._who_asks(request.access_key, request.buyer_id)
        found = await self._store.get(buyer_id, _return_id(request.return_id))
        if found is None or (seller and found[0].seller != seller):
            raise NotFound("there is no such return")
        (message,) = await self._messages(buyer_id, [found[0]])
        return pb.GetReturnResponse(found=message, history=[step_of(one, for_seller=bool(seller)) for one in found[1]])

    async def ListReturns(self, request: pb.ListReturnsRequest, context: _Context) -> pb.ListReturnsResponse:
        """A page, newest first."""
        buyer_id, seller = self._who_asks(request.access_key, request.buyer_id)
        size = request.page_size or 100
        if not 1 <= size <= MOST_CLAIMS:
            raise Malformed.field("page_size", f"expected 1 to {MOST_CLAIMS}")
        if request.state and request.state not in STATES:
            raise Malformed.field("state", f"expected one of {', '.join(STATES)}")
        after = _return_id(request.page_token, "page_token") if request.page_token else ""
        found = await self._store.page(buyer_id, seller or request.seller, request.state, after, size + 1)
        return pb.ListReturnsResponse(
            returns=await self._messages(buyer_id, found[:size]),
            next_page_token=found[size - 1].return_id if len(found) > size else "",
        )

    async def GetReturnTerms(self, request: pb.GetReturnTermsRequest, context: _Context) -> pb.GetReturnTermsResponse:
        """What holds for one lead."""
        buyer_id = self._directory.buyer(request.buyer_id)
        if not is_lead_id(request.lead_id):
            raise NotFound("no such lead was bought")
        sold, terms, window = await self._desk.terms_of(buyer_id, request.lead_id)
        return pb.GetReturnTermsResponse(
            opens_at=_stamp(window.opens_at),
            closes_at=_stamp(window.closes_at),
            reasons=terms.reasons,
            left=lead_pb2.Money(amount_minor=sold.left_minor, currency=sold.currency),
        )

    def _who_asks(self, access_key: str, buyer_id: str) -> tuple[str, str]:
        """The buyer, and the seller whose returns alone may be seen; empty for the buyer's own people."""
        if access_key:
            key = self._directory.authenticate(access_key, self._clock.now(), "returns")
            return key.buyer_id, key.seller
        return self._directory.buyer(buyer_id), ""

    async def _messages(self, buyer_id: str, found: Iterable[Return]) -> list[pb.Return]:
        returns = list(found)
        refused = [one.return_id for one in returns if one.state == "refused"]
        faults = await self._store.faults(buyer_id, refused) if refused else {}
        return [message_of(one, faults.get(one.return_id, ())) for one in returns]


def message_of(one: Return, faults: Iterable[Fault]) -> pb.Return:
    """A return as it stands."""
    return pb.Return(
        return_id=one.return_id,
        lead_id=one.lead_id,
        seller=one.seller,
        order=lead_pb2.OrderRef(order=one.order_slug, version=one.order_version),
        reason=one.reason,
        state=one.state,
        amount=lead_pb2.Money(amount_minor=one.amount_minor, currency=one.currency),
        settlement=one.settlement,
        request_time=_stamp(one.requested_at),
        answer_by=_stamp(one.answer_by),
        dispute_by=_stamp(one.dispute_by) if one.state == "granted" else None,
        faults=[pb.ReturnFault(term=fault.term, message=fault.message) for fault in faults],
    )


def step_of(one: Happening, *, for_seller: bool) -> pb.ReturnStep:
    """One step of its history."""
    # Names of the buyer's people are none of the seller's business.
    ours = for_seller and one.action in ("request", "uphold", "yield", "reinstate", "withdraw")
    return pb.ReturnStep(
        action=one.action, state=one.state, at=_stamp(one.at), who="the buyer" if ours else one.who, why=one.why
    )


def _stamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _words(field: str, text: str, most: int) -> str:
    if not _fits(text, most):
        raise Malformed.field(field, f"expected 1 to {most} characters")
    return text


def _fits(text: str, most: int) -> bool:
    return 1 <= len(text) <= most and "\x00" not in text


def _return_id(text: str, field: str = "return_id") -> str:
    if not is_lead_id(text):
        raise Malformed.field(field, "expected a return's id")
    return text
