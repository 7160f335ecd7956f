"""The handler of `POST /v1/pings`: would this lead be bought, and for how much?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from leadline.intake.v1 import ping_service_pb2 as pb
from services.gateway import reading, service
from services.gateway.answers import PingAnswer
from services.gateway.exchange import Request, Response
from services.gateway.intake_client import Intake
from services.gateway.leads import SENT_AS, assembler_for, unsupported
from services.gateway.posted import BODY_BYTES
from services.gateway.trail import Trails
from shared.rpc.errors import from_refusal
from shared.runtime.clock import Clock
from shared.runtime.ids import uuid7
from shared.statement_table import instant

OUTCOMES: Mapping[pb.PingOutcome.ValueType, str] = {
    pb.PING_OUTCOME_BID: "bid",
    pb.PING_OUTCOME_NO_BID: "no_bid",
}
#: Media types of a ping; ADF always tells the person.
ACCEPTED = {kind: form for kind, form in reading.SINGLE.items() if form is not reading.Format.ADF}


class Pings:
    """What a seller can ask before it tells the person."""

    def __init__(
        self,
        intake: Intake,
        clock: Clock,
        trails: Trails,
        read_timeout_seconds: float,
        *,
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        """`new_id`: names the pings whose sellers do not."""
        self._intake = intake
        self._clock = clock
        self._trails = trails
        self._timeout = read_timeout_seconds
        self._new_id = new_id

    async def post(self, request: Request) -> Response:
        """One ping, as JSON or a form.

        Raises:
            AppError: it was not taken.
        """
        kind, charset = request.media_type()
        sent_as = ACCEPTED.get(kind)
        if sent_as is None or not reading.charset_accepted(sent_as, charset):
            raise unsupported(ACCEPTED)
        body = await request.body(BODY_BYTES, self._timeout)
        posted = reading.read_single(sent_as, charset, body, assembler_for(request))
        trail = self._trails.begin(self._clock.now(), request.headers.get(b"traceparent", b""))
        item = service.to_item(
            posted,
            access_key=request.access_key(posted.access_key),
            payload=b"",
            sent_as=SENT_AS[sent_as],
            received_at=trail.received_at,
            traceparent=trail.gateway,
        )
        sent = item.submission
        sent.bid_token = ""
        if not sent.idempotency_key and not sent.external_id:
            # Each is its own, but a call that breaks off on the way is made again, and must not hold twice.
            sent.idempotency_key = f"gateway-{self._new_id()}"
        result = await self._intake.ping(pb.SubmitPingItem(access_key=item.access_key, submission=sent))
        if result.WhichOneof("result") != "answer":
            raise from_refusal(result.refusal)
        return Response.json(from_answer(result.answer, posted.spelled))


def from_answer(answer: pb.PingAnswer, spelled: Mapping[str, str]) -> PingAnswer:
    """The public answer, fields named as the seller spells them."""
    return PingAnswer(
        ping_id=answer.ping_id,
        outcome=OUTCOMES[answer.outcome],
        price=service.price(answer.price),
        order=service.order_name(answer.order) if answer.HasField("order") else None,
        bid_token=answer.bid_token or None,
        expires_at=instant(answer.expires_at) if answer.HasField("expires_at") else None,
        reasons=[service.reason(finding, spelled) for finding in answer.reasons],
        replayed=answer.replayed,
        trace_id=answer.trace_id,
        decision_ms=round(answer.decision_ms, 1),
        unknown_fields=[spelled.get(name, name) for name in answer.unknown_fields],
        test=True if answer.test else msgspec.UNSET,
    )
