"""Who may be sent to now: places and a breaker for every lane, so that a slow one holds up its own only. Pure.

A lane is what shares one fate: a channel to people, over all buyers, or one receiver of one buyer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.routing.delivery.delivery import TO_PEOPLE, HandedOff, Outcome, Postponed, Refused
from shared.runtime.clock import Clock

BreakerState = Literal["closed", "open", "half_open"]

#: Longest that a receiver's own wish for peace holds back everything for it.
_LONGEST_PEACE = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTerms:
    """What holds for lanes of one kind.

    Attributes:
        places: deliveries at once.
        claim: most of one claim; a claim costs about the same whatever it brings, so none is made for fewer than half.
        failures: so many outages in a row open the breaker.
        pauses: seconds until the next probe, by how often it failed since; the last one repeats.
    """

    places: int
    claim: int
    failures: int
    pauses: tuple[float, ...]


PEOPLE = LaneTerms(places=100, claim=50, failures=1, pauses=(1.0, 5.0, 30.0))
SYSTEM = LaneTerms(places=8, claim=8, failures=5, pauses=(30.0, 60.0, 120.0, 300.0))
#: As many as contacts can be asked of at once.
FILE = LaneTerms(places=250, claim=250, failures=1, pauses=SYSTEM.pauses)


def terms_of(lane: str) -> LaneTerms:
    """The terms of a lane, by its name."""
    if ":" not in lane:
        return PEOPLE
    return FILE if lane.startswith("csv:") else SYSTEM


def lane_name(channel: str, buyer_id: str, receiver: str) -> str:
    """What shares one fate, as the column `lane` of `routing.delivery` has it."""
    return channel if channel in TO_PEOPLE else f"{channel}:{buyer_id}/{receiver}"


def buyer_of(lane: str) -> str:
    """Whose lane it is; empty: everybody's."""
    return lane.partition(":")[2].partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReport:
    """A lane's breaker, as people see it."""

    lane: str
    state: BreakerState
    #: Outages in a row.
    failures: int
    #: When it is probed next; None: closed.
    next_try_at: datetime | None
    #: Why the last try failed; empty: it did not.
    last_error: str


