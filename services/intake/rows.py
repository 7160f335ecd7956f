"""What settlement hands to the store: rows, without protobuf and without SQL.

The fields of each stand in the order of the Postgres type that they are sent as
(migrations/0004_pre_settle.sql and 0007_pre_people.sql), whose tables say what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from shared.db.outbox import OutboxRow


class SubmissionRow(NamedTuple):
    """Who decides a lead, and for whom."""

    lead_id: str
    seller: str
    submission_key: str
    content_hash: bytes
    expires_at: datetime
    resumed: bool
    own: bool


class LeadRow(NamedTuple):
    """A lead and its person."""

    buyer_id: str
    lead_id: str
    seller: str
    external_id: str
    source: str
    sub_source: str
    outcome: Literal["accepted", "rejected", "pending"]
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


class IdentityRow(NamedTuple):
    """One way to recognise the person of a bought lead."""

    #: Which of the call's leads, from 1.
    lead: int
    kind: str
    digest: bytes
    window_seconds: int
    #: Whose earlier purchases are in the way: `seller`, `product` or `buyer`.
    scope: str


class PersonRow(NamedTuple):
    """What a lead's person was bought for; of a lead that is not bought, nothing."""

    product: str = ""
    #: The lead is to be nobody else's until here.
    exclusive_until: datetime | None = None


class LikenessRow(NamedTuple):
    """What the person of a bought lead is filed under so that people who are like it are found."""

    #: Which of the call's leads, from 1.
    lead: int
    digest: bytes
    #: The newest person under it that was compared; a newer one is an obstacle. None: none is.
    seen: int | None


class MarkRow(NamedTuple):
    """A mark to be put on a lead because of another one."""

    lead_id: str
    flag: Literal["possible_duplicate", "not_exclusive", "breaks_exclusivity"]
    other_lead: str
    #: JSON text, without contact data.
    evidence: str


class DemandRow(NamedTuple):
    """One row of capacity that a bought lead uses."""

    #: Which of the call's leads, from 1.
    lead: int
    order: str
    window: str
    starts_at: datetime
    max_leads: int | None
    max_spend_minor: int | None
    price_minor: int


class BidRow(NamedTuple):
    """A lead that took up a bid: its hold is spent, or given up where the lead is rejected."""

    #: Which of the call's leads, from 1.
    lead: int
    ping_id: str
    lead_id: str
    accepted: bool


class Batch(NamedTuple):
    """What one settlement writes. `submissions`, `persons` and `leads` are parallel."""

    submissions: Sequence[SubmissionRow]
    persons: Sequence[PersonRow]
    leads: Sequence[LeadRow]
    identities: Sequence[IdentityRow]
    likenesses: Sequence[LikenessRow]
    demands: Sequence[DemandRow]
    messages: Sequence[OutboxRow]
    marks: Sequence[MarkRow]
    #: Of leads that took up a bid.
    bids: Sequence[BidRow] = ()
    #: Bids, and the leads that kept their holds and turned out not to be what was pinged.
    let_go: Sequence[tuple[str, str]] = ()


class Obstacle(NamedTuple):
    """Why nothing of a call was settled."""

    #: `taken`: another process decided this submission or pending lead. `claimed`: another lead has the person.
    #: `full`: a window has no room. `bid`: its bid is `used` by another lead, or `expired`.
    what: Literal["taken", "claimed", "full", "bid"]
    #: Which of the call's leads, from 1.
    lead: int
    #: The kind of the claimed identity, `likeness` where a newer person may be like this one, the full window, or
    #: what the bid is.
    detail: str
    #: `claimed`: who sold the person before.
    seller: str
    #: `claimed`: that was the buyer's own site.
    own: bool
    #: `full`: `leads` or `spend`.
    limit: str
