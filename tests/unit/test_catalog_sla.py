"""Teams' hours and agreements in the catalog file: what is wrong is told with its line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.intake.catalog.document import read_document
from shared.catalog.sales import Sla
from shared.catalog.snapshot import CatalogView, decode, encode

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()
SHORT = "      sla_seconds: 300\n"
EAST = next(line for line in CATALOG.splitlines() if "slug: auto-east" in line)


def with_sla(words: str) -> str:
    """The tests' catalog with these words instead of its first order's `sla_seconds`."""
    return CATALOG.replace(SHORT, f"      {words}\n", 1)


def with_team(words: str) -> str:
    """The tests' catalog with these words about team auto-east."""
    return CATALOG.replace(EAST, EAST.replace("}", f", {words}}}"), 1)


def test_agreements_are_read_and_kept() -> None:
    words = "sla: {seconds: 60, clock: business, escalate_to: auto-west}\n      sla_by_team: {auto-west: {seconds: 90}}"
    document = read_document(with_sla(words))
    assert document.faults == ()
    assert document.catalog is not None
    order = CatalogView(decode(encode(document.catalog))).catalog.orders[0]
    assert order.follow_up.agreed("auto-east") == Sla(seconds=60, clock="business", escalate_to="auto-west")
    assert order.follow_up.agreed("auto-west") == Sla(seconds=90)


@pytest.mark.parametrize(
    ("words", "field", "message"),
    [
        ("sla: {seconds: 60}\n      sla_seconds: 90", "sla_seconds", "leave out its short form"),
        ("sla: {seconds: 0}", "sla.seconds", "from 1 to 2592000"),
        ("sla: {seconds: 60, clock: moon}", "sla.clock", "business, wall"),
        ("sla: {seconds: 60, remind_at_percent: 100}", "sla.remind_at_percent", "from 1 to 99"),
        ("sla: {seconds: 60, remind_at_percent: 5, remind_seconds_before: 5}", "sla.remind_at_percent", "not both"),
        ("sla: {seconds: 60, remind_seconds_before: 60}", "sla.remind_seconds_before", "less than the 60 seconds"),
        ("sla: {seconds: 60, escalate_to: auto-wst}", "sla.escalate_to", "did you mean `auto-west`?"),
        ("sla_by_team: {nobody: {seconds: 60}}", "sla_by_team.nobody", "there is no team"),
        ("sla_by_team: {digital: {seconds: 60}}", "sla_by_team.digital", "not among the order's teams"),
    ],
)
def test_a_fault_of_an_agreement_names_its_field(words: str, field: str, message: str) -> None:
    (fault,) = read_document(with_sla(words)).faults
    assert fault.field == f"orders[0].follow_up.{field}"
    assert message in fault.message


@pytest.mark.parametrize(
    ("words", "field", "message"),
    [
        ("schedule: {time_zone: Mars/Base}", "schedule.time_zone", "time zone"),
        ("schedule: {hours: [{day: mon, opens: '09:00', closes: '09:00'}]}", "schedule.hours[0]", "closes as it opens"),
        ("alert_email: nobody", "alert_email", "an e-mail address"),
        ("alert_receiver: pager", "alert_receiver", "there is no receiver"),
    ],
)
def test_a_fault_of_a_team_names_its_field(words: str, field: str, message: str) -> None:
    (fault,) = read_document(with_team(words)).faults
    assert fault.field == f"teams[0].{field}"
    assert message in fault.message


def test_alerts_go_to_webhooks_only() -> None:
    receiver = "receivers:\n  - {slug: pager, kind: adf_email, address: a@dealer.example}\n"
    (fault,) = read_document(receiver + with_team("alert_receiver: pager")).faults
    assert fault.field == "teams[0].alert_receiver"
    assert "no webhook" in fault.message
