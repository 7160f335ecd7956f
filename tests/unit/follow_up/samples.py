"""Bought leads and terms for the tests of follow-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.delivery.delivery import Delivery
from services.routing.playbook.opening import message
from shared.catalog.following import Playbook, Step, Template
from shared.catalog.terms import Buyer, FollowUp

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LEAD_ID = UUID("01926f3e-0000-7000-8000-000000000001")
BUYER = Buyer(
    slug="big-bank",
    name="Big Bank",
    postal_address="1 Main Street, New York, NY 10001",
    email_from="Big Bank <loans@bigbank.example>",
)
TERMS = FollowUp(playbook="standard", offer="auto loans from 5.49 % APR", teams={"auto-east": 1}, sla_seconds=300)


def template(subject: str = "{first_name}, your {product}", text: str = "Hello {first_name}, {offer}.") -> Template:
    """A template of an e-mail."""
    return Template(slug="confirmation", subject=subject, text=text)


def playbook(*, call: bool = True) -> Playbook:
    """A confirmation and, unless told otherwise, a call at once."""
    steps = (Step(name="confirmation", channel="email", template="confirmation"), Step(name="call-1", channel="call"))
    return Playbook(slug="standard", steps=steps if call else steps[:1])


def accepted(
    *, lead_id: UUID = LEAD_ID, submitted_at: datetime | None = NOW - timedelta(seconds=2), decided_at: datetime = NOW
) -> AcceptedLead:
    """A lead bought at `decided_at`, received 10 ms before."""
    return AcceptedLead(
        buyer_id="big-bank",
        lead_id=lead_id,
        seller="marco",
        source="cars.example",
        order="marco-auto-2026",
        catalog_revision=1,
        team="auto-east",
        submitted_at=submitted_at,
        received_at=decided_at - timedelta(milliseconds=10),
        decided_at=decided_at,
        traceparent="",
    )


def delivery() -> Delivery:
    """The confirmation of a lead, not yet tried."""
    return message(accepted(), playbook().steps[0], NOW)
