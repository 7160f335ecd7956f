"""Caps and pacing: which rows a lead would use, how full they are, and whether one more lead fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from services.routing.pacing import allowed
from services.routing.plan import OrderPlan
from services.routing.windows import EPOCH, window_start
from shared.catalog.buying import Cap
from shared.catalog.money import Minor
from shared.catalog.words import WindowKind
from shared.verdict import Check, Finding

UNLIMITED = 2**63 - 1


class CapacityKey(NamedTuple):
    """One row: a window of an order, or of what it buys of one site. Capacity belongs to the order of any version.

    Attributes:
        order: The order's name, or `order/site`.
        window: The window's kind; `pace`: when the order bought its last lead.
        starts_at: The window's first instant; the epoch for `total` and `pace`.
    """

    order: str
    window: WindowKind | Literal["pace"]
    starts_at: datetime

    @property
    def of_source(self) -> bool:
        """True where it is about one site."""
        return "/" in self.order


class Used(NamedTuple):
    """What an order has bought in a window; `spend` in minor units. `last_at`: of `pace`, the last lead's receipt."""

    leads: int = 0
    spend: int = 0
    last_at: datetime | None = None


class Demand(NamedTuple):
    """One row that a lead uses, with its limits; None: unlimited.

    Attributes:
        key: The row.
        max_leads: Most leads in the window; of `pace`, the seconds that must lie behind the last lead.
        max_spend: Most spend in the window.
        paced: `max_leads` is what pacing allows by now, less than the window's cap.
        at: Of `pace`, when the lead was received.
    """

    key: CapacityKey
    max_leads: int | None
    max_spend: int | None
    paced: bool = False
    at: datetime | None = None


_NOTHING = Used()


class Reading:
    """How full the rows are. It ages from the moment it is taken; settlement looks again, under lock."""

    def __init__(self, rows: Mapping[CapacityKey, Used]) -> None:
        self._rows = dict(rows)

    def used(self, key: CapacityKey) -> Used:
        """What is used of a row; nothing where it does not exist yet."""
        return self._rows.get(key, _NOTHING)

    def add(self, demands: Iterable[Demand], price: int) -> None:
        """Count a lead of this batch as bought, so that the next one sees the room that it leaves."""
        for demand in demands:
            leads, spend, _ = self.used(demand.key)
            self._rows[demand.key] = Used(leads + 1, spend + price, demand.at)


def demands(ready: OrderPlan, at: datetime, site: str = "") -> tuple[Demand, ...]:
    """The rows that a lead received `at`, from `site`, uses if the order buys it: one per cap, and its turn.

    No window begins inside a minute: cut to it where the order is not paced, `at` is one that a batch's leads share.
    """
    if not ready.paced:
        return _windows(ready, at, site if site in ready.source_caps else "")
    minute = at.replace(second=0, microsecond=0)
    wanted = _windows(ready, minute, site if site in ready.source_caps else "")
    if ready.even_cap is not None:
        wanted = tuple(_evenly(ready, demand, at) for demand in wanted)
    gap = ready.order.pacing.minimum_seconds
    if gap:
        wanted += (Demand(CapacityKey(ready.order.slug, "pace", EPOCH), gap, None, paced=True, at=at),)
    return wanted


@lru_cache(maxsize=4096)
def _windows(ready: OrderPlan, minute: datetime, site: str) -> tuple[Demand, ...]:
    order, zone = ready.order, ready.capacity_zone

    def of(holder: str, caps: Sequence[Cap]) -> Iterable[Demand]:
        for cap in caps:
            yield Demand(CapacityKey(holder, cap.window, window_start(cap.window, minute, zone)), cap.leads, cap.spend)

    return (*of(order.slug, order.caps), *of(f"{order.slug}/{site}", ready.source_caps.get(site, ())))


def _evenly(ready: OrderPlan, demand: Demand, at: datetime) -> Demand:
    if demand.key.window != "day" or demand.key.of_source or ready.even_cap is None:
        return demand
    share = allowed(ready, ready.even_cap, at)
    return demand._replace(max_leads=share, paced=share < ready.even_cap)


def room(wanted: Sequence[Demand], reading: Reading, price: int) -> int:
    """How many more leads at this price the tightest limit allows; UNLIMITED without limits."""
    left = UNLIMITED
    for demand in wanted:
        used = reading.used(demand.key)
        if demand.at is not None:
            left = min(left, 1 if _rested(demand, used) else 0)
        elif demand.max_leads is not None:
            left = min(left, demand.max_leads - used.leads)
        if demand.max_spend is not None and price:
            left = min(left, (demand.max_spend - used.spend) // price)
    return max(left, 0)


def check_room(
    wanted: Sequence[Demand], reading: Reading, price: int, currency: str
) -> Iterable[tuple[Check, Finding | None]]:
    """Hold one more lead against every limit; a finding where it does not fit."""
    for demand in wanted:
        used = reading.used(demand.key)
        if demand.at is not None:
            yield _turn(demand, used)
        elif demand.max_leads is not None:
            full = used.leads + 1 > demand.max_leads
            observed = f"{used.leads} of {demand.max_leads} leads"
            yield _said(demand, "leads", observed, _reached("lead", demand) if full else None)
        if demand.max_spend is not None:
            full = used.spend + price > demand.max_spend
            observed = f"{Minor(used.spend)} of {Minor(demand.max_spend)} {currency}"
            yield _said(demand, "spend", observed, _reached("spend", demand) if full else None)


def _rested(demand: Demand, used: Used) -> bool:
    if used.last_at is None or demand.at is None:
        return True
    return used.last_at + timedelta(seconds=demand.max_leads or 0) <= demand.at


def _turn(demand: Demand, used: Used) -> tuple[Check, Finding | None]:
    observed = "the first lead"
    if used.last_at is not None and demand.at is not None:
        seconds = (demand.at - used.last_at).total_seconds()
        observed = f"{seconds:.3f} seconds after the last lead" if seconds >= 0 else "a later lead was bought already"
    message = f"The order takes a lead every {demand.max_leads} seconds, and it is too soon for the next."
    finding = None if _rested(demand, used) else Finding("pacing", message, retryable=True)
    expected = f"{demand.max_leads} seconds or more after the last lead"
    return _check("pacing.turn", demand, observed, expected, finding), finding


def _said(demand: Demand, limit: str, observed: str, finding: Finding | None) -> tuple[Check, Finding | None]:
    window = demand.key.window
    paced = demand.paced and limit == "leads"
    rule = f"pacing.{window}" if paced else f"capacity.{'source_' if demand.key.of_source else ''}{window}_{limit}"
    return _check(rule, demand, observed, "room for one more lead" + (" by now" if paced else ""), finding), finding


def _check(rule: str, demand: Demand, observed: str, expected: str, finding: Finding | None) -> Check:
    order = demand.key.order.partition("/")[0]
    return Check(rule, finding is None, "", observed, expected, finding.reason if finding else "", order)


def _reached(what: str, demand: Demand) -> Finding:
    window, whose = demand.key.window, "limit for this source" if demand.key.of_source else "limit"
    if demand.paced and what == "lead":
        message = f"The order spreads its leads over the {window}, and has what it may have by now."
        return Finding("pacing", message, retryable=True)
    reason = "cap_reached" if what == "lead" else "budget_exhausted"
    if window == "total":
        return Finding(reason, f"The order's {what} {whose} is used up.")
    joined = "and" if demand.key.of_source else "for"
    return Finding(reason, f"The order's {what} {whose} {joined} this {window} is used up.", retryable=True)
