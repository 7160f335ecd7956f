"""What is told of a lead on its way through the gateway: its trace, and how long the seller held it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.gateway.service import nanoseconds
from shared.runtime.clock import Clock
from shared.telemetry import tracing
from shared.telemetry.metrics import Metrics

#: A consumer's submit that is claimed to be longer ago is not measured as the seller's delay.
LONGEST_SELLER_DELAY = timedelta(hours=24)


@dataclass(slots=True)
class Trail:
    """One lead's trace: the root span `lead`, below it `gateway`, below that everything that intake records."""

    parent: str | None
    root: str
    gateway: str
    received_at: datetime


class Trails:
    """Starts and ends trails."""

    def __init__(self, clock: Clock, metrics: Metrics, trace_ratio: float) -> None:
        self._clock = clock
        self._ratio = trace_ratio
        self._seller = metrics.stages()["seller"]

    def begin(self, received_at: datetime, incoming: bytes = b"") -> Trail:
        """Begin one. A valid incoming `traceparent` is continued; whether it is recorded is ours to decide."""
        sampled = tracing.sampled(self._ratio)
        parent = None
        if incoming:
            context = tracing.extract(incoming.decode("latin-1").strip())
            if context.is_valid:
                parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{'01' if sampled else '00'}"
        root = tracing.new_traceparent(sampled) if parent is None else tracing.child_of(parent)
        return Trail(parent, root, tracing.child_of(root), received_at)

    def end(self, trail: Trail, submitted_at: datetime | None, outcome: str) -> None:
        """End one that was answered: record its spans where it is sampled, and observe the seller's part."""
        delay = None if submitted_at is None else trail.received_at - submitted_at
        if delay is not None and not timedelta(0) <= delay <= LONGEST_SELLER_DELAY:
            delay = None
        if delay is not None:
            self._seller.observe(delay.total_seconds())
        if not tracing.is_sampled(trail.root):
            return
        received, answered = nanoseconds(trail.received_at), nanoseconds(self._clock.now())
        begun = received
        if submitted_at is not None and delay is not None:
            begun = nanoseconds(submitted_at)
            tracing.record_span("consumer.submit", trail.root, begun, received)
        tracing.record_span("gateway", trail.root, received, answered, {"outcome": outcome}, own=trail.gateway)
        tracing.record_span("lead", trail.parent, begun, answered, {"outcome": outcome}, own=trail.root)
