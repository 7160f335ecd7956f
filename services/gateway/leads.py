"""The handlers that take leads, and those that answer questions about them."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from services.gateway import reading, service
from services.gateway.answers import Answer
from services.gateway.assembly import Assembler
from services.gateway.exchange import Request, Response
from services.gateway.formats import batch, google_ads, json_lead, meta
from services.gateway.formats.json_text import read_json
from services.gateway.intake_client import CHUNK, Intake
from services.gateway.posted import BODY_BYTES, Fault, PostedLead, Unreadable
from services.gateway.problems import HttpError
from services.gateway.reception import Reception, Slot
from shared.rpc.errors import NotFound
from shared.runtime.clock import Clock

SENT_AS = {
    reading.Format.JSON: service.JSON,
    reading.Format.FORM: service.FORM,
    reading.Format.ADF: service.ADF,
}
#: Longest Idempotency-Key, in characters.
_KEY_CHARACTERS = 255
_LEAD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Leads:
    """What a seller can do with leads."""

    def __init__(self, reception: Reception, intake: Intake, clock: Clock, read_timeout_seconds: float) -> None:
        self._reception = reception
        self._intake = intake
        self._clock = clock
        self._timeout = read_timeout_seconds

    async def post_one(self, request: Request) -> Response:
        """`POST /v1/leads`: one lead in any format."""
        kind, charset = request.media_type()
        sent_as = reading.SINGLE.get(kind)
        if sent_as is None or not reading.charset_accepted(sent_as, charset):
            raise unsupported(reading.SINGLE)
        body = await request.body(BODY_BYTES, self._timeout)
        posted = reading.read_single(sent_as, charset, body, assembler_for(request))
        return await self._reception.one(request, posted, body, SENT_AS[sent_as])

    async def post_google_ads(self, request: Request) -> Response:
        """`POST /v1/adapters/google-ads/{order}`."""
        body = await self._json_body(request)
        posted = google_ads.parse(body, assembler_for(request, order=request.argument))
        return await self._reception.one(request, posted, body, service.GOOGLE_ADS)

    async def post_meta(self, request: Request) -> Response:
        """`POST /v1/adapters/meta/{order}`: one lead, or the leads of a webhook envelope."""
        body = await self._json_body(request)
        found = meta.find(body)
        if not found.enveloped:
            posted = meta.read(found.leads[0], assembler_for(request, order=request.argument))
            return await self._reception.one(request, posted, body, service.META)
        received_at = self._clock.now()

        def slot(lead: meta.Found, index: int) -> Slot:
            def read() -> PostedLead:
                return meta.read(lead, assembler_for(request, order=request.argument, index=index))

            return self._reception.slot(request, read, msgspec.json.encode(lead.value), service.META, received_at)

        leads = found.leads
        chunks = (
            [slot(lead, at + nth) for nth, lead in enumerate(leads[at : at + CHUNK])]
            for at in range(0, len(leads), CHUNK)
        )
        return await self._reception.many(chunks, lines=False)

    async def post_batch(self, request: Request) -> Response:
        """`POST /v1/leads:batch`: a JSON array or NDJSON.

        The whole body is read first: a batch beyond the limits is refused before any lead
        of it is taken, and a sender that reads answers only after sending cannot block us.
        """
        kind, charset = request.media_type()
        lines = kind in reading.LINES
        if not (lines or kind == reading.ARRAY) or charset not in reading.JSON_CHARSETS:
            raise unsupported((reading.ARRAY, *sorted(reading.LINES)))
        assembler_for(request)
        body = await request.body(batch.BATCH_BYTES, self._timeout)
        parts = batch.split_lines(body) if lines else batch.split_array(body)
        received_at = self._clock.now()

        def slot(part: batch.Part, index: int) -> Slot:
            def read() -> PostedLead:
                return json_lead.from_value(part.value(), assembler_for(request, index=index))

            return self._reception.slot(request, read, part.body, service.JSON, received_at)

        chunks = (
            [slot(part, at + nth) for nth, part in enumerate(parts[at : at + CHUNK])]
            for at in range(0, len(parts), CHUNK)
        )
        return await self._reception.many(chunks, lines)

    async def get_lead(self, request: Request) -> Response:
        """`GET /v1/leads/{id}`: the answer again, or by now."""
        key = request.access_key()
        request.query(frozenset())
        lead_id = request.argument.lower()
        if not _LEAD_ID.fullmatch(lead_id):
            raise NotFound("no lead of this key has this id")
        return Response.json(service.from_lead(await self._intake.lead(lead_id, key)))

    async def echo(self, request: Request) -> Response:
        """`POST /echo`: reads a lead and writes an answer, with nothing between; the benchmark's reference."""
        read_json(await request.body(BODY_BYTES, self._timeout))
        return Response.json(_ECHO)

    async def _json_body(self, request: Request) -> bytes:
        kind, charset = request.media_type()
        if kind != "application/json" or charset not in reading.JSON_CHARSETS:
            raise unsupported(("application/json",))
        return await request.body(BODY_BYTES, self._timeout)


#: An answer of the usual size.
_ECHO = Answer(
    lead_id="00000000-0000-7000-8000-000000000000",
    outcome="rejected",
    price=None,
    order="an-order-of-usual-length@1",
    reasons=[],
    replayed=False,
    trace_id="0" * 32,
    decision_ms=0.0,
    unknown_fields=[],
)


def assembler_for(request: Request, *, order: str = "", index: int | None = None) -> Assembler:
    """Where a lead's values go, with what the headers and the address say of it already in place."""
    sent = request.headers.get(b"idempotency-key")
    key = "" if sent is None else _idempotency_key(sent, index)
    assembler = Assembler(key)
    if order:
        assembler.control("order", order)
    if index is None:
        assembler.control("bid_token", request.headers.get(b"x-bid-token", b"").decode("latin-1").strip())
    if request.query_string:
        for word, value in request.query(reading.QUERY_WORDS).items():
            assembler.control(word, value)
    return assembler


def _idempotency_key(sent: bytes, index: int | None) -> str:
    key = sent.decode("latin-1").strip()
    if len(key) > _KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        raise Unreadable(
            "The Idempotency-Key cannot be used.",
            Fault("Idempotency-Key", f"at most {_KEY_CHARACTERS} printable ASCII characters"),
        )
    return key if index is None or not key else f"{key}#{index}"


def unsupported(accepted: Collection[str]) -> HttpError:
    """The answer to a body of another media type, or in a charset that it cannot be in."""
    names = ", ".join(accepted)
    return HttpError(
        "unsupported_media_type",
        "The format or its charset is not accepted.",
        Fault("Content-Type", f"one of {names}; charset utf-8"),
        headers=((b"accept", names.encode()),),
    )
