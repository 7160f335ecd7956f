"""What is known of one lead, from whichever of its events have come. Pure.

An event tells a part of the story, and parts are joined: the earliest of two instants, the latest word of an agent,
the union of what has ids of its own. The join is commutative, associative and idempotent (a semilattice), so that
events may come in any order and any number of times and leave the same story.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

#: Whole microseconds since 1970, UTC.
Instant = int

_Part = TypeVar("_Part", bound="_Joinable")


class _Joinable(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """A part of a story. Of two values of a field the greater holds, of two instants the earlier.

    Nothing here can refer back to itself, so that the collector is spared thousands of them a batch (`gc=False`).
    """

    def joined(self: _Part, other: _Part) -> _Part:
        """What both say; the same object where the other adds nothing."""
        added = {}
        for name in self.__struct_fields__:
            own, told = getattr(self, name), getattr(other, name)
            if told is not None and told != own and (both := _join(name, own, told)) is not own:
                added[name] = both
        return msgspec.structs.replace(self, **added) if added else self


class Handed(_Joinable, frozen=True):
    """A message was taken by its channel."""

    channel: str = ""
    at: Instant | None = None


class Task(_Joinable, frozen=True):
    """A call task was written."""

    team: str = ""
    at: Instant | None = None


class Assigned(_Joinable, frozen=True):
    """A task went to an agent; without one: back to the queue."""

    team: str = ""
    agent: str = ""
    at: Instant | None = None


class Attempt(_Joinable, frozen=True):
    """A try to reach the person. `lawful_ms`: since the purchase, of lawful time; below 0: not reckoned.

    `inbound`: the person wrote back, which is a live contact and nobody's attempt.
    """

    channel: str = ""
    automatic: bool = False
    team: str = ""
    agent: str = ""
    at: Instant | None = None
    live: bool = False
    live_at: Instant | None = None
    lawful_ms: int = -1
    inbound: bool = False

    @property
    def ours(self) -> bool:
        """Whether an agent made it: neither a program, nor the person."""
        return not self.automatic and not self.inbound


class Said(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """What an agent says became of a lead. The later word holds."""

    at: Instant
    team: str = ""
    agent: str = ""
    product: str = ""


class OptOut(_Joinable, frozen=True):
    """The person wants to be left alone."""

    said_by: str = ""
    at: Instant | None = None


class Passed(_Joinable, frozen=True):
    """A point of a clock agreed with sales was passed."""

    team: str = ""
    agent: str = ""
    at: Instant | None = None


class Story(_Joinable, frozen=True):
    """What is known of one lead.

    Attributes:
        bought: Told by its decision, and by anything that is done with bought leads only.
        arm: Of its order's hold-out; empty: none. `delay_seconds`: by which the arm `held_back` waits.
        submitted: By the seller's clock; every other instant by ours.
        handed: By delivery. `tasks`: by task. `assigned`: by task and instant. `attempts`: by attempt.
        said: By disposition. `opted_out`: by scope. `passed`: by task and point.
    """

    bought: bool = False
    seller: str = ""
    source: str = ""
    order: str = ""
    team: str = ""
    playbook: str = ""
    arm: str = ""
    delay_seconds: int = 0
    traceparent: str = ""
    submitted: Instant | None = None
    received: Instant | None = None
    intake: Instant | None = None
    validated: Instant | None = None
    deduplicated: Instant | None = None
    routed: Instant | None = None
    decided: Instant | None = None
    handed: dict[str, Handed] = {}
    tasks: dict[str, Task] = {}
    assigned: dict[str, Assigned] = {}
    attempts: dict[str, Attempt] = {}
    said: dict[str, Said] = {}
    opted_out: dict[str, OptOut] = {}
    passed: dict[str, Passed] = {}

    @property
    def first_attempt(self) -> Attempt | None:
        """The earliest attempt that an agent made, whatever order they were told in; never an automatic one."""
        real = (one for one in self.attempts.values() if one.at is not None and one.ours)
        return min(real, key=lambda one: (one.at, one.team, one.agent), default=None)

    @property
    def first_live(self) -> Instant | None:
        """When an agent's attempt first reached somebody live, or the person wrote back."""
        return min((live_at(one) for one in self.attempts.values() if one.live and not one.automatic), default=None)

    @property
    def first_assigned(self) -> Instant | None:
        """When it was first given to an agent."""
        return min((one.at for one in self.assigned.values() if one.agent and one.at is not None), default=None)

    @property
    def first_task(self) -> Instant | None:
        """When an agent could first have it."""
        return min((one.at for one in self.tasks.values() if one.at is not None), default=None)

    @property
    def holder(self) -> tuple[str, str]:
        """Team and agent who answer for it: of the first attempt, else of the latest assignment, else nobody."""
        if not self.attempts and not self.assigned:
            return self.team, ""
        first = self.first_attempt
        if first is not None:
            return first.team or self.team, first.agent
        last = max(self.assigned.values(), key=lambda one: (one.at or 0, one.team, one.agent), default=None)
        return (last.team or self.team, last.agent) if last is not None else (self.team, "")


def live_at(attempt: Attempt) -> Instant:
    """When an attempt reached somebody: not before it began."""
    return max(attempt.at or 0, attempt.live_at or 0)


def encode(story: Story) -> str:
    """A story as the text that is stored; equal stories give equal texts."""
    return _ENCODER.encode(story).decode()


def decode(text: str) -> Story:
    """The story of a stored text.

    Raises:
        msgspec.ValidationError: the text is not one that `encode` wrote.
    """
    return _DECODER.decode(text)


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Story)
#: So many of the first and as many of the last assignments are kept: a task may come and go for weeks.
KEPT = 24
#: Of two of these the earlier holds.
_INSTANTS = frozenset(
    {"at", "live_at", "submitted", "received", "intake", "validated", "deduplicated", "routed", "decided"}
)


def _join(name: str, one: Any, other: Any) -> Any:
    if one is None:
        return other
    if isinstance(one, dict):
        both = _union(one, other)
        return _ends(both) if name == "assigned" and len(both) > 2 * KEPT else both
    return min(one, other) if name in _INSTANTS else max(one, other)


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    if not one or not other:
        return one or other
    both = {**one, **other}
    for key in one.keys() & other.keys():
        first, second = one[key], other[key]
        both[key] = max(first, second) if isinstance(first, Said) else first.joined(second)
    return both


def _ends(assigned: dict[str, Assigned]) -> dict[str, Assigned]:
    """The first and the last of them. Taking ends of ends of parts gives the ends of the whole, in any order."""
    by_time = sorted(assigned, key=lambda name: (assigned[name].at or 0, name))
    return {name: assigned[name] for name in (*by_time[:KEPT], *by_time[-KEPT:])}
