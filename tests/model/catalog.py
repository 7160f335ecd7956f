"""The model's terms as a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from shared.catalog.buying import Cap, Pacing, Price
from shared.catalog.following import Playbook, Step, Template
from shared.catalog.money import Minor
from shared.catalog.returning import ReturnTerms
from shared.catalog.sales import Team
from shared.catalog.terms import (
    Buyer,
    Catalog,
    DuplicateTerms,
    FollowUp,
    LeadTerms,
    Order,
    Product,
    Seller,
    Source,
)
from tests.model.facts import OWN, TAKES_BACK, Terms
from tests.model.steps import FIRST_TERMS

SELLERS = ("a", "b", OWN)


def catalog_of(buyer: str, terms: Mapping[str, Terms]) -> Catalog:
    """The catalog that says the same as the model's terms."""
    return Catalog(
        buyer=Buyer(slug=buyer, name="Buyer", postal_address="1 Main St", email_from="b <b@example.org>"),
        sellers=tuple(Seller(slug=seller, name=seller, own=seller == OWN) for seller in SELLERS),
        sources=tuple(Source(site=f"{seller}.example", seller=seller) for seller in SELLERS),
        products=(Product(slug="loan", name="Loan"),),
        teams=(Team(slug="team", name="Team"),),
        templates=(Template(slug="confirmation", subject="s", text="t"),),
        playbooks=(
            Playbook(
                slug="book",
                steps=(
                    Step(name="confirmation", channel="email", template="confirmation"),
                    Step(name="call-1", channel="call"),
                ),
            ),
        ),
        orders=tuple(_order_of(terms[one.order]) for one in FIRST_TERMS),
    )


def _order_of(terms: Terms) -> Order:
    return Order(
        slug=terms.order,
        seller=terms.seller,
        product="loan",
        state="active" if terms.active else "paused",
        priority=terms.priority,
        prices=() if terms.seller == OWN else (Price(amount=Minor(terms.price)),),
        caps=tuple(
            Cap(window=limit.window, leads=limit.leads, spend=None if limit.spend is None else Minor(limit.spend))
            for limit in terms.limits
        ),
        pacing=Pacing(minimum_seconds=terms.pace),
        # What the exclusivity watch proposes to ask back is another test's.
        lead=LeadTerms(exclusivity="shared"),
        returns=_returns_of(terms.seller),
        duplicates=DuplicateTerms(window_days=terms.window_days, match=cast(Any, terms.match), scope=terms.scope),
        follow_up=FollowUp(playbook="book", offer="o", teams={"team": 1}),
    )


def _returns_of(seller: str) -> ReturnTerms:
    taking = TAKES_BACK.get(seller)
    if taking is None:
        return ReturnTerms()
    return ReturnTerms(
        reasons=("disconnected",),
        maximum_age_days=taking.oldest.days,
        cap_percent=taking.percent,
        cap_window="total",
        fee=Minor(taking.fee),
        decided_by="terms" if taking.at_once else "seller",
        answer_days=taking.answer.days,
        dispute_days=taking.dispute.days,
    )
