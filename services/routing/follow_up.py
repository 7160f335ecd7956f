"""What follows once a lead is bought: one call task, one confirmation e-mail. Pure.

A task that was written, or an e-mail that was sent, is not a contact; only a
person's attempt is, and nothing here counts as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal
from uuid import UUID

from shared.catalog.following import Playbook
from shared.catalog.terms import FollowUp

EMAIL = "email"
#: A worker that takes a delivery has this long; after that any worker may take it again.
LEASE = timedelta(seconds=30)
#: Seconds before the next try, by the number of tries so far; the last one repeats.
RETRY_SECONDS = (1, 5, 30, 120, 600, 1800, 3600, 10800)
#: Longest wait where the channel as a whole is away: it is probed anyway, and no message is at fault.
OUTAGE_RETRY_SECONDS = 30
#: A confirmation older than this says nothing that the person still waits for.
GIVE_UP_AFTER = timedelta(days=3)

DeliveryState = Literal["waiting", "handed_off", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedLead:
    """What follow-up knows of a bought lead: facts and clock points, no contact data."""

    buyer_id: str
    lead_id: UUID
    seller: str
    source: str
    order: str
    #: The revision that decided, from 1; its playbook and offer are used, whatever was applied since.
    catalog_revision: int
    #: Empty where the order names no team; the task is then for anybody.
    team: str
    #: By the seller's clock; None: not told.
    submitted_at: datetime | None
    received_at: datetime
    decided_at: datetime
    #: W3C trace context of the lead; may be empty.
    traceparent: str
    #: Of the order; empty where an event of an earlier release did not tell.
    product: str = ""
    #: `exclusive`, `shared` or `own`; empty: not told.
    lead_type: str = ""
    #: `long` or `short`; empty: not told.
    form: str = ""
    #: USPS code of the person's state; empty: not known.
    us_state: str = ""
    #: What was paid, minor units; 0 for an own lead.
    price_minor: int = 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to be handed to its channel."""

    delivery_id: UUID
    lead: AcceptedLead
    channel: str
    created_at: datetime
    #: Tries so far, the present one included.
    attempts: int = 0
    #: Proof that the present try is this worker's; None: nobody's.
    lease_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HandedOff:
    """The channel took the message."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not taken; to be tried again."""

    error: str
    #: True where the channel as a whole is at fault, not this message.
    outage: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused for good; trying again cannot help."""

    error: str


Outcome = HandedOff | Postponed | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a try leaves behind."""

    state: DeliveryState
    due_at: datetime
    handed_off_at: datetime | None
    last_error: str


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
    return Delivery(delivery_id=derived_id(lead.lead_id, EMAIL), lead=lead, channel=EMAIL, created_at=now)


def settle(delivery: Delivery, outcome: Outcome, now: datetime, jitter: float) -> Settled:
    """What becomes of a delivery after a try.

    Args:
        now: when the try ended.
        jitter: in [0, 1); spreads the next tries over 80 % to 120 % of the nominal wait.
    """
    match outcome:
        case HandedOff(at=at):
            return Settled(state="handed_off", due_at=now, handed_off_at=at, last_error="")
        case Refused(error=error):
            return Settled(state="dead", due_at=now, handed_off_at=None, last_error=error)
        case Postponed(error=error, outage=outage):
            again = now + timedelta(seconds=retry_seconds(delivery.attempts, outage, jitter))
            used_up = again >= delivery.created_at + GIVE_UP_AFTER
            state: DeliveryState = "dead" if used_up else "waiting"
            return Settled(state=state, due_at=again, handed_off_at=None, last_error=error)


def retry_seconds(attempts: int, outage: bool, jitter: float) -> float:
    """Seconds to wait after so many tries (from 1)."""
    nominal = RETRY_SECONDS[min(max(attempts, 1), len(RETRY_SECONDS)) - 1]
    if outage:
        nominal = min(nominal, OUTAGE_RETRY_SECONDS)
    return nominal * (0.8 + 0.4 * jitter)


def speed_to_lead_seconds(lead: AcceptedLead, handed_off_at: datetime) -> float:
    """Seconds from the consumer's submit, where the seller told it and its clock can be right, else from receipt.

    A submit later than the receipt, or after hand-over, is a wrong clock, not a fast chain.
    """
    started = lead.received_at
    if lead.submitted_at is not None and lead.submitted_at < started:
        started = lead.submitted_at
    return max((handed_off_at - started).total_seconds(), 0.0)
