"""What settlement claims for a bought lead: its person, in every way in which anybody may recognise it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from leadline.dedup.v1 import dedup_service_pb2
from services.intake.draft import Draft, moment
from services.intake.rows import IdentityRow, LikenessRow, PersonRow


class Claims(NamedTuple):
    """The claims of one bought lead; empty for one that is not bought."""

    person: PersonRow = PersonRow()
    identities: tuple[IdentityRow, ...] = ()
    likenesses: tuple[LikenessRow, ...] = ()


_NOTHING = Claims()


def claims_of(draft: Draft, lead: int) -> Claims:
    """What a draft claims as the call's lead of that number, from 1."""
    if not draft.accepted or draft.test or draft.checked is None:
        return _NOTHING
    terms = _terms(draft)
    match, seconds, scope = (tuple(terms.match), terms.window_seconds, terms.scope) if terms else ((), 0, "")
    compares = terms is not None and terms.rejects_alike and seconds > 0
    return Claims(
        person=_person(draft),
        identities=tuple(
            # Where the order does not match on the kind it is only recorded, for the orders that do.
            IdentityRow(lead, one.kind, one.digest, seconds if one.kind in match else 0, scope or "buyer")
            for one in draft.checked.identities
        ),
        likenesses=tuple(
            LikenessRow(lead, one.digest, one.seen if compares else None) for one in draft.checked.likenesses
        ),
    )


def digests_of(draft: Draft) -> set[bytes]:
    """What two leads of one settlement may not have in common."""
    if not draft.accepted or draft.test or draft.checked is None:
        return set()
    checked = draft.checked
    return {one.digest for one in checked.identities} | {one.digest for one in checked.likenesses}


def _terms(draft: Draft) -> dedup_service_pb2.CandidateCheck | None:
    """What dedup said of the order that buys."""
    if draft.checked is None:
        return None
    return next((check for check in draft.checked.candidates if check.order.order == draft.order), None)


def _person(draft: Draft) -> PersonRow:
    order = draft.view.order(draft.order)
    if order is None:
        return PersonRow()
    if order.lead.exclusivity != "exclusive":
        return PersonRow(order.product)
    until = moment(draft.clock.decided_at) + timedelta(days=order.lead.exclusive_days)
    return PersonRow(order.product, until)
