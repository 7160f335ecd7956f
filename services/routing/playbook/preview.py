"""A dry run put together: of which lead, by whose terms, where the person may be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.gate.person import Person
from services.routing.gate.places import Places, places_of
from services.routing.playbook.arms import Arm, arm_of
from services.routing.playbook.dry_run import Expected, foresee
from services.routing.playbook.engine import at_any_time
from services.routing.playbook.lawful import hours_at
from services.routing.playbook.run import LeadKind, Run
from shared.catalog.following import ContactTerms, Playbook
from shared.catalog.snapshot import CatalogView
from shared.catalog.terms import Order
from shared.rpc.errors import Malformed, NotFound

_NOBODY = UUID(int=0)
#: Why a step is left out or later, for people.
EXPLANATIONS = {
    "answered": "somebody live has answered",
    "not_answered": "nobody has answered yet",
    "disposition": "the agents' latest word is another",
    "form": "not for this form of lead",
    "exclusivity": "not for leads of this exclusivity",
    "opt_in": "not for this kind of opt-in",
    "incentivized": "depends on whether a reward was promised",
    "own": "depends on whether the own site collected it",
    "opted_out": "the person opted out",
    "wrong_number": "the number is wrong or disconnected",
    "automatic_texts_off": "the order allows no automatic texts (`contact: {automatic_texts: true}` does)",
    "shared_opt_in": "several companies share the opt-in (`contact: {automatic_to_shared: true}` allows it)",
    "unlawful_hour": "put off to the next hour at which the person may be called",
    "never_lawful": "at no hour within two weeks may the person be called",
    "contacted": "the run ends once somebody is contacted",
    "returned": "the lead was given back",
    "forgotten": "the person's data were deleted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """The lead of a dry run."""

    #: None: one that need not exist.
    lead_id: UUID | None
    kind: LeadKind
    places: Places
    answered: bool = False
    disposition: str = ""
    #: None: drawn from the lead's id.
    arm: Arm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A dry run."""

    book: Playbook
    revision: int
    #: None: no order uses the playbook.
    order: Order | None
    run: Run
    places: Places
    steps: list[Expected]

    @property
    def zones(self) -> list[str]:
        """Where the person may be; empty: abroad, or nothing was told."""
        return sorted({place.zone for place in self.places.all}) if self.places.certain else []


def whom(person: Person) -> Whom:
    """The person of a lead that was bought."""
    return Whom(
        lead_id=person.lead_id,
        kind=LeadKind(
            form=person.form,
            exclusivity="exclusive" if person.own else person.exclusivity,
            opt_in=person.opt_in,
            incentivized=person.incentivized,
            own=person.own,
        ),
        places=places_of(person.state, person.postal_code, person.phone),
    )


def of_run(run: Run, view: CatalogView, order: Order, book: Playbook, places: Places, now: datetime) -> Preview:
    """What comes of a run from now on."""
    steps = foresee(run, book, order.follow_up.contact, now, hours_at(places))
    return Preview(book=book, revision=view.revision, order=order, run=run, places=places, steps=steps)


def of_lead(lead: Whom, view: CatalogView, playbook: str, order: str, at: datetime) -> Preview:
    """What a lead would get that is bought now.

    Args:
        playbook: empty: the order's.
        order: empty: the first order in force that uses the playbook.

    Raises:
        Malformed: neither is named.
        NotFound: the catalog does not have it.
    """
    terms, book = _terms(view, playbook, order)
    hold_out = terms.follow_up.hold_out if terms is not None else None
    drawn = arm_of(lead.lead_id, hold_out) if lead.lead_id is not None else "at_once"
    run = Run(
        buyer_id=view.buyer.slug,
        lead_id=lead.lead_id or _NOBODY,
        playbook=book.slug,
        catalog_revision=view.revision,
        kind=lead.kind,
        decided_at=at,
        stops=book.stops,
        arm="" if hold_out is None else lead.arm or drawn or "at_once",
        delay_seconds=hold_out.delay_seconds if hold_out is not None else 0,
        answered=lead.answered,
        disposition=lead.disposition,
    )
    contact = terms.follow_up.contact if terms is not None else ContactTerms()
    steps = foresee(run, book, contact, at, hours_at(lead.places))
    return Preview(book=book, revision=view.revision, order=terms, run=run, places=lead.places, steps=steps)


def _terms(view: CatalogView, playbook: str, order: str) -> tuple[Order | None, Playbook]:
    if not playbook and not order:
        raise Malformed.field("playbook", "expected the name of a playbook, or an order or a lead that has one")
    terms = view.order(order) if order else next(iter(users(view, playbook)), None)
    if order and terms is None:
        raise NotFound(f"there is no order {order}")
    name = playbook or (terms.follow_up.playbook if terms is not None else "")
    book = view.playbook(name)
    if book is None:
        raise NotFound(f"there is no playbook {name}")
    return terms, book


def users(view: CatalogView, playbook: str) -> list[Order]:
    """The orders in force that use a playbook, the preferred first."""
    found = [one for one in view.catalog.orders if one.follow_up.playbook == playbook and one.state != "ended"]
    return sorted(found, key=lambda one: (one.priority, one.slug))


def length_seconds(book: Playbook, at: datetime) -> int:
    """From the purchase to the last step of a lead that nobody answers and everything may be sent to."""
    run = Run(
        buyer_id="", lead_id=_NOBODY, playbook=book.slug, catalog_revision=0, kind=LeadKind(), decided_at=at,
        stops=book.stops,
    )  # fmt: skip
    everything = ContactTerms(automatic_texts=True, automatic_to_shared=True)
    ends = (one.at for one in foresee(run, book, everything, at, at_any_time) if one.at is not None)
    return int((max(ends, default=at) - at).total_seconds())
