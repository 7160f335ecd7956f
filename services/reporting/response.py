"""What one lead's story adds to the reports. Pure.

Reports hold sums over leads. When a story grows, what it added before is taken off and what it adds now is put on:
so the sums depend on the stories alone, and those on no order of events.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Literal, NamedTuple

from services.reporting.parts import HELD_BACK, Parts, began, parts, skew
from services.reporting.projector import LONGEST
from services.reporting.story import Attempt, Instant, Story

HOUR_US = 3_600_000_000
_DAY_US = 24 * HOUR_US
_MINUTE_US = 60_000_000
_LONGEST_US = LONGEST.total_seconds() * 1e6

#: Upper ends of all bands but the last, inclusive.
BANDS_US = (5 * _MINUTE_US, 15 * _MINUTE_US, 60 * _MINUTE_US)
WALL_BANDS = ("wall_5", "wall_15", "wall_60", "wall_more")
LAWFUL_BANDS = ("lawful_5", "lawful_15", "lawful_60", "lawful_more")
PARTS = ("seller_us", "system_us", "waiting_us", "human_us")
#: What is summed of leads.
NUMBERS = (
    "leads", "held_back", "attempted", "contacted", "appointed", "converted", "skewed", *PARTS, *WALL_BANDS,
    *LAWFUL_BANDS,
)  # fmt: skip

#: Channels to the person; what goes to the buyer's own systems is no answer to anybody.
TO_PEOPLE = frozenset({"email", "text", "call"})

#: An outcome counts towards a hold-out within so long of the purchase: equally long in both arms, or the arm that
#: began earlier would have had more time.
CONTACT_DAYS, CONVERSION_DAYS = 7, 30

#: `attempt`: purchase to the first real attempt; `lawful`: the lawful part of it; `contact`: purchase to the first live
#: contact; `total`: submit, else receipt, to the first real attempt.
Timed = Literal["attempt", "lawful", "contact", "total"]
TIMED: tuple[Timed, ...] = ("attempt", "lawful", "contact", "total")


class Tried(NamedTuple):
    """One real attempt. `hour`: number of the hour since 1970 in which it began."""

    hour: int
    team: str
    agent: str
    live: bool


class Held(NamedTuple):
    """What a lead tells in its order's hold-out."""

    arm: str
    delay_seconds: int
    attempted: bool
    contacted: bool
    converted: bool


class Counted(NamedTuple):
    """What one bought lead adds.

    Attributes:
        hour: Number of the hour since 1970, UTC, in which it was bought.
        team: That follows it up. `holder`: team and agent who answer for it.
        numbers: What it adds to `NUMBERS`.
        times: Microseconds, 0 or more.
        held: None where its order runs no hold-out.
        tried: Every real attempt.
    """

    hour: int
    seller: str
    source: str
    order: str
    team: str
    holder: tuple[str, str]
    numbers: tuple[tuple[str, int], ...]
    times: tuple[tuple[Timed, int], ...]
    held: Held | None
    tried: tuple[Tried, ...]


def counted(story: Story | None) -> Counted | None:
    """What a story adds to the reports; None where it is of no bought lead, or where the purchase is not told yet."""
    decided = story.decided if story is not None and story.bought else None
    if story is None or decided is None:
        return None
    first, held_back = story.first_attempt if story.attempts else None, story.arm == HELD_BACK
    split = parts(story) if first is not None else None
    times = () if held_back or first is None or split is None else tuple(_times(story, first, decided, split))
    return Counted(
        hour=decided // HOUR_US,
        seller=story.seller,
        source=story.source,
        order=story.order,
        team=story.team,
        holder=story.holder,
        numbers=(("held_back", 1),) if held_back else tuple(_numbers(story, times, split)),
        times=times,
        held=_held(story, decided) if story.arm else None,
        tried=tuple(_tried(story)),
    )


