"""People's half in metrics and traces: each stage once, linked to the lead's own trace."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.reporting.story import Story
from services.reporting.telemetry import ResponseTelemetry
from shared.runtime.settings import TelemetrySettings
from shared.telemetry import tracing
from shared.telemetry.metrics import Metrics
from tests.unit.reporting.stories import assigned, attempt, automatic, bought, handed, task


def _grow(telemetry: ResponseTelemetry, *told: Story) -> None:
    before = None
    for part in told:
        after = part if before is None else before.joined(part)
        telemetry.grown(before, after)
        before = after


async def test_the_human_half_is_a_trace_of_its_own_that_links_to_the_leads() -> None:
    exporter, metrics = InMemorySpanExporter(), Metrics()
    traceparent = tracing.new_traceparent(sampled=True)
    told = (task(1), assigned(30), automatic(2), attempt(100), attempt(200, live=True, live_at=0), handed(1))
    async with AsyncExitStack() as stack:
        tracing.start(stack, "reporting", TelemetrySettings(), processor=SimpleSpanProcessor(exporter))
        _grow(ResponseTelemetry(metrics), bought(traceparent=traceparent), *told)
        _grow(ResponseTelemetry(metrics), bought(traceparent=tracing.new_traceparent(sampled=False)), *told)
        spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"response.attempt", "response.contact"}
    for span, seconds in ((spans["response.attempt"], 100), (spans["response.contact"], 200)):
        (link,) = span.links
        assert f"{link.context.trace_id:032x}" == tracing.trace_id(traceparent)
        assert span.context is not None
        assert span.context.trace_id != link.context.trace_id
        assert span.parent is None
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.end_time - span.start_time == seconds * 1_000_000_000
    for stage, expected in {"waiting": 29, "human": 70, "attempt": 100, "contact": 200}.items():
        assert metrics.value("leadline_stage_seconds_count", stage=stage) == 2
        assert metrics.value("leadline_stage_seconds_sum", stage=stage) == pytest.approx(2 * expected)


def test_a_lead_that_was_held_back_on_purpose_slows_no_figure() -> None:
    metrics = Metrics()
    _grow(ResponseTelemetry(metrics), bought(arm="held_back", delay_seconds=1800), attempt(1900, live=True))
    assert metrics.value("leadline_stage_seconds_count", stage="attempt") == 0
    assert metrics.value("leadline_stage_seconds_count", stage="contact") == 0
