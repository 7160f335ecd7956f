"""The read model's sums over decisions and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

import asyncpg

from services.reporting.periods import SPANS, floor, windows
from services.reporting.projector import FunnelCounts, Increments, ReasonCounts, SpeedCounts
from services.reporting.sums_store import adding, array, arrays, of_windows, within, write
from shared.db import outbox
from shared.db.failures import translated
from shared.db.outbox import Backlog
from shared.db.pool import Connection, Pool, ping

CONSUMER = "reporting"
#: The most rows that a report answers with; the largest come first.
MOST_ROWS = 5000

Grouping = Literal["all", "seller", "source", "sub_source", "order"]

_Counts = TypeVar("_Counts", FunnelCounts, ReasonCounts, SpeedCounts)
_FUNNEL_NUMBERS = tuple(number.name for number in fields(FunnelCounts))
_FUNNEL_KEY = (
    "buyer_id", "span", "starts_at", "seller", "source", "sub_source", "order_slug", "order_version", "currency",
)  # fmt: skip
_REASON_KEY = ("buyer_id", "span", "starts_at", "seller", "source", "sub_source", "order_slug", "code")
_SPEED_KEY = ("buyer_id", "span", "starts_at", "seller", "source", "stage")
_SPEED_NUMBERS = ("leads", "total_us", "skewed")
_ADD_FUNNEL = adding("funnel", _FUNNEL_KEY, _FUNNEL_NUMBERS, buckets=False)
_ADD_REASONS = adding("reason", _REASON_KEY, ("leads",), buckets=False)
_ADD_SPEED = adding("speed", _SPEED_KEY, _SPEED_NUMBERS, buckets=True)

_OF_SELLER = "($5 = '' OR one.seller = $5) AND ($6 = '' OR one.source = $6)"
_COLUMNS: Mapping[Grouping, tuple[str, ...]] = {
    "all": (),
    "seller": ("seller",),
    "source": ("seller", "source"),
    "sub_source": ("seller", "source", "sub_source"),
    "order": ("order_slug",),
}
_NAMES = ("seller", "source", "sub_source", "order_slug")


def _named(grouping: Grouping) -> str:
    return ", ".join(name if name in _COLUMNS[grouping] else f"'' AS {name}" for name in _NAMES)


def _grouped(grouping: Grouping, *more: str) -> str:
    return ", ".join((*_COLUMNS[grouping], *more))


_MONEY = ", ".join(
    f"sum({name}_minor)::bigint AS {name}_minor" for name in ("spend", "credited", "fees", "adjusted", "held")
)
_FUNNEL: Mapping[Grouping, str] = {
    grouping: f"""
SELECT {_named(grouping)}, currency, sum(submitted)::bigint AS submitted, sum(accepted)::bigint AS accepted,
       {_MONEY}
  FROM {within("funnel", _OF_SELLER)}
 GROUP BY {_grouped(grouping, "currency")}
 ORDER BY sum(spend_minor) DESC, sum(submitted) DESC, {_grouped(grouping, "currency")} LIMIT {MOST_ROWS}
"""
    for grouping in _COLUMNS
}
_REASONS: Mapping[Grouping, str] = {
    grouping: f"""
SELECT {_named(grouping)}, code, sum(leads)::bigint AS leads
  FROM {within("reason", _OF_SELLER)}
 GROUP BY {_grouped(grouping, "code")}
 ORDER BY sum(leads) DESC, {_grouped(grouping, "code")} LIMIT {MOST_ROWS}
"""
    for grouping in _COLUMNS
}
# Totals of each stage, without a bucket, and its buckets, in one snapshot.
_SPEED = f"""
SELECT stage, NULL::int AS bucket, sum(leads)::bigint AS leads, sum(total_us)::float8 AS total_us,
       sum(skewed)::bigint AS skewed
  FROM {within("speed", _OF_SELLER)}
 GROUP BY stage HAVING sum(leads) > 0
UNION ALL
SELECT stage, held.bucket, sum(held.leads)::bigint, 0, 0
  FROM {within("speed", _OF_SELLER)} CROSS JOIN LATERAL unnest(buckets, counts) AS held (bucket, leads)
 GROUP BY stage, held.bucket HAVING sum(held.leads) > 0
