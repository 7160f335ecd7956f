"""Gives work to teams that do not fetch it, takes back what agents let lie, and sees to what nobody can take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.routing.work import agent_store, queue_store, survey_store
from services.routing.work.agent import AgentNow
from services.routing.work.desk import Ranked, lend, ranked, sift
from services.routing.work.distribution import give
from services.routing.work.lawful import Hours
from services.routing.work.queue_store import QueuedTask
from services.routing.work.survey_store import Group
from services.routing.work.tasks import relieve
from services.routing.work.team_store import TeamReader, Teams, TeamTerms
from services.routing.work.work_events import Holding, task_assigned
from shared.db import outbox
from shared.db.failures import is_away, translated
from shared.db.pool import Pool
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)

#: Seconds between rounds, and between surveys; of many thousand open tasks a survey takes its time, so that it is
#: made less often then: at most one part of so many of the time goes into it.
ROUND_SECONDS = 0.5
_SURVEY_SECONDS = 2.0
_SURVEY_SHARE = 20
#: Tasks that one round gives to one team, and leases that it takes back.
_MOST_GIVEN = 64
_MOST_LAPSED = 200


class Dispatcher:
    """Goes round until told to stop. Any number may run, in any processes: each team is seen to by one at a time."""

    def __init__(self, pool: Pool, teams: TeamReader, hours: Hours, metrics: Metrics, clock: Clock) -> None:
        self._pool = pool
        self._teams = teams
        self._hours = hours
        self._metrics = metrics
        self._clock = clock
        self._queues: set[tuple[str, str]] = set()
        #: What the metrics say nobody can take, by team and reason.
        self._told: dict[tuple[str, str], int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Go round until `stop`; outages are waited out."""
        survey_at = 0.0
        while not stop.is_set():
            began = self._clock.monotonic()
            survey = began >= survey_at
            try:
                await self.round(survey=survey)
            except AppError as error:
                _log.warning("work was not seen to", **failure(error))
            except Exception as error:
                if not is_away(error):
                    raise
                _log.warning("work was not seen to", **failure(error))
            if survey:
                took = self._clock.monotonic() - began
                survey_at = began + max(_SURVEY_SECONDS, took * _SURVEY_SHARE)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ROUND_SECONDS)

    async def round(self, *, survey: bool = True) -> None:
        """Take back and give, and look after what is left, once.

        Args:
            survey: False: give to the queues that the survey before found; a survey reads every open task.
        """
        await self.take_back()
        for queue in self._queues:
            await self._give(*queue)
        if not survey:
            return
        found = await self._survey()
        if new := found.keys() - self._queues:
            for queue in new:
                await self._give(*queue)
            found = await self._survey()
        self._queues = set(found)
        left: dict[tuple[str, str], int] = {}
        for (buyer_id, team), groups in found.items():
            for group in await self._look_after(buyer_id, team, groups):
                left[team, group.reason] = left.get((team, group.reason), 0) + group.tasks
        self._tell(left)

    async def _survey(self) -> dict[tuple[str, str], list[Group]]:
        """What there is to give, by buyer and queue, queues that have become empty included."""
        async with translated(self._pool):
            found = await survey_store.groups(self._pool, self._clock.now())
            emptied = await survey_store.marked(self._pool) - found.keys()
        return {**found, **{queue: [] for queue in emptied}}

    async def take_back(self) -> int:
        """Put what agents who are not heard of have back into the queue; returns how many tasks."""
        now = self._clock.now()
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            lapsed = await queue_store.lapsed(conn, now, _MOST_LAPSED)
            if lapsed:
                await relieve(conn, lapsed, now)
        self._count("reclaimed", len(lapsed))
        return len(lapsed)

    async def _give(self, buyer_id: str, queue: str) -> None:
        now, teams = self._clock.now(), await self._teams.of(buyer_id)
        team = teams.terms(queue)
        if team.distribution == "pull" or not teams.open_now(queue):
            return
        async with translated(self._pool):
            agents = await agent_store.agents(self._pool, buyer_id, queue)
            if not _ready(agents, now, teams.zone):
                return
            waiting = await queue_store.look_for_anybody(self._pool, buyer_id, queue, now)
        best = ranked(waiting, now)[:_MOST_GIVEN]
        if not best:
            return
        lawful, _ = await sift(self._pool, self._hours, best, now)
        if lawful:
            await self._hand_out(buyer_id, team, teams, lawful, now)

    async def _hand_out(
        self, buyer_id: str, team: TeamTerms, teams: Teams, lawful: Sequence[Ranked], now: datetime
    ) -> None:
        given = 0
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            turns = await agent_store.turns(conn, buyer_id, team.slug)
            if turns is None:
                return
            agents = {one.agent.agent: one for one in await agent_store.locked_team(conn, buyer_id, team.slug)}
            for task in await queue_store.take_all(conn, buyer_id, [one.task.task_id for one in lawful], now):
                ready = _ready(list(agents.values()), now, teams.zone)
                one = give(team.distribution, ready, _takers(task, ready, now), turns, now)
                if one is None:
                    continue
                await lend(conn, task, one.agent, now)
                turns = one.turns
                agents.update({stands.agent.agent: stands for stands in one.present})
                given += 1
            await agent_store.turned(conn, buyer_id, team.slug, turns, list(agents.values()))
        self._count("assigned", given)

    async def _look_after(self, buyer_id: str, queue: str, groups: Sequence[Group]) -> list[Group]:
        """Note what nobody can take, and move on what has waited for so long that another team is to have it."""
        now, teams = self._clock.now(), await self._teams.of(buyer_id)
        terms = teams.terms(queue)
        moved: list[Any] = []
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            agents = await agent_store.agents(conn, buyer_id, queue)
            left = survey_store.judged(groups, queue, agents, teams, now)
            await survey_store.mark(conn, buyer_id, queue, left, now)
            if terms.fallback and left:
                since = now - timedelta(seconds=terms.fallback_seconds)
                moved = await survey_store.move_on(conn, buyer_id, queue, since, terms.fallback, now)
                await outbox.put(conn, [task_assigned(Holding.of(row, agent=""), now) for row in moved])
        if moved:
            _log.warning("work went to another team", buyer_id=buyer_id, team=queue, count=len(moved))
        self._count("moved_on", len(moved))
        return left

    def _tell(self, found: dict[tuple[str, str], int]) -> None:
        for team, reason in found.keys() - self._told.keys():
            count = found[team, reason]
            _log.warning("nobody can take the work", team=team, reason=reason, count=count)
        for team, reason in found.keys() | self._told.keys():
            tasks = self._metrics.gauge("leadline_tasks_unattended", team=team, reason=reason)
            tasks.set(found.get((team, reason), 0))
        self._told = found

    def _count(self, outcome: str, tasks: int) -> None:
        if tasks:
            self._metrics.counter("leadline_follow_ups_total", channel="task", outcome=outcome).inc(tasks)


def _ready(agents: Sequence[AgentNow], now: datetime, zone: str) -> list[AgentNow]:
    return [one for one in agents if not one.absence(now, zone)]


def _takers(task: QueuedTask, ready: Sequence[AgentNow], now: datetime) -> list[str]:
    """Who may have a task: not those who just let it go, unless nobody else is left; the last of them never at once."""
    fitting = [one.agent.agent for one in ready if one.agent.fits(task.need)]
    fresh = [agent for agent in fitting if not task.was_passed_by(agent, now)]
    if fresh:
        return fresh
    last = replace(task, passed_by=task.passed_by[-1:])
    return [agent for agent in fitting if not last.was_passed_by(agent, now)]
