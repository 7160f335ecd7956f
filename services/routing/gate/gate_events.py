"""What people said to the gate, as events for `reporting`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from leadline.events.v1 import lead_event_pb2 as pb
from services.routing.gate.person import Person
from shared.db.outbox import OutboxRow
from shared.runtime.ids import uuid7

_CONSUMER = "reporting"


def opted_out(
    buyer_id: str, lead_id: UUID | None, person: Person | None, *, scope: str, said_by: str, at: datetime
) -> OutboxRow:
    """Tells that a person wants to be left alone; with the lead where one was named."""
    body = pb.OptedOut(scope=scope, said_by=said_by)
    body.at.FromDatetime(at)
    if person is not None:
        body.seller, body.order, body.source = person.seller, person.order, person.source
    event_id = uuid7()
    event = pb.LeadEvent(
        event_id=event_id, buyer_id=buyer_id, lead_id="" if lead_id is None else str(lead_id), opted_out=body
    )
    event.occurred_at.FromDatetime(at)
    return OutboxRow(buyer_id, _CONSUMER, "opted_out", event.SerializeToString(), event_id)
