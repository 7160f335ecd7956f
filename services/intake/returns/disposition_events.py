"""What agents say of bought leads, as far as it is a reason to ask them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from leadline.events.v1 import lead_event_pb2 as events
from services.intake.returns import proposal_store
from shared.db.outbox import OutboxMessage
from shared.db.pool import Connection

#: Kinds of proposals by what was said.
_KINDS = {"disconnected": "disconnected", "wrong_number": "wrong_number", "do_not_contact": "do_not_contact"}


@dataclass(frozen=True, slots=True)
class Said:
    """A proposal in the making. `evidence`: JSON text, see `desk`."""

    buyer_id: str
    lead_id: UUID
    kind: str
    evidence: str
    at: datetime


def said(payload: bytes) -> Said | None:
    """What an event proposes; None: nothing."""
    event = events.LeadEvent.FromString(payload)
    if event.WhichOneof("body") != "disposition_set":
        return None
    told = event.disposition_set
    kind = _KINDS.get(told.disposition)
    if kind is None:
        return None
    pieces = [("call_log", f"disposition:{told.disposition_id}"), *(("recording", one) for one in told.recordings)]
    evidence = {"attempts": told.attempts, "pieces": pieces}
    return Said(
        event.buyer_id, UUID(event.lead_id), kind, msgspec.json.encode(evidence).decode(), told.at.ToDatetime(UTC)
    )


async def propose(conn: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Write the proposals that messages bring; a lead has at most one of each kind, however often it is said."""
    for one in (said(message.payload) for message in messages):
        if one is not None:
            await proposal_store.add(conn, one.buyer_id, one.lead_id, one.kind, one.evidence, one.at)
