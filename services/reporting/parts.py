"""Where the time from a person's submit to the first real attempt went. Pure.

The marks of a lead are put in the order of the chain and each is held between the one before it and the attempt, so
that the parts are never negative and add up to the whole, exactly, whatever clocks disagreed.
"""

from __future__ import annotations

from typing import NamedTuple

from services.reporting.projector import LONGEST
from services.reporting.story import Instant, Story

_SECOND_US = 1_000_000
_LONGEST_US = LONGEST.total_seconds() * _SECOND_US
HELD_BACK = "held_back"


class Parts(NamedTuple):
    """Microseconds of each part.

    Attributes:
        seller: Submitted to received.
        system: Received to decided, and from there, or from the end of a hold-out's delay, until there was a task.
        held_back: The delay that a hold-out chose.
        waiting: From the task until an agent first had it; to the attempt where nobody was given it before.
        human: From there to the attempt.
    """

    seller: int
    system: int
    held_back: int
    waiting: int
    human: int

    @property
    def total(self) -> int:
        """Submitted, else received, to the first real attempt."""
        return sum(self)


def began(story: Story) -> Instant | None:
    """When the person began to wait: at the submit, unless the seller's clock puts it after we had the lead, or
    further back than can be meant; then when we had it."""
    received = story.received if story.received is not None else story.decided
    if received is None or story.submitted is None or received - story.submitted > _LONGEST_US:
        return received
    return min(story.submitted, received)


def skew(story: Story) -> int:
    """Microseconds by which the seller's clock was ahead of ours, as far as the lead shows it; 0: it was not."""
    if story.submitted is None or story.received is None:
        return 0
    return max(0, story.submitted - story.received)


def parts(story: Story) -> Parts | None:
    """Where the time went; None before the first real attempt, or where the purchase is not known yet."""
    attempt, start, decided = story.first_attempt, began(story), story.decided
    if attempt is None or attempt.at is None or start is None or decided is None:
        return None
    held_until = decided + (story.delay_seconds * _SECOND_US if story.arm == HELD_BACK else 0)
    end = max(attempt.at, start)
    mark, marks = start, []
    for told in (
        story.received if story.received is not None else decided,
        decided,
        held_until,
        story.first_task,
        story.first_assigned if story.first_assigned is not None else end,
        end,
    ):
        mark = mark if told is None else min(max(told, mark), end)
        marks.append(mark)
    received, decided, held_until, ready, assigned, end = marks
    return Parts(
        seller=received - start,
        system=(decided - received) + (ready - held_until),
        held_back=held_until - decided,
        waiting=assigned - ready,
        human=end - assigned,
    )
