"""That a person wrote back, as an event for `reporting`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from leadline.events.v1 import lead_event_pb2 as pb
from services.routing.accepted import AcceptedLead
from services.routing.work.work_events import row_of, timestamp
from shared.db.outbox import OutboxRow


def replied(lead: AcceptedLead, attempt_id: UUID, channel: str, at: datetime) -> OutboxRow:
    """Tells of a live contact that the person began."""
    body = pb.AttemptMade(
        attempt_id=str(attempt_id),
        channel=channel,
        team=lead.team,
        began_at=timestamp(at),
        live=True,
        live_at=timestamp(at),
        decided_at=timestamp(lead.decided_at),
        seller=lead.seller,
        source=lead.source,
        order=lead.order,
        lawful_milliseconds=-1,
        inbound=True,
    )
    event = pb.LeadEvent(occurred_at=timestamp(at), attempt_made=body)
    return row_of(lead.buyer_id, lead.lead_id, lead.traceparent, "attempt_made", event)
