"""How well agreements were kept, counted in Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import asyncpg

from shared.catalog.snapshot import CatalogReader
from shared.db.failures import translated
from shared.db.pool import Pool

Grouping = Literal["all", "order", "team", "agent", "day", "source"]

_KEYS: Final[dict[Grouping, str]] = {
    "all": "''",
    "order": "order_slug",
    "team": "team",
    "agent": "agent",
    "day": "to_char(started_at AT TIME ZONE $7, 'YYYY-MM-DD')",
    "source": "source",
}

#: `services.routing.sla.clock.RunningClock.standing`, in SQL. $4: now.
_STANDING = """
CASE
    WHEN excused_at <= due_at AND (attempt_at IS NULL OR excused_at <= attempt_at) THEN 'excused'
    WHEN attempt_at <= due_at THEN 'met'
    WHEN attempt_at IS NOT NULL THEN 'late'
    WHEN $4 <= due_at THEN 'running'
    ELSE 'never'
END
"""

_PERCENTILES = "percentile_disc(ARRAY[0.5, 0.9, 0.99, 1]) WITHIN GROUP (ORDER BY {0}) FILTER (WHERE {0} IS NOT NULL)"
#: $7, the zone, is named so that every grouping takes the same parameters.
_REPORT = f"""
SELECT {{key}} AS key, count(*) AS clocks,
       count(*) FILTER (WHERE standing = 'met') AS met, count(*) FILTER (WHERE standing = 'late') AS late,
       count(*) FILTER (WHERE standing = 'never') AS never, count(*) FILTER (WHERE standing = 'running') AS running,
       count(*) FILTER (WHERE standing = 'excused') AS excused,
       {_PERCENTILES.format("agreed")} AS agreed, {_PERCENTILES.format("wall")} AS wall
FROM (
    SELECT *, {_STANDING} AS standing,
           CASE WHEN attempt_at IS NOT NULL THEN clock_milliseconds END AS agreed,
           CASE WHEN attempt_at IS NOT NULL THEN
               trunc(extract(epoch FROM greatest(attempt_at - started_at, interval '0')) * 1000)::bigint
           END AS wall
    FROM routing.sla
    WHERE buyer_id = $1 AND started_at >= $2 AND started_at < $3 AND ($5 = '' OR team = $5)
      AND ($6 = '' OR order_slug = $6) AND $7 <> ''
) AS s
GROUP BY 1 ORDER BY 1
"""

_IN_FORCE = """
SELECT revision FROM catalog.snapshot WHERE buyer_id = $1 AND effective_at <= now() ORDER BY revision DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Nearest-rank percentiles, milliseconds; zeroes where there is no value."""

    p50: int = 0
    p90: int = 0
    p99: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One row. Every clock is in one of the five counts; percentiles are of those that were called."""

    key: str
    clocks: int
    met: int
    late: int
    never: int
    running: int
    excused: int
    agreed: Percentiles
    wall: Percentiles


class SlaReports:
    """Reads reports. Raises Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now."""

    def __init__(self, pool: Pool, catalogs: CatalogReader) -> None:
        self._pool = pool
        self._catalogs = catalogs

    async def zone(self, buyer_id: str) -> str:
        """The buyer's time zone, by the catalog in force. Raises NotFound where there is none."""
        async with translated(self._pool):
            revision: int | None = await self._pool.fetchval(_IN_FORCE, buyer_id)
        return (await self._catalogs.get(buyer_id, revision or 0)).buyer.time_zone

    async def report(
        self,
        buyer_id: str,
        since: datetime,
        to: datetime,
        by: Grouping,
        *,
        now: datetime,
        zone: str,
        team: str = "",
        order: str = "",
    ) -> list[ReportRow]:
        """Clocks that began from `since` until before `to`, as they stand at `now`; `zone`: whose days are meant."""
        query = _REPORT.format(key=_KEYS[by])
        async with translated(self._pool):
            rows = await self._pool.fetch(query, buyer_id, since, to, now, team, order, zone)
        return [_row(row) for row in rows]


def _row(row: asyncpg.Record) -> ReportRow:
    counts = {name: row[name] for name in ("key", "clocks", "met", "late", "never", "running", "excused")}
    agreed, wall = (Percentiles(*row[name]) if row[name] else Percentiles() for name in ("agreed", "wall"))
    return ReportRow(**counts, agreed=agreed, wall=wall)
