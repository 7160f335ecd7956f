"""The duplicate window: what an earlier purchase of the same person means to each order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.catalog.recognition import DuplicateScope, match_kind
from shared.catalog.terms import Order
from shared.verdict import Check, Finding

_WORDS = {"phone": "phone", "email": "e-mail", "date_of_birth": "date of birth"}


class Seen(NamedTuple):
    """One earlier purchase under an identity. `own`: the buyer's own site brought it."""

    lead_id: str
    seller: str
    own: bool
    product: str
    claimed_at: datetime
    #: Until when it was to be nobody else's; None: it was bought as shared.
    exclusive_until: datetime | None = None


class Window(NamedTuple):
    """One order's duplicate terms, made ready. Zero days: nothing is a duplicate."""

    order: str
    product: str
    days: int
    kinds: tuple[str, ...]
    scope: DuplicateScope

    @classmethod
    def of(cls, order: Order) -> Window:
        """An order's window."""
        terms = order.duplicates
        kinds = tuple(match_kind(key) for key in terms.match)
        return cls(order.slug, order.product, terms.window_days, kinds, terms.scope)

    def counts(self, found: Seen, seller: str, now: datetime) -> bool:
        """True where an earlier purchase makes this one, by `seller`, a duplicate.

        A purchase counts while it is younger than the window; one exactly as old does not, as at settlement. One that
        seems to lie ahead, since clocks differ, is younger.
        """
        if found.claimed_at <= now - timedelta(days=self.days):
            return False
        return (
            self.scope == "buyer"
            or found.own
            or (found.seller == seller if self.scope == "seller" else found.product == self.product)
        )


class WindowVerdict(NamedTuple):
    """What one order's window says."""

    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]


def judge(window: Window, seller: str, seen: Mapping[str, Sequence[Seen]], now: datetime) -> WindowVerdict:
    """Hold a person against one order's window.

    Args:
        window: The order's.
        seller: Who sells the lead now.
        seen: By kind, for every identity that the lead has: earlier purchases, the newest first.
        now: The moment of the check.
    """
    if window.days == 0:
        return WindowVerdict((), ())
    checks: list[Check] = []
    hits: dict[str, list[tuple[str, Seen]]] = {}
    for kind, earlier in seen.items():
        if kind not in window.kinds:
            continue
        found = next((one for one in earlier if window.counts(one, seller, now)), None)
        reason = ""
        if found is not None:
            reason = reason_of(found, seller)
            hits.setdefault(reason, []).append((kind, found))
        checks.append(
            Check(
                rule=f"{kind}.not_bought_before",
                passed=not reason,
                field=kind if "+" not in kind else "",
                observed=f"{name_of(kind)} {_observed(found, earlier, seller, now)}",
                expected=f"not bought {WHOSE[window.scope]}within {days(window.days)}",
                reason=reason,
                order=window.order,
            )
        )
    findings = [_finding(reason, same, window) for reason, same in hits.items()]
    return WindowVerdict(tuple(findings), tuple(checks))


def summary(seen: Mapping[str, Sequence[Seen]], findings: int) -> str:
    """The receipt's sentence: `findings` is how many duplicates all candidates found together."""
    if not seen:
        return "Neither phone nor e-mail to recognise the person by."
    if findings:
        return "This person was bought before."
    if any(seen.values()):
        return "This person was bought before, outside every window that applies."
    return "This person was not bought before."


def reason_of(found: Seen, seller: str) -> str:
    """The public code for an earlier purchase."""
    if found.own:
        return "existing_customer"
    return "duplicate_same_seller" if found.seller == seller else "duplicate_other_seller"


def told(found: Seen, reason: str) -> str:
    """The earlier purchase as its reason's seller may know it.

    One's own lead by id and day. What another seller sold, or came to the buyer itself, is not this seller's to know:
    neither who, which lead, nor when.
    """
    if reason == "duplicate_same_seller":
        return f"Bought from you on {found.claimed_at:%Y-%m-%d} as lead {found.lead_id}"
    return "Already the buyer's own lead" if found.own else "Bought from another seller within the window"


def name_of(kind: str) -> str:
    """A kind of identity in words: `name, address`."""
    return " and ".join(_WORDS.get(part, part) for part in kind.split("+"))


def days(count: int) -> str:
    """So many days, in words."""
    return "1 day" if count == 1 else f"{count} days"


#: Whose purchases count, in words before the window.
WHOSE: Mapping[DuplicateScope, str] = {"buyer": "", "seller": "from this seller ", "product": "for this product "}


def _finding(reason: str, same: Sequence[tuple[str, Seen]], window: Window) -> Finding:
    newest = max((found for _, found in same), key=lambda found: found.claimed_at)
    kinds = " and ".join(_listed(kind for kind, _ in same))
    field = same[0][0] if len(same) == 1 and "+" not in same[0][0] else ""
    message = f"{told(newest, reason)}, with the same {kinds}. The order's duplicate window is {days(window.days)}."
    return Finding(reason, message, field=field)


def _listed(kinds: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name_of(part) for kind in kinds for part in kind.split("+")))


def _observed(found: Seen | None, earlier: Sequence[Seen], seller: str, now: datetime) -> str:
    """What was seen, for this seller's eyes: of others' purchases only that there are some."""
    if found is not None and found.seller != seller:
        return "seen within the window"
    newest = found or (earlier[0] if earlier else None)
    return "not seen before" if newest is None else f"seen {_ago(newest, now)}"


def _ago(found: Seen, now: datetime) -> str:
    passed = (now - found.claimed_at) // timedelta(days=1)
    return f"{days(passed)} ago" if passed > 0 else "less than a day ago"
