"""Receivers in the catalog file: what is wrong is told with its line and field."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from services.intake.catalog.diff import plan
from services.intake.catalog.document import read_document
from services.intake.catalog.draft import Draft
from services.intake.catalog.receiver_checks import check_receivers
from shared.catalog.receiving import Receiver
from shared.catalog.snapshot import CatalogView, decode, encode

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()
CRM = "{slug: crm, kind: webhook, url: https://crm.bank.example/in, secrets: [crm-2026]}"
ORDER = "      offer: "


def catalog(receiver: str = CRM, deliver_to: str = "[crm]") -> str:
    """The tests' catalog with one receiver, which its first order names."""
    named = CATALOG.replace(ORDER, f"      deliver_to: {deliver_to}\n{ORDER}", 1)
    return f"receivers:\n  - {receiver}\n{named}"


def test_a_receiver_is_read_kept_and_found() -> None:
    document = read_document(catalog())
    assert document.faults == ()
    assert document.catalog is not None
    view = CatalogView(decode(encode(document.catalog)))
    assert view.receiver("crm") == Receiver(
        slug="crm", kind="webhook", url="https://crm.bank.example/in", secrets=("crm-2026",)
    )
    assert any(order.follow_up.deliver_to == ("crm",) for order in view.catalog.orders)
    assert list(check_receivers(Draft.of(document.catalog))) == []


@pytest.mark.parametrize(
    ("receiver", "field", "message"),
    [
        ("{slug: crm, kind: webhok, url: https://a.example}", "receivers[0].kind", "did you mean `webhook`?"),
        ("{slug: crm, kind: webhook, secrets: [a]}", "receivers[0]", "`url` is missing"),
        ("{slug: crm, kind: webhook, url: https://a.example}", "receivers[0]", "`secrets` is missing"),
        (CRM.replace("https", "http"), "receivers[0].url", "expected an https:// URL"),
        (CRM.replace("crm.bank", "user:word@crm.bank"), "receivers[0].url", "without user"),
        (CRM.replace("[crm-2026]", "[a, b, c]"), "receivers[0].secrets", "one secret, or two"),
        (CRM.replace("[crm-2026]", "[a, a]"), "receivers[0].secrets[1]", "already in this list"),
        (CRM.replace("[crm-2026]", "[../../etc]"), "receivers[0].secrets[0]", "a lower-case name"),
        (CRM.replace("}", ", fields: [phone, fone]}"), "receivers[0].fields[1]", "did you mean `phone`?"),
        (CRM.replace("}", ", fields: [loan_amount]}"), "", ""),
        (CRM.replace("}", ", timeout_seconds: 60}"), "receivers[0].timeout_seconds", "from 1 to 15"),
        (CRM.replace("}", ", to_folder: true}"), "receivers[0].to_folder", "means nothing"),
        ("{slug: crm, kind: adf_email, address: nobody}", "receivers[0].address", "an e-mail address"),
        ("{slug: crm, kind: adf_email}", "receivers[0]", "`address` is missing"),
        ("{slug: crm, kind: csv}", "receivers[0]", "say where the file goes"),
        ("{slug: crm, kind: csv, to_folder: true, daily_at: '25:00'}", "receivers[0].daily_at", "HH:MM"),
    ],
)
def test_a_fault_names_its_field_and_what_was_expected(receiver: str, field: str, message: str) -> None:
    faults = {fault.field: fault for fault in read_document(catalog(receiver)).faults}
    if not field:
        assert faults == {}
        return
    assert field in faults, faults
    assert message in faults[field].message
    assert faults[field].line == 2


def test_an_order_names_only_receivers_that_there_are_each_once() -> None:
    told = {fault.field: fault.message for fault in read_document(catalog(deliver_to="[crm, cmr, crm]")).faults}
    assert {field.partition(".")[2] for field in told} == {"follow_up.deliver_to[1]", "follow_up.deliver_to[2]"}
    assert any("did you mean `crm`?" in message for message in told.values())


def test_the_receiver_of_an_ended_order_stays_with_it() -> None:
    current = read_document(catalog()).catalog
    wanted = read_document(CATALOG).catalog
    assert current is not None
    assert wanted is not None
    slug = next(order.slug for order in current.orders if order.follow_up.deliver_to)
    kept = tuple(order for order in wanted.orders if order.slug != slug)
    merged = plan(current, replace(wanted, orders=kept)).catalog
    assert [receiver.slug for receiver in merged.receivers] == ["crm"]
    assert plan(current, wanted).catalog.receivers == ()
