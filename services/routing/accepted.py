"""What follow-up knows of a bought lead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedLead:
    """A bought lead: facts and clock points, no contact data."""

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
    #: `single`, `double` or `none`; empty: not told.
    opt_in: str = ""
    #: The consumer was promised a reward.
    incentivized: bool = False
    #: What was paid, minor units; 0 for an own lead.
    price_minor: int = 0


def speed_to_lead_seconds(lead: AcceptedLead, handed_off_at: datetime) -> float:
    """Seconds from the consumer's submit, where the seller told it and its clock can be right, else from receipt.

    A submit later than the receipt, or after hand-over, is a wrong clock, not a fast chain.
    """
    started = lead.received_at
    if lead.submitted_at is not None and lead.submitted_at < started:
        started = lead.submitted_at
    return max((handed_off_at - started).total_seconds(), 0.0)