class Pause:
    """Nothing until its time is over, then one probe, then everything."""

    def __init__(self, clock: Clock, jitter: Callable[[], float], pauses: Sequence[float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._pauses = pauses
        self._until = 0.0
        #: How often a probe failed, the failure that began it included; 0: no pause.
        self.failures = 0

    @property
    def seconds_left(self) -> float:
        """Seconds until the next probe; 0 or less: now."""
        return self._until - self._clock.monotonic() if self.failures else 0.0

    @property
    def probing(self) -> bool:
        """True until something got through again."""
        return self.failures > 0

    def failed(self) -> None:
        """Something was away. Many failures of one moment count once."""
        if self.seconds_left <= 0:
            self.failures += 1
            nominal = self._pauses[min(self.failures, len(self._pauses)) - 1]
            self._until = self._clock.monotonic() + nominal * (0.8 + 0.4 * self._jitter())

    def resume(self, seconds: float) -> None:
        """Take up a pause that somebody else began, with so many seconds left."""
        self.failures, self._until = 1, self._clock.monotonic() + seconds

    def succeeded(self) -> None:
        """Something got through."""
        self.failures = 0


class _Lane:
    """One lane as one worker sees it."""

    def __init__(self, name: str, pause: Pause, clock: Clock) -> None:
        self.name = name
        self.terms = terms_of(name)
        self._clock = clock
        #: Until when its receiver asked for peace, monotonic; a success of something begun before does not end it.
        self._peace_until = 0.0
        self.under_way = 0
        #: True where the last claim brought all that was asked for: there may be more.
        self.more = False
        self.in_a_row = 0
        self.last_error = ""
        self.pause = pause

    @property
    def seconds_left(self) -> float:
        """Until something may be sent; 0 or less: now."""
        return max(self.pause.seconds_left, self._peace_until - self._clock.monotonic())

    @property
    def room(self) -> int:
        """How many may be claimed now."""
        if self.seconds_left > 0:
            return 0
        if self.pause.probing:
            return 0 if self.under_way else 1
        free = self.terms.places - self.under_way
        # Never for a few: the bench's first figure is claims a lead.
        return min(free, self.terms.claim) if free >= (self.terms.claim + 1) // 2 else 0

    @property
    def state(self) -> BreakerState:
        if self.seconds_left > 0:
            return "open"
        return "half_open" if self.pause.probing else "closed"

    def ended(self, outcome: Outcome | None) -> None:
        self.under_way -= 1
        match outcome:
            case Postponed(outage=True):
                self.in_a_row += 1
                self.last_error = outcome.error
                if self.in_a_row >= self.terms.failures:
                    self.pause.failed()
                peace = min(outcome.retry_after_seconds, _LONGEST_PEACE)
                self._peace_until = max(self._peace_until, self._clock.monotonic() + peace)
            case HandedOff() | Refused() | Postponed():
                # It answered, whatever it said.
                self.in_a_row = 0
                self.last_error = ""
                self.pause.succeeded()
            case _:
                pass


class Lanes:
    """All lanes of one worker."""

    def __init__(self, clock: Clock, jitter: Callable[[], float], *, places: int = 400) -> None:
        """`places`: deliveries at once over all lanes."""
        self._clock = clock
        self._jitter = jitter
        self._places = places
        self._lanes: dict[str, _Lane] = {}
        #: The lane that was served last; the next round begins behind it.
        self._last = ""
        self._changed: set[str] = set()

    @property
    def under_way(self) -> int:
        """Deliveries begun and not yet ended."""
        return sum(lane.under_way for lane in self._lanes.values())

    def rooms(self, due: Sequence[str], most: int | None = None) -> dict[str, int]:
        """How many to claim of each of these lanes now, in turns: whoever came too short is first next time."""
        left = self._places - self.under_way
        if most is not None:
            left = min(left, most)
        turn = [name for name in due if name > self._last] + [name for name in due if name <= self._last]
        rooms: dict[str, int] = {}
        for name in turn:
            room = min(self._lane(name).room, left)
            if room > 0:
                rooms[name] = room
                left -= room
                self._last = name
        return rooms

    def begun(self, asked: Mapping[str, int], claimed: Iterable[str]) -> bool:
        """Note what a claim brought, a name for each delivery; True where there may be more."""
        counts = dict.fromkeys(asked, 0)
        for name in claimed:
            counts[name] = counts.get(name, 0) + 1
        for name, count in counts.items():
            lane = self._lane(name)
            lane.under_way += count
            lane.more = count >= asked.get(name, 0)
        return any(self._lane(name).more for name in counts)

    def ended(self, name: str, outcome: Outcome | None) -> bool:
        """One delivery ended; None: nobody knows how. True where the lane has room for more that may be waiting."""
        lane = self._lane(name)
        before = lane.state
        lane.ended(outcome)
        if lane.state != before:
            self._changed.add(name)
        return lane.more and lane.room > 0

    def opened(self) -> list[str]:
        """Lanes whose breaker is not closed."""
        return [name for name, lane in self._lanes.items() if lane.state != "closed"]

    def changes(self) -> list[LaneReport]:
        """Lanes whose breaker changed since this was last asked."""
        changed, self._changed = self._changed, set()
        return [self._report(self._lanes[name]) for name in sorted(changed)]

    def not_told(self, reports: Iterable[LaneReport]) -> None:
        """These could not be passed on; `changes` brings them again."""
        self._changed |= {report.lane for report in reports}

    def adopt(self, reports: Iterable[LaneReport]) -> None:
        """Take over what an earlier worker found: an open lane is probed, not stormed."""
        now = self._clock.now()
        for report in reports:
            if report.state != "closed" and report.next_try_at is not None:
                lane = self._lane(report.lane)
                lane.in_a_row, lane.last_error = report.failures, report.last_error
                lane.pause.resume((report.next_try_at - now).total_seconds())

    def _lane(self, name: str) -> _Lane:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(name, Pause(self._clock, self._jitter, terms_of(name).pauses), self._clock)
        return lane

    def _report(self, lane: _Lane) -> LaneReport:
        until = self._clock.now() + timedelta(seconds=max(lane.seconds_left, 0.0))
        return LaneReport(
            lane=lane.name,
            state=lane.state,
            failures=lane.in_a_row,
            next_try_at=None if lane.state == "closed" else until,
            last_error=lane.last_error,
        )