#: What `counted` looks at, but for the tasks, which only an attempt makes count.
_LOOKED_AT = (
    "bought", "seller", "source", "order", "team", "arm", "delay_seconds", "submitted", "received", "decided",
    "assigned", "attempts", "said",
)  # fmt: skip


def unchanged(before: Story, after: Story) -> bool:
    """True where `counted` must say the same of both, which is so after most events and known much sooner."""
    return (not after.attempts or before.tasks is after.tasks) and all(
        getattr(before, name) is getattr(after, name) or getattr(before, name) == getattr(after, name)
        for name in _LOOKED_AT
    )


def stages(story: Story | None) -> list[tuple[str, int]]:
    """Microseconds between the points of the chain that a story tells, below 0 where clocks disagree; each stage once.

    Of leads that were held back on purpose, what waits for the end of that is left out.
    """
    if story is None or not story.bought or story.decided is None:
        return []
    found = list(_chain(story, story.decided))
    if story.attempts and story.arm != HELD_BACK:
        first, split = story.first_attempt, parts(story)
        if first is not None and split is not None:
            found += (("waiting", split.waiting), ("human", split.human))
            found += ((name, took) for name, took in _times(story, first, story.decided, split) if name != "total")
    return found


def _tried(story: Story) -> list[Tried]:
    return sorted(
        Tried(one.at // HOUR_US, one.team or story.team, one.agent, one.live)
        for one in story.attempts.values()
        if one.at is not None and one.ours
    )


def _numbers(story: Story, times: tuple[tuple[Timed, int], ...], split: Parts | None) -> Iterator[tuple[str, int]]:
    yield "leads", 1
    if skew(story):
        yield "skewed", 1
    if story.first_live is not None:
        yield "contacted", 1
    if "appointment" in story.said:
        yield "appointed", 1
    if "converted" in story.said:
        yield "converted", 1
    if split is None:
        return
    yield "attempted", 1
    yield from zip(PARTS, (split.seller, split.system, split.waiting, split.human), strict=True)
    for clock, microseconds in times:
        if clock == "attempt":
            yield WALL_BANDS[bisect_left(BANDS_US, microseconds)], 1
        elif clock == "lawful":
            yield LAWFUL_BANDS[bisect_left(BANDS_US, microseconds)], 1


def _times(story: Story, first: Attempt, decided: Instant, split: Parts) -> Iterator[tuple[Timed, int]]:
    yield "attempt", max(0, (first.at or 0) - decided)
    if first.lawful_ms >= 0:
        yield "lawful", first.lawful_ms * 1000
    live = story.first_live
    if live is not None:
        yield "contact", max(0, live - decided)
    yield "total", split.total


def _chain(story: Story, decided: Instant) -> Iterator[tuple[str, int]]:
    handed = [(one.at, one.channel) for one in story.handed.values() if one.at is not None and one.channel in TO_PEOPLE]
    if handed:
        mailed = min((at for at, channel in handed if channel == "email"), default=None)
        if mailed is not None:
            yield from _stage("email", decided, mailed)
        first = min(handed)[0]
        yield from _stage("system", story.received, first)
        # With nothing told of the receipt, the wait has no known beginning.
        yield from _stage("speed_to_lead", began(story) if _entered(story) else None, first)
    task = story.first_task if story.tasks and story.arm != HELD_BACK else None
    if task is not None:
        yield from _stage("task", decided, task)


def _entered(story: Story) -> bool:
    return story.received is not None or story.submitted is not None


def _stage(name: str, start: Instant | None, end: Instant) -> Iterator[tuple[str, int]]:
    if start is not None and abs(end - start) <= _LONGEST_US:
        yield name, end - start


def _held(story: Story, decided: Instant) -> Held:
    live = story.first_live
    converted = story.said.get("converted")
    return Held(
        arm=story.arm,
        delay_seconds=story.delay_seconds,
        attempted=story.first_attempt is not None,
        contacted=live is not None and live - decided <= CONTACT_DAYS * _DAY_US,
        converted=converted is not None and converted.at - decided <= CONVERSION_DAYS * _DAY_US,
    )
