"""Posting to the books: what moves money after settlement goes through here, and here alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, transfer_pb2
from leadline.events.v1 import lead_event_pb2
from services.intake.books.transfer import Movement, Place, Posting
from shared.db.pool import Connection
from shared.rpc.errors import WrongState

#: What the ledger's own functions and triggers refuse with; their sentences are ours.
_REFUSED = "LLBKS"

_PLACES = """
SELECT lead_id::text, seller, order_slug, order_version, currency, source, sub_source, traceparent
  FROM intake.lead
 WHERE buyer_id = $1 AND lead_id = ANY ($2::uuid[]) AND outcome = 'accepted' AND NOT test
"""
_POST = "SELECT ledger.post($1, $2::ledger.new_transfer[])"


async def post(connection: Connection, buyer_id: str, movements: Sequence[Movement], at: datetime) -> int:
    """Post movements in the caller's transaction, with their events for reporting; all of them or none.

    Movements of one lead take effect in the order given: a release makes room for the credit after it. After the
    commit the caller rings `OUTBOX_BELL`, or reporting learns of it a moment later by itself.

    Args:
        connection: Inside a transaction under READ COMMITTED.
        buyer_id: The buyer of all of them.
        movements: What to post; one posted before is passed over.
        at: Now, by this system's clock.

    Returns:
        How many were new.

    Raises:
        WrongState: The ledger refuses one: more than is left of its lead's charge, a credit undone twice, a lead that
            was not charged, a cause that moved something else. The transaction cannot go on.
    """
    ids = [movement.lead_id for movement in movements if movement.lead_id]
    rows = await connection.fetch(_PLACES, buyer_id, ids) if ids else []
    places = {
        row["lead_id"]: Place(
            seller=row["seller"],
            order=row["order_slug"],
            order_version=row["order_version"],
            currency=row["currency"],
            source=row["source"],
            sub_source=row["sub_source"],
            traceparent=row["traceparent"],
        )
        for row in rows
    }
    postings = [Posting(movement, _place(movement, places), at) for movement in movements]
    with refusals():
        return int(await connection.fetchval(_POST, buyer_id, [_row(buyer_id, posting) for posting in postings]))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the ledger refuses inside the block into `WrongState`, in the ledger's own words."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate != _REFUSED:
            raise
        raise WrongState(str(error)) from None


def _place(movement: Movement, places: dict[str, Place]) -> Place:
    if not movement.lead_id:
        return Place(
            seller=movement.seller,
            order=movement.order,
            order_version=movement.order_version,
            currency=movement.currency,
        )
    place = places.get(movement.lead_id)
    if place is None:
        raise WrongState(f"lead {movement.lead_id} was not bought")
    return place


def _row(buyer_id: str, posting: Posting) -> tuple[object, ...]:
    movement, place = posting.movement, posting.place
    debit, credit = posting.accounts
    return (
        movement.transfer_id,
        movement.kind,
        debit,
        credit,
        movement.amount_minor,
        place.currency,
        movement.lead_id or None,
        place.seller,
        place.order,
        place.order_version,
        posting.posted_at,
        movement.cause,
        movement.who,
        movement.why,
        movement.undoes or None,
        _event(buyer_id, posting).SerializeToString(),
    )


def _event(buyer_id: str, posting: Posting) -> lead_event_pb2.LeadEvent:
    movement, place = posting.movement, posting.place
    occurred_at = Timestamp()
    occurred_at.FromDatetime(posting.posted_at)
    return lead_event_pb2.LeadEvent(
        event_id=movement.transfer_id,
        buyer_id=buyer_id,
        lead_id=movement.lead_id,
        occurred_at=occurred_at,
        traceparent=place.traceparent,
        transferred=lead_event_pb2.Transferred(
            kind=transfer_pb2.TransferKind.Value(f"TRANSFER_KIND_{movement.kind.upper()}"),
            amount=lead_pb2.Money(amount_minor=movement.amount_minor, currency=place.currency),
            to_seller=posting.to_seller,
            seller=place.seller,
            source=place.source,
            sub_source=place.sub_source,
            order=lead_pb2.OrderRef(order=place.order, version=place.order_version),
            cause=movement.cause,
        ),
    )
