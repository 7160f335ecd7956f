"""A return as it is kept, and a lead as returns look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.returns.judgement import Fault
from services.intake.returns.lifecycle import State


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSold:
    """A bought lead: whose, under which terms, and what is left of its charge."""

    lead_id: str
    seller: str
    order: str
    order_version: int
    catalog_revision: int
    bought_at: datetime
    currency: str
    left_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """One lead asked back. See migrations/0011_pre_returns.sql for what the fields mean."""

    buyer_id: str
    return_id: str
    lead_id: str
    seller: str
    order_slug: str
    order_version: int
    bought_at: datetime
    reason: str
    state: State
    amount_minor: int
    currency: str
    settlement: str
    attempts: int
    #: JSON text.
    evidence: str
    requested_by: str
    requested_at: datetime
    answer_by: datetime | None = None
    dispute_by: datetime | None = None
    steps: int = 0
    credit_id: str | None = None
    hold_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One step in the life of a return, as its history tells it."""

    action: str
    state: State
    at: datetime
    who: str
    why: str
    faults: tuple[Fault, ...] = ()
