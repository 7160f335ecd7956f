"""Catalog snapshots: how they are written, found and looked things up in."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from shared.catalog.earlier import brought_up_to_date
from shared.catalog.following import Playbook, Template
from shared.catalog.money import decode_hook, encode_hook
from shared.catalog.receiving import Receiver
from shared.catalog.recognition import match_kind
from shared.catalog.sales import Team
from shared.catalog.terms import Buyer, Catalog, Disclosure, Order, Product, Seller, Source
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.rpc.errors import Internal, NotFound

_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook, order="deterministic")
_DECODER = msgspec.json.Decoder(Catalog, dec_hook=decode_hook)

_ORDER_DECODER = msgspec.json.Decoder(Order, dec_hook=decode_hook)

_SNAPSHOT = "SELECT document FROM catalog.snapshot WHERE buyer_id = $1 AND revision = $2"


def encode(catalog: Catalog) -> str:
    """A catalog as the JSON text that is stored; equal catalogs give equal texts."""
    return _ENCODER.encode(catalog).decode()


def encode_order(order: Order) -> str:
    """One order as the JSON text that is stored of its version."""
    return _ENCODER.encode(order).decode()


def decode_order(document: str) -> Order:
    """The order of a stored text.

    Raises:
        msgspec.ValidationError: the text is not one that `encode_order` wrote.
    """
    return _ORDER_DECODER.decode(document)


def decode(document: str) -> Catalog:
    """The catalog of a stored text.

    Raises:
        msgspec.ValidationError: the text is not one that `encode` wrote, in this release or an earlier one.
    """
    return _DECODER.decode(brought_up_to_date(document))


class CatalogView:
    """One immutable revision of a catalog with its look-ups, built once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._sellers = {seller.slug: seller for seller in catalog.sellers}
        self._sources = {source.site: source for source in catalog.sources}
        self._disclosures = {disclosure.slug: disclosure for disclosure in catalog.disclosures}
        self._products = {product.slug: product for product in catalog.products}
        self._teams = {team.slug: team for team in catalog.teams}
        self._templates = {template.slug: template for template in catalog.templates}
        self._playbooks = {playbook.slug: playbook for playbook in catalog.playbooks}
        self._receivers = {receiver.slug: receiver for receiver in catalog.receivers}
        self._orders = {order.slug: order for order in catalog.orders}
        self._orders_of = _orders_by_seller(catalog)
        #: Names of fields that hold a Social Security number in any product.
        self.sensitive_fields = frozenset(
            field.name for product in catalog.products for field in product.fields if field.type == "ssn"
        )
        live = [order.duplicates for order in catalog.orders if order.state != "ended"]
        #: Every way in which any order recognises a person: all of them are kept of every bought lead, so that any
        #: order finds it. Phone and e-mail always.
        self.match_keys = tuple(
            dict.fromkeys(("phone", "email", *(match_kind(key) for terms in live for key in terms.match)))
        )
        #: True where any order compares people by likeness.
        self.compares_people = any(terms.fuzzy != "off" for terms in live)
        self._price_fields = {
            order.slug: tuple({rule.field for rule in order.price_rules if rule.field}) for order in catalog.orders
        }

    @property
    def buyer(self) -> Buyer:
        """Who buys."""
        return self.catalog.buyer

    @property
    def revision(self) -> int:
        """The revision, from 1."""
        return self.catalog.revision

    def seller(self, slug: str) -> Seller | None:
        """The seller of that name."""
        return self._sellers.get(slug)

    def source(self, site: str) -> Source | None:
        """The source with that host, spelt as in the catalog: lower case, without `www.`."""
        return self._sources.get(site)

    def disclosure(self, slug: str) -> Disclosure | None:
        """The disclosure of that name."""
        return self._disclosures.get(slug)

    def product(self, slug: str) -> Product | None:
        """The product of that name."""
        return self._products.get(slug)

    def team(self, slug: str) -> Team | None:
        """The team of that name."""
        return self._teams.get(slug)

    def template(self, slug: str) -> Template | None:
        """The template of that name."""
        return self._templates.get(slug)

    def playbook(self, slug: str) -> Playbook | None:
        """The playbook of that name."""
        return self._playbooks.get(slug)

    def receiver(self, slug: str) -> Receiver | None:
        """The receiver of that name."""
        return self._receivers.get(slug)

    def order(self, slug: str) -> Order | None:
        """The order of that name, whatever its state: an order that was removed stays as `ended`."""
        return self._orders.get(slug)

    def price_fields(self, order: str) -> tuple[str, ...]:
        """The fields that the order's price rules ask for."""
        return self._price_fields.get(order, ())

    def orders_of(self, seller: str) -> tuple[Order, ...]:
        """Every order of a seller, whatever its state, the preferred first."""
        return self._orders_of.get(seller, ())


def _orders_by_seller(catalog: Catalog) -> Mapping[str, tuple[Order, ...]]:
    grouped: dict[str, list[Order]] = {}
    for order in sorted(catalog.orders, key=lambda order: (order.priority, order.slug)):
        grouped.setdefault(order.seller, []).append(order)
    return {seller: tuple(orders) for seller, orders in grouped.items()}


class CatalogReader:
    """Reads snapshots from Postgres. A revision never changes, so that it is read once and kept."""

    def __init__(self, pool: Pool, *, keep: int = 64) -> None:
        """`keep`: the most snapshots held; the one unused longest goes first."""
        self._pool = pool
        self._keep = keep
        self._views: OrderedDict[tuple[str, int], CatalogView] = OrderedDict()
        self._loading = asyncio.Lock()

    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        """The buyer's catalog at a revision.

        Raises:
            NotFound: there is no such revision.
            Unavailable: Postgres is away.
            Internal: a later release wrote it in a way that this one cannot read.
        """
        key = (buyer_id, revision)
        view = self._views.get(key)
        if view is not None:
            self._views.move_to_end(key)
            return view
        # One load at a time: after a new revision, a burst of callers wants the same one.
        async with self._loading:
            view = self._views.get(key)
            return view if view is not None else await self._load(key)

    async def _load(self, key: tuple[str, int]) -> CatalogView:
        async with translated(self._pool):
            document: str | None = await self._pool.fetchval(_SNAPSHOT, *key)
        if document is None:
            raise NotFound(f"buyer {key[0]} has no catalog revision {key[1]}")
        try:
            catalog = decode(document)
        except msgspec.MsgspecError:
            raise Internal(f"this release cannot read catalog revision {key[1]} of buyer {key[0]}") from None
        view = self._views[key] = CatalogView(catalog)
        while len(self._views) > self._keep:
            self._views.popitem(last=False)
        return view
