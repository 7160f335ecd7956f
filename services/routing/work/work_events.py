"""What happened to work, as events for `reporting`: plain data on one side, protobuf on the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.events.v1 import lead_event_pb2 as pb
from shared.db.outbox import OutboxRow
from shared.runtime.ids import uuid7

_CONSUMER = "reporting"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A task and who has it; `agent` empty: nobody."""

    buyer_id: str
    task_id: UUID
    lead_id: UUID
    team: str
    agent: str
    decided_at: datetime
    seller: str
    source: str
    order: str
    traceparent: str

    @classmethod
    def of(cls, row: asyncpg.Record, *, agent: str) -> Holding:
        """From a row of `routing.call_task`."""
        return cls(
            buyer_id=row["buyer_id"],
            task_id=row["task_id"],
            lead_id=row["lead_id"],
            team=row["queue"],
            agent=agent,
            decided_at=row["clock_started_at"],
            seller=row["seller"],
            source=row["source"],
            order=row["order_slug"],
            traceparent=row["traceparent"],
        )


def task_assigned(held: Holding, at: datetime) -> OutboxRow:
    """Tells who has a task now."""
    body = pb.TaskAssigned(
        task_id=str(held.task_id),
        team=held.team,
        agent=held.agent,
        at=timestamp(at),
        decided_at=timestamp(held.decided_at),
        seller=held.seller,
        source=held.source,
        order=held.order,
    )
    event = pb.LeadEvent(occurred_at=timestamp(at), task_assigned=body)
    return row_of(held.buyer_id, held.lead_id, held.traceparent, "task_assigned", event)


def row_of(buyer_id: str, lead_id: UUID, traceparent: str, topic: str, event: pb.LeadEvent) -> OutboxRow:
    """An event for reporting."""
    event.event_id = message_id = uuid7()
    event.buyer_id, event.lead_id, event.traceparent = buyer_id, str(lead_id), traceparent
    return OutboxRow(buyer_id, _CONSUMER, topic, event.SerializeToString(), message_id)


def timestamp(instant: datetime) -> Timestamp:
    """By hand: `FromDatetime` takes most of the time of writing an event."""
    since = instant - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
