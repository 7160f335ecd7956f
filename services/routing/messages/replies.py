"""A person wrote back. It is a live contact, begun by the person, of the channel that it came by.

It ends automatic messages (a playbook that stops at `contacted`) and counts as a contact; it stops no clock agreed with
sales, since nobody of the buyer's did anything yet. Its words are not kept: agents read them where the provider shows
them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import structlog

from services.routing.accepted import AcceptedLead
from services.routing.gate.revocation import Heard
from services.routing.messages.inbound import attempt_of
from services.routing.messages.inbound_events import replied
from services.routing.playbook import runs
from services.routing.work import disposition_store
from shared.db import outbox
from shared.db.pool import Connection

_log = structlog.get_logger(__name__)


def tell_if_unclear(heard: Heard, lead: AcceptedLead, channel: str) -> None:
    """Ask for a person's eyes where a reply may be an opt-out: it is shown where the provider shows it."""
    if heard.intent == "unclear":
        _log.warning(
            "a reply may be an opt-out, somebody has to read it",
            buyer_id=lead.buyer_id,
            lead_id=str(lead.lead_id),
            channel=channel,
        )


async def record_reply(
    conn: Connection, lead: AcceptedLead, channel: Literal["text", "email"], message_id: str, at: datetime
) -> None:
    """Keep a reply in the caller's transaction, and tell whom it concerns; told again, it is the same one."""
    attempt = disposition_store.Attempt(
        buyer_id=lead.buyer_id,
        attempt_id=attempt_of(channel, message_id),
        lead_id=lead.lead_id,
        task_id=None,
        channel=channel,
        automatic=False,
        team=lead.team,
        agent="",
        state="ended",
        began_at=at,
        ended_at=at,
        live=True,
        live_at=at,
    )
    await disposition_store.lock_lead(conn, lead.buyer_id, lead.lead_id)
    await disposition_store.tell(conn, attempt)
    await outbox.put(conn, [replied(lead, attempt.attempt_id, channel, at)])
    fact = runs.AttemptMade(channel=channel, automatic=False, began_at=at, live=True)
    await runs.react(conn, lead.buyer_id, lead.lead_id, fact)
