"""Runs and playbooks for the tests of the engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.routing.playbook.run import LeadKind, Run
from shared.catalog.following import Condition, ContactTerms, Playbook, Step, Template
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import Buyer, Catalog, FollowUp, Order, Product

#: A Monday morning in New York.
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LEAD = UUID("01926f3e-0000-7000-8000-000000000001")
UNANSWERED = Condition(answered=False)
OPEN_TERMS = ContactTerms(automatic_texts=True, automatic_to_shared=True)
CLOSED_TERMS = ContactTerms()

CONFIRMATION = Step(name="confirmation", channel="email", template="thanks")
CALL = Step(name="call-1", channel="call")


def later(minutes: float) -> datetime:
    """So long after the purchase."""
    return NOW + timedelta(minutes=minutes)


def call(name: str, after: str, *, since: Any = "previous", when: Condition = UNANSWERED) -> Step:
    """A call that is not the first."""
    return Step(name=name, channel="call", after=after, since=since, when=when)


def book(*steps: Step, stop: Any = None) -> Playbook:
    """A playbook of these steps."""
    return Playbook(slug="book", steps=steps) if stop is None else Playbook(slug="book", steps=steps, stop=stop)


#: Confirmation, three calls, a text and a reminder.
PATIENT = book(
    CONFIRMATION,
    CALL,
    call("call-2", "30m"),
    call("call-3", "1d"),
    Step(name="text-1", channel="text", template="ping", after="10m", when=UNANSWERED),
    Step(name="email-2", channel="email", template="reminder", after="2d", when=Condition(forms=("long",))),
)


def run_of(playbook: Playbook = PATIENT, **changes: Any) -> Run:
    """A run of a long, exclusive lead of which nothing was done."""
    known: dict[str, Any] = {
        "buyer_id": "big-bank",
        "lead_id": LEAD,
        "playbook": playbook.slug,
        "catalog_revision": 1,
        "kind": LeadKind(form="long", exclusivity="exclusive", opt_in="single"),
        "decided_at": NOW,
        "stops": playbook.stops,
    }
    return Run(**{**known, **changes})


def view_of(playbook: Playbook, follow_up: FollowUp) -> CatalogView:
    """A catalog in which one order uses the playbook."""
    return CatalogView(
        Catalog(
            revision=1,
            buyer=Buyer(slug="big-bank", name="Big Bank", postal_address="1 Main St", email_from="a@bank.example"),
            products=(Product(slug="auto-loan", name="auto loan"),),
            templates=(Template(slug="thanks", subject="s", text="t"),),
            playbooks=(playbook,),
            orders=(
                Order(slug="marco-auto-2026", version=1, seller="marco", product="auto-loan", follow_up=follow_up),
            ),
        )
    )
