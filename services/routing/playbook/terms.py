"""By what a lead is followed up: the order and the playbook of the revision that bought it."""

from __future__ import annotations

from services.routing.accepted import AcceptedLead
from services.routing.playbook.opening import Terms
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import NotFound


async def terms_of(catalogs: CatalogReader, lead: AcceptedLead) -> Terms:
    """The terms of a lead.

    Raises:
        NotFound: the catalog does not know the order or its playbook.
        Unavailable: Postgres is away.
    """
    return terms_in(await catalogs.get(lead.buyer_id, lead.catalog_revision), lead.order)


def terms_in(view: CatalogView, order_slug: str) -> Terms:
    """The terms of an order.

    Raises:
        NotFound: the catalog does not know the order or its playbook.
    """
    order = view.order(order_slug)
    book = view.playbook(order.follow_up.playbook) if order is not None else None
    if order is None or book is None:
        raise NotFound(f"order {order_slug} or its playbook is not in catalog revision {view.revision}")
    return Terms(view=view, order=order, book=book)
