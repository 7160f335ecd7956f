"""What happened to work, as events for `reporting`: plain data on one side, protobuf on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.events.v1 import lead_event_pb2 as pb
from services.routing.work.disposition_store import Attempt
from services.routing.work.lead_store import LeadFacts
from services.routing.work.outcome import Disposition
from shared.db.outbox import OutboxRow
from shared.runtime.ids import uuid7

_CONSUMER = "reporting"
#: What leads are asked back for; intake's terms of the order decide.
_ASKED_BACK = ("disconnected", "wrong_number", "do_not_contact")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A task and who has it; `agent` empty: nobody."""

    buyer_id: str
    task_id: UUID
    lead_id: UUID
    team: str
    agent: str
    decided_at: datetime
    seller: str
    source: str
    order: str
    traceparent: str

    @classmethod
    def of(cls, row: asyncpg.Record, *, agent: str) -> Holding:
        """From a row of `routing.call_task`."""
        return cls(
            buyer_id=row["buyer_id"],
            task_id=row["task_id"],
            lead_id=row["lead_id"],
            team=row["queue"],
            agent=agent,
            decided_at=row["clock_started_at"],
            seller=row["seller"],
            source=row["source"],
            order=row["order_slug"],
            traceparent=row["traceparent"],
        )


def task_assigned(held: Holding, at: datetime) -> OutboxRow:
    """Tells who has a task now."""
    body = pb.TaskAssigned(
        task_id=str(held.task_id),
        team=held.team,
        agent=held.agent,
        at=timestamp(at),
        decided_at=timestamp(held.decided_at),
        seller=held.seller,
        source=held.source,
        order=held.order,
    )
    event = pb.LeadEvent(occurred_at=timestamp(at), task_assigned=body)
    return row_of(held.buyer_id, held.lead_id, held.traceparent, "task_assigned", event)


def attempt_made(attempt: Attempt, lead: LeadFacts) -> OutboxRow:
    """Tells what is known of an attempt; told again, with the same id, where more is known of it."""
    body = pb.AttemptMade(
        attempt_id=str(attempt.attempt_id),
        channel=attempt.channel,
        automatic=attempt.automatic,
        team=attempt.team,
        agent=attempt.agent,
        began_at=timestamp(attempt.began_at),
        live=attempt.live,
        live_at=None if attempt.live_at is None else timestamp(attempt.live_at),
        decided_at=timestamp(lead.decided_at),
        seller=lead.seller,
        source=lead.source,
        order=lead.order,
        lawful_milliseconds=attempt.lawful_milliseconds,
    )
    event = pb.LeadEvent(occurred_at=timestamp(attempt.live_at or attempt.began_at), attempt_made=body)
    return row_of(attempt.buyer_id, attempt.lead_id, lead.traceparent, "attempt_made", event)


def disposition_set(buyer_id: str, said: Disposition, lead: LeadFacts, attempts: Sequence[Attempt]) -> list[OutboxRow]:
    """Tells what an agent said became of a lead; intake too, where it is a reason to ask the lead back.

    Args:
        attempts: made by then; blocked ones are none.
    """
    made = [one for one in attempts if one.state != "blocked" and not one.automatic]
    body = pb.DispositionSet(
        disposition=said.disposition,
        team=said.team,
        agent=said.agent,
        at=timestamp(said.at),
        seller=lead.seller,
        source=lead.source,
        order=lead.order,
        product=said.product,
        disposition_id=str(said.disposition_id),
        attempts=len(made),
        recordings=[one.recording for one in made if one.recording],
    )
    event = pb.LeadEvent(occurred_at=timestamp(said.at), disposition_set=body)
    told = row_of(buyer_id, said.lead_id, lead.traceparent, "disposition_set", event)
    return [told, replace(told, consumer="intake")] if said.disposition in _ASKED_BACK else [told]


def row_of(buyer_id: str, lead_id: UUID, traceparent: str, topic: str, event: pb.LeadEvent) -> OutboxRow:
    """An event for reporting."""
    event.event_id = message_id = uuid7()
    event.buyer_id, event.lead_id, event.traceparent = buyer_id, str(lead_id), traceparent
    return OutboxRow(buyer_id, _CONSUMER, topic, event.SerializeToString(), message_id)


def timestamp(instant: datetime) -> Timestamp:
    """By hand: `FromDatetime` takes most of the time of writing an event."""
    since = instant - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
