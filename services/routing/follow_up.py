"""What follows once a lead is bought: one call task, one confirmation e-mail. Pure.

A task that was written, or an e-mail that was sent, is not a contact; only a
person's attempt is, and nothing here counts as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.delivery.delivery import Delivery
from shared.catalog.following import Playbook
from shared.catalog.terms import FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTask:
    """A call that a person is to make."""

    task_id: UUID
    lead: AcceptedLead
    offer: str
    due_at: datetime
    created_at: datetime
    #: Not to be given to anybody before; None: at once.
    not_before: datetime | None = None
    #: What the lead is worth, minor units.
    value_minor: int = 0
    #: In which to speak.
    language: str = "en"
    #: The playbook's step that asked for it.
    step_id: UUID | None = None


def derived_id(lead_id: UUID, kind: str) -> UUID:
    """The id of the one `kind` of follow-up of a lead: the same however often the event is delivered.

    The first half is the lead's own (UUIDv7: its time), so that rows stay in the
    order of time; the second half is a hash of lead and kind.
    """
    digest = blake2b(lead_id.bytes + kind.encode(), digest_size=8).digest()
    variant = bytes([digest[0] & 0x3F | 0x80])
    return UUID(bytes=lead_id.bytes[:8] + variant + digest[1:])


def plan_task(lead: AcceptedLead, terms: FollowUp, playbook: Playbook, now: datetime) -> CallTask | None:
    """The call that the order's terms ask for; None where the playbook makes none.

    The SLA clock starts at acceptance, not when the task was written: a slow system is not the agent's gain.
    """
    if not playbook.calls:
        return None
    return CallTask(
        task_id=derived_id(lead.lead_id, "call"),
        lead=lead,
        offer=terms.offer,
        due_at=lead.decided_at + timedelta(seconds=terms.sla_seconds),
        created_at=now,
        value_minor=lead.price_minor,
    )


def plan_email(lead: AcceptedLead, now: datetime) -> Delivery:
    """The confirmation that every bought lead gets."""
    return Delivery(
        delivery_id=derived_id(lead.lead_id, "email"),
        lead=lead,
        channel="email",
        receiver="email",
        purpose="confirmation",
        created_at=now,
    )
