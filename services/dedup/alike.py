"""What a purchase of somebody similar means to an order that compares people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from services.dedup.duplicates import WHOSE, Seen, Window, days, reason_of
from services.dedup.persons.score import Match
from shared.catalog.terms import DuplicateTerms
from shared.verdict import Check, Finding


class Similar(NamedTuple):
    """An earlier purchase, and how much its person is like the one that is asked about."""

    seen: Seen
    match: Match


class AlikeVerdict(NamedTuple):
    """What one order says of similar people."""

    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    #: Those for whom the lead is marked if it is bought, the most similar first.
    marked: tuple[Similar, ...] = ()


class Comparison(NamedTuple):
    """One order's terms for similar people."""

    fuzzy: Literal["off", "flag", "reject"]
    flag_score: int
    reject_score: int

    @classmethod
    def of(cls, terms: DuplicateTerms) -> Comparison:
        """An order's terms."""
        # A lead that is refused from lower on is never marked.
        return cls(terms.fuzzy, terms.flag_score, terms.reject_score)


#: The most marks that one lead gets.
_MOST_MARKS = 3


def judge_alike(
    terms: Comparison, window: Window, seller: str, similar: Sequence[Similar], now: datetime
) -> AlikeVerdict:
    """Hold similar people against one order.

    Args:
        terms: From which score the order marks, and from which it refuses.
        window: Its window; a purchase outside it or its scope does not count.
        seller: Who sells the lead now.
        similar: Earlier purchases of similar people, the most similar first.
        now: The moment of the check.
    """
    if terms.fuzzy == "off" or window.days == 0:
        return AlikeVerdict()
    counting = [one for one in similar if window.counts(one.seen, seller, now)]
    nearest = counting[0] if counting else None
    reason = ""
    if nearest is not None and terms.fuzzy == "reject" and nearest.match.score >= terms.reject_score:
        reason = reason_of(nearest.seen, seller)
    limit = terms.reject_score if terms.fuzzy == "reject" else terms.flag_score
    check = Check(
        rule="likeness.not_bought_before",
        # A flag is no refusal: the rule is content with whatever it only marks.
        passed=not reason,
        observed="nobody similar bought" if nearest is None else f"somebody {nearest.match.score} of 100 alike bought",
        expected=f"nobody {limit} of 100 alike bought {WHOSE[window.scope]}within {days(window.days)}",
        reason=reason,
        order=window.order,
    )
    if reason and nearest is not None:
        return AlikeVerdict((_finding(reason, nearest, window),), (check,))
    marked = tuple(one for one in counting if one.match.score >= terms.flag_score)
    return AlikeVerdict((), (check,), marked[:_MOST_MARKS])


def _finding(reason: str, nearest: Similar, window: Window) -> Finding:
    score, seen = f"{nearest.match.score} of 100", nearest.seen
    if reason == "duplicate_same_seller":
        # In what the two are alike is told of one's own leads only: of others' it would tell what is in them.
        alike = ", ".join(nearest.match.why[:3])
        message = f"Bought from you on {seen.claimed_at:%Y-%m-%d} as lead {seen.lead_id}: {score} alike, {alike}."
    elif seen.own:
        message = f"Already the buyer's own lead: the persons are {score} alike."
    else:
        message = f"Bought from another seller within the window: the persons are {score} alike."
    return Finding(reason, f"{message} The order's duplicate window is {days(window.days)}.")
