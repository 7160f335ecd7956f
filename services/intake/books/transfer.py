"""What moves money, between which accounts. Pure.

A transfer takes its amount from the account it debits to the account it credits, so that the books sum to zero by
construction. Three accounts matter: what an order cost (`spend`), what its seller is owed and can be paid
(`payable`), and what is owed and withheld while it is disputed (`held`). See migrations/0006_pre_books.sql, whose
constraints and triggers hold all of this against whoever writes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["charge", "credit", "adjustment", "fee", "hold", "release", "reversal"]

#: The name space of transfer ids; a constant of this system.
_NAMES = uuid.UUID("3f0f3c0e-6f43-5a83-9d0c-0f6a2f4f3a51")


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A correction to make, as its decider knows it.

    Attributes:
        kind: Anything but a charge, which only settlement makes.
        amount_minor: Minor units, above 0.
        cause: What brings it about, such as `return:<id>`. A cause moves money of one kind once, however often it is
            posted.
        who: The person, or the part of the system, that decided.
        why: In their words; never contact data.
        lead_id: The lead; empty for an adjustment that is about none, which names `seller` and `order` instead.
        undoes: The transfer id of the credit that a reversal undoes, or of the hold that a release ends.
        to_seller: Of an adjustment: whether it is in the seller's favour.
        seller, order, order_version, currency: Needed without a lead; a lead's own otherwise.
    """

    kind: Kind
    amount_minor: int
    cause: str
    who: str
    why: str
    lead_id: str = ""
    undoes: str = ""
    to_seller: bool = False
    seller: str = ""
    order: str = ""
    order_version: int = 0
    currency: str = ""

    @property
    def transfer_id(self) -> str:
        """The same for the same kind and cause."""
        return transfer_id(self.kind, self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a movement belongs: what its lead, or its decider, says of seller, source and order."""

    seller: str
    order: str
    order_version: int
    currency: str
    source: str = ""
    sub_source: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """A movement in its place at its time, ready to be posted."""

    movement: Movement
    place: Place
    posted_at: datetime

    @property
    def to_seller(self) -> bool:
        """Whether it adds to what the seller can be paid."""
        return raises_payable(self.movement.kind, to_seller=self.movement.to_seller)

    @property
    def accounts(self) -> tuple[str, str]:
        """The debited and the credited account."""
        other = f"spend:{self.place.order}"
        if self.movement.kind in ("hold", "release"):
            other = f"held:{self.place.seller}"
        payable = f"payable:{self.place.seller}"
        return (other, payable) if self.to_seller else (payable, other)


def transfer_id(kind: Kind, cause: str) -> str:
    """The id of the transfer of this kind that a cause brings about: UUIDv5, RFC 9562 section 5.5."""
    return str(uuid.uuid5(_NAMES, f"{kind} {cause}"))


def raises_payable(kind: Kind, *, to_seller: bool = False) -> bool:
    """Whether a transfer of this kind adds to what the seller can be paid; for an adjustment as `to_seller` says."""
    return to_seller if kind == "adjustment" else kind in ("charge", "reversal", "fee", "release")
