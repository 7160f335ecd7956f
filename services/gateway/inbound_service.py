"""The handlers below `/v1/inbound`, where providers tell what people wrote and what became of calls and e-mails."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import inbound_service_pb2 as pb
from services.gateway.assembly import TIME_EXPECTED, read_time
from services.gateway.exchange import Request, Response
from services.gateway.formats.json_text import read_json
from services.gateway.posted import Fault, Unreadable
from services.gateway.problems import HttpError
from services.gateway.provider_signature import verified_id
from services.gateway.reading import JSON_CHARSETS
from services.gateway.routing_client import Inbound
from shared.rpc.errors import NotFound
from shared.runtime.clock import Clock

#: Most bytes of one message: a text of ten segments, or what a person writes back to an e-mail.
MESSAGE_BYTES = 64 * 1024
CALL_STATUSES = ("ringing", "answered", "completed", "busy", "no_answer", "failed", "canceled")
ANSWERED_BY = ("", "person", "machine")
EMAIL_TYPES = ("bounce", "complaint", "reply")
#: ITU-T E.164: a country code and at most 15 digits.
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,253}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
#: Longest text that is read; what stands behind it in a long mail changes nothing.
_TEXT_CHARACTERS = 8000


class InboundDesk:
    """Takes signed messages of providers and hands them on.

    Args:
        secrets: what the providers sign with; none: there are no providers, and nothing is taken.
    """

    def __init__(self, inbound: Inbound, secrets: Sequence[bytes], clock: Clock, read_timeout_seconds: float) -> None:
        self._inbound = inbound
        self._secrets = secrets
        self._clock = clock
        self._timeout = read_timeout_seconds

    async def text(self, request: Request) -> Response:
        """`POST /v1/inbound/text`: a person wrote. What is to be texted back stands in the answer."""
        message_id, sent = await self._read(request)
        told = _Told(sent)
        asked = pb.ReceiveTextRequest(
            message_id=message_id,
            to=told.matching("to", _PHONE, "a phone number in E.164, such as +12025550123"),
            text=told.text("text"),
            received_at=told.time("received_at"),
        )
        # `from` is a word of Python.
        setattr(asked, "from", told.matching("from", _PHONE, "a phone number in E.164, such as +12025550123"))
        told.end()
        answer = await self._inbound.text(asked)
        body: dict[str, object] = {"outcome": answer.outcome}
        if answer.reply:
            body["reply"] = {
                "id": message_id,
                "from": answer.reply_from,
                "to": getattr(asked, "from"),
                "text": answer.reply,
            }
        return Response.json(body)

    async def call(self, request: Request) -> Response:
        """`POST /v1/inbound/call-status`: what became of a call."""
        message_id, sent = await self._read(request)
        told = _Told(sent)
        asked = pb.ReportCallRequest(
            message_id=message_id,
            attempt_id=told.matching("id", _UUID, "the id that the call was asked for with").lower(),
            status=told.one_of("status", CALL_STATUSES),
            answered_by=told.one_of("answered_by", ANSWERED_BY, default=""),
            at=told.time("at"),
        )
        told.end()
        return Response.json({"outcome": (await self._inbound.call(asked)).outcome})

    async def email(self, request: Request) -> Response:
        """`POST /v1/inbound/email`: a bounce, a complaint, or an answer to an e-mail."""
        message_id, sent = await self._read(request)
        told = _Told(sent)
        asked = pb.ReceiveEmailRequest(
            message_id=message_id,
            type=told.one_of("type", EMAIL_TYPES),
            address=told.matching("address", _ADDRESS, "the person's e-mail address"),
            to=told.matching("to", _ADDRESS, "the buyer's e-mail address", default=""),
            delivery_id=told.matching(
                "delivery_id", _UUID, "the X-Leadline-Delivery of the e-mail", default=""
            ).lower(),
            permanent=told.flag("permanent"),
            automatic=told.flag("automatic"),
            subject=told.text("subject", default=""),
            text=told.text("text", default=""),
            received_at=told.time("received_at"),
        )
        told.end()
        return Response.json({"outcome": (await self._inbound.email(asked)).outcome})

    async def _read(self, request: Request) -> tuple[str, Mapping[str, Any]]:
        """The id and the content of a message that a provider signed."""
        if not self._secrets:
            raise NotFound("no provider sends messages here; see LEADLINE_INBOUND_SECRET")
        kind, charset = request.media_type()
        if kind != "application/json" or charset not in JSON_CHARSETS:
            raise HttpError("unsupported_media_type", "The format is not accepted.", Fault("", "application/json"))
        body = await request.body(MESSAGE_BYTES, self._timeout)
        message_id = verified_id(request.headers, body, self._secrets, self._clock.now())
        sent = read_json(body)
        if not isinstance(sent, dict):
            raise Unreadable("The body cannot be used.", Fault("", "an object"))
        return message_id, sent


class _Told:
    """The fields of a message; what is wrong with them is told together, at the end.

    A field of another name is passed over: providers add fields without asking.
    """

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._sent = sent
        self._faults: list[Fault] = []

    def matching(self, name: str, pattern: re.Pattern[str], expected: str, default: str | None = None) -> str:
        """A text of a pattern."""
        value = self._sent.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and pattern.fullmatch(value.strip()):
            return value.strip()
        return self._fault(name, expected)

    def text(self, name: str, default: str | None = None) -> str:
        """Any text, of which as much is kept as anybody reads."""
        value = self._sent.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str):
            return value[:_TEXT_CHARACTERS]
        return self._fault(name, "a text")

    def one_of(self, name: str, words: Sequence[str], default: str | None = None) -> str:
        """One of some words."""
        value = self._sent.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value in words:
            return value
        return self._fault(name, f"one of {', '.join(word for word in words if word)}")

    def flag(self, name: str) -> bool:
        """True or false; false where it is not told."""
        value = self._sent.get(name, False)
        if not isinstance(value, bool):
            self._fault(name, "true or false")
        return value is True

    def time(self, name: str) -> Timestamp | None:
        """An instant; None where it is not told."""
        value = self._sent.get(name)
        if value is None:
            return None
        read = read_time(value) if isinstance(value, str) else None
        if not isinstance(read, datetime):
            self._fault(name, TIME_EXPECTED)
            return None
        stamp = Timestamp()
        stamp.FromDatetime(read)
        return stamp

    def end(self) -> None:
        """Raises Unreadable where anything was wrong."""
        if self._faults:
            raise Unreadable("The message cannot be used.", *self._faults)

    def _fault(self, name: str, expected: str) -> str:
        self._faults.append(Fault(name, expected))
        return ""
