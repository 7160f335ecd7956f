"""Lead events off the wire, as the projector knows them."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1.reason_pb2 import Reason
from leadline.common.v1.transfer_pb2 import TransferKind
from leadline.events.v1 import lead_event_pb2 as pb
from services.reporting.projector import ClockPoints, Decided, Event, HandedOff, Instant, TaskWritten, Transferred

_PREFIX = "REASON_"
_CODES: Mapping[int, str] = {number: name.removeprefix(_PREFIX).lower() for name, number in Reason.items()}

_KINDS: Mapping[int, str] = {
    number: name.removeprefix("TRANSFER_KIND_").lower() for name, number in TransferKind.items()
}


def read(payload: bytes) -> Event | None:
    """One event; None where it is of a kind that no report counts, such as one that a later release knows.

    Raises:
        google.protobuf.message.DecodeError: the payload is no LeadEvent.
        KeyError: money moved in a way that only a later release knows.
    """
    event = pb.LeadEvent.FromString(payload)
    match event.WhichOneof("body"):
        case "decided":
            return _decided(event, event.decided)
        case "message_handed_off":
            return _handed_off(event, event.message_handed_off)
        case "task_created":
            return _task(event, event.task_created)
        case "transferred":
            return _transferred(event, event.transferred)
        case _:
            # A pending lead is counted once it is decided.
            return None


def code_of(reason: int) -> str:
    """A reason's public code; a reason of a later release is named by its number."""
    return _CODES.get(reason) or f"reason_{reason}"


def _decided(event: pb.LeadEvent, body: pb.LeadDecided) -> Decided:
    clock = body.clock
    return Decided(
        buyer_id=event.buyer_id,
        occurred_at=_told(event.occurred_at),
        accepted=body.accepted,
        seller=body.seller,
        source=body.source,
        sub_source=body.sub_source,
        order=body.order.order,
        order_version=body.order.version,
        price_minor=body.price.amount_minor if body.accepted else 0,
        currency=body.price.currency,
        reasons=tuple(code_of(reason) for reason in body.reasons),
        clock=ClockPoints(
            submitted=_instant(clock, "submitted_at"),
            received=_instant(clock, "received_at"),
            intake=_instant(clock, "intake_at"),
            validated=_instant(clock, "validated_at"),
            deduplicated=_instant(clock, "deduplicated_at"),
            routed=_instant(clock, "routed_at"),
            decided=_instant(clock, "decided_at"),
        ),
    )


def _handed_off(event: pb.LeadEvent, body: pb.MessageHandedOff) -> HandedOff:
    return HandedOff(
        buyer_id=event.buyer_id,
        occurred_at=_told(event.occurred_at),
        channel=body.channel,
        seller=body.seller,
        source=body.source,
        submitted=_instant(body, "submitted_at"),
        received=_instant(body, "received_at"),
        decided=_instant(body, "decided_at"),
        handed_off=_instant(body, "handed_off_at"),
    )


def _task(event: pb.LeadEvent, body: pb.TaskCreated) -> TaskWritten:
    return TaskWritten(
        buyer_id=event.buyer_id,
        occurred_at=_told(event.occurred_at),
        seller=body.seller,
        source=body.source,
        decided=_instant(body, "decided_at"),
        created=_instant(body, "created_at"),
    )


def _transferred(event: pb.LeadEvent, body: pb.Transferred) -> Transferred:
    return Transferred(
        buyer_id=event.buyer_id,
        occurred_at=_told(event.occurred_at),
        seller=body.seller,
        source=body.source,
        sub_source=body.sub_source,
        order=body.order.order,
        order_version=body.order.version,
        currency=body.amount.currency,
        kind=_KINDS[body.kind],
        amount_minor=body.amount.amount_minor,
        to_seller=body.to_seller,
    )


def _instant(message: Message, name: str) -> Instant | None:
    return _told(getattr(message, name)) if message.HasField(name) else None


def _told(stamp: Timestamp) -> Instant:
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000
