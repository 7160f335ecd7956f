"""From posted leads to their answers: one at a time, or many in one request."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import structlog

from services.gateway import problems, reading, service
from services.gateway.answers import Answer
from services.gateway.exchange import Request, Response, encode
from services.gateway.intake_client import Intake
from services.gateway.posted import PostedLead, Unreadable
from services.gateway.problems import Problem
from services.gateway.trail import Trail, Trails
from shared.rpc.errors import INCIDENT, AppError, Internal, KeyInvalid, from_refusal
from shared.runtime.clock import Clock
from shared.sensitive.scrubbing import scrub
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from leadline.common.v1 import lead_pb2
    from leadline.intake.v1 import intake_service_pb2 as pb

#: Chunks of one batch under way at once.
CHUNKS_AHEAD = 2

_KEY_CODES = frozenset({"key_missing", "key_invalid"})

SentAs: TypeAlias = "lead_pb2.SubmissionFormat.ValueType"

log = structlog.get_logger()


@dataclass(slots=True)
class Ready:
    """A lead on its way: the message, and what its answer needs."""

    item: pb.SubmitLeadItem
    posted: PostedLead
    trail: Trail


#: One lead of many: ready, or the problem that it alone has.
Slot = Ready | Problem
Settled = Answer | Problem


def incident() -> Internal:
    """A defect of ours, with the id under which it is logged."""
    number = secrets.token_hex(8)
    return Internal(f"internal error, incident {number}", metadata={INCIDENT: number})


class Reception:
    """Hands leads to intake and turns results into answers."""

    def __init__(self, intake: Intake, clock: Clock, trails: Trails, metrics: Metrics) -> None:
        self._intake = intake
        self._clock = clock
        self._trails = trails
        self._outcomes = {
            name: metrics.counter("leadline_answers_total", outcome=name) for name in service.OUTCOMES.values()
        }
        self._refusals = {
            code: metrics.counter("leadline_refusals_total", reason=code)
            for code in (*map(problems.code_of, problems.TITLES), *problems.EDGE)
        }

    async def one(self, request: Request, posted: PostedLead, body: bytes, sent_as: SentAs) -> Response:
        """The answer for the one lead of a request.

        Raises:
            AppError: it was not taken.
        """
        incoming = request.headers.get(b"traceparent", b"")
        ready = self._ready(request, posted, body, sent_as, self._clock.now(), incoming)
        settled = self._settle(ready, await self._intake.submit(ready.item))
        if isinstance(settled, Problem):
            return Response.problem(settled)
        if settled.outcome == "pending":
            return Response.json(settled, 202, ((b"location", f"/v1/leads/{settled.lead_id}".encode()),))
        return Response.json(settled)

    def slot(
        self, request: Request, read: Callable[[], PostedLead], body: bytes, sent_as: SentAs, received_at: datetime
    ) -> Slot:
        """Prepare one lead of many; a fault in it stays its own."""
        try:
            return self._ready(request, read(), body, sent_as, received_at, b"")
        except Unreadable as unreadable:
            return self._refused(problems.of_unreadable(unreadable))
        except AppError as error:
            return self._refused(problems.of_app_error(error))

    async def many(self, chunks: Iterable[list[Slot]], lines: bool) -> Response:
        """The answers for many leads, by index; chunks are made, sent and answered one after the other.

        A key that is no good for the whole first chunk is no good for the request: then that is the answer.
        """
        stream = self._answered(chunks)
        first = await anext(stream)
        at_fault = [one for one in first if isinstance(one, Problem) and one.code in _KEY_CODES]
        if len(at_fault) == len(first):
            await stream.aclose()
            return Response.problem(msgspec.structs.replace(at_fault[0], index=msgspec.UNSET))
        kind = b"application/x-ndjson" if lines else b"application/json"
        return Response(200, kind=kind, stream=_written(first, stream, lines))

    def _ready(
        self, request: Request, posted: PostedLead, body: bytes, sent_as: SentAs, received_at: datetime, incoming: bytes
    ) -> Ready:
        key = request.access_key(posted.access_key)
        payload = reading.without_key(body, posted.access_key)
        if payload is None:
            raise KeyInvalid("an access key in a body is written without escapes")
        scrubbed = scrub(posted.fields, payload)
        posted.fields.update(scrubbed.fields)
        trail = self._trails.begin(received_at, incoming)
        item = service.to_item(
            posted,
            access_key=key,
            payload=scrubbed.payload,
            sent_as=sent_as,
            received_at=received_at,
            traceparent=trail.gateway,
        )
        return Ready(item, posted, trail)

    def _settle(self, ready: Ready, result: pb.SubmitLeadResult) -> Settled:
        if result.WhichOneof("result") != "answer":
            return self._refused(problems.of_app_error(from_refusal(result.refusal)))
        answer = service.from_answer(result.answer, ready.posted.spelled)
        self._outcomes[answer.outcome].inc()
        self._trails.end(ready.trail, ready.posted.submitted_at, answer.outcome)
        return answer

    def _refused(self, problem: Problem) -> Problem:
        self._refusals[problem.code].inc()
        return problem

    async def _answered(self, chunks: Iterable[list[Slot]]) -> AsyncGenerator[list[Settled], None]:
        under_way: list[asyncio.Task[list[Settled]]] = []
        start = 0
        try:
            for chunk in chunks:
                under_way.append(asyncio.create_task(self._submit(chunk, start)))
                start += len(chunk)
                if len(under_way) >= CHUNKS_AHEAD:
                    yield await under_way.pop(0)
            while under_way:
                yield await under_way.pop(0)
        finally:
            # What was sent is decided whatever happens here; only the answers are not waited for.
            for task in under_way:
                task.cancel()

    async def _submit(self, chunk: list[Slot], start: int) -> list[Settled]:
        going = [one for one in chunk if isinstance(one, Ready)]
        settled: list[Settled] = []
        if going:
            try:
                results = await self._intake.submit_batch([one.item for one in going])
                settled = [self._settle(one, result) for one, result in zip(going, results, strict=True)]
            except AppError as error:
                settled = [self._refused(problems.of_app_error(error)) for _ in going]
            except Exception as error:
                ours = incident()
                log.error("unhandled error", incident=ours.metadata[INCIDENT], **failure(error))
                settled = [self._refused(problems.of_app_error(ours)) for _ in going]
        back = iter(settled)
        answers = [one if isinstance(one, Problem) else next(back) for one in chunk]
        return [msgspec.structs.replace(one, index=start + nth) for nth, one in enumerate(answers)]


async def _written(
    first: list[Settled], rest: AsyncGenerator[list[Settled], None], lines: bool
) -> AsyncGenerator[bytes, None]:
    separator = b"\n" if lines else b",\n"
    yield (b"" if lines else b"[\n") + separator.join(map(encode, first))
    async for chunk in rest:
        yield separator + separator.join(map(encode, chunk))
    yield b"\n" if lines else b"\n]\n"
