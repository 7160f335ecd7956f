"""A lead on its way through the chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.dedup.v1 import dedup_service_pb2 as dedup_pb2
from leadline.events.v1 import lead_event_pb2
from leadline.intake.v1 import intake_service_pb2
from leadline.routing.v1 import routing_service_pb2 as routing_pb2
from leadline.validation.v1 import validation_service_pb2 as validation_pb2
from services.intake.candidates import Candidates
from services.intake.pings.bid import Bid
from services.intake.rate import Rate
from services.intake.submission import SubmissionKey
from shared.catalog.snapshot import CatalogView


@dataclass(slots=True, kw_only=True, eq=False)
class Draft:
    """One lead in hand: who sent it, what the stages said, what was decided.

    Filled in from top to bottom as the lead moves on. Nothing here is stored
    before settlement writes all of it, or `keep pending` writes the upper part.
    """

    lead_id: str
    view: CatalogView
    seller: str
    #: The seller is the buyer's own site.
    own: bool
    candidates: Candidates
    #: The orders that the access key is limited to; empty: all of the seller's.
    key_orders: tuple[str, ...]
    #: Which key it came with, and how fast that may send; None: as fast as it likes. Empty once resumed.
    access_key_id: str = ""
    rate: Rate | None = None
    #: Without its body, which no stage reads and every hop would copy.
    submission: lead_pb2.Submission
    #: The body exactly as it came.
    payload: bytes
    key: SubmissionKey
    content_hash: bytes
    test: bool
    clock: lead_event_pb2.ClockPoints
    #: Stored as pending before; settlement then updates instead of inserting.
    resumed: bool = False
    #: A ping: the person is told in part, or by hashes in hex, by field.
    ping: bool = False
    hashes: Mapping[str, str] = field(default_factory=dict)
    #: The bid that the lead takes up, and what is wrong with the token that it brought.
    bid: Bid | None = None
    bid_findings: list[reason_pb2.Finding] = field(default_factory=list)

    validated: validation_pb2.ValidatedLead | None = None
    checked: dedup_pb2.CheckedLead | None = None
    routed: routing_pb2.RoutedLead | None = None

    accepted: bool = False
    #: The order that bought it or whose reasons are told; empty: none could be named.
    order: str = ""
    price_minor: int = 0
    reasons: list[reason_pb2.Finding] = field(default_factory=list)
    #: The answer as stored, once settled.
    answer: intake_service_pb2.LeadAnswer | None = None
    #: What settlement itself saw, for the receipt.
    settlement: lead_pb2.StageReceipt = field(default_factory=lambda: lead_pb2.StageReceipt(stage="settlement"))

    @property
    def buyer_id(self) -> str:
        """The buyer."""
        return self.view.catalog.buyer.slug

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes the submission unique: buyer, seller and submission key."""
        return self.buyer_id, self.seller, self.key.text

    @property
    def order_version(self) -> int:
        """The version of `order` in the catalog that decided; 0 where no order is named."""
        order = self.view.order(self.order) if self.order else None
        return order.version if order else 0

    @property
    def received_at(self) -> datetime:
        """When the edge had the whole request."""
        return moment(self.clock.received_at)

    def reject(self, *findings: reason_pb2.Finding) -> None:
        """Turn an acceptance into a reject: something that only settlement could see."""
        self.accepted = False
        self.price_minor = 0
        self.reasons.extend(findings)


def by_buyer(drafts: Iterable[Draft]) -> list[list[Draft]]:
    """Group drafts by their buyer and catalog revision: a batch of the chain is decided by one. Order is kept."""
    groups: dict[tuple[str, int], list[Draft]] = {}
    for draft in drafts:
        groups.setdefault((draft.buyer_id, draft.view.revision), []).append(draft)
    return list(groups.values())


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_S = TypeVar("_S")


def reached(stage: _S | None) -> _S:
    """A stage's answer where the chain must have given it.

    Raises:
        ValueError: it did not: a defect of the caller.
    """
    if stage is None:
        raise ValueError("the lead has not reached this stage")
    return stage


def moment(stamp: Timestamp) -> datetime:
    """Read a protobuf Timestamp as an aware datetime, to the microsecond."""
    return _moment(stamp.seconds, stamp.nanos // 1000)


@lru_cache(maxsize=1024)
def _moment(seconds: int, microseconds: int) -> datetime:
    # The leads of a batch share most of their instants.
    return _EPOCH + timedelta(seconds=seconds, microseconds=microseconds)
