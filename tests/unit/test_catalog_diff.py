from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from services.intake.catalog.diff import Plan, plan
from services.intake.catalog.document import read_document
from shared.catalog.terms import Catalog

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()


def read(text: str) -> Catalog:
    catalog = read_document(text).catalog
    assert catalog is not None
    return catalog


@pytest.fixture(scope="module")
def first() -> Plan:
    return plan(None, read(CATALOG))


def order_block(slug: str) -> str:
    start = CATALOG.index(f"  - slug: {slug}\n")
    following = CATALOG.find("\n  - slug: ", start + 1)
    return CATALOG[start : following + 1 if following > 0 else len(CATALOG)]


def test_the_first_catalog_makes_revision_one_and_every_order_version_one(first: Plan) -> None:
    assert first.catalog.revision == 1
    assert {order.version for order in first.catalog.orders} == {1}
    assert first.versions == first.catalog.orders
    assert {change.action for change in first.changes} == {"create"}
    assert first.changes[0].kind == "buyer"


def test_the_same_file_again_changes_nothing(first: Plan) -> None:
    again = plan(first.catalog, read(CATALOG))
    assert again.changes == ()
    assert again.versions == ()
    assert again.catalog is first.catalog


def test_a_new_order_of_the_lines_is_no_change(first: Plan) -> None:
    wanted = read(CATALOG)
    shuffled = replace(wanted, orders=wanted.orders[::-1], sellers=wanted.sellers[::-1])
    assert plan(first.catalog, shuffled).changes == ()


def test_an_amended_order_gets_the_next_version_and_the_others_keep_theirs(first: Plan) -> None:
    text = CATALOG.replace("{window: day, leads: 5}", "{window: day, leads: 10}").replace('"12.00"', '"13.50"')
    made = plan(first.catalog, read(text))
    (change,) = made.changes
    assert (change.action, change.kind, change.name, change.version) == ("update", "order", "marco-pilot-2026", 2)
    assert change.details == ("prices[0].amount: 12.00 -> 13.50", "caps.day.leads: 5 -> 10")
    assert made.catalog.revision == 2
    assert {order.slug: order.version for order in made.catalog.orders if order.version != 1} == {"marco-pilot-2026": 2}
    assert [order.version for order in made.versions] == [2]


def test_a_removed_order_ends_as_a_new_version_and_keeps_what_it_names(first: Plan) -> None:
    text = CATALOG.replace(order_block("own-auto-2026"), "")
    text = text.replace("  - slug: big-bank-web\n    name: Big Bank's own web site\n    own: true\n", "")
    text = text.replace("  - {site: bigbank.example, seller: big-bank-web}\n", "")
    start, end = text.index("  - slug: big-bank-tcpa-2026"), text.index("\nproducts:")
    text = text[:start] + text[end:]
    made = plan(first.catalog, read(text))
    assert [(change.action, change.kind, change.name) for change in made.changes] == [
        ("remove", "source", "bigbank.example"),
        ("remove", "order", "own-auto-2026"),
    ]
    ended = next(order for order in made.catalog.orders if order.slug == "own-auto-2026")
    assert (ended.state, ended.version) == ("ended", 2)
    assert "big-bank-web" in {seller.slug for seller in made.catalog.sellers}
    assert "big-bank-tcpa-2026" in {disclosure.slug for disclosure in made.catalog.disclosures}
    assert plan(made.catalog, read(text)).changes == ()


def test_an_order_that_comes_back_goes_on_counting(first: Plan) -> None:
    without = plan(first.catalog, read(CATALOG.replace(order_block("own-auto-2026"), "")))
    back = plan(without.catalog, read(CATALOG))
    (change,) = back.changes
    assert (change.action, change.version, change.details) == ("update", 3, ("state: ended -> active",))


def test_details_say_what_is_read_and_not_where_it_stands(first: Plan) -> None:
    text = CATALOG.replace("states: [CA, AZ,", "states: [AZ,").replace("{auto-east: 3,", "{auto-east: 4,")
    text = text.replace('{day: fri, opens: "08:00", closes: "16:30"}', '{day: fri, opens: "08:00", closes: "24:00"}')
    made = plan(first.catalog, read(text))
    details = {change.name: change.details for change in made.changes}
    assert details["marco-auto-2026"] == ("follow_up.teams.auto-east: 3 -> 4",)
    assert details["leadriver-refi-2026"] == (
        "geography.states: CA, AZ, NV, OR, WA, CO, UT, ID, NM -> AZ, NV, OR, WA, CO, UT, ID, NM",
    )
    (hours,) = details["quickquote-desk-hours-2026"]
    assert "08:00-16:30" in hours
    assert "08:00-24:00" in hours


def test_a_long_text_shows_where_it_begins_to_differ(first: Plan) -> None:
    made = plan(first.catalog, read(CATALOG.replace("Reply STOP to opt out.", "Reply END to opt out.")))
    (detail,) = made.changes[0].details
    assert "STOP" in detail
    assert "END" in detail
    assert len(detail) < 160


def test_what_receipts_rely_on_cannot_change(first: Plan) -> None:
    wanted = read(CATALOG)
    orders = tuple(
        replace(order, seller="leadriver", sources=()) if order.slug == "marco-pilot-2026" else order
        for order in wanted.orders
    )
    made = plan(first.catalog, replace(wanted, orders=orders, buyer=replace(wanted.buyer, currency="EUR")))
    assert [path for path, _ in made.conflicts] == [("buyer", "currency"), ("orders", 1, "seller")]


def test_a_changed_rule_is_shown_by_its_name(first: Plan) -> None:
    rules = (
        "    rules:\n      - name: within-means\n        message: Expected less.\n"
        "        holds: lead.loan_amount <= 60 * lead.monthly_income\n"
    )
    behind = "      - {field: employment_status, none_of: [unemployed]}\n"
    with_rule = plan(first.catalog, read(CATALOG.replace(behind, behind + rules, 1)))
    (added,) = with_rule.changes
    assert added.details == (
        "rules.within-means.name: none -> within-means",
        "rules.within-means.holds: none -> lead.loan_amount <= 60 * lead.monthly_income",
        "rules.within-means.message: none -> Expected less.",
    )
    stricter = plan(with_rule.catalog, read(CATALOG.replace(behind, behind + rules.replace("60", "50"), 1)))
    (changed,) = stricter.changes
    assert changed.details == (
        "rules.within-means.holds: lead.loan_amount <= 60 * lead.monthly_income -> "
        "lead.loan_amount <= 50 * lead.monthly_income",
    )
