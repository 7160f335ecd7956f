"""One lead, one trace: from the consumer's click to the e-mail and the call task, every millisecond accounted for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import asyncpg
import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from leadline.reporting.v1 import reporting_service_pb2 as reporting_pb
from leadline.reporting.v1.reporting_service_pb2_grpc import ReportingServiceStub
from tests.e2e.market import BUYER, CALL_SECONDS, Market, Poster, open_market

pytestmark = pytest.mark.timeout(120)

#: From the consumer's click to the hand-off, one after the other; intake records the part before `validation` as the
#: beginning of its own span.
STAGES = ("validation", "dedup", "routing", "settlement")
WHOLE = {"lead", "consumer.submit", "gateway", "intake", *STAGES, "follow_up.email", "follow_up.task"}
_ARRIVE_SECONDS = 30.0
_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as the collector got it."""

    name: str
    service: str
    trace_id: str
    span_id: bytes
    parent_id: bytes
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Collector(TraceServiceServicer):
    """An OTLP collector that keeps everything."""

    spans: list[Seen] = field(default_factory=list)
    port: int = 0

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        for resource in request.resource_spans:
            service = next(
                item.value.string_value for item in resource.resource.attributes if item.key == "service.name"
            )
            self.spans += [
                Seen(
                    span.name, service, span.trace_id.hex(), span.span_id, span.parent_span_id,
                    span.start_time_unix_nano, span.end_time_unix_nano, str(span),
                )
                for scope in resource.scope_spans
                for span in scope.spans
            ]  # fmt: skip
        return ExportTraceServiceResponse()

    async def trace(self, trace_id: str, names: set[str]) -> dict[str, Seen]:
        """The spans of a trace by name, once all of these are there."""
        until = time.monotonic() + _ARRIVE_SECONDS
        while True:
            found = [span for span in self.spans if span.trace_id == trace_id]
            if names <= {span.name for span in found}:
                assert len({span.name for span in found}) == len(found), "a span came twice"
                return {span.name: span for span in found}
            assert time.monotonic() < until, f"missing: {names - {span.name for span in found}}"
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with ThreadPoolExecutor(4) as workers:
        server = grpc.server(workers)
        kept = Collector()
        add_TraceServiceServicer_to_server(kept, server)  # type: ignore[no-untyped-call]
        kept.port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield kept
        server.stop(0).wait()


@pytest.fixture(scope="module")
def market(collector: Collector) -> Iterator[Market]:
    endpoint = f"http://127.0.0.1:{collector.port}"
    with open_market(LEADLINE_TRACE_RATIO="1", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as opened:
        yield opened


async def test_one_trace_runs_from_the_click_to_the_email_and_its_stages_add_up_to_the_speed_to_lead(
    market: Market, collector: Collector
) -> None:
    async with Poster(market) as poster:
        answer = await poster.sell(next(market.good(77)))
    assert answer.body["outcome"] == "accepted"
    spans = await collector.trace(answer.body["trace_id"], WHOLE)

    assert set(spans) == WHOLE
    services = {name: span.service for name, span in spans.items()}
    assert (services["gateway"], services["intake"], services["follow_up.email"]) == ("gateway", "intake", "follow_up")
    assert spans["lead"].parent_id == b""
    ids = {span.span_id for span in spans.values()}
    assert all(span.parent_id in ids for name, span in spans.items() if name != "lead")

    submit, email = spans["consumer.submit"], spans["follow_up.email"]
    pieces = [(submit.start, submit.end), (spans["gateway"].start, spans["intake"].start)]
    pieces += [(spans[name].start, spans[name].end) for name in STAGES] + [(email.start, email.end)]
    assert all(abs(one[1] - other[0]) < _MILLISECOND for one, other in pairwise(pieces))
    total = sum(end - start for start, end in pieces)
    assert abs(total - await _measured(market, answer.body["lead_id"])) <= _MILLISECOND


async def _measured(market: Market, lead_id: str) -> int:
    """Nanoseconds from submitted to handed off, as follow-up stored it."""
    connection = await asyncpg.connect(market.suite.postgres_url)
    try:
        row = await connection.fetchrow(
            "SELECT submitted_at, handed_off_at FROM routing.delivery WHERE lead_id = $1", lead_id
        )
    finally:
        await connection.close()
    assert row is not None
    return round(float((row["handed_off_at"] - row["submitted_at"]).total_seconds()) * 1e9)


async def test_reports_split_the_same_time_into_the_same_stages(market: Market) -> None:
    """Runs on what the other tests have sold; means are exact, so they add up whatever the number of leads."""
    async with Poster(market) as poster:
        sold = await poster.sell(next(market.good(78)))
    assert sold.body["outcome"] == "accepted"
    with grpc.insecure_channel(market.suite.target("reporting")) as channel:
        request = reporting_pb.GetSpeedToLeadRequest(scope=reporting_pb.ReportScope(buyer_id=BUYER, seller="marco"))
        until = time.monotonic() + _ARRIVE_SECONDS
        while True:
            stages = ReportingServiceStub(channel).GetSpeedToLead(request, timeout=CALL_SECONDS).stages
            said = {stage.stage: stage for stage in stages}
            if "email" in said and "decision" in said and said["email"].leads == said["decision"].leads:
                break
            assert time.monotonic() < until, said
            await asyncio.sleep(0.05)

    mean = {name: stage.mean_ms for name, stage in said.items()}
    assert mean["gateway"] + sum(mean[name] for name in STAGES) == pytest.approx(mean["decision"], abs=1)
    assert mean["seller"] + mean["decision"] + mean["email"] == pytest.approx(mean["speed_to_lead"], abs=1)


async def test_no_span_holds_anything_of_the_person(market: Market, collector: Collector) -> None:
    canaries = {"first_name": "Wilhelmina", "last_name": "Featherstone", "email": "w.featherstone81@gmail.com",
                "phone": "5124726613", "street": "77 Quicksilver Ln"}  # fmt: skip
    good, bad = (lead for lead, _ in zip(market.good(79), range(2), strict=False))
    good.fields |= canaries
    bad = replace(bad, fields=bad.fields | canaries, consent_text="Featherstone never agreed")
    async with Poster(market) as poster:
        sold = await poster.sell(good)
        turned_down = await poster.sell(bad)
    assert (sold.body["outcome"], turned_down.body["outcome"]) == ("accepted", "rejected")

    await collector.trace(sold.body["trace_id"], WHOLE)
    await collector.trace(turned_down.body["trace_id"], WHOLE - {"follow_up.email", "follow_up.task"})

    told = " ".join(span.text for span in collector.spans).lower()
    hidden = [*canaries.values(), "512) 472", "472-6613", "+1512"]
    assert [value for value in hidden if value.lower() in told] == []
