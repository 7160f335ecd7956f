"""Reports on people's half: how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg

from services.reporting.periods import Window
from services.reporting.response import NUMBERS, WALL_BANDS, Timed
from services.reporting.response_sums import HELD_NUMBERS, Facet
from services.reporting.store import MOST_ROWS
from services.reporting.sums_store import of_windows, within
from shared.db.failures import translated
from shared.db.pool import Pool

Named = Literal["all", "seller", "source", "order", "team", "agent"]

_NAMES = ("seller", "source", "order_slug", "team", "agent")
_COLUMNS: Mapping[Named, tuple[str, ...]] = {
    "all": (),
    "seller": ("seller",),
    "source": ("seller", "source"),
    "order": ("order_slug",),
    "team": ("team",),
    "agent": ("team", "agent"),
}
#: Percentiles that every report tells.
_SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}

_ORIGIN = """one.side = $5 AND ($6 = '' OR one.seller = $6) AND ($7 = '' OR one.source = $7)
              AND ($8 = '' OR one.order_slug = $8) AND ($9 = '' OR one.team = $9)"""


def _sums(names: Sequence[str]) -> str:
    return ", ".join(f"sum(r.{name})::bigint AS {name}" for name in names)


def _ranked(held: str, by: Sequence[str]) -> str:
    """Percentiles by nearest rank of durations in buckets: of each group the first bucket that reaches the rank."""
    named = "".join(f"{name}, " for name in by)
    chosen = ", ".join(
        f"min(bucket) FILTER (WHERE seen >= ceil({share} * leads)) AS {name}" for name, share in _SHARES.items()
    )
    partition = f"PARTITION BY {', '.join(by)}" if by else ""
    return f"""
WITH held AS ({held}),
ranked AS (SELECT {named} bucket, sum(n) OVER ({partition} ORDER BY bucket) AS seen, sum(n) OVER ({partition}) AS leads
             FROM held)
SELECT {named} leads::bigint AS leads, {chosen} FROM ranked WHERE leads > 0 GROUP BY {named} leads
"""


_RESPONSE: Mapping[Named, str] = {
    by: f"""
SELECT {"".join(f"r.{name}, " for name in names)} {_sums(NUMBERS)}
  FROM {within("response", _ORIGIN)}
 {f"GROUP BY {', '.join(f'r.{name}' for name in names)}" if names else ""}
HAVING sum(r.leads) > 0 OR sum(r.held_back) > 0
 ORDER BY {", ".join(("sum(r.leads) DESC", *(f"r.{name}" for name in names)))} LIMIT {MOST_ROWS}
"""
    for by, names in _COLUMNS.items()
}
_TIMES: Mapping[Named, str] = {
    by: _ranked(
        f"""
    SELECT {"".join(f"r.{name}, " for name in names)} r.timed, bucket, sum(n) AS n
      FROM unnest($10::text[]) AS asked (timed)
           CROSS JOIN {within("response_time", f"one.timed = asked.timed AND {_ORIGIN}")}
           CROSS JOIN LATERAL unnest(r.buckets, r.counts) AS bucketed (bucket, n)
     GROUP BY {"".join(f"r.{name}, " for name in names)} r.timed, bucket HAVING sum(n) > 0""",
        (*names, "timed"),
    )
    for by, names in _COLUMNS.items()
}

_HEAT_NUMBERS = ("leads", "held_back", "attempted", "contacted", "attempts", "contacts", *WALL_BANDS)
_IN_FACET = """
 WHERE r.buyer_id = $1 AND r.facet = $2 AND r.source = $3 AND ($4 = '' OR r.seller = $4) AND r.order_slug = $5
   AND r.agent = $6 AND ($7 = '' OR r.team = $7)
   AND r.hour >= coalesce($8::timestamptz, '-infinity') AND r.hour < coalesce($9::timestamptz, 'infinity')
