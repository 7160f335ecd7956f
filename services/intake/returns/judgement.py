"""Whether a return is within the order's terms. Every rule runs, so that all faults are told at once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.catalog.returning import ReturnReason, ReturnTerms


class Fault(NamedTuple):
    """One term that a request does not keep to."""

    #: `reason`, `too_early`, `too_late`, `attempts`, `evidence`, `amount` or `cap`.
    term: str
    #: What was expected; for people.
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is asked.

    Attributes:
        reason: Why, in the catalogue's words.
        asked_at: When.
        amount_minor: How much of the price; None: all that is left of it.
        attempts: How often the person was tried to be reached.
        evidence: The kinds of evidence that are brought.
    """

    reason: ReturnReason
    asked_at: datetime
    amount_minor: int | None = None
    attempts: int = 0
    evidence: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The lead as it was bought.

    Attributes:
        bought_at: When it was decided.
        left_minor: What credits and holds have left of its charge.
        window_bought: Leads that the order bought in the window that the cap counts, this one included.
        window_returned: Those of them that are taken back, or may yet be.
        zone: The buyer's time zone.
    """

    bought_at: datetime
    left_minor: int
    window_bought: int
    window_returned: int
    zone: ZoneInfo


class Window(NamedTuple):
    """When a lead may be asked back: from an instant, inclusive, to another, exclusive; None: for ever."""

    opens_at: datetime
    closes_at: datetime | None


def return_window(bought_at: datetime, terms: ReturnTerms, zone: ZoneInfo) -> Window:
    """When a lead bought at an instant may be asked back."""
    ends = []
    if terms.maximum_age_days is not None:
        ends.append(bought_at + timedelta(days=terms.maximum_age_days))
    if terms.cut_off_day is not None:
        ends.append(_after_cut_off(bought_at, terms.cut_off_day, zone))
    return Window(bought_at + timedelta(hours=terms.minimum_age_hours), min(ends, default=None))


def cap_window(window: str, bought_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Which purchases count against the cap together with one at an instant: from, inclusive, to, exclusive."""
    if window == "total":
        return _BEGINNING, _END
    day = bought_at.astimezone(zone).date()
    if window == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1)
    return datetime.combine(first, time.min, zone), datetime.combine(last, time.min, zone)


def amount_asked(claim: Claim, bought: Bought) -> int:
    """Minor units that a claim is about."""
    return bought.left_minor if claim.amount_minor is None else claim.amount_minor


def faults(claim: Claim, bought: Bought, terms: ReturnTerms) -> tuple[Fault, ...]:
    """Every term that a claim does not keep to; none: it is within them."""
    return tuple(_faults(claim, bought, terms))


def _faults(claim: Claim, bought: Bought, terms: ReturnTerms) -> Iterator[Fault]:
    if claim.reason not in terms.reasons:
        takes = ", ".join(terms.reasons) or "nothing"
        yield Fault("reason", f"Expected a reason for which the order takes leads back: {takes}.")
    opens_at, closes_at = return_window(bought.bought_at, terms, bought.zone)
    if claim.asked_at < opens_at:
        yield Fault("too_early", f"Expected not before {_told(opens_at)}.")
    if closes_at is not None and claim.asked_at >= closes_at:
        yield Fault("too_late", f"Expected before {_told(closes_at)}.")
    needed = terms.attempts.get(claim.reason, 0)
    if claim.attempts < needed:
        yield Fault("attempts", f"Expected at least {needed} attempts to reach the person.")
    missing = [kind for kind in terms.evidence.get(claim.reason, ()) if kind not in claim.evidence]
    if missing:
        yield Fault("evidence", f"Expected as evidence: {', '.join(missing)}.")
    if not 0 < amount_asked(claim, bought) <= bought.left_minor:
        yield Fault("amount", "Expected more than nothing and at most what is left of the lead's price.")
    if terms.cap_percent is not None:
        most = bought.window_bought * terms.cap_percent // 100
        if bought.window_returned >= most:
            yield Fault(
                "cap",
                f"Expected at most {terms.cap_percent} % of the leads bought in the {_WINDOWS[terms.cap_window]}: "
                f"{most} of {bought.window_bought}.",
            )


_BEGINNING, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_WINDOWS = {"week": "same week", "month": "same month", "total": "whole term"}


def _after_cut_off(bought_at: datetime, day: int, zone: ZoneInfo) -> datetime:
    """The first instant after the cut-off day, which is in the month after the purchase."""
    month = bought_at.astimezone(zone).date().replace(day=1)
    following = (month + timedelta(days=31)).replace(day=day)
    return datetime.combine(following + timedelta(days=1), time.min, zone)


def _told(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M %Z}"
