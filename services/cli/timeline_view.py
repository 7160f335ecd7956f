"""A lead's life as a person reads it: every point, how long after the one before, and where the time went.

The chain's own points come from the lead itself, what is planned from its follow-up, and the rest from the read model,
which may be a moment behind. What two of them tell is shown once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from services.cli.output import clean, duration, moment, say, table, warn

if TYPE_CHECKING:
    from leadline.intake.v1 import intake_service_pb2 as intake_pb
    from leadline.reporting.v1 import response_service_pb2 as pb
    from leadline.routing.v1.follow_up_service_pb2 import GetFollowUpResponse

_CHAIN = {
    "submitted": "consumer submitted (seller's clock)",
    "received": "received",
    "intake": "taken by intake",
    "validated": "validated",
    "deduplicated": "checked for duplicates",
    "routed": "routed",
    "decided": "decided",
}
_PARTS = {
    "seller_ms": "seller",
    "system_ms": "system",
    "held_back_ms": "held back",
    "waiting_ms": "waiting for an agent",
    "human_ms": "agent",
}
_MS = 1000.0
#: Two services tell of the same point to the microsecond, but round it differently.
_SAME_US = 1000


class _Point(NamedTuple):
    at_us: int
    shown: str
    what: str
    who: str = ""


def show_timeline(
    lead: intake_pb.GetLeadResponse, follow_up: GetFollowUpResponse | None, told: pb.GetTimelineResponse | None
) -> None:
    """Every point that is known, and where the time to the first attempt went."""
    # By time alone: of two at the same instant, the one named first came first.
    points = sorted(
        _once([*_of_chain(lead), *_of_follow_up(follow_up), *_of_story(told)]), key=lambda point: point.at_us
    )
    decided = next((point.at_us for point in points if point.what == _CHAIN["decided"]), None)
    rows = []
    for before, point in zip([*points[:1], *points], points, strict=False):
        since = duration((point.at_us - before.at_us) / _MS) if point is not before else ""
        from_purchase = duration((point.at_us - decided) / _MS) if decided is not None and point.at_us > decided else ""
        rows.append((point.shown, point.what, point.who, since, from_purchase))
    right = ("After", "Since decided")
    table(("When", "What", "Who", *right), rows, title="Timeline", right=right)
    if told is not None:
        _show_parts(told)
    if follow_up is None:
        warn("What is planned is not shown: routing did not answer.")


def _show_parts(told: pb.GetTimelineResponse) -> None:
    if told.HasField("parts"):
        parts = [(name, getattr(told.parts, field)) for field, name in _PARTS.items()]
        split = " + ".join(f"{name} {duration(value)}" for name, value in parts if value or name != "held back")
        say(f"To the first attempt: {split} = {duration(told.parts.total_ms)}")
        if told.HasField("lawful_ms"):
            say(f"Of the time since the purchase, calls were lawful for {duration(told.lawful_ms)}")
    if told.skew_ms:
        say(f"The seller's clock was {duration(told.skew_ms)} ahead of ours; its delay counts as none.")
    if told.arm:
        arm = "held back by" if told.arm == "held_back" else "followed up at once, where others wait"
        say(f"Hold-out: {arm} {duration(_MS * told.delay_seconds)}")
    if told.HasField("parts") or told.skew_ms or told.arm:
        say()


def _of_chain(lead: intake_pb.GetLeadResponse) -> Iterator[_Point]:
    for name, what in _CHAIN.items():
        yield from _point(lead.clock, f"{name}_at", what)


def _of_follow_up(follow_up: GetFollowUpResponse | None) -> Iterator[_Point]:
    if follow_up is None:
        return
    for task in follow_up.tasks:
        yield from _point(task, "create_time", "call task written", task.team)
        yield from _point(task, "due_at", "first attempt due", task.team)
    for one in follow_up.deliveries:
        yield from _point(one, "handed_off_at", f"{one.channel} handed over")


def _of_story(told: pb.GetTimelineResponse | None) -> Iterator[_Point]:
    for one in told.points if told is not None else ():
        yield from _point(one, "at", _words(one), ", ".join(filter(None, (one.team, one.agent))))


def _words(point: pb.TimelinePoint) -> str:
    channel, detail = point.channel, point.detail.replace("_", " ")
    match point.kind:
        case "started":
            return f"follow-up by playbook {point.detail} began"
        case "task":
            return "call task written"
        case "handed_over":
            return f"{channel} handed over"
        case "assigned":
            return "given to an agent"
        case "returned":
            return "back in the queue"
        case "attempt":
            return f"automatic {channel}, no attempt" if point.automatic else f"{channel} begun"
        case "live":
            return "reached the person"
        case "disposition":
            return detail
        case "opted_out":
            return f"opted out of {'everything' if detail == 'all' else detail} by {channel}"
        case "sla":
            return {"met": "agreed time: first attempt"}.get(point.detail, f"agreed time: {detail}")
        case kind:
            return _CHAIN.get(kind, kind.replace("_", " "))


def _point(message: Any, field: str, what: str, who: str = "") -> Iterator[_Point]:
    if message.HasField(field):
        at = getattr(message, field)
        yield _Point(at.ToMicroseconds(), moment(message, field), clean(what), clean(who))


def _once(points: list[_Point]) -> Iterator[_Point]:
    seen: dict[tuple[str, str], int] = {}
    for point in points:
        # Of the chain's points nobody is the author; of all others two at once differ by team or agent.
        key = (point.what, point.who)
        if key in seen and abs(seen[key] - point.at_us) < _SAME_US:
            continue
        seen[key] = point.at_us
        yield point
