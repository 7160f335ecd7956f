"""Caps: which rows a lead would use, how full they are, and whether one more lead fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from services.routing.plan import OrderPlan
from services.routing.windows import window_start
from shared.catalog.money import Minor
from shared.catalog.terms import WindowKind
from shared.verdict import Check, Finding

UNLIMITED = 2**63 - 1


class CapacityKey(NamedTuple):
    """One row: an order's window. Capacity belongs to the order, whatever its version."""

    order: str
    window: WindowKind
    starts_at: datetime


class Used(NamedTuple):
    """What an order has bought in a window; `spend` in minor units."""

    leads: int = 0
    spend: int = 0


class Demand(NamedTuple):
    """One row that a lead uses, with its limits; None: unlimited."""

    key: CapacityKey
    max_leads: int | None
    max_spend: int | None


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
            leads, spend = self.used(demand.key)
            self._rows[demand.key] = Used(leads + 1, spend + price)


@lru_cache(maxsize=4096)
def demands(ready: OrderPlan, minute: datetime) -> tuple[Demand, ...]:
    """The rows that a lead uses if the order buys it, one per cap.

    `minute`: when it was received, cut to the minute: no window begins inside one, and a batch's leads share it.
    """
    order, zone = ready.order, ready.capacity_zone
    return tuple(
        Demand(CapacityKey(order.slug, cap.window, window_start(cap.window, minute, zone)), cap.leads, cap.spend)
        for cap in order.caps
    )


def room(wanted: Sequence[Demand], reading: Reading, price: int) -> int:
    """How many more leads at this price the tightest limit allows; UNLIMITED without limits."""
    left = UNLIMITED
    for demand in wanted:
        used = reading.used(demand.key)
        if demand.max_leads is not None:
            left = min(left, demand.max_leads - used.leads)
        if demand.max_spend is not None and price:
            left = min(left, (demand.max_spend - used.spend) // price)
    return max(left, 0)


def check_room(
    wanted: Sequence[Demand], reading: Reading, price: int, currency: str
) -> Iterable[tuple[Check, Finding | None]]:
    """Hold one more lead against every limit; a finding where it does not fit."""
    for demand in wanted:
        used, (order, window, _) = reading.used(demand.key), demand.key
        if demand.max_leads is not None:
            full = used.leads + 1 > demand.max_leads
            observed = f"{used.leads} of {demand.max_leads} leads"
            yield _said(order, window, "leads", observed, _reached("lead", window) if full else None)
        if demand.max_spend is not None:
            full = used.spend + price > demand.max_spend
            observed = f"{Minor(used.spend)} of {Minor(demand.max_spend)} {currency}"
            yield _said(order, window, "spend", observed, _reached("spend", window) if full else None)


def _said(order: str, window: str, limit: str, observed: str, finding: Finding | None) -> tuple[Check, Finding | None]:
    check = Check(
        rule=f"capacity.{window}_{limit}",
        passed=finding is None,
        observed=observed,
        expected="room for one more lead",
        reason=finding.reason if finding else "",
        order=order,
    )
    return check, finding


def _reached(what: str, window: WindowKind) -> Finding:
    reason = "cap_reached" if what == "lead" else "budget_exhausted"
    if window == "total":
        return Finding(reason, f"The order's {what} limit is used up.")
    return Finding(reason, f"The order's {what} limit for this {window} is used up.", retryable=True)
