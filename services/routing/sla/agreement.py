"""From the catalog's words to a clock. Pure."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.sla.calendar import WALL, Calendar, calendar_of
from services.routing.sla.clock import Start, plan
from shared.catalog.buying import Schedule
from shared.catalog.sales import AgreedClock
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import Order

_ALWAYS = Schedule()


def start_of(
    lead: AcceptedLead, order: Order, view: CatalogView, task_id: UUID, *, held_back_seconds: int = 0
) -> Start:
    """The clock of a bought lead.

    Args:
        order: The lead's, of the revision that decided, as is `view`.
        task_id: The first call to be made.
        held_back_seconds: By so much a hold-out has the lead wait: its clock starts that much later.
    """
    sla = order.follow_up.agreed(lead.team)
    return plan(
        buyer_id=lead.buyer_id,
        lead_id=lead.lead_id,
        task_id=task_id,
        order=lead.order,
        team=lead.team,
        seller=lead.seller,
        source=lead.source,
        catalog_revision=lead.catalog_revision,
        started_at=lead.decided_at + timedelta(seconds=held_back_seconds),
        sla=sla,
        calendar=calendar_by(view, lead.team, sla.clock),
    )


def calendar_by(view: CatalogView, team: str, clock: AgreedClock) -> Calendar:
    """The calendar of an agreed clock; the team's hours by this revision, and all hours where it names none."""
    if clock == "wall":
        return WALL
    known = view.team(team)
    return calendar_of(known.schedule if known is not None else _ALWAYS, view.buyer.time_zone)
