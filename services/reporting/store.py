"""The read model's sums over decisions and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import asyncpg

from services.reporting.projector import Increments
from shared.db import outbox
from shared.db.failures import translated
from shared.db.outbox import Backlog
from shared.db.pool import Connection, Pool, ping

CONSUMER = "reporting"
#: The most rows that a report answers with; the largest come first.
MOST_ROWS = 5000

Grouping = Literal["all", "seller", "source", "sub_source", "order"]

# Rows come sorted: two projectors then wait for each other, and never each for the other.
_ADD_FUNNEL = """
INSERT INTO reporting.funnel AS f (buyer_id, hour, seller, source, sub_source, order_slug, order_version, currency,
                                   submitted, accepted, charged, spend_minor, credited_minor, fees_minor,
                                   adjusted_minor, held_minor)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
                     $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
                     $14::bigint[], $15::bigint[], $16::bigint[])
ON CONFLICT (buyer_id, hour, seller, source, sub_source, order_slug, order_version, currency) DO UPDATE SET
    submitted = f.submitted + excluded.submitted, accepted = f.accepted + excluded.accepted,
    charged = f.charged + excluded.charged, spend_minor = f.spend_minor + excluded.spend_minor,
    credited_minor = f.credited_minor + excluded.credited_minor, fees_minor = f.fees_minor + excluded.fees_minor,
    adjusted_minor = f.adjusted_minor + excluded.adjusted_minor, held_minor = f.held_minor + excluded.held_minor
"""
_ADD_REASONS = """
INSERT INTO reporting.reason AS r (buyer_id, hour, seller, source, sub_source, order_slug, code, leads)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::bigint[])
ON CONFLICT (buyer_id, hour, seller, source, sub_source, order_slug, code) DO UPDATE SET
    leads = r.leads + excluded.leads
"""
_ADD_SPEED = """
INSERT INTO reporting.speed AS s (buyer_id, hour, seller, source, stage, leads, total_us, skewed, buckets, counts)
SELECT buyer_id, hour, seller, source, stage, leads, total_us, skewed, buckets::int[], counts::bigint[]
  FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::text[], $10::text[])
       AS added (buyer_id, hour, seller, source, stage, leads, total_us, skewed, buckets, counts)
ON CONFLICT (buyer_id, hour, seller, source, stage) DO UPDATE SET
    leads = s.leads + excluded.leads, total_us = s.total_us + excluded.total_us, skewed = s.skewed + excluded.skewed,
    (buckets, counts) = (
        SELECT coalesce(array_agg(bucket), '{}'), coalesce(array_agg(leads), '{}') FROM (
            SELECT bucket, sum(leads)::bigint AS leads
              FROM unnest(s.buckets || excluded.buckets, s.counts || excluded.counts) AS both_of (bucket, leads)
             GROUP BY bucket HAVING sum(leads) <> 0) AS merged)
"""

_IN_SCOPE = """
 WHERE buyer_id = $1 AND ($2::timestamptz IS NULL OR hour >= $2) AND ($3::timestamptz IS NULL OR hour < $3)
   AND ($4 = '' OR seller = $4) AND ($5 = '' OR source = $5)
"""
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
  FROM reporting.funnel {_IN_SCOPE}
 GROUP BY {_grouped(grouping, "currency")}
 ORDER BY sum(spend_minor) DESC, sum(submitted) DESC, {_grouped(grouping, "currency")} LIMIT {MOST_ROWS}
"""
    for grouping in _COLUMNS
}
_REASONS: Mapping[Grouping, str] = {
    grouping: f"""
SELECT {_named(grouping)}, code, sum(leads)::bigint AS leads
  FROM reporting.reason {_IN_SCOPE}
 GROUP BY {_grouped(grouping, "code")}
 ORDER BY sum(leads) DESC, {_grouped(grouping, "code")} LIMIT {MOST_ROWS}
"""
    for grouping in _COLUMNS
}
# Totals of each stage, without a bucket, and its buckets, in one snapshot.
_SPEED = f"""
SELECT stage, NULL::int AS bucket, sum(leads)::bigint AS leads, sum(total_us)::float8 AS total_us,
       sum(skewed)::bigint AS skewed
  FROM reporting.speed {_IN_SCOPE}
 GROUP BY stage HAVING sum(leads) > 0
UNION ALL
SELECT stage, held.bucket, sum(held.leads)::bigint, 0, 0
  FROM reporting.speed CROSS JOIN LATERAL unnest(buckets, counts) AS held (bucket, leads) {_IN_SCOPE}
 GROUP BY stage, held.bucket HAVING sum(held.leads) > 0
"""
_STATEMENT = f"""
SELECT order_slug, order_version, currency, sum(charged)::bigint AS leads, {_MONEY}
  FROM reporting.funnel {_IN_SCOPE}
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
        funnel = sorted(increments.funnel.items(), key=lambda item: item[0])
        await _insert(
            connection,
            _ADD_FUNNEL,
            [
                (
                    *key,
                    c.submitted,
                    c.accepted,
                    c.charged,
                    c.spend_minor,
                    c.credited_minor,
                    c.fees_minor,
                    c.adjusted_minor,
                    c.held_minor,
                )
                for key, c in funnel
            ],
        )
        await _insert(connection, _ADD_REASONS, [(*key, leads) for key, leads in sorted(increments.reasons.items())])
        speed = sorted(increments.speed.items(), key=lambda item: item[0])
        await _insert(
            connection,
            _ADD_SPEED,
            [
                (*key, c.leads, c.total_us, c.skewed, _array(c.buckets.keys()), _array(c.buckets.values()))
                for key, c in speed
            ],
        )

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
            return await self._pool.fetch(query, scope.buyer_id, scope.start, scope.end, scope.seller, scope.source)


def _array(numbers: Iterable[int]) -> str:
    """As Postgres writes one: an array of arrays would need them all to be of one length."""
    return f"{{{','.join(map(str, numbers))}}}"


async def _insert(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await connection.execute(statement, *(list(column) for column in zip(*rows, strict=True)))
