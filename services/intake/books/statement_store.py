"""Statements in Postgres: what moved in a period, and what is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.intake.books.period import Period
from services.intake.books.posting_store import post, refusals
from services.intake.books.statement import Sums, moved
from services.intake.books.transfer import Movement
from shared.db.failures import translated
from shared.db.pool import Pool

#: The most closed statements of an answer.
MOST_STATEMENTS = 5000
#: A closing reads all transfers of its period: longer than a statement for a lead may take.
CLOSING_SECONDS = 60.0

# What a period holds: of a closed one its entries, else what is booked in it. A transfer that came too late for its
# own period was posted at most a day before the one that has it; `leadline books` names any that was not.
_OF_NUMBER = "number = $3"
_BOOKED = "booked_at >= $3 AND booked_at < $4 AND posted_at >= $3::timestamptz - interval '1 day' AND posted_at < $4"

_SUMS = """
SELECT order_slug, order_version, kind, credit_account = 'payable:' || seller AS to_seller, count(*) AS transfers,
       sum(amount_minor)::bigint AS amount_minor
  FROM ledger.booked WHERE buyer_id = $1 AND seller = $2 AND {within}
 GROUP BY order_slug, order_version, kind, to_seller
 ORDER BY order_slug, order_version
"""
_ENTRIES = """
SELECT b.transfer_id::text, b.posted_at, b.kind, b.credit_account = 'payable:' || b.seller AS to_seller,
       b.amount_minor, b.currency, b.lead_id::text, l.external_id, b.order_slug, b.order_version, b.cause, b.why, b.who
  FROM ledger.booked AS b LEFT JOIN intake.lead AS l USING (buyer_id, lead_id)
 WHERE b.buyer_id = $1 AND b.seller = $2 AND {within} AND (b.posted_at, b.transfer_id) > ({at}, {id})
 ORDER BY b.posted_at, b.transfer_id LIMIT {most}
"""
_OF_LEAD = """
SELECT b.transfer_id::text, b.posted_at, b.kind, b.credit_account = 'payable:' || b.seller AS to_seller,
       b.amount_minor, b.currency, b.lead_id::text, l.external_id, b.order_slug, b.order_version, b.cause, b.why, b.who
  FROM ledger.booked AS b LEFT JOIN intake.lead AS l USING (buyer_id, lead_id)
 WHERE b.buyer_id = $1 AND b.lead_id = $2::uuid
 ORDER BY b.posted_at, b.transfer_id
"""
_STATEMENT_COLUMNS = """
seller, number, starts_at, ends_at, currency, opening_minor, opening_held_minor, closing_minor, closing_held_minor,
leads, closed_by, closed_at, digest
"""
_LIST = f"""
SELECT {_STATEMENT_COLUMNS} FROM ledger.statement WHERE buyer_id = $1 AND ($2 = '' OR seller = $2)
 ORDER BY seller, number LIMIT {MOST_STATEMENTS}
"""
_NUMBERED = f"""
SELECT {_STATEMENT_COLUMNS} FROM ledger.statement WHERE buyer_id = $1 AND seller = $2 AND number = $3
"""
_LATEST = f"""
SELECT {_STATEMENT_COLUMNS} FROM ledger.statement WHERE buyer_id = $1 AND seller = $2 AND ends_at <= $3
 ORDER BY number DESC LIMIT 1
"""
_EXACT = f"""
SELECT {_STATEMENT_COLUMNS} FROM ledger.statement
 WHERE buyer_id = $1 AND seller = $2 AND starts_at = $3 AND ends_at = $4
"""
_CLOSE = f"SELECT {_STATEMENT_COLUMNS} FROM ledger.close_statement($1, $2, $3, $4, $5, $6, $7)"
_PAYABLE = """
SELECT coalesce(sum(balance_minor), 0)::bigint FROM ledger.balance
 WHERE buyer_id = $1 AND seller = $2 AND account = 'payable:' || $2
"""
_LEAD = "SELECT seller FROM intake.lead WHERE buyer_id = $1 AND lead_id = $2 AND outcome = 'accepted' AND NOT test"


class OrderVersion(NamedTuple):
    """What a line of a statement is about."""

    order: str
    version: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed statement. Amounts in minor units."""

    seller: str
    number: int
    period: Period
    currency: str
    opening_minor: int
    opening_held_minor: int
    closing_minor: int
    closing_held_minor: int
    leads: int
    closed_by: str
    closed_at: datetime
    digest: bytes


#: What a statement is made of: a closed one, or all that is booked in a period.
Extent = Closed | Period


