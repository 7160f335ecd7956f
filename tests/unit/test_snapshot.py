from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from services.intake.catalog.document import read_document
from shared.catalog.snapshot import CatalogView, decode, encode
from shared.catalog.terms import Catalog

CATALOG = Path(__file__).parents[1] / "big_bank.yaml"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    read = read_document(CATALOG.read_text()).catalog
    assert read is not None
    return read


def test_a_snapshot_reads_back_as_what_was_written(catalog: Catalog) -> None:
    assert decode(encode(catalog)) == catalog


def test_amounts_are_stored_the_way_people_write_them(catalog: Catalog) -> None:
    assert '"amount":"32.00"' in encode(catalog)


def test_a_word_that_a_later_release_added_does_not_stop_this_one(catalog: Catalog) -> None:
    document = msgspec.json.decode(encode(catalog))
    document["orders"][0]["mood"] = "good"
    assert decode(msgspec.json.encode(document).decode()) == catalog


def test_a_view_finds_every_part_by_its_name(catalog: Catalog) -> None:
    view = CatalogView(catalog)
    assert all(view.order(order.slug) is order for order in catalog.orders)
    assert all(view.source(source.site) is source for source in catalog.sources)
    assert all(view.seller(seller.slug) is seller for seller in catalog.sellers)
    assert all(view.disclosure(part.slug) is part for part in catalog.disclosures)
    assert all(view.product(part.slug) is part for part in catalog.products)
    assert all(view.team(part.slug) is part for part in catalog.teams)
    assert all(view.playbook(part.slug) is part for part in catalog.playbooks)
    assert view.order("nobody") is None
    assert view.buyer is catalog.buyer


def test_a_sellers_orders_come_preferred_first(catalog: Catalog) -> None:
    assert [order.slug for order in CatalogView(catalog).orders_of("marco")] == ["marco-auto-2026", "marco-pilot-2026"]
    assert CatalogView(catalog).orders_of("nobody") == ()
