"""One trace per lead, made by hand.

The W3C trace context (https://www.w3.org/TR/trace-context/) travels inside each lead, so the leads of a batch keep
traces of their own. Whether a lead is traced is decided once, by whoever takes it first, and is the `sampled` flag
ever after; an unsampled lead costs a look at the flag. A span is recorded when its work is done, from the times that
were taken anyway:

    traceparent = new_traceparent(sampled=sampled(settings.trace_ratio))         # the edge; names the root span
    decided = record_span("decision", traceparent, started_ns, ended_ns, {"outcome": "accepted"})
    record_span("dedup", decided, …)                                             # a child of "decision"

Work whose children must know it before it ends asks for its context first, `own = child_of(traceparent)`, hands
`own` to the children, and records itself with `own=own`. Times are nanoseconds since the epoch (`time.time_ns()`).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags

from shared.runtime.settings import TelemetrySettings
from shared.telemetry.allowed import Scalar, passing

SHUTDOWN_SECONDS = 5.0
_EXPORT_SECONDS = 3.0
_QUEUED_SPANS = 8192
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def sampled(ratio: float) -> bool:
    """Draws whether a new lead is traced; `ratio` from 0 (never) to 1 (always)."""
    return random.random() < ratio  # noqa: S311 - a sample, not a secret


def new_traceparent(sampled: bool) -> str:
    """A new trace. Its span id is reserved for the root span: record that with `parent=None, own=…`."""
    random_bytes = os.urandom(24).hex()
    return f"00-{random_bytes[:32]}-{random_bytes[32:]}-{'01' if sampled else '00'}"


def child_of(traceparent: str) -> str:
    """A span reserved in the same trace, for work that starts now and is recorded later with `own=…`."""
    if not is_sampled(traceparent):
        return traceparent
    return f"{traceparent[:36]}{os.urandom(8).hex()}{traceparent[52:]}"


def is_sampled(traceparent: str) -> bool:
    """Whether spans are made for this lead. False for what is no traceparent."""
    return len(traceparent) == 55 and traceparent[54] in "13579bdf"


def trace_id(traceparent: str) -> str:
    """The trace's 32 hex digits; empty for what is no traceparent."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found else ""


def extract(traceparent: str) -> SpanContext:
    """The span context that a traceparent names; an invalid one for what is no traceparent of version 00."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return trace.INVALID_SPAN_CONTEXT
    return SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(int(found[3], 16)))


def record_span(
    name: str,
    parent: str | None,
    start_ns: int,
    end_ns: int,
    attributes: Mapping[str, object] | None = None,
    links: Sequence[str] = (),
    *,
    own: str | None = None,
) -> str:
    """Records finished work as a span below `parent` and returns the traceparent for its children.

    `own`: what `child_of` or, with `parent=None`, `new_traceparent` reserved. `links`: traceparents of related work,
    such as the decision that a follow-up hours later belongs to. Attributes pass the same allow-list as logs.
    Does nothing, and returns `own` or `parent`, where the lead is not sampled or no collector is configured.
    """
    basis = own or parent or ""
    if _recorder is None or not is_sampled(basis) or not extract(basis).is_valid:
        return basis
    return _recorder.record(name, parent, start_ns, end_ns, attributes or {}, links, own)


def start(
    stack: AsyncExitStack, service: str, settings: TelemetrySettings, *, processor: SpanProcessor | None = None
) -> None:
    """Starts recording until `stack` unwinds; without an OTLP endpoint (and `processor`) nothing is recorded.

    Unwinding sends what is queued and takes at most SHUTDOWN_SECONDS even where the collector is dead.
    """
    global _recorder
    if processor is None:
        if settings.otlp_endpoint is None:
            return
        endpoint = settings.otlp_endpoint
        exporter = OTLPSpanExporter(endpoint, insecure=not endpoint.startswith("https:"), timeout=_EXPORT_SECONDS)
        processor = BatchSpanProcessor(exporter, max_queue_size=_QUEUED_SPANS, schedule_delay_millis=1000)
    resource = Resource.create({"service.name": service, "deployment.environment.name": settings.environment})
    _recorder = recorder = Recorder(resource, processor)
    stack.push_async_callback(_stop, recorder)


class Recorder:
    """Makes spans from times already taken."""

    def __init__(self, resource: Resource, processor: SpanProcessor) -> None:
        self._processor = processor
        self._ids = _ReservedIds()
        # Sampling was decided with the lead, and the exit is bounded by us, not by an atexit hook.
        provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False, id_generator=self._ids)
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("leadline")

    def record(
        self,
        name: str,
        parent: str | None,
        start_ns: int,
        end_ns: int,
        attributes: Mapping[str, object],
        links: Sequence[str],
        own: str | None,
    ) -> str:
        """As `record_span`, for a lead known to be sampled."""
        self._ids.reserved = extract(own) if own else None
        context = trace.set_span_in_context(NonRecordingSpan(extract(parent or "")))
        allowed: dict[str, Scalar] = {key: value for key, value in passing(attributes).items() if value is not None}
        span = self._tracer.start_span(
            name,
            context=context,
            attributes=allowed,
            links=[Link(extract(other)) for other in links],
            start_time=start_ns,
        )
        span.end(end_time=end_ns)
        made = span.get_span_context()
        return f"00-{made.trace_id:032x}-{made.span_id:016x}-01"

    def shutdown(self) -> None:
        """Sends what is queued; blocks for as long as the exporter does."""
        self._processor.shutdown()


class _ReservedIds(IdGenerator):
    """Gives out the ids reserved for the span being made; the SDK has no other way to set them."""

    def __init__(self) -> None:
        self.reserved: SpanContext | None = None

    def generate_span_id(self) -> int:
        return self.reserved.span_id if self.reserved is not None else random.getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        return self.reserved.trace_id if self.reserved is not None else random.getrandbits(128) or 1

    def is_trace_id_random(self) -> bool:
        return True


async def _stop(recorder: Recorder) -> None:
    global _recorder
    if _recorder is recorder:
        _recorder = None
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def flush() -> None:
        try:
            recorder.shutdown()
        finally:
            with suppress(RuntimeError):  # the loop may have gone on without us
                loop.call_soon_threadsafe(done.set)

    # A daemon thread, not the loop's executor: the interpreter must not wait at exit for a dead collector.
    threading.Thread(target=flush, name="span-flush", daemon=True).start()
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), SHUTDOWN_SECONDS)


_recorder: Recorder | None = None
