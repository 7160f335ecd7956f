"""What the buyer, sellers, sources, disclosures, products and teams must satisfy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from services.intake.catalog.addresses import is_mail_address, is_web_address
from services.intake.catalog.draft import (
    Draft,
    Finding,
    crossed_bounds,
    repeated,
    unknown_field,
    unknown_name,
    unknown_time_zone,
)
from services.intake.catalog.reading import Path, did_you_mean
from services.intake.catalog.sla_checks import check_teams
from shared.catalog.terms import STANDARD_FIELDS, Buyer, Product, ProductField

_BOUNDED: Final = frozenset({"integer", "number", "money", "range"})


def check_parts(draft: Draft) -> Iterator[Finding]:
    """Everything but the orders."""
    yield from _names(draft.names)
    if draft.buyer is not None:
        yield from _buyer(draft.buyer)
    yield from _sellers(draft)
    yield from _sources(draft)
    yield from _disclosures(draft)
    for index, product in draft.products.items():
        yield from _product(product, ("products", index))
    yield from check_teams(draft)


def _names(names: Mapping[str, object]) -> Iterator[Finding]:
    for section, slugs in names.items():
        word = "site" if section == "sources" else "slug"
        seen: dict[str, int] = {}
        for index, slug in enumerate(slugs if isinstance(slugs, tuple) else ()):
            if slug and slug in seen:
                yield (section, index, word), f"`{slug}` is already the name of {section}[{seen[slug]}]"
            seen.setdefault(slug, index)


def _buyer(buyer: Buyer) -> Iterator[Finding]:
    yield from unknown_time_zone(buyer.time_zone, ("buyer", "time_zone"))
    if not is_mail_address(buyer.email_from):
        yield ("buyer", "email_from"), "expected an address such as `Big Bank <loans@bank.example>`"


def _sellers(draft: Draft) -> Iterator[Finding]:
    for index, seller in draft.sellers.items():
        if seller.contact_email and not is_mail_address(seller.contact_email):
            yield ("sellers", index, "contact_email"), "expected an e-mail address"
        if seller.webhook_url and not is_web_address(seller.webhook_url):
            expected = "expected an https:// URL without user, password or #; http:// only of this computer, to try it"
            yield ("sellers", index, "webhook_url"), expected


def _sources(draft: Draft) -> Iterator[Finding]:
    for index, source in draft.sources.items():
        path = ("sources", index)
        yield from unknown_name(draft, "sellers", source.seller, (*path, "seller"))
        if source.site.startswith("www."):
            yield (*path, "site"), f"write it without `www.`: `{source.site.removeprefix('www.')}`"


def _disclosures(draft: Draft) -> Iterator[Finding]:
    for index, disclosure in draft.disclosures.items():
        path = ("disclosures", index)
        for position, slug in enumerate(disclosure.sellers):
            yield from unknown_name(draft, "sellers", slug, (*path, "sellers", position))
        for position, site in enumerate(disclosure.sites):
            yield from unknown_name(draft, "sources", site, (*path, "sites", position))
        yield from repeated(disclosure.sellers, (*path, "sellers"))
        yield from repeated(disclosure.sites, (*path, "sites"))
        first, last = disclosure.valid_from, disclosure.valid_until
        if first is not None and last is not None and last < first:
            yield (*path, "valid_until"), f"the wording ends before it begins on {first}"
        if len(disclosure.text.replace("*", "").split()) < 5:
            yield (*path, "text"), "expected a wording; this would approve almost any text"


def _product(product: Product, path: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, field in enumerate(product.fields):
        place = (*path, "fields", index)
        if field.name in STANDARD_FIELDS:
            yield (*place, "name"), f"`{field.name}` is a standard field that every product has; leave it out"
        if field.name in seen:
            yield (*place, "name"), f"`{field.name}` is already a field of this product"
        seen.add(field.name)
        yield from _field(field, place)
    for index, name in enumerate(product.long_form):
        yield from unknown_field(product, name, (*path, "long_form", index))
    yield from repeated(product.long_form, (*path, "long_form"))


def _field(field: ProductField, path: Path) -> Iterator[Finding]:
    yield from crossed_bounds(field.minimum, field.maximum, path)
    if field.type not in _BOUNDED:
        for word in ("minimum", "maximum"):
            if getattr(field, word) is not None:
                yield (*path, word), f"bounds need a numeric field, and `{field.name}` is of type {field.type}"
    if field.type == "choice" and not field.choices:
        yield (*path, "choices"), f"a choice needs its `choices`, and `{field.name}` has none"
    if field.type != "choice" and field.choices:
        yield (*path, "choices"), f"choices need `type: choice`, and `{field.name}` is of type {field.type}"
    yield from repeated(tuple(choice.casefold() for choice in field.choices), (*path, "choices"))
    yield from _synonyms(field, (*path, "synonyms"))


def _synonyms(field: ProductField, path: Path) -> Iterator[Finding]:
    known = {choice.casefold() for choice in field.choices}
    for index, synonym in enumerate(field.synonyms):
        if synonym.choice not in field.choices:
            meant = did_you_mean(synonym.choice, field.choices)
            yield (*path, index, "choice"), f"`{synonym.choice}` is not among the choices{meant}"
        for nth, word in enumerate(synonym.words):
            if word.casefold() in known:
                yield (*path, index, "words", nth), f"`{word}` is already a choice or a word for one"
            known.add(word.casefold())
