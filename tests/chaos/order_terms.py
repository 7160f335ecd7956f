"""What orders bought, held against their terms alone: prices, caps and pace, worked out without the services' rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from leadline.common.v1 import lead_pb2
from shared.catalog.buying import Cap, PriceRule
from shared.catalog.terms import Catalog, Order

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Books:
    """The rows that Python judges, and the terms to judge them by."""

    leads: list[asyncpg.Record]
    repeated: list[asyncpg.Record]
    capacity: list[asyncpg.Record]
    #: Places of bids that nobody has taken up yet.
    holds: list[asyncpg.Record]
    #: By revision.
    catalogs: Mapping[int, Catalog]

    def order_of(self, lead: asyncpg.Record) -> Order | None:
        """The terms that decided a lead."""
        catalog = self.catalogs[lead["catalog_revision"]]
        return next((order for order in catalog.orders if order.slug == lead["order_slug"]), None)

    def zone_of(self, lead: asyncpg.Record, order: Order | None = None) -> ZoneInfo:
        """The buyer's zone, or that of an order's schedule."""
        named = order.schedule.time_zone if order is not None else ""
        return ZoneInfo(named or self.catalogs[lead["catalog_revision"]].buyer.time_zone)


def bought(books: Books) -> list[asyncpg.Record]:
    """The leads that cost money, or could have."""
    return [lead for lead in books.leads if lead["outcome"] == "accepted" and not lead["test"]]


def prices(books: Books) -> list[str]:
    """Every price is the one that the order's terms name, or that was bid; what was bid is another check's."""
    found = []
    for lead in bought(books):
        order = books.order_of(lead)
        if order is None or order.version != lead["order_version"]:
            found.append(f"lead {lead['lead_id']} names an order version that its catalog revision does not have")
            continue
        own = any(one.own for one in books.catalogs[lead["catalog_revision"]].sellers if one.slug == order.seller)
        right = 0 if own else _price(books, order, lead)
        if lead["bid_minor"] is not None:
            right = lead["bid_minor"]
        if lead["price_minor"] != right or lead["seller"] != order.seller:
            found.append(f"lead {lead['lead_id']} cost {lead['price_minor']}, its order's terms say {right}")
    return found


def _price(books: Books, order: Order, lead: asyncpg.Record) -> int | None:
    form = lead_pb2.LeadType.FromString(lead["lead_type"]).form
    amounts = [
        int(line.amount)
        for line in order.prices
        if line.form in (None, form) and (not line.states or lead["state"] in line.states)
    ]
    if not amounts:
        return None
    own = [int(one.price) for one in order.site_terms if one.site == lead["source"] and one.price is not None]
    price = Decimal([*own, amounts[0]][0])
    if order.price_rules or order.price_floor is not None or order.price_ceiling is not None:
        for rule in order.price_rules:
            if _applies(rule, lead, lead["received_at"].astimezone(books.zone_of(lead, order))):
                price = _after(rule, price)
        price = max(price, Decimal(int(order.price_floor if order.price_floor is not None else 1)))
        if order.price_ceiling is not None:
            price = min(price, Decimal(int(order.price_ceiling)))
    return int(price)


def _applies(rule: PriceRule, lead: asyncpg.Record, local: datetime) -> bool:
    said: list[bool] = []
    if rule.states:
        said.append(lead["state"] in rule.states)
    if rule.sources:
        said.append(lead["source"] in rule.sources)
    if rule.weekdays:
        said.append(_DAYS[local.weekday()] in rule.weekdays)
    now, after, before = f"{local:%H:%M}", rule.after or "00:00", rule.before or "24:00"
    said.append(after <= now < before if after < before else now >= after or now < before)
    if rule.field is not None:
        value: Any = json.loads(lead["fields"]).get(rule.field)
        said.append(bool(value))
        if rule.one_of:
            said.append(str(value).lower() in {one.lower() for one in rule.one_of})
        said += [bool(value) and Decimal(value) >= low for low in (rule.minimum,) if low is not None]
        said += [bool(value) and Decimal(value) <= high for high in (rule.maximum,) if high is not None]
    return all(said)


def _after(rule: PriceRule, price: Decimal) -> Decimal:
    if rule.set is not None:
        return Decimal(int(rule.set))
    part = (price * abs(rule.percent or 0) / 100).quantize(Decimal(1), ROUND_HALF_UP)
    changed = price + int(rule.add or 0) - int(rule.subtract or 0) + (part if (rule.percent or 0) > 0 else -part)
    return max(changed, Decimal(0))


def caps(books: Books) -> list[str]:
    """What is used equals what was bought or is held, and no cap of any version is passed."""
    used: Counter[tuple[str, str, datetime]] = Counter()
    spent: Counter[tuple[str, str, datetime]] = Counter()
    limits: dict[tuple[str, str], tuple[float, float]] = {}
    for lead in bought(books):
        order = books.order_of(lead)
        for holder, cap in _caps_of(order, lead["source"]) if order is not None else ():
            key = (holder, cap.window, _window(cap.window, lead["counted_at"], books.zone_of(lead)))
            used[key] += 1
            spent[key] += lead["price_minor"]
    for hold in books.holds:
        if hold["window_kind"] == "pace":
            continue
        key = (hold["order_slug"], hold["window_kind"], hold["starts_at"])
        used[key] += 1
        spent[key] += hold["price_minor"]
    for catalog in books.catalogs.values():
        for order in catalog.orders:
            for holder, cap in _caps_of(order):
                most = limits.get((holder, cap.window), (0.0, 0.0))
                told = [float("inf") if limit is None else float(limit) for limit in (cap.leads, cap.spend)]
                limits[holder, cap.window] = (max(most[0], told[0]), max(most[1], told[1]))
    found = []
    for row in books.capacity:
        key = (row["order_slug"], row["window_kind"], row["starts_at"])
        if row["window_kind"] == "pace":
            continue
        most_leads, most_spend = limits[row["order_slug"], row["window_kind"]]
        if row["leads"] > most_leads or row["spend"] > most_spend:
            found.append(f"cap {key} is passed: {row['leads']} leads, {row['spend']} spent")
        if (row["leads"], row["spend"]) != (used.pop(key, 0), spent.pop(key, 0)):
            found.append(f"cap {key} counts {row['leads']} leads and {row['spend']}, which is not what was bought")
    return found + [f"cap {key} does not count {count} bought leads" for key, count in used.items()]


def _caps_of(order: Order, source: str | None = None) -> Iterator[tuple[str, Cap]]:
    """Caps by what they are counted under; `source`: only those that a lead of this site uses."""
    yield from ((order.slug, cap) for cap in order.caps)
    for one in order.site_terms:
        if source is None or one.site == source:
            yield from ((f"{order.slug}/{one.site}", cap) for cap in one.caps)


def paces(books: Books) -> list[str]:
    """Between two leads of an order lie at least the seconds that the later one's terms ask for."""
    by_order: dict[str, list[asyncpg.Record]] = {}
    for lead in sorted(bought(books), key=lambda lead: lead["counted_at"]):
        by_order.setdefault(lead["order_slug"], []).append(lead)
    found = []
    for leads in by_order.values():
        for earlier, later in pairwise(leads):
            order, before = books.order_of(later), books.order_of(earlier)
            # A pace that an amendment brought does not count what was bought without one.
            if order is None or before is None or not before.pacing.minimum_seconds:
                continue
            gap = later["counted_at"] - earlier["counted_at"]
            if gap < timedelta(seconds=order.pacing.minimum_seconds):
                found.append(f"lead {later['lead_id']} was bought {gap} after {earlier['lead_id']}, too soon")
    return found


def _window(kind: str, at: datetime, zone: ZoneInfo) -> datetime:
    if kind == "total":
        return datetime(1970, 1, 1, tzinfo=UTC)
    local = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    if kind != "hour":
        local = local.replace(hour=0, fold=0)
    if kind == "week":
        local -= timedelta(days=local.weekday())
    if kind == "month":
        local = local.replace(day=1)
    return local.astimezone(UTC)