"""
_STATEMENT = f"""
SELECT order_slug, order_version, currency, sum(charged)::bigint AS leads, {_MONEY}
  FROM {within("funnel", _OF_SELLER)}
 GROUP BY order_slug, order_version, currency
HAVING bool_or(charged > 0 OR credited_minor <> 0 OR fees_minor <> 0 OR adjusted_minor <> 0 OR held_minor <> 0)
 ORDER BY order_slug, order_version, currency LIMIT {MOST_ROWS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report is about. `start` inclusive and `end` exclusive, whole hours, None for no bound; names or empty."""

    buyer_id: str
    start: datetime | None = None
    end: datetime | None = None
    seller: str = ""
    source: str = ""


@dataclass(slots=True, kw_only=True)
class StageSums:
    """All durations of one stage: how many, their sum in microseconds, how many were skewed, and leads by bucket."""

    leads: int = 0
    total_us: float = 0.0
    skewed: int = 0
    counts: dict[int, int] = field(default_factory=dict)


class Store:
    """The read model."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Raise unless the database answers."""
        await ping(self._pool)

    async def add(self, connection: Connection, increments: Increments) -> None:
        """Add what a batch adds, in the transaction that took its events."""
        funnel = [
            (*key, array(getattr(counts, name) for name in _FUNNEL_NUMBERS))
            for key, counts in _spanned(increments.funnel, FunnelCounts).items()
        ]
        await write(connection, _ADD_FUNNEL, funnel)
        reasons = [(*key, array((counts.leads,))) for key, counts in _spanned(increments.reasons, ReasonCounts).items()]
        await write(connection, _ADD_REASONS, reasons)
        speed = [
            (*key, array((counts.leads, counts.total_us, counts.skewed)), *arrays(counts.buckets))
            for key, counts in _spanned(increments.speed, SpeedCounts).items()
        ]
        await write(connection, _ADD_SPEED, speed)

    async def funnel(self, scope: Scope, grouping: Grouping) -> list[asyncpg.Record]:
        """Rows of `_FUNNEL`, the largest spend first; each currency apart."""
        return await self._report(_FUNNEL[grouping], scope)

    async def reasons(self, scope: Scope, grouping: Grouping) -> list[asyncpg.Record]:
        """Rows of `_REASONS`, the most frequent first."""
        return await self._report(_REASONS[grouping], scope)

    async def speed(self, scope: Scope) -> dict[str, StageSums]:
        """Durations by stage; as much for a year as for an hour."""
        stages: defaultdict[str, StageSums] = defaultdict(StageSums)
        for row in await self._report(_SPEED, scope):
            sums = stages[row["stage"]]
            if row["bucket"] is not None:
                sums.counts[row["bucket"]] = row["leads"]
            else:
                sums.leads, sums.total_us, sums.skewed = row["leads"], row["total_us"], row["skewed"]
        return stages

    async def statement(self, scope: Scope) -> list[asyncpg.Record]:
        """Rows of `_STATEMENT`, sorted by order version."""
        return await self._report(_STATEMENT, scope)

    async def behind(self, buyer_id: str) -> Backlog:
        """Events of one buyer that are not counted yet."""
        async with translated(self._pool):
            return await outbox.behind(self._pool, CONSUMER, buyer_id)

    async def _report(self, query: str, scope: Scope) -> list[asyncpg.Record]:
        async with translated(self._pool):
            period = of_windows(windows(scope.start, scope.end))
            return await self._pool.fetch(query, scope.buyer_id, *period, scope.seller, scope.source)


def _spanned(increments: Mapping[Any, _Counts], none: Callable[[], _Counts]) -> dict[tuple[Any, ...], _Counts]:
    """Counts by hour, day and month: the second part of a key is the hour, and becomes a span and its start."""
    spanned: dict[tuple[Any, ...], _Counts] = {}
    for key, counts in increments.items():
        buyer_id, hour, *names = key
        for span in SPANS:
            spanned.setdefault((buyer_id, span, floor(hour, span), *names), none()).merge(counts)
    return spanned
