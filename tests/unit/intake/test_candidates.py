from __future__ import annotations

import pytest

from services.intake.candidates import choose_candidates
from shared.catalog.terms import FollowUp, Order
from shared.catalog.words import OrderState


def order(slug: str, seller: str = "marco", state: OrderState = "active") -> Order:
    return Order(
        slug=slug, version=1, seller=seller, product="auto", state=state, follow_up=FollowUp(playbook="p", offer="o")
    )


def test_a_lead_that_names_no_order_is_held_against_every_active_order_of_the_key() -> None:
    orders = [order("a"), order("b", state="paused"), order("c")]
    chosen = choose_candidates("", None, orders, seller="marco", key_orders=())
    assert [candidate.slug for candidate in chosen.orders] == ["a", "c"]


def test_a_key_that_is_limited_to_orders_reaches_no_others() -> None:
    chosen = choose_candidates("", None, [order("a"), order("c")], seller="marco", key_orders=("c",))
    assert [candidate.slug for candidate in chosen.orders] == ["c"]


@pytest.mark.parametrize("state", ["draft", "paused", "ended"])
def test_a_named_order_is_a_candidate_even_when_it_is_not_active(state: OrderState) -> None:
    named = order("a", state=state)
    assert choose_candidates("a", named, [named], seller="marco", key_orders=()).orders == (named,)


def test_an_order_of_another_seller_is_forbidden() -> None:
    assert choose_candidates("a", order("a", seller="other"), [], seller="marco", key_orders=()).forbidden


def test_an_order_outside_the_scope_of_the_key_is_forbidden() -> None:
    assert choose_candidates("a", order("a"), [order("a")], seller="marco", key_orders=("b",)).forbidden


def test_an_unknown_order_is_not_found() -> None:
    chosen = choose_candidates("x", None, [order("a")], seller="marco", key_orders=())
    assert chosen.not_found
    assert not chosen.orders


def test_a_seller_without_an_active_order_has_nothing_to_fill() -> None:
    assert choose_candidates("", None, [order("a", state="ended")], seller="marco", key_orders=()).not_found
