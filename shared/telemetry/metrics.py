"""Metrics: every name declared once, here, with its labels; served to Prometheus by `shared.telemetry.page`.

    metrics = Metrics()
    settled = metrics.counter("leadline_leads_total", outcome="accepted")   # once, at construction
    settled.inc()                                                           # on the hot path

A label never holds what a consumer or a seller typed: only names from the catalog and from this code, so that the
number of series stays bounded and nothing personal gets out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from shared.telemetry.tally import Tallies, Tally

CounterName = Literal[
    "leadline_rpc_requests_total",
    "leadline_http_requests_total",
    "leadline_leads_total",
    "leadline_pings_total",
    "leadline_holds_returned_total",
    "leadline_answers_total",
    "leadline_reasons_total",
    "leadline_refusals_total",
    "leadline_outbox_handled_total",
    "leadline_outbox_failed_total",
    "leadline_outbox_dead_total",
    "leadline_follow_ups_total",
    "leadline_notices_total",
    "leadline_sla_points_total",
    "leadline_inbound_total",
]
GaugeName = Literal[
    "leadline_rpc_in_flight",
    "leadline_serving",
    "leadline_leads_pending",
    "leadline_outbox_behind",
    "leadline_outbox_oldest_seconds",
    "leadline_tasks_unattended",
    "leadline_receiver_open",
]
HistogramName = Literal[
    "leadline_rpc_seconds",
    "leadline_http_seconds",
    "leadline_speed_to_lead_seconds",
    "leadline_batch_leads",
    "leadline_event_loop_lag_seconds",
]
StageName = Literal[
    "seller", "gateway", "validation", "dedup", "routing", "settlement", "decision", "task", "email",
    "waiting", "human", "attempt", "contact",
]  # fmt: skip
#: Stages that wait for people.
HUMAN_STAGES: frozenset[StageName] = frozenset({"waiting", "human", "attempt", "contact"})
STAGES = "leadline_stage_seconds"

SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
HUMAN_SECONDS = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0, 86400.0)
LEADS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


@dataclass(frozen=True, slots=True)
class Declared:
    """What one metric means, its labels and, for a histogram, its buckets."""

    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS


COUNTERS: Mapping[CounterName, Declared] = {
    "leadline_rpc_requests_total": Declared("gRPC calls answered", ("method", "code")),
    "leadline_http_requests_total": Declared("HTTP requests answered, by route template", ("route", "status")),
    "leadline_leads_total": Declared("Leads decided or kept as pending", ("outcome",)),
    "leadline_pings_total": Declared("Pings answered", ("outcome",)),
    "leadline_holds_returned_total": Declared("Bids whose capacity came back unused"),
    "leadline_answers_total": Declared("Answers given to sellers, repeated ones included", ("outcome",)),
    "leadline_reasons_total": Declared("Reasons of rejected leads", ("reason",)),
    "leadline_refusals_total": Declared("Submissions not taken", ("reason",)),
    "leadline_outbox_handled_total": Declared("Outbox messages handled", ("consumer",)),
    "leadline_outbox_failed_total": Declared("Outbox messages that failed once and will be tried again", ("consumer",)),
    "leadline_outbox_dead_total": Declared("Outbox messages given up", ("consumer",)),
    "leadline_follow_ups_total": Declared("Follow-up steps done", ("channel", "outcome")),
    "leadline_sla_points_total": Declared("Points that clocks agreed with sales passed", ("point", "team")),
    "leadline_inbound_total": Declared("Messages that came back from people and providers", ("kind", "outcome")),
    "leadline_notices_total": Declared("Attempts to tell sellers by webhook", ("outcome",)),
}
GAUGES: Mapping[GaugeName, Declared] = {
    "leadline_rpc_in_flight": Declared("gRPC calls under way"),
    "leadline_serving": Declared("1 where the process takes work"),
    "leadline_leads_pending": Declared("Leads kept and not yet decided"),
    "leadline_outbox_behind": Declared("Outbox messages waiting", ("consumer",)),
    "leadline_outbox_oldest_seconds": Declared("Age of the oldest outbox message waiting", ("consumer",)),
    "leadline_tasks_unattended": Declared("Calls that nobody of their team can take now", ("team", "reason")),
    "leadline_receiver_open": Declared("1 where nothing but probes is sent to a receiver", ("lane",)),
}
HISTOGRAMS: Mapping[HistogramName, Declared] = {
    "leadline_rpc_seconds": Declared("Time to answer a gRPC call", ("method",)),
    "leadline_http_seconds": Declared("Time to answer an HTTP request, by route template", ("route",)),
    "leadline_speed_to_lead_seconds": Declared(
        "From submitted, else received, to the first hand-over", ("channel",), LONG_SECONDS
    ),
    "leadline_batch_leads": Declared("Leads in one batch", ("batch",), LEADS),
    "leadline_event_loop_lag_seconds": Declared("How late the event loop runs what is due"),
}


class Metrics:
    """The metrics of one process, in a registry of their own. Handles are made once and kept by their users."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each one, and nobody asks for it
        self._registry = CollectorRegistry(auto_describe=True)
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self._registry.register(collector)
        self._counters = {n: Counter(n, d.help, d.labels, registry=self._registry) for n, d in COUNTERS.items()}
        self._gauges = {n: Gauge(n, d.help, d.labels, registry=self._registry) for n, d in GAUGES.items()}
        self._histograms = {
            n: Histogram(n, d.help, d.labels, buckets=d.buckets, registry=self._registry) for n, d in HISTOGRAMS.items()
        }

        names = cast("tuple[StageName, ...]", get_args(StageName))
        self._stages = {name: Tally(HUMAN_SECONDS if name in HUMAN_STAGES else SECONDS) for name in names}
        described = "Time that a lead spent in one stage of the chain"
        by_label = {str(name): tally for name, tally in self._stages.items()}
        self._registry.register(Tallies(STAGES, described, "stage", by_label))

    def counter(self, name: CounterName, **labels: str) -> Counter:
        """The counter with exactly its declared labels; ValueError where they differ."""
        metric = self._counters[name]
        return metric.labels(**labels) if COUNTERS[name].labels else metric

    def gauge(self, name: GaugeName, **labels: str) -> Gauge:
        """The gauge with exactly its declared labels; ValueError where they differ."""
        metric = self._gauges[name]
        return metric.labels(**labels) if GAUGES[name].labels else metric

    def histogram(self, name: HistogramName, **labels: str) -> Histogram:
        """The histogram with exactly its declared labels; ValueError where they differ."""
        metric = self._histograms[name]
        return metric.labels(**labels) if HISTOGRAMS[name].labels else metric

    def stages(self) -> Mapping[StageName, Tally]:
        """A handle for every stage, `stages["dedup"].observe(seconds, leads)`: a batch is observed at once."""
        return self._stages

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self._registry)

    def value(self, sample: str, **labels: str) -> float:
        """One sample's present value, 0 where nothing was counted yet; for tests and for the console."""
        return self._registry.get_sample_value(sample, labels) or 0.0
