"""The duplicate window: what an earlier purchase of the same person means to each order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.catalog.terms import DuplicateTerms
from shared.verdict import Check, Finding

_WORDS = {"phone": "phone", "email": "e-mail"}


class Seen(NamedTuple):
    """The newest earlier purchase under one identity. `own`: the buyer's own site brought it."""

    seller: str
    own: bool
    claimed_at: datetime


class WindowVerdict(NamedTuple):
    """What one order's window says."""

    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]


def judge(
    order: str, terms: DuplicateTerms, seller: str, seen: Mapping[str, Seen | None], now: datetime
) -> WindowVerdict:
    """Hold a person against one order's window.

    A purchase counts while it is younger than the window; one exactly as old does not, as at settlement.

    Args:
        order: The order's name, for the receipt.
        terms: Its window and the kinds it matches on; 0 days: nothing is a duplicate.
        seller: Who sells the lead now.
        seen: By kind, for every identity that the lead has; None: never bought.
        now: The moment of the check.
    """
    if terms.window_days == 0:
        return WindowVerdict((), ())
    window = timedelta(days=terms.window_days)
    checks: list[Check] = []
    hits: dict[str, list[tuple[str, Seen]]] = {}
    for kind, found in seen.items():
        if kind not in terms.match:
            continue
        reason = ""
        if found is not None and found.claimed_at > now - window:
            reason = _reason(found, seller)
            hits.setdefault(reason, []).append((kind, found))
        checks.append(
            Check(
                rule=f"{kind}.not_bought_before",
                passed=not reason,
                field=kind,
                observed=f"{_WORDS[kind]} not seen before"
                if found is None
                else f"{_WORDS[kind]} seen {_ago(found, now)}",
                expected=f"not bought within {_days(terms.window_days)}",
                reason=reason,
                order=order,
            )
        )
    findings = [_finding(reason, same, terms.window_days, now) for reason, same in hits.items()]
    return WindowVerdict(tuple(findings), tuple(checks))


def summary(seen: Mapping[str, Seen | None], findings: int) -> str:
    """The receipt's sentence: `findings` is how many duplicates all candidates found together."""
    if not seen:
        return "Neither phone nor e-mail to recognise the person by."
    if findings:
        return "This person was bought before."
    if any(seen.values()):
        return "This person was bought before, outside every window that applies."
    return "This person was not bought before."


def _reason(found: Seen, seller: str) -> str:
    if found.own:
        return "existing_customer"
    return "duplicate_same_seller" if found.seller == seller else "duplicate_other_seller"


def _finding(reason: str, same: Sequence[tuple[str, Seen]], window_days: int, now: datetime) -> Finding:
    newest = max((found for _, found in same), key=lambda found: found.claimed_at)
    kinds = " and ".join(_WORDS[kind] for kind, _ in same)
    # What another seller sold is that seller's business: neither its name nor anything of its lead is told.
    what = {
        "existing_customer": f"Already the buyer's own lead, {_ago(newest, now)}, with the same {kinds}.",
        "duplicate_same_seller": f"Bought from you {_ago(newest, now)}, with the same {kinds}.",
        "duplicate_other_seller": f"Bought from another seller {_ago(newest, now)}, with the same {kinds}.",
    }[reason]
    message = f"{what} The order's duplicate window is {_days(window_days)}."
    return Finding(reason, message, field=same[0][0] if len(same) == 1 else "")


def _ago(found: Seen, now: datetime) -> str:
    days = (now - found.claimed_at) // timedelta(days=1)
    return f"{_days(days)} ago" if days > 0 else "less than a day ago"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
