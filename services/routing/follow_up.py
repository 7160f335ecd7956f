"""What follow-up makes of a bought lead: calls for people, under ids that are the same however often. Pure.

A task that was written, or an e-mail that was sent, is not a contact; only a
person's attempt is, and nothing here counts as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from services.routing.accepted import AcceptedLead


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
