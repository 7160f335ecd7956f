"""What reporting tells of people's half: histograms for every lead, spans for sampled ones."""

from __future__ import annotations

from collections.abc import Mapping

from services.reporting.parts import HELD_BACK, parts
from services.reporting.story import Instant, Story
from shared.telemetry.metrics import Metrics, StageName
from shared.telemetry.tracing import is_sampled, new_traceparent, record_span

_SECOND_US = 1_000_000


class ResponseTelemetry:
    """Times the stages from the purchase to the first attempt and the first live contact.

    Hours may lie between the purchase and the call, and collectors close a trace long before. So these spans are
    traces of their own, linked to the lead's (https://opentelemetry.io/docs/specs/otel/trace/api/#link).
    A stage is told once, when it is first known; an earlier attempt that is told of later corrects the reports only.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._stages = metrics.stages()

    def grown(self, before: Story | None, after: Story) -> None:
        """A story grew."""
        if after.decided is None:
            return
        first, live = after.first_attempt, after.first_live
        if first is not None and first.at is not None and (before is None or before.first_attempt is None):
            self._attempted(after, after.decided, first.at, {"channel": first.channel, "team": after.holder[0]})
        if live is not None and (before is None or before.first_live is None):
            self._observe("contact", after, after.decided, live, {"team": after.holder[0]})

    def _attempted(self, story: Story, decided: Instant, at: Instant, attributes: Mapping[str, object]) -> None:
        self._observe("attempt", story, decided, at, attributes)
        split = parts(story)
        if split is not None and story.arm != HELD_BACK:
            self._stages["waiting"].observe(split.waiting / _SECOND_US)
            self._stages["human"].observe(split.human / _SECOND_US)

    def _observe(
        self, stage: StageName, story: Story, start: Instant, end: Instant, attributes: Mapping[str, object]
    ) -> None:
        end = max(start, end)
        if story.arm != HELD_BACK:
            self._stages[stage].observe((end - start) / _SECOND_US)
        if is_sampled(story.traceparent):
            told = {"seller": story.seller, "source": story.source, "order": story.order, **attributes}
            own = new_traceparent(sampled=True)
            record_span(f"response.{stage}", None, start * 1000, end * 1000, told, links=(story.traceparent,), own=own)
