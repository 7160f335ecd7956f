"""The arithmetic of statements. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.intake.books.transfer import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What moved, in minor units; every amount but `adjusted` is 0 or more.

    Attributes:
        leads: Charges.
        charged: What leads cost.
        credited: What was given back of it.
        restored: Credits undone by reversals.
        fees: What the seller is due beside prices.
        adjusted: Corrections by persons; above 0 in the seller's favour.
        held: Withheld while disputed.
        released: Withheld no more.
    """

    leads: int = 0
    charged: int = 0
    credited: int = 0
    restored: int = 0
    fees: int = 0
    adjusted: int = 0
    held: int = 0
    released: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            leads=self.leads + other.leads,
            charged=self.charged + other.charged,
            credited=self.credited + other.credited,
            restored=self.restored + other.restored,
            fees=self.fees + other.fees,
            adjusted=self.adjusted + other.adjusted,
            held=self.held + other.held,
            released=self.released + other.released,
        )

    @property
    def total(self) -> int:
        """What it adds to what can be paid to the seller."""
        owed = self.charged - self.credited + self.restored + self.fees + self.adjusted
        return owed - self.held + self.released


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a seller stands, in minor units: what can be paid (below 0: the seller owes), and what is withheld."""

    payable: int = 0
    held: int = 0

    def after(self, sums: Sums) -> Balance:
        """Where the seller stands once this has moved."""
        return Balance(self.payable + sums.total, self.held + sums.held - sums.released)


def moved(kind: Kind, amount_minor: int, *, to_seller: bool, count: int = 1) -> Sums:
    """The sums of `count` transfers of one kind that move `amount_minor` together.

    Args:
        kind: What they are.
        amount_minor: Minor units, 0 or more.
        to_seller: Whether they add to what can be paid; only an adjustment may do either.
        count: How many there are.
    """
    match kind:
        case "charge":
            return Sums(leads=count, charged=amount_minor)
        case "credit":
            return Sums(credited=amount_minor)
        case "reversal":
            return Sums(restored=amount_minor)
        case "fee":
            return Sums(fees=amount_minor)
        case "hold":
            return Sums(held=amount_minor)
        case "release":
            return Sums(released=amount_minor)
        case "adjustment":
            return Sums(adjusted=amount_minor if to_seller else -amount_minor)


def together(parts: Iterable[Sums]) -> Sums:
    """All of them as one."""
    return sum(parts, Sums())
