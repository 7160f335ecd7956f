"""How a run begins, and what opening a step makes: a task for a person, a message, a hand-over to a system. Pure.

What is made carries an id derived from the lead and the step, so that making it twice makes one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.delivery.csv_file import next_file_at
from services.routing.delivery.delivery import ChannelName, Delivery
from services.routing.follow_up import CallTask, derived_id
from services.routing.playbook.arms import arm_of
from services.routing.playbook.engine import NextLawful, Turn, advance, at_any_time
from services.routing.playbook.run import LeadKind, Run
from services.routing.sla.agreement import start_of
from services.routing.sla.clock import Start
from services.routing.work.worth import worth_minor
from shared.catalog.following import Playbook, Step
from shared.catalog.receiving import Receiver
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a lead is followed up by: parts of the revision that bought it."""

    view: CatalogView
    order: Order
    book: Playbook


def step_id(lead_id: UUID, step: Step) -> UUID:
    """The id of a step, and of what it opens."""
    return derived_id(lead_id, step.name)


def kind_of(lead: AcceptedLead) -> LeadKind:
    """What conditions ask of a lead. The buyer's own are nobody else's."""
    own = lead.lead_type == "own"
    return LeadKind(
        form=lead.form,
        exclusivity="exclusive" if own else lead.lead_type,
        opt_in=lead.opt_in,
        incentivized=lead.incentivized,
        own=own,
    )


def begin(lead: AcceptedLead, terms: Terms) -> Run:
    """A run of which nothing was done yet."""
    hold_out = terms.order.follow_up.hold_out
    return Run(
        buyer_id=lead.buyer_id,
        lead_id=lead.lead_id,
        playbook=terms.book.slug,
        catalog_revision=lead.catalog_revision,
        kind=kind_of(lead),
        decided_at=lead.decided_at,
        stops=terms.book.stops,
        arm=arm_of(lead.lead_id, hold_out),
        delay_seconds=hold_out.delay_seconds if hold_out is not None else 0,
    )


def look(run: Run, terms: Terms, now: datetime, next_lawful: NextLawful = at_any_time) -> Turn:
    """What is due by now, never before the purchase: the decision's clock may be a moment ahead of this one."""
    return advance(run, terms.book, terms.order.follow_up.contact, max(now, run.decided_at), next_lawful)


def call_task(
    lead: AcceptedLead, terms: Terms, run: Run, position: int, now: datetime
) -> tuple[CallTask, Start | None]:
    """The call of a step and, with the lead's first call, the clock agreed with sales.

    The clock starts when the call was to be made, for most leads the purchase, not when the task was written: a slow
    system is not the agent's gain.
    """
    step, record = terms.book.steps[position], run.steps[position]
    identity = step_id(lead.lead_id, step)
    lead = replace(lead, team=step.team or lead.team)
    waited = int((record.due_at - lead.decided_at).total_seconds())
    start = start_of(lead, terms.order, terms.view, identity, held_back_seconds=waited)
    task = CallTask(
        task_id=identity,
        lead=lead,
        offer=terms.order.follow_up.offer,
        due_at=start.due_at,
        created_at=now,
        value_minor=worth_minor(lead.price_minor, lead.product, terms.view),
        step_id=identity,
    )
    return task, start if _is_first_call(terms.book, run, position) else None


def _is_first_call(book: Playbook, run: Run, position: int) -> bool:
    return not any(
        record.state == "opened" and place != position and book.steps[place].channel == "call"
        for place, record in run.steps.items()
    )


def message(lead: AcceptedLead, step: Step, now: datetime) -> Delivery:
    """The e-mail or the text of a step."""
    identity = step_id(lead.lead_id, step)
    channel: ChannelName = "text" if step.channel == "text" else "email"
    return Delivery(
        delivery_id=identity,
        lead=lead,
        channel=channel,
        receiver=channel,
        purpose="confirmation" if step.confirms else "follow_up",
        template=step.template or "",
        step_id=identity,
        created_at=now,
    )


def handovers(lead: AcceptedLead, terms: Terms, run: Run, now: datetime) -> list[Delivery]:
    """The lead itself, to every system that the order names; where it is held back, its call is too."""
    due_at = lead.decided_at + timedelta(seconds=run.held_seconds) if run.held_seconds else None
    receivers = (terms.view.receiver(slug) for slug in terms.order.follow_up.deliver_to)
    return [
        _handover(lead, receiver, terms, derived_id(lead.lead_id, f"deliver:{receiver.slug}"), now, due_at)
        for receiver in receivers
        if receiver is not None
    ]


def handover(lead: AcceptedLead, terms: Terms, step: Step, now: datetime) -> Delivery | None:
    """The lead itself, to the system that a step names; None: the catalog does not have it."""
    receiver = terms.view.receiver(step.receiver or "")
    if receiver is None:
        return None
    identity = step_id(lead.lead_id, step)
    return replace(_handover(lead, receiver, terms, identity, now), step_id=identity)


def _handover(
    lead: AcceptedLead,
    receiver: Receiver,
    terms: Terms,
    delivery_id: UUID,
    now: datetime,
    due_at: datetime | None = None,
) -> Delivery:
    if receiver.kind == "csv":
        due_at = next_file_at(receiver, terms.view.buyer.time_zone, due_at or now)
    return Delivery(
        delivery_id=delivery_id,
        lead=lead,
        channel=receiver.kind,
        receiver=receiver.slug,
        purpose="lead",
        created_at=now,
        due_at=due_at,
    )
