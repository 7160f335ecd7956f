"""Lead events as follow-up reads and writes them: protobuf on one side, plain data on the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1.transfer_pb2 import TRANSFER_KIND_CREDIT
from leadline.events.v1 import lead_event_pb2 as pb
from services.routing.accepted import AcceptedLead
from services.routing.delivery.delivery import Delivery
from services.routing.follow_up import CallTask
from shared.db.outbox import OutboxRow
from shared.runtime.ids import uuid7

#: Who is told what follow-up did.
_CONSUMER = "reporting"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLead:
    """A lead that was given back to its seller."""

    buyer_id: str
    lead_id: UUID
    at: datetime


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
        product=decided.product,
        lead_type="own" if decided.lead_type.own else decided.lead_type.exclusivity,
        form=decided.lead_type.form,
        us_state=decided.us_state,
        opt_in=decided.lead_type.opt_in,
        incentivized=decided.lead_type.incentivized,
        price_minor=decided.price.amount_minor,
    )


def returned_lead(payload: bytes) -> ReturnedLead | None:
    """The lead that was given back, by an event that tells of its credit; None for any other event."""
    event = pb.LeadEvent.FromString(payload)
    if event.WhichOneof("body") != "transferred" or event.transferred.kind != TRANSFER_KIND_CREDIT:
        return None
    if not event.lead_id or not event.transferred.cause.startswith("return:"):
        return None
    return ReturnedLead(buyer_id=event.buyer_id, lead_id=UUID(event.lead_id), at=_instant(event.occurred_at))


def follow_up_started(lead: AcceptedLead, *, playbook: str, arm: str, delay_seconds: int) -> OutboxRow:
    """Tells that a lead's follow-up began, and in which arm of a hold-out."""
    decided_at = _timestamp(lead.decided_at)
    body = pb.FollowUpStarted(
        playbook=playbook,
        team=lead.team,
        order=lead.order,
        seller=lead.seller,
        source=lead.source,
        decided_at=decided_at,
        arm=arm,
        delay_seconds=delay_seconds,
    )
    return _row(lead, "follow_up_started", pb.LeadEvent(occurred_at=decided_at, follow_up_started=body))


def task_created(task: CallTask) -> OutboxRow:
    """Tells that a call task was written."""
    lead, created_at = task.lead, _timestamp(task.created_at)
    body = pb.TaskCreated(
        task_id=str(task.task_id),
        team=lead.team,
        seller=lead.seller,
        source=lead.source,
        decided_at=_timestamp(lead.decided_at),
        created_at=created_at,
        due_at=_timestamp(task.due_at),
    )
    return _row(lead, "task_created", pb.LeadEvent(occurred_at=created_at, task_created=body))


def message_handed_off(delivery: Delivery, handed_off_at: datetime) -> OutboxRow:
    """Tells that a channel took a message."""
    lead, at = delivery.lead, _timestamp(handed_off_at)
    body = pb.MessageHandedOff(
        delivery_id=str(delivery.delivery_id),
        channel=delivery.channel,
        seller=lead.seller,
        source=lead.source,
        submitted_at=None if lead.submitted_at is None else _timestamp(lead.submitted_at),
        received_at=_timestamp(lead.received_at),
        decided_at=_timestamp(lead.decided_at),
        handed_off_at=at,
    )
    return _row(lead, "message_handed_off", pb.LeadEvent(occurred_at=at, message_handed_off=body))


def _row(lead: AcceptedLead, topic: str, event: pb.LeadEvent) -> OutboxRow:
    event.event_id = message_id = uuid7()
    event.buyer_id, event.lead_id, event.traceparent = lead.buyer_id, str(lead.lead_id), lead.traceparent
    return OutboxRow(lead.buyer_id, _CONSUMER, topic, event.SerializeToString(), message_id)


# By hand: `FromDatetime` and `ToDatetime` take most of the time of reading or writing an event.
def _instant(stamp: Timestamp) -> datetime:
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def _timestamp(instant: datetime) -> Timestamp:
    since = instant - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
