"""One catalog revision, made ready for deciding: everything that is the same for every lead is worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from services.validation.consent.disclosure import Registry
from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.registry import dated_readers, product_reader, standard_readers
from services.validation.fieldtypes.when import day_of
from services.validation.lists.reference import Reference
from services.validation.orders.criteria import HeldCriterion
from services.validation.orders.leadtype import Terms
from services.validation.orders.requirements import HeldGeography
from services.validation.source import host_of, parents
from shared.catalog.terms import Order

#: Sets of readers that one plan keeps: a set for a day and a choice of products.
_READERS = 64

if TYPE_CHECKING:
    from services.validation.orders.rules import HeldRule
    from shared.catalog.rule_language import RuleLanguage
    from shared.catalog.snapshot import CatalogView


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One order, ready to hold a lead against."""

    order: Order
    readers: Mapping[str, Reader]
    type_terms: Terms
    criteria: tuple[HeldCriterion, ...]
    geography: HeldGeography
    rules: tuple[HeldRule, ...]


class CatalogPlan:
    """The orders of one catalog revision, prepared as they are first asked for."""

    def __init__(self, view: CatalogView, standard: Mapping[str, Reader], reference: Reference) -> None:
        self.view = view
        self.registry = Registry(view.catalog.disclosures)
        #: Whether any order has the issuer of a certificate asked.
        self.asks_issuer = any(order.consent.certificate == "match" for order in view.catalog.orders)
        #: The site of the catalog that a source, as sent, belongs to; else its host; empty: it names none.
        self.site = lru_cache(maxsize=4096)(self._site)
        self._standard = standard
        self._reference = reference
        self._products: dict[str, Mapping[str, Reader]] = {}
        self._orders: dict[str, OrderPlan | None] = {}
        self._languages: dict[str, RuleLanguage] = {}
        self._readers: dict[tuple[tuple[str, ...], int], Mapping[str, Reader]] = {}

    def order(self, slug: str) -> OrderPlan | None:
        """The order of that name; None: this revision has none."""
        if slug not in self._orders:
            order = self.view.order(slug)
            self._orders[slug] = None if order is None else self._prepare(order)
        return self._orders[slug]

    def readers(self, seller: str, plans: list[OrderPlan], day: int) -> Mapping[str, Reader]:
        """Readers of every field that the candidates' products know; without candidates, those of the seller's orders.

        `day`: on which the lead came, in days since 1970, UTC.

        Where two products call different things by one name, the first candidate's meaning holds.
        """
        products = tuple(dict.fromkeys(plan.order.product for plan in plans))
        if not products:
            products = tuple(dict.fromkeys(order.product for order in self.view.orders_of(seller)))
        readers = self._readers.get((products, day))
        if readers is None:
            while len(self._readers) >= _READERS:
                self._readers.pop(next(iter(self._readers)))
            readers = self._readers[products, day] = self._merged(products, day)
        return readers

    def _site(self, source: str) -> str:
        host = host_of(source)
        return next((name for name in parents(host) if self.view.source(name) is not None), host)

    def _merged(self, products: tuple[str, ...], day: int) -> Mapping[str, Reader]:
        merged: dict[str, Reader] = {}
        today = day_of(day * 86400)
        for slug in reversed(products):
            product = self.view.product(slug)
            merged |= self._product(slug)
            merged |= dated_readers(() if product is None else product.fields, self._reference, today)
        return merged | dict(self._standard) | dated_readers((), self._reference, today)

    def is_own(self, seller: str) -> bool:
        """Whether the seller is the buyer's own site."""
        known = self.view.seller(seller)
        return known is not None and known.own

    def is_own_page(self, page: str) -> bool | None:
        """Whether a page is on a site of the buyer's own; None: on no site that the catalog knows."""
        source = self.view.source(self.site(page))
        return None if source is None else self.is_own(source.seller)

    def _prepare(self, order: Order) -> OrderPlan:
        product = self.view.product(order.product)
        readers = self._product(order.product)
        criteria = tuple(
            HeldCriterion(criterion, readers.get(criterion.field) or self._standard.get(criterion.field))
            for criterion in order.criteria
        )
        long_form = () if product is None else product.long_form
        rules = self._held_rules(order) if order.rules else ()
        named = (self.view.disclosure(slug) for slug in order.consent.disclosures)
        kind = Terms(order.lead, long_form, (text.text for text in named if text is not None))
        return OrderPlan(order, readers, kind, criteria, HeldGeography(order.geography), rules)

    def _held_rules(self, order: Order) -> tuple[HeldRule, ...]:
        # CEL takes five megabytes: only where an order has rules.
        from services.validation.orders.rules import HeldRule

        return tuple(HeldRule(rule, self._language(order.product)) for rule in order.rules)

    def _language(self, slug: str) -> RuleLanguage:
        from shared.catalog.rule_language import RuleLanguage

        if slug not in self._languages:
            product = self.view.product(slug)
            self._languages[slug] = RuleLanguage(() if product is None else product.fields)
        return self._languages[slug]

    def _product(self, slug: str) -> Mapping[str, Reader]:
        if slug not in self._products:
            product = self.view.product(slug)
            specs = () if product is None else product.fields
            self._products[slug] = {spec.name: product_reader(spec, self._reference) for spec in specs}
        return self._products[slug]


class Plans:
    """Keeps the plans of the revisions in use."""

    def __init__(self, reference: Reference, *, keep: int = 32) -> None:
        """`keep`: the most revisions held; the one made first goes first."""
        self._reference = reference
        self._standard = standard_readers(reference)
        self._keep = keep
        self._plans: dict[tuple[str, int], CatalogPlan] = {}

    def of(self, view: CatalogView) -> CatalogPlan:
        """The plan of a catalog revision."""
        key = (view.buyer.slug, view.revision)
        plan = self._plans.get(key)
        if plan is None or plan.view is not view:
            while len(self._plans) >= self._keep:
                self._plans.pop(next(iter(self._plans)))
            plan = self._plans[key] = CatalogPlan(view, self._standard, self._reference)
        return plan
