"""A small catalog and a lead that its first order buys; tests change one thing at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.routing.capacity import CapacityKey, Reading, Used
from services.routing.matching import Eligibility, Lead, eligibility
from services.routing.plan import Plan, plan_of
from shared.catalog.buying import Cap, Price
from shared.catalog.money import Minor
from shared.catalog.terms import Buyer, Catalog, FollowUp, Order, Seller, Source

#: A Sunday, 09:30 in New York.
AT = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
DAY_STARTS = datetime(2026, 11, 22, 5, tzinfo=UTC)
SITE = "best-auto-loans.example"

LEAD = Lead(lead_id="0195-a", source=SITE, minute=AT, form="long", state="TX")


def order(slug: str = "marco-auto", **terms: Any) -> Order:
    """An order of Marco's for 32.00, with these terms instead."""
    given: dict[str, Any] = {
        "version": 3,
        "seller": "marco",
        "product": "auto-loan",
        "prices": (Price(amount=Minor(3200)),),
        "follow_up": FollowUp(playbook="auto", offer="5.9 % APR", teams={"north": 1}),
    } | terms
    return Order(slug=slug, **given)


def catalog(*orders: Order, **parts: Any) -> Catalog:
    """A catalog with these orders, or with one."""
    given: dict[str, Any] = {
        "revision": 7,
        "buyer": Buyer(
            slug="big-bank", name="Big Bank", postal_address="1 Main St", email_from="Big Bank <loans@bank.example>"
        ),
        "sellers": (
            Seller(slug="marco", name="Marco"),
            Seller(slug="polo", name="Polo"),
            Seller(slug="own-site", name="Our site", own=True),
        ),
        "sources": (
            Source(site=SITE, seller="marco"),
            Source(site="paused.example", seller="marco", state="paused"),
            Source(site="polo.example", seller="polo"),
        ),
        "orders": orders or (order(),),
    } | parts
    return Catalog(**given)


def plan(*orders: Order) -> Plan:
    """The same, made ready."""
    return plan_of(catalog(*orders))


def day_used(leads: int = 0, spend: int = 0, slug: str = "marco-auto") -> Reading:
    """A reading of today's row of an order."""
    return Reading({CapacityKey(slug, "day", DAY_STARTS): Used(leads, spend)})


def held(given: Order, lead: Lead = LEAD, reading: Reading | None = None) -> Eligibility:
    """What one order says of the lead."""
    return eligibility(given.slug, lead, plan(given), reading or Reading({}))


def reasons(said: Eligibility) -> list[str]:
    """Codes of the findings."""
    return [finding.reason for finding in said.findings]


def day_cap(leads: int | None = None, spend: int | None = None) -> Cap:
    """A cap for each day."""
    return Cap(window="day", leads=leads, spend=None if spend is None else Minor(spend))
