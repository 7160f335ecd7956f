"""The dry run: what a lead would get and when, by the engine's own way, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.intake.catalog.document import read_document
from services.routing.gate.places import places_of
from services.routing.playbook.dry_run import Expected, foresee
from services.routing.playbook.engine import advance, at_any_time
from services.routing.playbook.lawful import hours_at
from services.routing.playbook.preview import Whom, length_seconds, of_lead
from services.routing.playbook.run import AttemptMade, LeadKind, told
from shared.catalog.following import ContactTerms, HoldOut
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import FollowUp
from shared.rpc.errors import Malformed, NotFound
from tests.unit.playbook.samples import NOW, OPEN_TERMS, PATIENT, later, run_of, view_of

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "catalog.yaml"
TEXAS = places_of("TX", "78701", "+15124782365")
LONG = LeadKind(form="long", exclusivity="exclusive", opt_in="single")


@pytest.fixture(scope="module")
def demo() -> CatalogView:
    catalog = read_document(DEMO.read_text()).catalog
    assert catalog is not None
    return CatalogView(catalog)


def line(expected: list[Expected]) -> dict[str, tuple[str, float | None]]:
    return {
        one.step.name: (one.expectation, None if one.at is None else (one.at - NOW).total_seconds() / 60)
        for one in expected
    }


def test_it_goes_the_engines_way_as_if_calls_were_made_at_once_and_nobody_answered() -> None:
    assert line(foresee(run_of(), PATIENT, OPEN_TERMS, NOW, at_any_time)) == {
        "confirmation": ("will_open", 0),
        "call-1": ("will_open", 0),
        "call-2": ("will_open", 30),
        "call-3": ("will_open", 1470),
        "text-1": ("will_open", 10),
        "email-2": ("will_open", 2880),
    }


def test_what_was_done_is_told_as_done_and_the_rest_from_now_on() -> None:
    run = advance(run_of(), PATIENT, OPEN_TERMS, NOW).run
    found = line(foresee(run, PATIENT, OPEN_TERMS, later(5), at_any_time))
    # The open call is taken as made now.
    expected = {"confirmation": ("done", 0), "call-1": ("open", 0), "call-2": ("will_open", 35)}
    assert {name: found[name] for name in expected} == expected


def test_of_a_run_that_stopped_nothing_more_comes() -> None:
    run = advance(run_of(), PATIENT, OPEN_TERMS, NOW).run
    run = told(run, AttemptMade(channel="call", automatic=False, began_at=later(1), live=True))
    expected = foresee(run, PATIENT, OPEN_TERMS, later(5), at_any_time)
    assert {one.why for one in expected if one.expectation == "never_reached"} == {"contacted"}
    assert line(expected)["call-1"] == ("done", 0)


def test_it_says_why_a_step_would_be_left_out_and_when_an_hour_is_lawful() -> None:
    # Eleven in the evening in Austin.
    night = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    expected = foresee(run_of(decided_at=night), PATIENT, ContactTerms(), night, hours_at(TEXAS))
    found = {one.step.name: one for one in expected}
    morning = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert (found["call-1"].at, found["call-1"].due_at, found["call-1"].why) == (morning, night, "unlawful_hour")
    assert (found["text-1"].expectation, found["text-1"].why) == ("would_be_left_out", "automatic_texts_off")
    allowed = foresee(run_of(decided_at=night), PATIENT, OPEN_TERMS, night, hours_at(TEXAS))
    assert next(one for one in allowed if one.step.name == "text-1").lawful_at == morning


def test_a_preview_goes_by_the_first_order_that_uses_the_playbook() -> None:
    view = view_of(PATIENT, FollowUp(playbook="book", offer="o", hold_out=HoldOut(percent=10, delay_seconds=600)))
    preview = of_lead(Whom(lead_id=None, kind=LONG, places=TEXAS, arm="held_back"), view, "book", "", NOW)
    assert preview.order is not None
    assert (preview.order.slug, preview.run.arm, preview.zones) == ("marco-auto-2026", "held_back", ["America/Chicago"])
    assert line(preview.steps)["call-1"] == ("will_open", 10)


def test_what_the_catalog_does_not_have_is_said() -> None:
    view = view_of(PATIENT, FollowUp(playbook="book", offer="o"))
    whom = Whom(lead_id=None, kind=LONG, places=TEXAS)
    with pytest.raises(NotFound, match="no playbook bok"):
        of_lead(whom, view, "bok", "", NOW)
    with pytest.raises(NotFound, match="no order nobody"):
        of_lead(whom, view, "", "nobody", NOW)
    with pytest.raises(Malformed):
        of_lead(whom, view, "", "", NOW)


@pytest.mark.parametrize("name", ["exclusive-long", "shared-short", "own-site"])
def test_the_shipped_playbooks_call_at_once_and_six_times_over_days_at_most_three_times_in_a_day(
    demo: CatalogView, name: str
) -> None:
    book = demo.playbook(name)
    assert book is not None
    preview = of_lead(Whom(lead_id=None, kind=LONG, places=TEXAS), demo, name, "", NOW)
    calls = sorted(one.at for one in preview.steps if one.step.channel == "call" and one.at is not None)
    assert len(calls) == 6
    assert calls[0] == NOW
    assert (calls[-1] - NOW).days >= 3
    assert all((fourth - first).total_seconds() >= 86_400 for first, fourth in zip(calls, calls[3:], strict=False))
    assert length_seconds(book, NOW) > 3 * 86_400


def test_the_shipped_playbooks_send_texts_only_where_the_order_allows_them(demo: CatalogView) -> None:
    whom = Whom(lead_id=None, kind=LONG, places=TEXAS)
    texts = {
        order: next(one for one in of_lead(whom, demo, "", order, NOW).steps if one.step.channel == "text")
        for order in ("marco-auto-2026", "own-auto-2026")
    }
    assert texts["marco-auto-2026"].why == "automatic_texts_off"
    assert texts["own-auto-2026"].expectation == "will_open"


def test_leads_that_may_only_be_written_to_are_never_called(demo: CatalogView) -> None:
    preview = of_lead(Whom(lead_id=None, kind=LONG, places=TEXAS), demo, "email-only", "", NOW)
    assert {one.step.channel for one in preview.steps} == {"email"}
