"""What is asked of the gate and what it answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from services.routing.gate.person import Person
from services.routing.gate.rules import Channel

#: `confirmation`: that the person's request came in, without promotion. `reply`: to what the person just wrote.
Purpose = Literal["confirmation", "follow_up", "reply"]

#: Why the gate blocks; the first that applies, in this order, is told. `cannot_know`: something that it must know it
#: cannot be told now.
Reason = Literal[
    "",
    "test",
    "no_address",
    "opted_out",
    "no_consent",
    "listed",
    "litigator",
    "reassigned",
    "abroad",
    "shared",
    "cannot_know",
    "attempts",
    "hours",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRequest:
    """One contact that is about to begin.

    Attributes:
        lead_id: the lead.
        channel: how.
        automatic: True where a program makes it; False where a person dials or writes.
        purpose: what for.
        person: as intake tells it now; None: intake does not know the person (any more).
    """

    lead_id: UUID
    channel: Channel
    automatic: bool
    purpose: Purpose
    person: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """What the gate says of one contact.

    Attributes:
        decision_id: under which it is recorded.
        allowed: True: it may begin, now and not later.
        rules: the rules that blocked it, by name; where allowed, those that were kept.
        reason: the weightiest of those that blocked it; empty where allowed.
        not_before: the earliest instant at which it might be allowed; None: it is allowed, or will never be.
    """

    decision_id: UUID
    allowed: bool
    rules: tuple[str, ...]
    reason: Reason
    not_before: datetime | None


class Permits(Protocol):
    """Whom everything that reaches people asks first; see `services.routing.gate.gate.Gate`."""

    def permits(
        self, buyer_id: str, requests: Sequence[ContactRequest]
    ) -> AbstractAsyncContextManager[list[GateDecision]]:
        """Decide each request now. What is allowed must be handed over before the block is left."""
