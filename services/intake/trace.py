"""What a decided lead leaves in the telemetry: one observation per stage, and spans where it is traced.

The stages are the gaps between the lead's clock points, so they add up to the
time from received to decided by construction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import error_reason_pb2, reason_pb2
from leadline.events.v1 import lead_event_pb2
from services.intake.draft import Draft
from shared.telemetry.metrics import Metrics, StageName
from shared.telemetry.tracing import is_sampled, record_span

_REASON, _ERROR_REASON = len("REASON_"), len("ERROR_REASON_")


class LeadTraces:
    """Metrics and spans of decided leads."""

    def __init__(self, metrics: Metrics) -> None:
        self._stages = metrics.stages()
        self._outcomes = {
            outcome: metrics.counter("leadline_leads_total", outcome=outcome)
            for outcome in ("accepted", "rejected", "pending", "test")
        }
        self._pending = metrics.gauge("leadline_leads_pending")
        self._reasons = {
            number: metrics.counter("leadline_reasons_total", reason=name[_REASON:].lower())
            for name, number in reason_pb2.Reason.items()
        }
        self._refusals = {
            number: metrics.counter("leadline_refusals_total", reason=name[_ERROR_REASON:].lower())
            for name, number in error_reason_pb2.ErrorReason.items()
        }

    def kept_pending(self, count: int) -> None:
        """Count leads that were kept undecided."""
        self._outcomes["pending"].inc(count)

    def pending_now(self, count: int) -> None:
        """Show how many leads wait for a decision."""
        self._pending.set(count)

    def refused(self, reason: error_reason_pb2.ErrorReason.ValueType) -> None:
        """Count a submission that was not taken."""
        self._refusals[reason].inc()

    def decided(self, drafts: Sequence[Draft]) -> None:
        """Observe leads that were decided together."""
        real = [draft for draft in drafts if not draft.test]
        self._outcomes["test"].inc(len(drafts) - len(real))
        accepted = sum(draft.accepted for draft in real)
        self._outcomes["accepted"].inc(accepted)
        self._outcomes["rejected"].inc(len(real) - accepted)
        seen: Counter[tuple[StageName, int]] = Counter()
        for draft in real:
            for finding in draft.reasons:
                self._reasons[finding.reason].inc()
            gaps = stage_gaps(draft.clock)
            seen.update((stage, end - start) for stage, start, end in gaps)
            if is_sampled(draft.submission.traceparent):
                _record(draft, gaps)
        # Most leads of a batch spent the same time in most stages.
        for (stage, nanos), leads in seen.items():
            self._stages[stage].observe(max(0, nanos) / 1e9, leads)


def stage_gaps(clock: lead_event_pb2.ClockPoints) -> list[tuple[StageName, int, int]]:
    """The stages that the lead went through, each with its start and end in nanoseconds since the epoch.

    A lead that was pending has no points of the stages that failed; the next stage
    that answered then begins where the last one ended.
    """
    points: list[tuple[StageName, bool, Timestamp]] = [
        ("gateway", True, clock.intake_at),
        ("validation", clock.HasField("validated_at"), clock.validated_at),
        ("dedup", clock.HasField("deduplicated_at"), clock.deduplicated_at),
        ("routing", clock.HasField("routed_at"), clock.routed_at),
        ("settlement", True, clock.decided_at),
    ]
    gaps: list[tuple[StageName, int, int]] = []
    start = received = _nanos(clock.received_at)
    for stage, reached, point in points:
        if reached:
            end = _nanos(point)
            gaps.append((stage, start, end))
            start = end
    gaps.append(("decision", received, start))
    return gaps


def _record(draft: Draft, gaps: list[tuple[StageName, int, int]]) -> None:
    first, last = gaps[1][1], gaps[-1][2]
    own = record_span(
        "intake",
        draft.submission.traceparent,
        first,
        last,
        {
            "lead_id": draft.lead_id,
            "buyer_id": draft.buyer_id,
            "seller": draft.seller,
            "order": draft.order,
            "outcome": "accepted" if draft.accepted else "rejected",
            "catalog_revision": draft.view.revision,
        },
    )
    for stage, start, end in gaps[1:-1]:
        record_span(stage, own, start, end, {"stage": stage})


def _nanos(stamp: Timestamp) -> int:
    return stamp.seconds * 1_000_000_000 + stamp.nanos
