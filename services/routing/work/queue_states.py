"""How queues stand at this moment, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.work import agent_store, survey_store
from services.routing.work.agent import Unattended
from services.routing.work.distribution import Distribution
from services.routing.work.survey_store import Counts, Group
from services.routing.work.team_store import TeamReader
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.runtime.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """Tasks that nobody can take, for one reason."""

    reason: Unattended
    tasks: int
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """One queue; see TeamQueue."""

    counts: Counts
    distribution: Distribution
    open_now: bool
    agents_ready: int
    agents: int
    unattended: tuple[LeftOver, ...]


class QueueStates:
    """Looks at queues."""

    def __init__(self, pool: Pool, teams: TeamReader, clock: Clock) -> None:
        self._pool = pool
        self._teams = teams
        self._clock = clock

    async def of(self, buyer_id: str, team: str = "") -> list[QueueStanding]:
        """One team's queue or (empty) every team's, and that of tasks for nobody in particular where there are any."""
        teams = await self._teams.of(buyer_id)
        now = self._clock.now()
        async with translated(self._pool), self._pool.acquire() as conn:
            counted = await survey_store.counts(conn, buyer_id, team, now)
            groups = await survey_store.groups(conn, now, buyer_id, team or None)
            everybody = await agent_store.agents(conn, buyer_id)
            names = [team] if team else sorted({*teams.slugs, *counted})
            standings = []
            for name in names:
                counts = counted.get(name) or Counts(queue=name)
                mine = [one for one in everybody if name in ("", one.agent.team)]
                left = survey_store.judged(groups.get((buyer_id, name), []), name, mine, teams, now)
                standings.append(
                    QueueStanding(
                        counts=counts,
                        distribution=teams.terms(name).distribution,
                        open_now=teams.open_now(name),
                        agents_ready=sum(not one.absence(now, teams.zone) for one in mine),
                        agents=len(mine),
                        unattended=_left_over(left, counts),
                    )
                )
        return standings


def _left_over(left: Sequence[Group], counts: Counts) -> tuple[LeftOver, ...]:
    by_reason: dict[Unattended, list[Group]] = defaultdict(list)
    for group in left:
        by_reason[group.reason].append(group)
    found = [
        LeftOver(
            reason=reason,
            tasks=sum(one.tasks for one in some),
            since=min((one.since for one in some if one.since is not None), default=None),
            until=min((one.until for one in some if one.until is not None), default=None),
        )
        for reason, some in by_reason.items()
    ]
    if counts.unlawful:
        found.append(
            LeftOver(
                reason="not_lawful_now",
                tasks=counts.unlawful,
                since=counts.unlawful_since,
                until=counts.unlawful_until,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.tasks, one.reason)))
