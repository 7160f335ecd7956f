"""A lead's points in the order of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.reporting.story import Instant, Story, live_at

#: Points of the machine half, in the order of the chain.
CHAIN = ("submitted", "received", "intake", "validated", "deduplicated", "routed", "decided")


@dataclass(frozen=True, slots=True)
class Point:
    """One point; what does not apply is empty."""

    kind: str
    at: Instant
    team: str = ""
    agent: str = ""
    channel: str = ""
    detail: str = ""
    automatic: bool = False


def timeline(story: Story) -> list[Point]:
    """All points of a story by time; of two at the same instant, the one that comes first in a lead's life."""
    return sorted(_points(story), key=lambda point: point.at)


def _points(story: Story) -> Iterator[Point]:
    for kind in CHAIN:
        at = getattr(story, kind)
        if at is not None:
            yield Point(kind, at)
    if story.playbook and story.decided is not None:
        yield Point("started", story.decided, team=story.team, detail=story.playbook)
    for task in story.tasks.values():
        if task.at is not None:
            yield Point("task", task.at, team=task.team)
    for handed in story.handed.values():
        if handed.at is not None:
            yield Point("handed_over", handed.at, channel=handed.channel, automatic=True)
    yield from _people(story)


def _people(story: Story) -> Iterator[Point]:
    for given in story.assigned.values():
        if given.at is not None:
            yield Point("assigned" if given.agent else "returned", given.at, team=given.team, agent=given.agent)
    for name, one in story.attempts.items():
        # A message that a program handed over is told by its delivery, if by that name.
        if one.at is None or name in story.handed:
            continue
        who = {"team": one.team, "agent": one.agent, "channel": one.channel, "automatic": one.automatic}
        if not one.inbound:
            yield Point("attempt", one.at, **who)  # type: ignore[arg-type]  # names and one flag
        if one.live and not one.automatic:
            yield Point("live", live_at(one), one.team, one.agent, one.channel)
    for disposition, said in story.said.items():
        detail = f"{disposition}: {said.product}" if said.product else disposition
        yield Point("disposition", said.at, team=said.team, agent=said.agent, detail=detail)
    for scope, out in story.opted_out.items():
        if out.at is not None:
            yield Point("opted_out", out.at, channel=out.said_by, detail=scope)
    for name, passed in story.passed.items():
        if passed.at is not None:
            yield Point("sla", passed.at, team=passed.team, agent=passed.agent, detail=name.partition(" ")[2])
