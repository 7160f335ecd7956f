"""Tables of sums: how rows are added to, and how a period of them is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.reporting.periods import Window
from shared.db.pool import Connection

_TYPES: Mapping[str, str] = {
    "starts_at": "timestamptz",
    "hour": "timestamptz",
    "delay_seconds": "int",
    "order_version": "int",
}

#: Sums of buckets, less those that nothing is left in.
_MERGED_BUCKETS = """
    (buckets, counts) = (
        SELECT coalesce(array_agg(bucket), '{}'), coalesce(array_agg(n), '{}') FROM (
            SELECT bucket, sum(n)::bigint AS n
              FROM unnest(held.buckets || excluded.buckets, held.counts || excluded.counts) AS both_of (bucket, n)
             GROUP BY bucket HAVING sum(n) <> 0) AS merged)"""


def adding(table: str, key: Sequence[str], numbers: Sequence[str], *, buckets: bool) -> str:
    """The statement that adds rows to a table of sums.

    Its parameters are the columns of the key, then the numbers of each row as the text of one array: hundreds of rows
    of twenty numbers, mostly 0, would cost more to send one by one than all the rest of a batch. Then the buckets.
    """
    sent = [*key, *(["numbers"] if numbers else []), *(["buckets", "counts"] if buckets else [])]
    types = [_TYPES.get(name, "text") if name in key else "text" for name in sent]
    given = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(types, 1))
    cast = [name if name in key else f"{name}::{'int' if name == 'buckets' else 'bigint'}[]" for name in sent]
    names = [*key, *numbers, *(("buckets", "counts") if buckets else ())]
    chosen = [*key, *(f"numbers[{at}]" for at in range(1, len(numbers) + 1)), *names[len(key) + len(numbers) :]]
    sums = [f"{name} = held.{name} + excluded.{name}" for name in numbers]
    return f"""
INSERT INTO reporting.{table} AS held ({", ".join(names)})
SELECT {", ".join(chosen)}
  FROM (SELECT {", ".join(f"{one} AS {name}" for one, name in zip(cast, sent, strict=True))}
          FROM unnest({given}) AS sent ({", ".join(sent)})) AS added
    ON CONFLICT ({", ".join(key)}) DO UPDATE SET
    {", ".join([*sums, *([_MERGED_BUCKETS] if buckets else [])])}
"""


def within(table: str, where: str) -> str:
    """What stands after FROM to read rows `r` of a period: `$1` the buyer, `$2` to `$4` the columns of its windows.

    A look into the primary key for each window, whatever the planner believes: OFFSET 0 keeps it from anything else.
    `where` speaks of `one`.
    """
    return f"""unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS named (span, start, stop)
       CROSS JOIN LATERAL (
           SELECT * FROM reporting.{table} AS one
            WHERE one.buyer_id = $1 AND one.span = named.span AND {where}
              AND one.starts_at >= coalesce(named.start, '-infinity')
              AND one.starts_at < coalesce(named.stop, 'infinity')
           OFFSET 0) AS r"""


def of_windows(windows: Sequence[Window]) -> list[list[Any]]:
    """Windows as `within` takes them."""
    return columns(windows) or [[], [], []]


def arrays(buckets: Mapping[int, int]) -> tuple[str, str]:
    """Buckets and their counts, as `adding` takes them."""
    return array(buckets), array(buckets.values())


def array(numbers: Iterable[int]) -> str:
    """As Postgres writes arrays: an array of arrays would need them all to be of one length."""
    return f"{{{','.join(map(str, numbers))}}}"


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as the columns that a statement unnests."""
    return [list(column) for column in zip(*rows, strict=True)]


async def write(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """Execute what `adding` made, for all rows at once, in the order of their keys."""
    if rows:
        await connection.execute(statement, *columns(sorted(rows)))
