"""Which orders a submission is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.catalog.terms import Order


@dataclass(frozen=True, slots=True)
class Candidates:
    """The orders to hold a lead against, or why there are none."""

    orders: tuple[Order, ...] = ()
    #: The submission names an order that exists and that this key may not fill.
    forbidden: bool = False
    #: No order can be named at all: unknown, or the seller has none that is active.
    not_found: bool = False


def choose_candidates(
    named: str, named_order: Order | None, orders_of_seller: Sequence[Order], *, seller: str, key_orders: Sequence[str]
) -> Candidates:
    """Choose the candidates of one submission.

    A named order is held against the lead even when it is not active, so that the
    seller hears everything that is wrong at once. Without a name, every active
    order that the key may fill is a candidate.

    Args:
        named: the order that the submission names; empty for none.
        named_order: that order in the catalog, if there is one.
        orders_of_seller: every order of the seller.
        seller: whom the access key names.
        key_orders: the orders that the key is limited to; empty for all of the seller's.
    """
    if named:
        if named_order is None:
            return Candidates(not_found=True)
        if named_order.seller != seller or (key_orders and named not in key_orders):
            return Candidates(forbidden=True)
        return Candidates(orders=(named_order,))
    active = tuple(
        order for order in orders_of_seller if order.state == "active" and (not key_orders or order.slug in key_orders)
    )
    return Candidates(orders=active, not_found=not active)
