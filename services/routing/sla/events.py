"""What clocks tell reporting: protobuf on one side, plain data on the other."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.events.v1 import lead_event_pb2 as pb
from services.routing.follow_up import derived_id
from services.routing.sla.clock import Point, RunningClock
from shared.db.outbox import OutboxRow

_CONSUMER = "reporting"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sla_passed(clock: RunningClock, point: Point, at: datetime, clock_seconds: float, agent: str) -> OutboxRow:
    """Tells that a clock passed a point.

    Args:
        at: When; of `met`, when the attempt began.
        clock_seconds: On the agreed clock, from its start to `at`.
        agent: Who had the task; of `met`, who made the attempt; empty: nobody.
    """
    start = clock.start
    # The same fact has the same id: of `met`, there is one for each attempt that was the earliest when it was told.
    kind = f"sla:{point}:{clock.attempt.attempt_id}" if point == "met" and clock.attempt is not None else f"sla:{point}"
    message_id = str(derived_id(start.lead_id, kind))
    body = pb.SlaPassed(
        point=point,
        task_id=str(start.task_id),
        team=start.team,
        agent=agent,
        started_at=_timestamp(start.started_at),
        due_at=_timestamp(start.due_at),
        at=_timestamp(at),
        clock_seconds=int(clock_seconds),
        order=start.order,
    )
    event = pb.LeadEvent(
        event_id=message_id,
        buyer_id=start.buyer_id,
        lead_id=str(start.lead_id),
        occurred_at=_timestamp(at),
        sla_passed=body,
    )
    return OutboxRow(start.buyer_id, _CONSUMER, "sla_passed", event.SerializeToString(), message_id)


def _timestamp(instant: datetime) -> Timestamp:
    since = instant - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
