"""What a seller takes back, and how: a part of `shared.catalog.terms.Order`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from shared.catalog.money import Minor
from shared.catalog.words import NonNegative, Positive, Term

#: Why a bought lead is asked back: the trade's catalogues, joined.
ReturnReason = Literal[
    "disconnected", "wrong_number", "wrong_person", "no_contact", "never_asked", "duplicate", "bad_address",
    "outside_geography", "outside_criteria", "underage", "language", "existing_customer", "opted_out",
    "do_not_contact", "exclusivity_breach", "fraud",
]  # fmt: skip
EvidenceKind = Literal["call_log", "recording", "message", "document"]


class ReturnTerms(Term, frozen=True, kw_only=True):
    """What the seller takes back, and how. No reasons: nothing.

    Ages count from the purchase. Where both an oldest age and a cut-off day are named, the earlier one ends it.
    """

    reasons: tuple[ReturnReason, ...] = ()
    #: Not before: sellers want a lead to have been worked on.
    minimum_age_hours: NonNegative = 0
    maximum_age_days: Positive | None = 30
    #: The last day, in the month after the purchase and in the buyer's time zone.
    cut_off_day: Annotated[int, Meta(ge=1, le=28)] | None = None
    #: Attempts to reach the person that a reason needs, such as `no_contact: 6`.
    attempts: dict[ReturnReason, Positive] = field(default_factory=dict)
    #: Kinds of evidence that a reason needs, all of them.
    evidence: dict[ReturnReason, tuple[EvidenceKind, ...]] = field(default_factory=dict)
    #: Most leads that are taken back, of a hundred bought in the window; rounded down.
    cap_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    cap_window: Literal["week", "month", "total"] = "month"
    #: What the seller keeps of each lead that is taken back, for its work; at most what is given back. Paid once a
    #: return, also where a dispute undoes it later.
    fee: Minor = Minor(0)
    #: How the seller makes good: what is owed is lowered (`credit`), money is sent (`refund`), or another lead is
    #: (`replacement`). The books are the same: the lead's price is given back, and a replacement is bought anew.
    settlement: Literal["credit", "refund", "replacement"] = "credit"
    #: `terms`: a request within them is granted at once. `seller`: it has `answer_days` to say no, and then it is.
    decided_by: Literal["terms", "seller"] = "terms"
    answer_days: Positive = 3
    #: How long the seller may dispute what was granted. 0: not at all.
    dispute_days: NonNegative = 14
