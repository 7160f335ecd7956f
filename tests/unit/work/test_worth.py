from __future__ import annotations

from msgspec.structs import replace

from services.routing.work.worth import worth_minor
from shared.catalog.buying import Price
from shared.catalog.money import Minor
from shared.catalog.snapshot import CatalogView
from tests.integration.follow_up_world import catalog


def view(*amounts: str) -> CatalogView:
    whole = catalog(1, "5.49 %")
    prices = tuple(Price(amount=Minor.parse(amount)) for amount in amounts)
    return CatalogView(replace(whole, orders=(replace(whole.orders[0], prices=prices),)))


def test_a_bought_lead_is_worth_what_was_paid() -> None:
    assert worth_minor(1800, "auto-loan", view("32.00")) == 1800


def test_an_own_lead_is_worth_the_most_that_its_like_is_bought_for() -> None:
    assert worth_minor(0, "auto-loan", view("18.00", "32.00")) == 3200
    assert worth_minor(0, "mortgage", view("32.00")) == 0