"""
_CELL = {
    "weekday": "extract(isodow FROM r.hour AT TIME ZONE $10::text)::int AS weekday",
    "hour": "extract(hour FROM r.hour AT TIME ZONE $10::text)::int AS hour",
}
#: Columns of a cell, by whether weekdays are told apart, and their numbers for GROUP BY.
_CELLS: Mapping[bool, tuple[str, ...]] = {True: ("weekday", "hour"), False: ("hour",)}
_FIRST: Mapping[bool, str] = {True: "1, 2", False: "1"}
_HEAT: Mapping[bool, str] = {
    weekdays: f"""
SELECT {", ".join(_CELL[name] for name in names)}, {_sums(_HEAT_NUMBERS)}
  FROM reporting.heat AS r {_IN_FACET}
 GROUP BY {_FIRST[weekdays]} ORDER BY {_FIRST[weekdays]}
"""
    for weekdays, names in _CELLS.items()
}
# The zone is reckoned with once an hour, before its buckets are taken apart.
_HEAT_TIMES: Mapping[bool, str] = {
    weekdays: _ranked(
        f"""
    SELECT {", ".join(names)}, bucket, sum(n) AS n
      FROM (SELECT {", ".join(_CELL[name] for name in names)}, r.buckets, r.counts
              FROM reporting.heat AS r {_IN_FACET} OFFSET 0) AS local
           CROSS JOIN LATERAL unnest(local.buckets, local.counts) AS bucketed (bucket, n)
     GROUP BY {", ".join(names)}, bucket HAVING sum(n) > 0""",
        names,
    )
    for weekdays, names in _CELLS.items()
}
_HELD = f"""
SELECT r.order_slug, r.delay_seconds, r.arm, {_sums(HELD_NUMBERS)}
  FROM {within("hold_out", "($5 = '' OR one.order_slug = $5)")}
 GROUP BY r.order_slug, r.delay_seconds, r.arm
HAVING sum(r.leads) > 0
"""
_REVISION = """
SELECT revision FROM catalog.snapshot WHERE buyer_id = $1 AND effective_at <= $2 ORDER BY revision DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Only these; empty: all."""

    seller: str = ""
    source: str = ""
    order: str = ""
    team: str = ""
    agent: str = ""


class ResponseStore:
    """Sums over stories, put together."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def response(
        self, buyer_id: str, windows: Sequence[Window], by: Named, only: Filter, timed: Sequence[Timed]
    ) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
        """Rows of `_RESPONSE`, the most leads first, and of `_TIMES`, in one snapshot."""
        side = "holder" if by == "agent" else "origin"
        arguments = (buyer_id, *of_windows(windows), side, only.seller, only.source, only.order, only.team)
        return await self._pair((_RESPONSE[by], arguments), (_TIMES[by], (*arguments, list(timed))))

    async def heat(
        self,
        buyer_id: str,
        facet: Facet,
        only: Filter,
        period: tuple[datetime | None, datetime | None],
        zone: str,
        *,
        weekdays: bool,
    ) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
        """Rows of `_HEAT` by hour of the day, and by weekday too if asked; and of `_HEAT_TIMES`, in one snapshot."""
        names = (only.source, only.seller, only.order, only.agent, only.team)
        arguments = (buyer_id, facet, *names, *period, zone)
        return await self._pair((_HEAT[weekdays], arguments), (_HEAT_TIMES[weekdays], arguments))

    async def held(self, buyer_id: str, windows: Sequence[Window], order: str) -> list[asyncpg.Record]:
        """Rows of `_HELD`."""
        async with translated(self._pool):
            return await self._pool.fetch(_HELD, buyer_id, *of_windows(windows), order)

    async def revision(self, buyer_id: str, at: datetime) -> int | None:
        """The buyer's catalog revision in force; None: there is no such buyer."""
        async with translated(self._pool):
            found: int | None = await self._pool.fetchval(_REVISION, buyer_id, at)
            return found

    async def _pair(
        self, *queries: tuple[str, tuple[object, ...]]
    ) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
        async with (
            translated(self._pool),
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            (one, arguments), (other, more) = queries
            return await connection.fetch(one, *arguments), await connection.fetch(other, *more)
