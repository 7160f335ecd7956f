from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from services.intake.catalog.document import read_document
from shared.catalog.snapshot import CatalogView, decode, encode
from shared.catalog.terms import Catalog

DEMO = Path(__file__).parents[2] / "deploy" / "demo" / "catalog.yaml"


@pytest.fixture(scope="module")
def demo() -> Catalog:
    catalog = read_document(DEMO.read_text()).catalog
    assert catalog is not None
    return catalog


def test_a_snapshot_reads_back_as_what_was_written(demo: Catalog) -> None:
    assert decode(encode(demo)) == demo


def test_amounts_are_stored_the_way_people_write_them(demo: Catalog) -> None:
    assert '"amount":"32.00"' in encode(demo)


def test_a_word_that_a_later_release_added_does_not_stop_this_one(demo: Catalog) -> None:
    document = msgspec.json.decode(encode(demo))
    document["orders"][0]["mood"] = "good"
    assert decode(msgspec.json.encode(document).decode()) == demo


def test_a_view_finds_every_part_by_its_name(demo: Catalog) -> None:
    view = CatalogView(demo)
    assert all(view.order(order.slug) is order for order in demo.orders)
    assert all(view.source(source.site) is source for source in demo.sources)
    assert all(view.seller(seller.slug) is seller for seller in demo.sellers)
    assert all(view.disclosure(part.slug) is part for part in demo.disclosures)
    assert all(view.product(part.slug) is part for part in demo.products)
    assert all(view.team(part.slug) is part for part in demo.teams)
    assert all(view.playbook(part.slug) is part for part in demo.playbooks)
    assert view.order("nobody") is None
    assert view.buyer is demo.buyer


def test_a_sellers_orders_come_preferred_first(demo: Catalog) -> None:
    assert [order.slug for order in CatalogView(demo).orders_of("marco")] == ["marco-auto-2026", "marco-pilot-2026"]
    assert CatalogView(demo).orders_of("nobody") == ()
