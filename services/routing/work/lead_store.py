"""What is known of a followed-up lead, whether or not anybody is to call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.follow_up_events import accepted_lead
from services.routing.work.queue_store import QueuedTask
from shared.db.pool import Connection

_PURCHASE = "SELECT purchase FROM routing.run WHERE buyer_id = $1 AND lead_id = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """What events tell with whatever happens to a lead."""

    seller: str
    source: str
    order: str
    team: str
    decided_at: datetime
    traceparent: str

    @classmethod
    def of(cls, task: QueuedTask) -> LeadFacts:
        """As a task keeps them."""
        return cls(
            seller=task.seller,
            source=task.source,
            order=task.order,
            team=task.queue,
            decided_at=task.waiting.started_at,
            traceparent=task.traceparent,
        )


async def facts_of(conn: Connection, buyer_id: str, lead_id: UUID, tasks: Sequence[QueuedTask]) -> LeadFacts | None:
    """By one of its tasks or, where it has none, by its purchase; None: it is not followed up."""
    if tasks:
        return LeadFacts.of(tasks[0])
    purchase = await conn.fetchval(_PURCHASE, buyer_id, lead_id)
    lead = None if purchase is None else accepted_lead(purchase)
    if lead is None:
        return None
    return LeadFacts(
        seller=lead.seller,
        source=lead.source,
        order=lead.order,
        team=lead.team,
        decided_at=lead.decided_at,
        traceparent=lead.traceparent,
    )
