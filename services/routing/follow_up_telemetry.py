"""What follow-up tells about itself: histograms for every lead, spans for sampled ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import structlog

from services.routing.accepted import speed_to_lead_seconds
from services.routing.delivery.delivery import ChannelName, Delivery
from services.routing.delivery.lanes import LaneReport, buyer_of
from services.routing.follow_up import CallTask
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import record_span

_log = structlog.get_logger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class FollowUpTelemetry:
    """Counts and times follow-up. A span stands in the lead's own trace, from its acceptance on."""

    def __init__(self, metrics: Metrics) -> None:
        stages = metrics.stages()
        self._task_seconds, self._email_seconds = stages["task"], stages["email"]
        self._speed = metrics.histogram("leadline_speed_to_lead_seconds", channel="email")
        self._tasks = metrics.counter("leadline_follow_ups_total", channel="task", outcome="created")
        channels: tuple[ChannelName, ...] = get_args(ChannelName)
        self._handed_off, self._dead = (
            {one: metrics.counter("leadline_follow_ups_total", channel=one, outcome=outcome) for one in channels}
            for outcome in ("handed_off", "dead")
        )
        self._metrics = metrics

    def task_written(self, task: CallTask) -> None:
        """A call task was written; not a contact."""
        self._tasks.inc()
        self._task_seconds.observe(_seconds(task.lead.decided_at, task.created_at))
        record_span(
            "follow_up.task",
            task.lead.traceparent,
            _nanoseconds(task.lead.decided_at),
            _nanoseconds(max(task.created_at, task.lead.decided_at)),
            {"task_id": str(task.task_id), "team": task.lead.team},
        )

    def handed_off(self, delivery: Delivery, at: datetime) -> None:
        """A channel took a message; not a contact."""
        lead = delivery.lead
        self._handed_off[delivery.channel].inc()
        if delivery.purpose == "confirmation":
            self._email_seconds.observe(_seconds(lead.decided_at, at))
            self._speed.observe(speed_to_lead_seconds(lead, at))
        record_span(
            f"follow_up.{delivery.channel}",
            lead.traceparent,
            _nanoseconds(lead.decided_at),
            _nanoseconds(max(at, lead.decided_at)),
            {"message_id": str(delivery.delivery_id), "channel": delivery.channel, "attempts": delivery.attempts},
        )

    def dead(self, delivery: Delivery) -> None:
        """A delivery was given up; a person must look (GetFollowUp says why)."""
        self._dead[delivery.channel].inc()
        _log.warning(
            "delivery given up",
            message_id=str(delivery.delivery_id),
            lead_id=str(delivery.lead.lead_id),
            channel=delivery.channel,
            attempts=delivery.attempts,
        )

    def lane_changed(self, report: LaneReport) -> None:
        """A receiver's breaker opened, was probed in vain, or closed."""
        self._metrics.gauge("leadline_receiver_open", lane=report.lane).set(report.state != "closed")
        if report.state == "closed":
            _log.info("receiver is back", buyer_id=buyer_of(report.lane), receiver=report.lane)
        else:
            _log.warning(
                "receiver is away", buyer_id=buyer_of(report.lane), receiver=report.lane, count=report.failures
            )


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def _nanoseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND * 1000
