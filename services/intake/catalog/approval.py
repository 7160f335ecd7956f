"""One more approved disclosure in a catalog that is in force. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from services.intake.catalog.diff import Plan, plan
from services.intake.catalog.draft import Draft
from services.intake.catalog.nodes import Fault
from services.intake.catalog.order_checks import check_orders
from services.intake.catalog.part_checks import check_parts
from services.intake.catalog.playbook_checks import check_playbooks
from services.intake.catalog.reading import path_text
from services.intake.catalog.receiver_checks import check_receivers
from shared.catalog.terms import Catalog, Disclosure, Order

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MOST_CHARACTERS: Final = 4000


def faults_of(disclosure: Disclosure) -> list[Fault]:
    """What is wrong with a wording whatever the catalog."""
    faults = []
    if not _SLUG.fullmatch(disclosure.slug):
        faults.append(Fault(0, 0, "slug", "expected a lower-case name with hyphens"))
    if not 1 <= len(disclosure.text) <= MOST_CHARACTERS or "\x00" in disclosure.text:
        faults.append(Fault(0, 0, "text", f"expected 1 to {MOST_CHARACTERS} characters"))
    if not disclosure.sellers:
        faults.append(Fault(0, 0, "sellers", "expected who may use it"))
    return faults


def approve(current: Catalog, disclosure: Disclosure) -> tuple[Plan, list[Fault]]:
    """What approving it changes, and what is wrong with it; where anything is, nothing may be written.

    An order that names its disclosures would not take a new one: those of the disclosure's sellers are extended.
    """
    known = next((one for one in current.disclosures if one.slug == disclosure.slug), None)
    if known is not None:
        if known.text != disclosure.text:
            fault = Fault(0, 0, "slug", f"`{disclosure.slug}` is the name of another wording already")
            return Plan(current, (), (), ()), [fault]
        disclosure = replace(
            known, sellers=_joined(known.sellers, disclosure.sellers), sites=_joined(known.sites, disclosure.sites)
        )
    others = tuple(one for one in current.disclosures if one.slug != disclosure.slug)
    wanted = replace(
        current,
        disclosures=(*others, disclosure) if known is None else _replaced(current.disclosures, disclosure),
        orders=tuple(_extended(order, disclosure) for order in current.orders),
    )
    before = _checked(current)
    return plan(current, wanted), [fault for fault in _checked(wanted) if fault not in before]


def _checked(catalog: Catalog) -> list[Fault]:
    """Faults by the checks of a file; an order that ended long ago may have some, which are nobody's today."""
    draft = Draft.of(catalog)
    findings = (*check_parts(draft), *check_receivers(draft), *check_playbooks(draft), *check_orders(draft))
    return [Fault(0, 0, path_text(path), message) for path, message in findings]


def _joined(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Both; empty, which is everybody and everywhere, stays empty."""
    return tuple(dict.fromkeys((*old, *new))) if old and new else ()


def _replaced(disclosures: Sequence[Disclosure], new: Disclosure) -> tuple[Disclosure, ...]:
    return tuple(new if one.slug == new.slug else one for one in disclosures)


def _extended(order: Order, disclosure: Disclosure) -> Order:
    names = order.consent.disclosures
    if order.state == "ended" or order.seller not in disclosure.sellers or not names or disclosure.slug in names:
        return order
    return replace(order, consent=replace(order.consent, disclosures=(*names, disclosure.slug)))
