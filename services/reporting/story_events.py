"""Lead events off the wire, as parts of their lead's story."""

from __future__ import annotations

from google.protobuf.message import Message

from leadline.events.v1 import lead_event_pb2 as pb
from services.reporting.events import instant, told
from services.reporting.story import Assigned, Attempt, Handed, OptOut, Passed, Said, Story, Task


def story_of(event: pb.LeadEvent) -> Story | None:
    """What one event tells of its lead; None where that is nothing, such as an event of a later release."""
    match event.WhichOneof("body") if event.lead_id else None:
        case "decided":
            return _decided(event, event.decided)
        case "message_handed_off":
            return _handed(event, event.message_handed_off)
        case "task_created":
            return _task(event, event.task_created)
        case "follow_up_started":
            return _started(event, event.follow_up_started)
        case "attempt_made":
            return _attempt(event, event.attempt_made)
        case "disposition_set":
            return _said(event, event.disposition_set)
        case "opted_out":
            return _opted_out(event.opted_out)
        case "sla_passed":
            return _passed(event.sla_passed)
        case "task_assigned":
            return _assigned(event, event.task_assigned)
        case _:
            return None


def _decided(event: pb.LeadEvent, body: pb.LeadDecided) -> Story:
    clock = body.clock
    return Story(
        bought=body.accepted,
        seller=body.seller,
        source=body.source,
        order=body.order.order,
        team=body.team,
        traceparent=event.traceparent,
        submitted=instant(clock, "submitted_at"),
        received=instant(clock, "received_at"),
        intake=instant(clock, "intake_at"),
        validated=instant(clock, "validated_at"),
        deduplicated=instant(clock, "deduplicated_at"),
        routed=instant(clock, "routed_at"),
        decided=instant(clock, "decided_at"),
    )


def _handed(event: pb.LeadEvent, body: pb.MessageHandedOff) -> Story:
    return Story(
        bought=True,
        seller=body.seller,
        source=body.source,
        traceparent=event.traceparent,
        submitted=instant(body, "submitted_at"),
        received=instant(body, "received_at"),
        decided=instant(body, "decided_at"),
        handed={body.delivery_id: Handed(channel=body.channel, at=_at(body, "handed_off_at", event))},
    )


def _task(event: pb.LeadEvent, body: pb.TaskCreated) -> Story:
    return Story(
        bought=True,
        seller=body.seller,
        source=body.source,
        team=body.team,
        traceparent=event.traceparent,
        decided=instant(body, "decided_at"),
        tasks={body.task_id: Task(team=body.team, at=_at(body, "created_at", event))},
    )


def _started(event: pb.LeadEvent, body: pb.FollowUpStarted) -> Story:
    return Story(
        bought=True,
        seller=body.seller,
        source=body.source,
        order=body.order,
        team=body.team,
        playbook=body.playbook,
        arm=body.arm,
        delay_seconds=body.delay_seconds,
        traceparent=event.traceparent,
        decided=instant(body, "decided_at"),
    )


def _attempt(event: pb.LeadEvent, body: pb.AttemptMade) -> Story:
    made = Attempt(
        channel=body.channel,
        automatic=body.automatic,
        team=body.team,
        agent=body.agent,
        at=_at(body, "began_at", event),
        live=body.live,
        live_at=instant(body, "live_at"),
        lawful_ms=max(body.lawful_milliseconds, -1),
        inbound=body.inbound,
    )
    return Story(
        bought=True,
        seller=body.seller,
        source=body.source,
        order=body.order,
        traceparent=event.traceparent,
        decided=instant(body, "decided_at"),
        attempts={body.attempt_id: made},
    )


def _said(event: pb.LeadEvent, body: pb.DispositionSet) -> Story:
    said = Said(at=_at(body, "at", event), team=body.team, agent=body.agent, product=body.product)
    return Story(
        bought=True,
        seller=body.seller,
        source=body.source,
        order=body.order,
        traceparent=event.traceparent,
        said={body.disposition: said},
    )


def _opted_out(body: pb.OptedOut) -> Story:
    out = OptOut(said_by=body.said_by, at=instant(body, "at"))
    return Story(seller=body.seller, source=body.source, order=body.order, opted_out={body.scope: out})


def _passed(body: pb.SlaPassed) -> Story:
    passed = Passed(team=body.team, agent=body.agent, at=instant(body, "at"))
    return Story(bought=True, order=body.order, passed={f"{body.task_id} {body.point}": passed})


def _assigned(event: pb.LeadEvent, body: pb.TaskAssigned) -> Story:
    at = _at(body, "at", event)
    return Story(
        bought=True,
        seller=body.seller,
        source=body.source,
        order=body.order,
        traceparent=event.traceparent,
        decided=instant(body, "decided_at"),
        assigned={f"{body.task_id} {at}": Assigned(team=body.team, agent=body.agent, at=at)},
    )


def _at(body: Message, name: str, event: pb.LeadEvent) -> int:
    """When it happened: by the body, else by the event."""
    said = instant(body, name)
    return said if said is not None else told(event.occurred_at)
