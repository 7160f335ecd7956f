"""One thing to be handed to its receiver, and what becomes of it after a try. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.routing.accepted import AcceptedLead

ChannelName = Literal[
    "email", "text", "call", "webhook", "adf_email", "adf_post", "csv", "alert_email", "alert_webhook"
]
#: Channels that reach the person of a lead; what they carry passes the contact gate. The others reach systems.
TO_PEOPLE: frozenset[ChannelName] = frozenset(("email", "text", "call"))
#: Why something is sent: what every buyer of a lead gets at once, a later step, an answer, the lead itself, or word to
#: a team that leads wait.
Purpose = Literal["confirmation", "follow_up", "reply", "lead", "alert"]
DeliveryState = Literal["waiting", "handed_off", "dead", "blocked", "discarded"]

#: A worker that takes a delivery has this long; after that any worker may take it again.
LEASE = timedelta(seconds=30)
#: Seconds before the next try, by the number of tries so far; the last one repeats.
RETRY_SECONDS = (1, 5, 30, 120, 600, 1800, 3600, 10800)
#: Longest wait where the channel as a whole is away: it is probed anyway, and no message is at fault.
OUTAGE_RETRY_SECONDS = 30
#: After its due time: a confirmation older than this says nothing that the person still waits for.
GIVE_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to a person, or one lead to a system."""

    delivery_id: UUID
    lead: AcceptedLead
    channel: ChannelName
    #: A receiver of the catalog; for people, the channel's own name.
    receiver: str
    purpose: Purpose
    created_at: datetime
    #: When the first try is due; None: at once.
    due_at: datetime | None = None
    #: What is said, by its name in the catalog; empty: the playbook's confirmation, or the lead itself.
    template: str = ""
    #: The playbook's step that asked for it; None: it came with the purchase.
    step_id: UUID | None = None
    #: Tries so far, the present one included.
    attempts: int = 0
    #: Tries before a person had it tried again; waits are counted from there.
    replayed_after: int = 0
    #: Proof that the present try is this worker's; None: nobody's.
    lease_id: UUID | None = None
    #: When it is given up; None: `GIVE_UP_AFTER` its due time.
    give_up_at: datetime | None = None

    @property
    def first_due_at(self) -> datetime:
        """When the first try is due."""
        return self.due_at or self.created_at

    @property
    def given_up_at(self) -> datetime:
        """When tries end."""
        return self.give_up_at or self.first_due_at + GIVE_UP_AFTER


@dataclass(frozen=True, slots=True)
class HandedOff:
    """The receiver took it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not taken; to be tried again."""

    error: str
    #: True where the receiver, or the channel as a whole, is at fault and not this message.
    outage: bool = False
    #: Seconds that the receiver asked to be left alone; 0: it did not say.
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused for good; trying again cannot help."""

    error: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """The contact gate said no: for now where it says until when, else for good. No fault of anybody's."""

    #: The rules that said so, never about the person.
    error: str
    not_before: datetime | None = None


Outcome = HandedOff | Postponed | Refused | Blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a try leaves behind."""

    state: DeliveryState
    due_at: datetime
    handed_off_at: datetime | None
    last_error: str
    give_up_at: datetime


def settle(delivery: Delivery, outcome: Outcome, now: datetime, jitter: float) -> Settled:
    """What becomes of a delivery after a try.

    Args:
        now: when the try ended.
        jitter: in [0, 1); spreads the next tries over 80 % to 120 % of the nominal wait.
    """
    ends = delivery.given_up_at
    match outcome:
        case HandedOff(at=at):
            return Settled(state="handed_off", due_at=now, handed_off_at=at, last_error="", give_up_at=ends)
        case Refused(error=error) | Blocked(error=error, not_before=None):
            state: DeliveryState = "dead" if isinstance(outcome, Refused) else "blocked"
            return Settled(state=state, due_at=now, handed_off_at=None, last_error=error, give_up_at=ends)
        case Blocked(error=error, not_before=datetime() as again):
            # The days of trying begin when it may be tried.
            ends = max(ends, again + GIVE_UP_AFTER)
            return Settled(state="waiting", due_at=again, handed_off_at=None, last_error=error, give_up_at=ends)
        case Postponed():
            # Where all people's mail waits for one server, a long wait of each would outlast the outage.
            capped = outcome.outage and delivery.channel in TO_PEOPLE
            wait = max(
                retry_seconds(delivery.attempts - delivery.replayed_after, capped, jitter), outcome.retry_after_seconds
            )
            again = now + timedelta(seconds=wait)
            state = "dead" if again >= ends else "waiting"
            return Settled(state=state, due_at=again, handed_off_at=None, last_error=outcome.error, give_up_at=ends)
    raise AssertionError(outcome)


def retry_seconds(attempts: int, outage: bool, jitter: float) -> float:
    """Seconds to wait after so many tries (from 1)."""
    nominal = RETRY_SECONDS[min(max(attempts, 1), len(RETRY_SECONDS)) - 1]
    if outage:
        nominal = min(nominal, OUTAGE_RETRY_SECONDS)
    return nominal * (0.8 + 0.4 * jitter)
