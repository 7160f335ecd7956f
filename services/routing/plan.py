"""A catalog, made ready for routing: what every lead needs again is looked up and parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.routing.holidays import ClosedDays
from services.routing.pricing import Pricing, pricing_of
from services.routing.teams import TeamDraw
from services.routing.windows import Opening, openings
from shared.catalog.buying import Cap
from shared.catalog.money import Minor
from shared.catalog.terms import Catalog, Order, Source


@dataclass(frozen=True, slots=True, eq=False)
class OrderPlan:
    """One order. Equal only to itself, which makes it a cheap key of caches.

    Attributes:
        order: Its terms.
        own: Its seller is the buyer's own site: no price, any source.
        zone: Where its days and hours are read.
        capacity_zone: Where its capacity windows are read: the buyer's.
        openings: When it buys; empty: always.
        closed: Days on which it does not open.
        sources: Sites it buys from; empty: every active one of its seller that it does not block.
        blocked: Sites it never buys from.
        source_prices: What leads of a site pay instead of the price lines' amounts.
        source_caps: Caps of single sites.
        even_cap: The day's cap of leads that is spread over the day; None: it is not.
        paced: How many leads it takes depends on the very moment.
        pricing: Adjustments of the price; None: there are none.
        teams: Who follows up.
    """

    order: Order
    own: bool
    zone: ZoneInfo
    capacity_zone: ZoneInfo
    openings: tuple[Opening, ...]
    closed: ClosedDays
    sources: frozenset[str]
    blocked: frozenset[str]
    source_prices: Mapping[str, Minor]
    source_caps: Mapping[str, tuple[Cap, ...]]
    even_cap: int | None
    paced: bool
    pricing: Pricing | None
    teams: TeamDraw


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One revision of a catalog. Equal only to itself.

    Attributes:
        orders: By name.
        sources: By site.
        currency: Of every price.
        paced: Some order looks at the very moment of receipt.
        adjusted: Some order's price depends on more than its line.
    """

    orders: Mapping[str, OrderPlan]
    sources: Mapping[str, Source]
    currency: str
    paced: bool
    adjusted: bool


def plan_of(catalog: Catalog) -> Plan:
    """Make a catalog ready."""
    own = {seller.slug for seller in catalog.sellers if seller.own}
    buyer_zone = ZoneInfo(catalog.buyer.time_zone)
    orders = {order.slug: _order_plan(order, order.seller in own, buyer_zone) for order in catalog.orders}
    return Plan(
        orders=orders,
        sources={source.site: source for source in catalog.sources},
        currency=catalog.buyer.currency,
        paced=any(ready.paced for ready in orders.values()),
        adjusted=any(ready.pricing is not None for ready in orders.values()),
    )


def _order_plan(order: Order, own: bool, buyer_zone: ZoneInfo) -> OrderPlan:
    sites = order.site_terms
    return OrderPlan(
        order=order,
        own=own,
        zone=ZoneInfo(order.schedule.time_zone) if order.schedule.time_zone else buyer_zone,
        capacity_zone=buyer_zone,
        openings=openings(order.schedule.hours),
        closed=ClosedDays.of(order.schedule),
        sources=frozenset(order.sites),
        blocked=frozenset(one.site for one in sites if one.blocked),
        source_prices={one.site: one.price for one in sites if one.price is not None},
        source_caps={one.site: one.caps for one in sites if one.caps},
        even_cap=next((cap.leads for cap in order.caps if cap.window == "day"), None) if order.pacing.even else None,
        paced=order.pacing.even or order.pacing.minimum_seconds > 0,
        pricing=None if own else pricing_of(order),
        teams=TeamDraw(order.follow_up.teams),
    )
