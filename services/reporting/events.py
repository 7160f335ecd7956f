"""Lead events off the wire, as the projector knows them."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1.reason_pb2 import Reason
from leadline.common.v1.transfer_pb2 import TransferKind
from leadline.events.v1 import lead_event_pb2 as pb
from services.reporting.projector import ClockPoints, Decided, Event, Instant, Transferred

_PREFIX = "REASON_"
_CODES: Mapping[int, str] = {number: name.removeprefix(_PREFIX).lower() for name, number in Reason.items()}

_KINDS: Mapping[int, str] = {
    number: name.removeprefix("TRANSFER_KIND_").lower() for name, number in TransferKind.items()
}


def read(payload: bytes) -> pb.LeadEvent:
    """One event.

    Raises:
        google.protobuf.message.DecodeError: the payload is no LeadEvent.
    """
    return pb.LeadEvent.FromString(payload)


def counted(event: pb.LeadEvent) -> Event | None:
    """As the projector counts it; None where it is of a kind that is not simply added up.

    Raises:
        KeyError: money moved in a way that only a later release knows.
    """
    match event.WhichOneof("body"):
        case "decided":
            return _decided(event, event.decided)
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
        occurred_at=told(event.occurred_at),
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
            submitted=instant(clock, "submitted_at"),
            received=instant(clock, "received_at"),
            intake=instant(clock, "intake_at"),
            validated=instant(clock, "validated_at"),
            deduplicated=instant(clock, "deduplicated_at"),
            routed=instant(clock, "routed_at"),
            decided=instant(clock, "decided_at"),
        ),
    )


def _transferred(event: pb.LeadEvent, body: pb.Transferred) -> Transferred:
    return Transferred(
        buyer_id=event.buyer_id,
        occurred_at=told(event.occurred_at),
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


def instant(message: Message, name: str) -> Instant | None:
    """The instant of a message's field; None where it is not told."""
    return told(getattr(message, name)) if message.HasField(name) else None


def told(stamp: Timestamp) -> Instant:
    """Microseconds since 1970."""
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000
