"""What the catalog in force says of the teams who call."""

from __future__ import annotations

from dataclasses import dataclass

from services.routing.work.agent import ALWAYS, works_at
from services.routing.work.distribution import Distribution
from shared.catalog.buying import Schedule
from shared.catalog.sales import Team
from shared.catalog.snapshot import CatalogReader
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.runtime.clock import Clock

_IN_FORCE = """
SELECT revision FROM catalog.snapshot WHERE buyer_id = $1 AND effective_at <= $2 ORDER BY revision DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class TeamTerms:
    """One team at work. A team that the catalog does not know, or none, works at all hours and fetches its calls."""

    slug: str
    distribution: Distribution = "pull"
    fallback: str = ""
    fallback_seconds: int = 0
    schedule: Schedule = ALWAYS


class Teams:
    """The teams of one buyer."""

    def __init__(self, zone: str, teams: tuple[Team, ...], clock: Clock) -> None:
        self.zone = zone
        self._clock = clock
        self._terms = {
            team.slug: TeamTerms(
                team.slug, team.distribution, team.fallback or "", team.fallback_seconds, team.schedule
            )
            for team in teams
        }

    @property
    def slugs(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._terms)

    def knows(self, slug: str) -> bool:
        """True where the catalog has the team."""
        return slug in self._terms

    def terms(self, slug: str) -> TeamTerms:
        """One team's."""
        return self._terms.get(slug) or TeamTerms(slug)

    def open_now(self, slug: str) -> bool:
        """True within a team's business hours."""
        return works_at(self.terms(slug).schedule, self.zone, self._clock.now())


class TeamReader:
    """Reads teams by the catalog in force: hours and ways of giving work change for tasks that wait, too."""

    def __init__(self, pool: Pool, catalogs: CatalogReader, clock: Clock) -> None:
        self._pool = pool
        self._catalogs = catalogs
        self._clock = clock

    async def of(self, buyer_id: str) -> Teams:
        """The teams of a buyer. Raises NotFound where there is no such buyer."""
        async with translated(self._pool):
            revision = await self._pool.fetchval(_IN_FORCE, buyer_id, self._clock.now())
        view = await self._catalogs.get(buyer_id, revision or 0)
        return Teams(view.buyer.time_zone, view.catalog.teams, self._clock)
