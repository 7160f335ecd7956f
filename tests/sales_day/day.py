"""The day itself: what happens next, until it is over."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from services.routing.sla.worker import BATCH
from services.routing.work.calls import Ending
from services.routing.work.desk import Ranked
from services.routing.work.outcome import Disposition
from shared.rpc.errors import WrongState
from tests.sales_day.floor import Floor
from tests.sales_day.reckoning import Bought, Dialled
from tests.sales_day.roster import BEGINS, BUYER, ENDS, Coming, Shift

Happening = Callable[[], Coroutine[object, object, None]]

#: Clocks are looked at on a grid of so many seconds, leads are scheduled on it, and agents look up.
GRID = timedelta(seconds=5)
_LUNCH = timedelta(minutes=30)
_SIGN_OF_LIFE = timedelta(seconds=80)
_TAKE_BACK = timedelta(seconds=60)
_ROUND = timedelta(minutes=15)


@dataclass
class Person:
    """An agent on this day."""

    shift: Shift
    idle: bool = False
    #: What the agent has, not called yet.
    at_hand: Ranked | None = None
    had_lunch: bool = False
    gone: bool = False
    #: Takes the next task along into nowhere.
    leaving: bool = False


@dataclass
class Log:
    """What an honest bookkeeper writes down."""

    bought: list[Bought] = field(default_factory=list)
    dialled: list[Dialled] = field(default_factory=list)
    #: Tasks that were taken from agents who vanished.
    reclaimed: int = 0
    #: The most tasks at once that nobody could take.
    nobody_could: int = 0


class SalesDay:
    """Plays a day on a floor."""

    def __init__(self, floor: Floor, shifts: Sequence[Shift], leads: Sequence[Coming], seed: int) -> None:
        self.log = Log()
        self._floor = floor
        self._draw = Random(seed)
        self._people = {shift.agent: Person(shift) for shift in shifts}
        self._teams: dict[str, list[Person]] = defaultdict(list)
        for person in self._people.values():
            self._teams[person.shift.team].append(person)
        self._coming = list(leads)
        self._agenda: list[tuple[datetime, int, Happening]] = []
        self._number = 0
        self._look_at: datetime | None = None

    async def play(self) -> None:
        """From morning to morning."""
        for person in self._people.values():
            self._plan(person.shift.begins, lambda person=person: self._begin(person))  # type: ignore[misc]
        for slot in sorted({_slot(lead.at) for lead in self._coming}):
            self._plan(slot, self._leads_come)
        self._plan(BEGINS + _TAKE_BACK, self._take_back)
        # A round takes back as well, and does not say how much: it comes a little after.
        self._plan(BEGINS + _ROUND + GRID, self._round)
        while self._agenda and self._agenda[0][0] < ENDS:
            # A look may wake somebody up, who then is next.
            if not await self._looked(until=self._agenda[0][0]):
                at, _, happens = heapq.heappop(self._agenda)
                self._go_on(at)
                await happens()
        while await self._looked(until=ENDS):
            pass
        self._go_on(ENDS)

    def _go_on(self, at: datetime) -> None:
        assert at >= self._floor.clock.now(), "time runs forward"
        self._floor.clock.jump(at)

    def _plan(self, at: datetime, happens: Happening) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (at, self._number, happens))

    def _in(self, seconds: float, happens: Happening) -> None:
        at = self._floor.clock.now() + timedelta(milliseconds=round(seconds * 1000))
        self._plan(at, happens)

    async def _looked(self, until: datetime) -> bool:
        """The worker's next look, on the grid, where it comes before the next happening."""
        if self._look_at is None or (at := _slot(self._look_at)) > until:
            return False
        self._go_on(at)
        told = len(self._floor.heard.alerts)
        while await self._floor.worker.step() == BATCH:
            pass
        await self._clocks_moved()
        if any(alert.point == "escalated" for alert in self._floor.heard.alerts[told:]):
            self._call_out("rescue")
        return True

    async def _clocks_moved(self) -> None:
        found = await self._floor.clocks.next_look()
        self._look_at = None if found is None else max(found, self._floor.clock.now())

    async def _leads_come(self) -> None:
        now = self._floor.clock.now()
        here = [lead for lead in self._coming if lead.at <= now]
        self._coming = [lead for lead in self._coming if lead.at > now]
        await self._floor.buy(here)
        for lead in here:
            self.log.bought.append(Bought(lead_id=lead.lead_id, order=lead.order, team=lead.team, at=lead.at))
            self._call_out(lead.team)
        await self._clocks_moved()

    def _call_out(self, team: str) -> None:
        """Wake one who has nothing to do."""
        resting = [one for one in self._teams[team] if one.idle and not one.gone]
        if resting:
            person = self._draw.choice(resting)
            person.idle = False
            self._in(self._draw.uniform(1, 4), lambda: self._next(person))

    async def _begin(self, person: Person) -> None:
        shift = person.shift
        if shift.sick:
            person.gone = True
            await self._floor.staff(shift.agent, shift.team, "away")
            return
        await self._floor.staff(shift.agent, shift.team, "available")
        self._plan(shift.ends, lambda: self._wake(person))
        self._plan(shift.lunch, lambda: self._wake(person))
        if shift.goes_home is not None:
            self._plan(shift.goes_home, lambda: self._go_home(person))
        if shift.vanishes is not None:
            self._plan(shift.vanishes, lambda: self._leave(person))
        await self._next(person)

    async def _wake(self, person: Person) -> None:
        if person.idle and not person.gone:
            person.idle = False
            await self._next(person)

    async def _next(self, person: Person) -> None:
        """Fetch the next call, or go to lunch, or home."""
        now, shift = self._floor.clock.now(), person.shift
        if person.gone:
            return
        if now >= shift.ends:
            person.gone = True
            await self._floor.staff(shift.agent, shift.team, "away")
            return
        if now >= shift.lunch and not person.had_lunch:
            person.had_lunch = True
            await self._floor.staff(shift.agent, shift.team, "paused")
            self._in(_LUNCH.total_seconds(), lambda: self._back(person))
            return
        got = await self._floor.desk.claim(BUYER, shift.agent)
        if not isinstance(got, Ranked):
            person.idle = True
            return
        person.at_hand = got
        if person.leaving:
            person.gone = True
            return
        self._in(self._draw.uniform(5, 25), lambda: self._dial(person))

    async def _back(self, person: Person) -> None:
        if not person.gone:
            await self._floor.staff(person.shift.agent, person.shift.team, "available")
            await self._next(person)

    async def _dial(self, person: Person) -> None:
        task, person.at_hand = person.at_hand, None
        if task is None or person.gone:
            return
        attempt_id, agent = UUID(int=self._draw.getrandbits(128)), person.shift.agent
        try:
            answer = await self._floor.calls.begin(BUYER, attempt_id, agent, task.task.task_id)
        except WrongState:
            # It was taken away meanwhile: its clock ran out.
            await self._next(person)
            return
        assert answer.allowed
        self.log.dialled.append(Dialled(lead_id=task.task.lead_id, agent=agent, at=self._floor.clock.now()))
        await self._clocks_moved()
        live = self._draw.random() < 0.35
        seconds = self._draw.uniform(60, 300) if live else self._draw.uniform(15, 50)
        signs = int(seconds // _SIGN_OF_LIFE.total_seconds())
        for number in range(signs):
            self._in((number + 1) * _SIGN_OF_LIFE.total_seconds(), lambda: self._sign_of_life(person))
        self._in(seconds, lambda: self._hang_up(person, task, attempt_id, live, int(seconds)))

    async def _sign_of_life(self, person: Person) -> None:
        await self._floor.desk.heartbeat(BUYER, person.shift.agent)

    async def _hang_up(self, person: Person, task: Ranked, attempt_id: UUID, live: bool, seconds: int) -> None:
        now = self._floor.clock.now()
        await self._floor.calls.end(
            BUYER, Ending(attempt_id=attempt_id, ended_at=now, live=live, seconds=seconds if live else 0)
        )
        said = Disposition(
            disposition_id=UUID(int=self._draw.getrandbits(128)),
            lead_id=task.task.lead_id,
            task_id=task.task.task_id,
            disposition="contacted" if live else "no_answer",
            at=now,
            agent=person.shift.agent,
        )
        await self._floor.dispositions.say(BUYER, said)
        self._in(self._draw.uniform(5, 20), lambda: self._next(person))

    async def _go_home(self, person: Person) -> None:
        person.gone = True
        if person.at_hand is not None:
            await self._floor.desk.decline(BUYER, person.shift.agent, person.at_hand.task.task_id)
            self._call_out(person.shift.team)
        await self._floor.staff(person.shift.agent, person.shift.team, "away")

    async def _leave(self, person: Person) -> None:
        person.leaving = True

    async def _take_back(self) -> None:
        taken = await self._floor.dispatcher.take_back()
        self.log.reclaimed += taken
        for team in self._teams if taken else ():
            self._call_out(team)
        self._in(_TAKE_BACK.total_seconds(), self._take_back)

    async def _round(self) -> None:
        await self._floor.dispatcher.round()
        self.log.nobody_could = max(self.log.nobody_could, await self._floor.unattended_tasks())
        self._in(_ROUND.total_seconds(), self._round)


def _slot(at: datetime) -> datetime:
    """The first instant of the grid after one."""
    return BEGINS + ((at - BEGINS) // GRID + 1) * GRID
