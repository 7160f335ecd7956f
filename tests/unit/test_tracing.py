from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.runtime.settings import TelemetrySettings
from shared.telemetry import tracing
from shared.telemetry.tracing import child_of, extract, is_sampled, new_traceparent, record_span, trace_id
from tests.silent_peer import silent_peer


@pytest.fixture
async def exporter() -> AsyncIterator[InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    async with AsyncExitStack() as stack:
        tracing.start(stack, "test", TelemetrySettings(), processor=SimpleSpanProcessor(memory))
        yield memory


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def parent_of(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def span_id(traceparent: str) -> int:
    return extract(traceparent).span_id


def test_the_stages_of_one_lead_hang_together_with_their_own_times(exporter: InMemorySpanExporter) -> None:
    root = new_traceparent(sampled=True)
    decision = child_of(root)
    record_span("dedup", decision, 20, 30)
    record_span("routing", decision, 30, 40)
    record_span("decision", root, 10, 50, own=decision)
    record_span("lead", None, 0, 60, own=root)
    spans = by_name(exporter)
    assert {span.context.trace_id for span in spans.values()} == {int(trace_id(root), 16)}
    assert parent_of(spans["lead"]) is None
    assert spans["lead"].context.span_id == span_id(root)
    assert parent_of(spans["decision"]) == span_id(root)
    assert {parent_of(spans[name]) for name in ("dedup", "routing")} == {span_id(decision)}
    assert (spans["routing"].start_time, spans["routing"].end_time) == (30, 40)


def test_a_recorded_span_gives_the_parent_of_its_children(exporter: InMemorySpanExporter) -> None:
    outer = record_span("outer", new_traceparent(sampled=True), 0, 10)
    record_span("inner", outer, 1, 2)
    spans = by_name(exporter)
    assert parent_of(spans["inner"]) == spans["outer"].context.span_id == span_id(outer)


def test_leads_of_one_batch_keep_traces_of_their_own(exporter: InMemorySpanExporter) -> None:
    leads = [new_traceparent(sampled=True) for _ in range(8)]
    for lead in leads:
        record_span("validation", lead, 0, 1)
    assert [f"{span.context.trace_id:032x}" for span in exporter.get_finished_spans()] == [*map(trace_id, leads)]


def test_an_unsampled_lead_makes_no_span_and_keeps_its_context(exporter: InMemorySpanExporter) -> None:
    lead = new_traceparent(sampled=False)
    assert child_of(lead) == lead
    assert record_span("dedup", lead, 0, 1) == lead
    assert exporter.get_finished_spans() == ()


def test_later_work_is_linked_and_attributes_pass_the_allow_list(exporter: InMemorySpanExporter) -> None:
    decision = new_traceparent(sampled=True)
    own = new_traceparent(sampled=True)
    record_span("follow up", None, 0, 1, {"channel": "email", "email": "canary", "attempt": 1}, [decision], own=own)
    (span,) = exporter.get_finished_spans()
    assert [link.context.span_id for link in span.links] == [span_id(decision)]
    assert dict(span.attributes or {}) == {"channel": "email", "attempt": 1}


def test_a_traceparent_that_is_none_makes_no_span(exporter: InMemorySpanExporter) -> None:
    almost = "x" * 54 + "1"
    assert record_span("dedup", almost, 0, 1) == almost
    assert exporter.get_finished_spans() == ()


def test_without_a_collector_nothing_is_made_and_the_lead_keeps_its_trace() -> None:
    lead = new_traceparent(sampled=True)
    assert record_span("dedup", lead, 0, 1) == lead


@given(st.booleans())
def test_a_traceparent_is_one_by_the_standard(flag: bool) -> None:
    made = new_traceparent(sampled=flag)
    context = extract(made)
    assert context.is_valid
    assert is_sampled(made) is context.trace_flags.sampled is flag
    assert made == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@given(st.text())
def test_anything_else_is_no_traceparent_and_does_no_harm(text: str) -> None:
    assert trace_id(text) == "" or extract(text).is_valid
    assert record_span("x", text, 0, 1) == text


@pytest.mark.parametrize(("ratio", "share"), [(0.0, 0), (1.0, 1000)])
def test_the_ratio_decides_at_its_ends(ratio: float, share: int) -> None:
    assert sum(tracing.sampled(ratio) for _ in range(1000)) == share


async def test_a_collector_gets_the_spans_of_the_service_before_the_process_ends() -> None:
    received: list[ExportTraceServiceRequest] = []

    class Collector(TraceServiceServicer):
        async def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
            received.append(request)
            return ExportTraceServiceResponse()

    collector = grpc.aio.server()
    add_TraceServiceServicer_to_server(Collector(), collector)  # type: ignore[no-untyped-call]
    port = collector.add_insecure_port("127.0.0.1:0")
    await collector.start()
    async with AsyncExitStack() as stack:
        tracing.start(stack, "dedup", TelemetrySettings(otlp_endpoint=f"http://127.0.0.1:{port}"))
        record_span("dedup", new_traceparent(sampled=True), 0, 1)
    await collector.stop(None)
    (resource_spans,) = received[0].resource_spans
    assert "dedup" in {attribute.value.string_value for attribute in resource_spans.resource.attributes}
    assert [span.name for scope in resource_spans.scope_spans for span in scope.spans] == ["dedup"]


async def test_a_frozen_collector_holds_up_the_end_for_five_seconds_at_most() -> None:
    with silent_peer() as port:
        async with AsyncExitStack() as stack:
            tracing.start(stack, "test", TelemetrySettings(otlp_endpoint=f"http://127.0.0.1:{port}"))
            record_span("dedup", new_traceparent(sampled=True), 0, 1)
            started = time.monotonic()
        assert time.monotonic() - started < tracing.SHUTDOWN_SECONDS + 0.5