class StatementStore:
    """Statements of the books, and corrections by persons."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def lines(self, buyer_id: str, seller: str, extent: Extent) -> dict[OrderVersion, Sums]:
        """What moved, by order version, sorted."""
        within, bounds = _bounds(extent)
        async with translated(self._pool):
            rows = await self._pool.fetch(_SUMS.format(within=within), buyer_id, seller, *bounds)
        lines: dict[OrderVersion, Sums] = {}
        for row in rows:
            order = OrderVersion(row["order_slug"], row["order_version"])
            part = moved(row["kind"], row["amount_minor"], to_seller=row["to_seller"], count=row["transfers"])
            lines[order] = lines.get(order, Sums()) + part
        return lines

    async def entries(
        self, buyer_id: str, seller: str, extent: Extent, after: tuple[datetime, str], most: int
    ) -> list[asyncpg.Record]:
        """Up to `most` transfers after an instant and id, oldest first."""
        within, bounds = _bounds(extent)
        first = len(bounds) + 3
        query = _ENTRIES.format(within=within, at=f"${first}", id=f"${first + 1}::uuid", most=f"${first + 2}")
        async with translated(self._pool):
            return await self._pool.fetch(query, buyer_id, seller, *bounds, *after, most)

    async def of_lead(self, buyer_id: str, lead_id: str) -> list[asyncpg.Record]:
        """What moved because of one lead, oldest first."""
        async with translated(self._pool):
            return await self._pool.fetch(_OF_LEAD, buyer_id, lead_id)

    async def numbered(self, buyer_id: str, seller: str, number: int) -> Closed | None:
        """One closed statement."""
        return await self._one(_NUMBERED, buyer_id, seller, number)

    async def exact(self, buyer_id: str, seller: str, period: Period) -> Closed | None:
        """The closed statement of exactly this period."""
        return await self._one(_EXACT, buyer_id, seller, period.starts_at, period.ends_at)

    async def latest(self, buyer_id: str, seller: str, by: datetime) -> Closed | None:
        """The last closed statement that ends by then."""
        return await self._one(_LATEST, buyer_id, seller, by)

    async def all(self, buyer_id: str, seller: str) -> list[Closed]:
        """The closed statements of a seller, or of all."""
        async with translated(self._pool):
            return [_closed(row) for row in await self._pool.fetch(_LIST, buyer_id, seller)]

    async def close(
        self, buyer_id: str, seller: str, period: Period, *, currency: str, closed_by: str, now: datetime
    ) -> Closed:
        """Make a period's statement final.

        Raises:
            WrongState: The period has not ended, is closed in whole or in part, or would leave money before it out.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL statement_timeout = '{CLOSING_SECONDS:g}s'")
            with refusals():
                rows = await connection.fetch(
                    _CLOSE, buyer_id, seller, period.starts_at, period.ends_at, currency, closed_by, now,
                    timeout=CLOSING_SECONDS,
                )  # fmt: skip
        return _closed(rows[0])

    async def adjust(self, buyer_id: str, movement: Movement, now: datetime) -> bool:
        """Post a person's correction; False where its cause had posted it before.

        Raises:
            WrongState: The ledger refuses it.
        """
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            return bool(await post(connection, buyer_id, [movement], now))

    async def payable(self, buyer_id: str, seller: str) -> int:
        """What can be paid to a seller now, in minor units."""
        async with translated(self._pool):
            return int(await self._pool.fetchval(_PAYABLE, buyer_id, seller))

    async def seller_of(self, buyer_id: str, lead_id: str) -> str | None:
        """Who sold a bought lead."""
        async with translated(self._pool):
            seller: str | None = await self._pool.fetchval(_LEAD, buyer_id, lead_id)
        return seller

    async def _one(self, query: str, *arguments: object) -> Closed | None:
        async with translated(self._pool):
            row = await self._pool.fetchrow(query, *arguments)
        return None if row is None else _closed(row)


def _bounds(extent: Extent) -> tuple[str, Sequence[object]]:
    if isinstance(extent, Closed):
        return _OF_NUMBER, (extent.number,)
    return _BOOKED, (extent.starts_at, extent.ends_at)


def _closed(row: asyncpg.Record) -> Closed:
    return Closed(
        seller=row["seller"],
        number=row["number"],
        period=Period(row["starts_at"], row["ends_at"]),
        currency=row["currency"],
        opening_minor=row["opening_minor"],
        opening_held_minor=row["opening_held_minor"],
        closing_minor=row["closing_minor"],
        closing_held_minor=row["closing_held_minor"],
        leads=row["leads"],
        closed_by=row["closed_by"],
        closed_at=row["closed_at"],
        digest=row["digest"],
    )
