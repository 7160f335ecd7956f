"""What settlement hands to the store: rows, without protobuf and without SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRow:
    """A lead and its person, in the order of the columns."""

    buyer_id: str
    lead_id: str
    seller: str
    external_id: str
    source: str
    sub_source: str
    #: `accepted`, `rejected` or `pending`.
    outcome: str
    order: str | None
    order_version: int | None
    price_minor: int
    currency: str
    team: str
    test: bool
    catalog_revision: int
    traceparent: str
    submitted_at: datetime | None
    received_at: datetime
    decided_at: datetime | None
    clock: bytes
    lead_type: bytes
    answer: bytes
    receipt: bytes
    #: Canonical fields as JSON text.
    fields: str
    submission: bytes
    payload: bytes

    def values(self) -> tuple[object, ...]:
        """Every column, in the order of the statement that writes them."""
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """The identities that one bought lead claims."""

    lead_id: str
    seller: str
    own: bool
    #: (kind, digest, window in seconds) of each identity.
    identities: tuple[tuple[str, bytes, int], ...]


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """One capacity row that one bought lead uses."""

    #: Index of the lead in the call, from 0.
    lead: int
    order: str
    window: str
    starts_at: datetime
    max_leads: int | None
    max_spend_minor: int | None
    price_minor: int

    def values(self) -> tuple[object, ...]:
        """The columns after the lead's index."""
        return (self.order, self.window, self.starts_at, self.max_leads, self.max_spend_minor, self.price_minor)
