"""The trace that a lead leaves in the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.gateway.trail import Trails
from shared.runtime.settings import TelemetrySettings
from shared.telemetry import tracing
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock

INCOMING = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.fixture(name="exporter")
async def exporter_fixture() -> AsyncIterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    async with AsyncExitStack() as stack:
        tracing.start(stack, "gateway", TelemetrySettings(), processor=SimpleSpanProcessor(exporter))
        yield exporter


def ended(exporter: InMemorySpanExporter, incoming: bytes = b"", ratio: float = 1.0, delay: float = 2.0) -> str:
    """Take one lead that the seller held for `delay` seconds and answer it in half a second; its traceparent."""
    clock = FakeClock()
    trails = Trails(clock, Metrics(), ratio)
    trail = trails.begin(clock.now(), incoming)
    clock.advance(0.5)
    trails.end(trail, trail.received_at - timedelta(seconds=delay), "accepted")
    return trail.gateway


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def seconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


async def test_a_lead_is_one_tree_from_the_consumers_submit_to_the_answer(exporter: InMemorySpanExporter) -> None:
    handed_on = ended(exporter)
    spans = by_name(exporter)
    lead = spans["lead"]

    assert set(spans) == {"lead", "consumer.submit", "gateway"}
    assert lead.parent is None
    assert {seconds(lead), seconds(spans["consumer.submit"]), seconds(spans["gateway"])} == {2.5, 2.0, 0.5}
    for child in ("consumer.submit", "gateway"):
        parent, root = spans[child].parent, lead.context
        assert parent is not None
        assert root is not None
        assert parent.span_id == root.span_id
    inner = spans["gateway"].context
    assert inner is not None
    assert tracing.extract(handed_on).span_id == inner.span_id


async def test_an_incoming_trace_is_continued_and_sampled_by_our_own_ratio(exporter: InMemorySpanExporter) -> None:
    assert tracing.trace_id(ended(exporter, INCOMING)) == "4bf92f3577b34da6a3ce929d0e0e4736"
    parent = by_name(exporter)["lead"].parent
    assert parent is not None
    assert f"{parent.span_id:016x}" == "00f067aa0ba902b7"

    exporter.clear()
    not_recorded = ended(exporter, INCOMING.replace(b"-00", b"-01"), ratio=0.0)
    assert tracing.trace_id(not_recorded)
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("delay", [-5.0, 86_400.5])
async def test_a_submit_time_that_cannot_be_true_is_not_measured(exporter: InMemorySpanExporter, delay: float) -> None:
    ended(exporter, delay=delay)
    spans = by_name(exporter)

    assert set(spans) == {"lead", "gateway"}
    assert seconds(spans["lead"]) == 0.5


@pytest.mark.parametrize("incoming", [b"nonsense", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"\xff"])
async def test_an_invalid_incoming_trace_starts_a_new_one(exporter: InMemorySpanExporter, incoming: bytes) -> None:
    ended(exporter, incoming)

    assert by_name(exporter)["lead"].parent is None
