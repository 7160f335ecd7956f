"""Lead events as follow-up reads and writes them: protobuf on one side, plain data on the other."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.events.v1 import lead_event_pb2 as pb
from services.routing.follow_up import AcceptedLead, CallTask, Delivery
from shared.db.outbox import OutboxRow
from shared.runtime.ids import uuid7

#: Who is told what follow-up did.
_CONSUMER = "reporting"


def accepted_lead(payload: bytes) -> AcceptedLead | None:
    """The bought lead that an event tells of; None for any other event."""
    event = pb.LeadEvent.FromString(payload)
    if event.WhichOneof("body") != "decided" or not event.decided.accepted:
        return None
    decided = event.decided
    clock = decided.clock
    return AcceptedLead(
        buyer_id=event.buyer_id,
        lead_id=UUID(event.lead_id),
        seller=decided.seller,
        source=decided.source,
        order=decided.order.order,
        catalog_revision=decided.catalog_revision,
        team=decided.team,
        submitted_at=_instant(clock.submitted_at) if clock.HasField("submitted_at") else None,
        received_at=_instant(clock.received_at),
        decided_at=_instant(clock.decided_at),
        traceparent=event.traceparent,
    )


def task_created(task: CallTask) -> OutboxRow:
    """Tells that a call task was written."""
    event = _event(task.lead, task.created_at)
    event.task_created.CopyFrom(
        pb.TaskCreated(
            task_id=str(task.task_id),
            team=task.lead.team,
            seller=task.lead.seller,
            source=task.lead.source,
            decided_at=_timestamp(task.lead.decided_at),
            created_at=_timestamp(task.created_at),
            due_at=_timestamp(task.due_at),
        )
    )
    return _row(event)


def message_handed_off(delivery: Delivery, handed_off_at: datetime) -> OutboxRow:
    """Tells that a channel took a message."""
    lead = delivery.lead
    event = _event(lead, handed_off_at)
    event.message_handed_off.CopyFrom(
        pb.MessageHandedOff(
            delivery_id=str(delivery.delivery_id),
            channel=delivery.channel,
            seller=lead.seller,
            source=lead.source,
            submitted_at=None if lead.submitted_at is None else _timestamp(lead.submitted_at),
            received_at=_timestamp(lead.received_at),
            decided_at=_timestamp(lead.decided_at),
            handed_off_at=_timestamp(handed_off_at),
        )
    )
    return _row(event)


def _event(lead: AcceptedLead, occurred_at: datetime) -> pb.LeadEvent:
    return pb.LeadEvent(
        event_id=uuid7(),
        buyer_id=lead.buyer_id,
        lead_id=str(lead.lead_id),
        occurred_at=_timestamp(occurred_at),
        traceparent=lead.traceparent,
    )


def _row(event: pb.LeadEvent) -> OutboxRow:
    return OutboxRow(
        buyer_id=event.buyer_id,
        consumer=_CONSUMER,
        topic=str(event.WhichOneof("body")),
        payload=event.SerializeToString(),
        message_id=event.event_id,
    )


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
