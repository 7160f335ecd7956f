"""What a lead is worth to those who call: the sooner, the more of it is lost by waiting. Pure."""

from __future__ import annotations

from shared.catalog.snapshot import CatalogView


def worth_minor(price_minor: int, product: str, view: CatalogView) -> int:
    """Minor units: what was paid or, for a lead of the buyer's own site, the most that any order pays for its like.

    0 where nobody sells such leads, so that nothing says what one is worth.
    """
    if price_minor > 0:
        return price_minor
    bought = (order for order in view.catalog.orders if order.product == product and order.state != "ended")
    return max((int(line.amount) for order in bought for line in order.prices), default=0)
