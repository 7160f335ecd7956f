"""A catalog as far as it could be read, for the checks that look across it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.intake.catalog.reading import Path, did_you_mean
from shared.catalog.following import Playbook, Template
from shared.catalog.receiving import Receiver
from shared.catalog.sales import Team
from shared.catalog.states import USPS_STATES
from shared.catalog.terms import (
    STANDARD_FIELDS,
    Buyer,
    Catalog,
    Disclosure,
    Order,
    Product,
    Seller,
    Source,
)

#: What a check finds: where, and what was expected there.
Finding = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """The readable parts by their place in the file, and the names of all parts, readable or not."""

    buyer: Buyer | None
    sellers: Mapping[int, Seller]
    sources: Mapping[int, Source]
    disclosures: Mapping[int, Disclosure]
    products: Mapping[int, Product]
    teams: Mapping[int, Team]
    templates: Mapping[int, Template]
    playbooks: Mapping[int, Playbook]
    receivers: Mapping[int, Receiver]
    orders: Mapping[int, Order]
    #: Per section (`sellers`, …) what its parts are called, in the order of the file.
    names: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, catalog: Catalog) -> Draft:
        """A catalog that was put together rather than read."""
        sections = (
            "sellers",
            "sources",
            "disclosures",
            "products",
            "teams",
            "templates",
            "playbooks",
            "receivers",
            "orders",
        )
        parts = {section: getattr(catalog, section) for section in sections}
        names = {
            section: tuple(part.site if section == "sources" else part.slug for part in found)
            for section, found in parts.items()
        }
        return cls(
            buyer=catalog.buyer, **{section: dict(enumerate(found)) for section, found in parts.items()}, names=names
        )

    def seller(self, slug: str) -> Seller | None:
        """The seller of that name, where it could be read."""
        return next((seller for seller in self.sellers.values() if seller.slug == slug), None)

    def product(self, slug: str) -> Product | None:
        """The product of that name, where it could be read."""
        return next((product for product in self.products.values() if product.slug == slug), None)

    def template(self, slug: str) -> Template | None:
        """The template of that name, where it could be read."""
        return next((template for template in self.templates.values() if template.slug == slug), None)

    def playbook(self, slug: str) -> Playbook | None:
        """The playbook of that name, where it could be read."""
        return next((playbook for playbook in self.playbooks.values() if playbook.slug == slug), None)

    def catalog(self) -> Catalog | None:
        """The catalog, where the buyer could be read."""
        if self.buyer is None:
            return None
        return Catalog(
            buyer=self.buyer,
            sellers=tuple(self.sellers.values()),
            sources=tuple(self.sources.values()),
            disclosures=tuple(self.disclosures.values()),
            products=tuple(self.products.values()),
            teams=tuple(self.teams.values()),
            templates=tuple(self.templates.values()),
            playbooks=tuple(self.playbooks.values()),
            receivers=tuple(self.receivers.values()),
            orders=tuple(self.orders.values()),
        )


def unknown_name(draft: Draft, section: str, name: str, path: Path) -> Iterator[Finding]:
    """A reference to something that the file does not have."""
    if name not in draft.names[section]:
        kind = section.removesuffix("s")
        yield path, f"there is no {kind} `{name}`{did_you_mean(name, draft.names[section])}"


def unknown_field(product: Product, name: str, path: Path) -> Iterator[Finding]:
    """A field that neither every product nor this one has."""
    known = [*STANDARD_FIELDS, *(field.name for field in product.fields)]
    if name not in known:
        yield path, f"product `{product.slug}` has no field `{name}`{did_you_mean(name, known)}"


def unknown_states(codes: Sequence[str], path: Path) -> Iterator[Finding]:
    """Codes that the Postal Service does not use, and codes said twice."""
    for index, code in enumerate(codes):
        if code not in USPS_STATES:
            yield (*path, index), f"there is no state `{code}`; expected a USPS code such as TX"
    yield from repeated(codes, path)


def unknown_time_zone(name: str, path: Path) -> Iterator[Finding]:
    """A time zone that the IANA database does not have."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        yield path, f"there is no time zone `{name}`; expected an IANA name such as America/New_York"


def repeated(values: Sequence[str], path: Path) -> Iterator[Finding]:
    """Values said twice in one list."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield (*path, index), f"`{value}` is already in this list"
        seen.add(value)


def crossed_bounds(minimum: float | None, maximum: float | None, path: Path) -> Iterator[Finding]:
    """Bounds that nothing can satisfy."""
    if minimum is not None and maximum is not None and minimum > maximum:
        yield (*path, "minimum"), f"the minimum {minimum:g} is above the maximum {maximum:g}"
