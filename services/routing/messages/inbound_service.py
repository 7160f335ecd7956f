"""InboundService: protobuf on one side, what takes messages on the other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import inbound_service_pb2 as pb
from leadline.routing.v1 import inbound_service_pb2_grpc as rpc
from services.routing.messages.inbound import (
    AnsweredBy,
    CallReport,
    CallStatus,
    EmailType,
    InboundEmail,
    InboundText,
)
from services.routing.messages.inbound_calls import InboundCalls
from services.routing.messages.inbound_emails import InboundEmails
from services.routing.messages.inbound_texts import InboundTexts
from shared.rpc.errors import Malformed
from shared.runtime.clock import Clock
from shared.telemetry.metrics import Metrics

Context = grpc.aio.ServicerContext[object, object]

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_MOST_ID = 128


class InboundService(rpc.InboundServiceServicer):
    """Takes what comes back. Whatever it answers holds: it is in Postgres, and an opt-out is in force."""

    def __init__(
        self, texts: InboundTexts, emails: InboundEmails, calls: InboundCalls, metrics: Metrics, clock: Clock
    ) -> None:
        self._metrics = metrics
        self._texts = texts
        self._emails = emails
        self._calls = calls
        self._clock = clock

    async def ReceiveText(self, request: pb.ReceiveTextRequest, _context: Context) -> pb.ReceiveTextResponse:
        """A text."""
        message = InboundText(
            message_id=_message_id(request.message_id),
            sender=_phone("from", getattr(request, "from")),
            to=_phone("to", request.to),
            text=request.text,
            received_at=self._at(request, "received_at"),
        )
        answer = await self._texts.take(message)
        self._count("text", answer.outcome)
        return pb.ReceiveTextResponse(outcome=answer.outcome, reply=answer.reply, reply_from=answer.reply_from)

    async def ReportCall(self, request: pb.ReportCallRequest, _context: Context) -> pb.ReportCallResponse:
        """A call's status."""
        if request.status not in get_args(CallStatus):
            raise Malformed.field("status", f"expected one of {', '.join(get_args(CallStatus))}")
        if request.answered_by not in get_args(AnsweredBy):
            raise Malformed.field("answered_by", "expected person, machine or nothing")
        report = CallReport(
            message_id=_message_id(request.message_id),
            attempt_id=_uuid("attempt_id", request.attempt_id),
            status=request.status,  # type: ignore[arg-type]  # one of them, as was just looked up
            answered_by=request.answered_by,  # type: ignore[arg-type]
            at=self._at(request, "at"),
        )
        outcome = await self._calls.take(report)
        self._count("call", outcome)
        return pb.ReportCallResponse(outcome=outcome)

    async def ReceiveEmail(self, request: pb.ReceiveEmailRequest, _context: Context) -> pb.ReceiveEmailResponse:
        """A bounce, a complaint or an answer."""
        if request.type not in get_args(EmailType):
            raise Malformed.field("type", f"expected one of {', '.join(get_args(EmailType))}")
        if "@" not in request.address:
            raise Malformed.field("address", "expected an e-mail address")
        message = InboundEmail(
            message_id=_message_id(request.message_id),
            type=request.type,  # type: ignore[arg-type]
            address=request.address,
            to=request.to,
            delivery_id=_uuid("delivery_id", request.delivery_id) if request.delivery_id else None,
            permanent=request.permanent,
            automatic=request.automatic,
            subject=request.subject,
            text=request.text,
            received_at=self._at(request, "received_at"),
        )
        outcome = await self._emails.take(message)
        # Complaints are watched: too many, and mail programs show nobody's mail any more.
        self._count(message.type, outcome)
        return pb.ReceiveEmailResponse(outcome=outcome)

    async def DescribeUnsubscribe(
        self, request: pb.DescribeUnsubscribeRequest, _context: Context
    ) -> pb.DescribeUnsubscribeResponse:
        """What a link is about."""
        return pb.DescribeUnsubscribeResponse(buyer=(await self._emails.link(request.token)).name)

    async def Unsubscribe(self, request: pb.UnsubscribeRequest, _context: Context) -> pb.UnsubscribeResponse:
        """A link was followed."""
        buyer = await self._emails.unsubscribe(request.token, "all" if request.all else "email")
        self._count("link", "opted_out")
        return pb.UnsubscribeResponse(buyer=buyer.name)

    def _count(self, kind: str, outcome: str) -> None:
        self._metrics.counter("leadline_inbound_total", kind=kind, outcome=outcome).inc()

    def _at(
        self, request: pb.ReceiveTextRequest | pb.ReportCallRequest | pb.ReceiveEmailRequest, name: str
    ) -> datetime:
        """When it was so: as told, but never later than now, which a provider's clock may say."""
        now = self._clock.now()
        if not request.HasField(name):  # type: ignore[arg-type]  # each is asked for a field of its own
            return now
        told: Timestamp = getattr(request, name)
        return min(told.ToDatetime(UTC), now)


def _message_id(text: str) -> str:
    if not 1 <= len(text) <= _MOST_ID:
        raise Malformed.field("message_id", f"expected 1 to {_MOST_ID} characters")
    return text


def _phone(name: str, text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise Malformed.field(name, "expected a phone number in E.164")
    return text


def _uuid(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed.field(name, "expected a UUID") from None
