"""Where agents fetch their calls, keep them, and give them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.work import agent_store, queue_store
from services.routing.work.agent import LEASE, Agent, AgentNow, next_work
from services.routing.work.lawful import Hours
from services.routing.work.queue_store import QueuedTask, queued
from services.routing.work.score import Score, score
from services.routing.work.tasks import cancel_tasks, relieve
from services.routing.work.team_store import TeamReader, Teams
from services.routing.work.work_events import Holding, task_assigned
from shared.db import outbox
from shared.db.failures import translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import NotFound, RaceLost, WrongState
from shared.runtime.clock import Clock

#: Tasks whose hours are asked for at once; of these an agent gets the best that nobody else is taking.
AHEAD = 16
#: Rounds in which others were always faster, or no hour was lawful, after which the caller is sent away to ask again.
_ROUNDS = 40

#: Tasks among which the best are shown.
_LISTED = 1000
#: Why leads end whose person nobody may ever call, or whose data is gone.
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A task, and its place."""

    task: QueuedTask
    score: Score


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no work, and why; see ClaimTaskResponse."""

    why: str
    not_before: datetime | None = None


def ranked(tasks: Sequence[QueuedTask], now: datetime) -> list[Ranked]:
    """Tasks in the order in which they should be done."""
    scored = [Ranked(task, score(task.waiting, now)) for task in tasks]
    return sorted(scored, key=lambda one: (-one.score.total, one.task.waiting.due_at, one.task.task_id))


class Desk:
    """Lends tasks to agents. Any number of processes may do so at once."""

    def __init__(self, pool: Pool, teams: TeamReader, hours: Hours, clock: Clock) -> None:
        self._pool = pool
        self._teams = teams
        self._hours = hours
        self._clock = clock

    async def put_agent(self, agent: Agent) -> None:
        """Add an agent, or change one; who goes away leaves their tasks to the queue.

        Raises:
            NotFound: the catalog does not know the team.
        """
        if not (await self._teams.of(agent.buyer_id)).knows(agent.team):
            raise NotFound(f"team {agent.team} is not in the catalog")
        now = self._clock.now()
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            await agent_store.put(conn, agent, now)
            if agent.state == "away":
                await relieve(conn, [task.task_id for task in await queue_store.held_by(conn, agent)], now)

    async def agents(self, buyer_id: str, team: str) -> tuple[list[AgentNow], Teams]:
        """Agents of a team (empty: of all), and the teams."""
        teams = await self._teams.of(buyer_id)
        async with translated(self._pool):
            return await agent_store.agents(self._pool, buyer_id, team), teams

    async def claim(self, buyer_id: str, agent: str, task_id: UUID | None = None) -> Ranked | Nothing:
        """Lend an agent the next best task, or a certain one.

        Raises:
            NotFound: there is no such agent, or no such task.
            WrongState: the task that is asked for is not to be had.
            Unavailable: whether calls are lawful cannot be known now.
        """
        teams = await self._teams.of(buyer_id)
        held_up: datetime | None = None
        for _ in range(_ROUNDS):
            now = self._clock.now()
            who = await self._present(buyer_id, agent, teams, now)
            if isinstance(who, Nothing):
                return who
            if task_id is None and teams.terms(who.agent.team).distribution != "pull":
                return Nothing("given_by_the_team")
            best = await self._best(who.agent, task_id, now)
            if not best:
                return self._nothing(task_id, held_up) if held_up else await self._why_nothing(who.agent, now)
            lawful, until = await sift(self._pool, self._hours, best[:AHEAD], now)
            held_up = min((at for at in (held_up, until) if at is not None), default=None)
            if lawful and (taken := await self._take(who.agent, lawful, teams, now)) is not None:
                return taken
            if task_id is not None:
                return self._nothing(task_id, held_up)
        raise RaceLost("others were faster every time; ask again")

    async def heartbeat(self, buyer_id: str, agent: str) -> list[QueuedTask]:
        """Note that an agent is there; returns what the agent has. Raises NotFound."""
        now = self._clock.now()
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            if not await agent_store.seen(conn, buyer_id, agent, now):
                raise NotFound("there is no such agent")
            return await queue_store.renew(conn, buyer_id, agent, now)

    async def decline(self, buyer_id: str, agent: str, task_id: UUID) -> None:
        """Give a task back. Raises NotFound where there is none; nothing happens where the agent does not have it."""
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            task = await queue_store.task_of(conn, buyer_id, task_id, lock=True)
            if task is None:
                raise NotFound("there is no such task")
            if task.agent == agent:
                await relieve(conn, [task_id], self._clock.now())

    async def queue(self, buyer_id: str, team: str, limit: int) -> list[Ranked]:
        """What is open, waits or is held, the best first; of long queues, of the thousand that are due first."""
        async with translated(self._pool):
            tasks = await queue_store.listed(self._pool, buyer_id, team, max(limit, _LISTED))
        return ranked(tasks, self._clock.now())[:limit]

    async def _present(self, buyer_id: str, agent: str, teams: Teams, now: datetime) -> AgentNow | Nothing:
        async with translated(self._pool), self._pool.acquire() as conn:
            if not await agent_store.seen(conn, buyer_id, agent, now):
                raise NotFound("there is no such agent")
            who = await agent_store.agent_of(conn, buyer_id, agent)
        if who is None:
            raise NotFound("there is no such agent")
        return _absent(who, teams, now) or who

    async def _best(self, agent: Agent, task_id: UUID | None, now: datetime) -> list[Ranked]:
        async with translated(self._pool):
            if task_id is None:
                return ranked(await queue_store.look(self._pool, agent, now), now)
            task = await queue_store.task_of(self._pool, agent.buyer_id, task_id)
        if task is None:
            raise NotFound("there is no such task")
        if task.queue not in (agent.team, ""):
            raise WrongState("the task is in another team's queue")
        if not agent.fits(task.need):
            raise WrongState("the task asks for a licence or a skill that the agent does not have")
        if task.agent == agent.agent:
            raise WrongState("the agent has the task already")
        return ranked([task], now)

    async def _take(
        self, agent: Agent, lawful: Sequence[Ranked], teams: Teams, now: datetime
    ) -> Ranked | Nothing | None:
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            who = await agent_store.locked(conn, agent.buyer_id, agent.agent)
            if who is None or (absent := _absent(who, teams, now)):
                return Nothing("away") if who is None else absent
            ids = [one.task.task_id for one in lawful]
            free = await queue_store.take_first(conn, agent.buyer_id, ids, now)
            if free is None:
                return None
            given = await lend(conn, free, agent.agent, now)
        scores = {one.task.task_id: one.score for one in lawful}
        return Ranked(given, scores[given.task_id])

    async def _why_nothing(self, agent: Agent, now: datetime) -> Nothing:
        async with translated(self._pool):
            others = await queue_store.look_for_anybody(self._pool, agent.buyer_id, agent.team, now)
            at, lawful_at = await queue_store.next_times(self._pool, agent.buyer_id, agent.team, now)
        if others:
            return Nothing("none_suitable")
        return Nothing("queue_empty", at) if lawful_at is None else Nothing("not_lawful_now", lawful_at)

    def _nothing(self, task_id: UUID | None, until: datetime | None) -> Nothing:
        if task_id is not None and until is None:
            raise WrongState("the task is not to be had: somebody has it, or it has ended")
        return Nothing("not_lawful_now", until)


async def sift(pool: Pool, hours: Hours, best: Sequence[Ranked], now: datetime) -> tuple[list[Ranked], datetime | None]:
    """Those of one buyer's tasks that may be called now, and when the first of the others may.

    The others are kept back until then; where nobody may ever call, they end.
    """
    buyer_id = best[0].task.buyer_id
    judged = await hours.judge(buyer_id, [one.task.lead_id for one in best], now)
    lawful = [one for one in best if judged[one.task.lead_id].now]
    held_up = [(one.task, judged[one.task.lead_id].not_before) for one in best if not judged[one.task.lead_id].now]
    later = [(task.task_id, at) for task, at in held_up if at is not None]
    if held_up:
        async with translated(pool), pool.acquire() as conn, conn.transaction():
            await queue_store.postpone(conn, buyer_id, later, now)
            await cancel_tasks(conn, buyer_id, [task.lead_id for task, at in held_up if at is None], UNREACHABLE, now)
    return lawful, min((at for _, at in later), default=None)


async def lend(conn: Connection, task: QueuedTask, agent: str, now: datetime) -> QueuedTask:
    """Give a locked task to an agent, and tell so; both are in the caller's transaction."""
    row = await queue_store.assign(conn, task, agent, now)
    await outbox.put(conn, [task_assigned(Holding.of(row, agent=agent), now)])
    return queued(row)


def _absent(who: AgentNow, teams: Teams, now: datetime) -> Nothing | None:
    absence = who.absence(now, teams.zone)
    if absence == "off_shift":
        return Nothing(absence, next_work(who.agent.shifts, teams.zone, now))
    if absence:
        return Nothing(absence)
    if not teams.open_now(who.agent.team):
        return Nothing("team_closed", next_work(teams.terms(who.agent.team).schedule, teams.zone, now))
    return None


#: Seconds within which an agent is expected to be heard of again: a lease survives one sign that is lost.
HEARTBEAT_SECONDS = int(LEASE.total_seconds() // 3)
