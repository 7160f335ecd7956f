"""Which price lines are for a lead of some type: one definition for the check at `apply` and for the decision."""

from __future__ import annotations

from typing import NamedTuple

from shared.catalog.buying import Price
from shared.catalog.terms import LeadTerms


class Kind(NamedTuple):
    """What of a lead's type its price goes by; the values are those of the terms."""

    form: str
    exclusivity: str
    incentivized: bool
    opt_in: str


def as_ordered(kind: Kind, terms: LeadTerms) -> bool:
    """Whether a lead is of the type that the order asks for. Who buys shared leads also takes exclusive ones."""
    return _form(kind, terms) and _exclusivity(kind, terms) and _reward(kind, terms) and _opt_in(kind, terms)


def fits(price: Price, kind: Kind, terms: LeadTerms) -> bool:
    """Whether a line is for such a lead, whatever its state.

    A part of the type that the line names must be so. One that it does not name must be as ordered, where
    mismatches are bought; where they are not, they never come to be priced.
    """
    named = (
        price.form in (None, kind.form)
        and price.exclusivity in (None, kind.exclusivity)
        and price.incentivized in (None, kind.incentivized)
        and price.opt_in in (None, kind.opt_in)
    )
    if not named or terms.mismatch == "reject":
        return named
    return (
        (price.form is not None or _form(kind, terms))
        and (price.exclusivity is not None or _exclusivity(kind, terms))
        and (price.incentivized is not None or _reward(kind, terms))
        and (price.opt_in is not None or _opt_in(kind, terms))
    )


def _form(kind: Kind, terms: LeadTerms) -> bool:
    return kind.form in terms.forms


def _exclusivity(kind: Kind, terms: LeadTerms) -> bool:
    return kind.exclusivity == "exclusive" or terms.exclusivity == "shared"


def _reward(kind: Kind, terms: LeadTerms) -> bool:
    return terms.incentivized or not kind.incentivized


def _opt_in(kind: Kind, terms: LeadTerms) -> bool:
    return kind.opt_in in terms.opt_in
