"""A catalog, made ready for routing: what every lead needs again is looked up and parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.routing.teams import TeamDraw
from services.routing.windows import Opening, openings
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
        sources: Sites it buys from; empty: every active one of its seller.
        teams: Who follows up.
    """

    order: Order
    own: bool
    zone: ZoneInfo
    capacity_zone: ZoneInfo
    openings: tuple[Opening, ...]
    sources: frozenset[str]
    teams: TeamDraw


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One revision of a catalog. Equal only to itself.

    Attributes:
        orders: By name.
        sources: By site.
        currency: Of every price.
    """

    orders: Mapping[str, OrderPlan]
    sources: Mapping[str, Source]
    currency: str


def plan_of(catalog: Catalog) -> Plan:
    """Make a catalog ready."""
    own = {seller.slug for seller in catalog.sellers if seller.own}
    buyer_zone = ZoneInfo(catalog.buyer.time_zone)
    return Plan(
        orders={
            order.slug: OrderPlan(
                order=order,
                own=order.seller in own,
                zone=ZoneInfo(order.schedule.time_zone) if order.schedule.time_zone else buyer_zone,
                capacity_zone=buyer_zone,
                openings=openings(order.schedule.hours),
                sources=frozenset(order.sources),
                teams=TeamDraw(order.follow_up.teams),
            )
            for order in catalog.orders
        },
        sources={source.site: source for source in catalog.sources},
        currency=catalog.buyer.currency,
    )
