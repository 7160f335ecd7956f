"""A small catalog and a lead that is good under it, for the tests of validation to bend."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from services.validation.desk import Desks
from services.validation.fieldtypes.registry import standard_readers
from services.validation.lead import Consent, Lead, Signals
from services.validation.lists.reference import Reference
from services.validation.lists.shelf import Shelf
from services.validation.plan import CatalogPlan
from services.validation.rules import validate
from services.validation.verdict import Verdict
from shared.catalog.buying import Price
from shared.catalog.money import Minor
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import (
    BotTerms,
    Buyer,
    Catalog,
    ConsentTerms,
    Criterion,
    Disclosure,
    FollowUp,
    Geography,
    LeadTerms,
    Order,
    Product,
    ProductField,
    Seller,
    Source,
)

#: 2026-11-22T10:00:00Z.
NOW = 1795341600.0
DISCLOSURE = (
    'By clicking "*" I agree that Marco Media LLC and Big Bank may call and text me about auto loans at the number '
    "I gave, also with automated technology. Consent is not a condition of any purchase."
)
SHOWN = DISCLOSURE.replace("*", "Get my rate")

PRODUCT = Product(
    slug="auto-loan",
    name="Auto loan",
    fields=(
        ProductField(name="loan_amount", type="money", minimum=1000, maximum=150000),
        ProductField(name="vehicle_year", type="integer", minimum=1980, maximum=2030),
        ProductField(name="credit_rating", type="choice", choices=("excellent", "good", "fair", "poor")),
        ProductField(name="has_trade_in", type="boolean"),
        ProductField(name="employer", type="text"),
        ProductField(name="hired_on", type="date"),
        ProductField(name="debt_ratio", type="number", minimum=0, maximum=10),
    ),
    long_form=("loan_amount", "vehicle_year", "credit_rating"),
)
ORDER = Order(
    slug="marco-auto",
    version=3,
    seller="marco",
    product="auto-loan",
    geography=Geography(exclude_states=("PR",)),
    required_fields=("first_name", "last_name", "email", "phone", "postal_code"),
    criteria=(Criterion(field="loan_amount", minimum=5000, maximum=100000),),
    lead=LeadTerms(),
    prices=(Price(amount=Minor(3200)),),
    consent=ConsentTerms(max_age_hours=72),
    bots=BotTerms(minimum_seconds_on_form=5),
    max_lead_age_minutes=60,
    follow_up=FollowUp(playbook="p", offer="o"),
)
GOOD = Lead(
    seller="marco",
    fields={
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann.lee@gmail.com",
        "phone": "(512) 627-4199",
        "street": "12 Main St",
        "city": "Austin",
        "state": "TX",
        "postal_code": "78701",
        "loan_amount": "25000",
        "vehicle_year": "2019",
        "credit_rating": "good",
    },
    received_at=NOW,
    source="https://www.best-auto-loans.example/apply?x=1",
    submitted_at=NOW - 2,
    consent=Consent(text=SHOWN, captured_at=NOW - 3, certificate="https://cert.trustedform.com/" + "ab12" * 10),
    signals=Signals(
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Mobile/15E148 Safari/604.1",
        seconds_on_form=42.0,
        honeypot="",
    ),
    candidates=(("marco-auto", 3),),
)


@cache
def reference() -> Reference:
    """The packaged lists, loaded once for all tests."""
    return Reference.load()


def desks() -> Desks:
    """What leads are judged with, on the packaged lists."""
    return Desks(Shelf(None), reference())


def catalog(*orders: Order, **changes: Any) -> Catalog:
    """A catalog with these orders (default: ORDER)."""
    return Catalog(
        **{
            "revision": 7,
            "buyer": Buyer(slug="big-bank", name="Big Bank", postal_address="1 Main St", email_from="a@bank.example"),
            "sellers": (Seller(slug="marco", name="Marco"), Seller(slug="web", name="Own site", own=True)),
            "sources": (Source(site="best-auto-loans.example", seller="marco"),),
            "disclosures": (Disclosure(slug="marco-tcpa", text=DISCLOSURE, sellers=("marco",)),),
            "products": (PRODUCT,),
            "orders": orders or (ORDER,),
            **changes,
        }
    )


def plan(*orders: Order, **changes: Any) -> CatalogPlan:
    """A prepared catalog with these orders."""
    return CatalogPlan(CatalogView(catalog(*orders, **changes)), standard_readers(reference()), reference())


def judged(lead: Lead, *orders: Order, **changes: Any) -> Verdict:
    """The verdict on a lead."""
    return validate(lead, plan(*orders, **changes), reference())


def lead_with(**fields: str | None) -> Lead:
    """GOOD with other fields; None takes one out. With another ZIP goes the city, unless it is given."""
    if "postal_code" in fields:
        fields = {"city": None, **fields}
    merged = {name: text for name, text in {**GOOD.fields, **fields}.items() if text is not None}
    return replace(GOOD, fields=merged)


def reasons(verdict: Verdict) -> list[tuple[str, str]]:
    """Every (reason, field) of a verdict, the lead's own first."""
    every = [*verdict.findings, *(finding for candidate in verdict.candidates for finding in candidate.findings)]
    return [(finding.reason, finding.field) for finding in every]
