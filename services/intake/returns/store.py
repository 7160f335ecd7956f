"""Returns in Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, fields
from datetime import datetime

import asyncpg
import msgspec

from services.intake.books.posting_store import post
from services.intake.books.transfer import Movement
from services.intake.notices.notice import notice_of
from services.intake.notices.store import announce
from services.intake.returns import proposal_store
from services.intake.returns.judgement import Fault
from services.intake.returns.proposal_store import Proposal
from services.intake.returns.record import Happening, LeadSold, Return
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

_COLUMNS = [field.name for field in fields(Return)]
_IDS = {"return_id", "lead_id", "credit_id", "hold_id"}
_READ = ", ".join(f"r.{name}::text" if name in _IDS else f"r.{name}" for name in _COLUMNS)

# What credits and holds have left of a charge, as ledger.refuse_nonsense counts it.
_SOLD = """
SELECT l.lead_id::text, l.seller, l.order_slug AS "order", l.order_version, l.catalog_revision,
       l.decided_at AS bought_at, l.currency, coalesce((
           SELECT sum(t.amount_minor * CASE WHEN t.kind IN ('charge', 'reversal', 'release') THEN 1 ELSE -1 END)
             FROM ledger.transfer AS t
            WHERE t.buyer_id = l.buyer_id AND (t.transfer_id = l.lead_id AND t.kind = 'charge'
                  OR t.lead_id = l.lead_id AND t.kind IN ('credit', 'reversal', 'hold', 'release'))), 0)::bigint
           AS left_minor
  FROM intake.lead AS l
 WHERE l.buyer_id = $1 AND l.lead_id = $2::uuid AND l.outcome = 'accepted' AND NOT l.test
"""

# Whoever asks leads of one order back queues up here, so that the cap counts every one of them.
_LOCK_ORDER = "SELECT pg_advisory_xact_lock(hashtextextended('returns:' || $1 || ':' || $2, 0))"

_WINDOW = """
SELECT (SELECT count(*) FROM ledger.transfer AS t
         WHERE t.buyer_id = $1 AND t.seller = $2 AND t.order_slug = $3 AND t.kind = 'charge'
           AND t.posted_at >= $4 AND t.posted_at < $5),
       (SELECT count(*) FROM intake.return_request AS r
         WHERE r.buyer_id = $1 AND r.order_slug = $3 AND r.bought_at >= $4 AND r.bought_at < $5
           AND r.state IN ('open', 'contested', 'granted', 'disputed'))
"""

_OF_LEAD = """
SELECT r.return_id::text FROM intake.return_request AS r
 WHERE r.buyer_id = $1 AND r.lead_id = $2::uuid ORDER BY r.return_id
"""

_LIVE = f"""
SELECT {_READ} FROM intake.return_request AS r
 WHERE r.buyer_id = $1 AND r.lead_id = $2::uuid AND r.state IN ('open', 'contested', 'granted', 'disputed')
"""

_INSERT = f"""
INSERT INTO intake.return_request ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 1))})
"""
_CHANGE = """
UPDATE intake.return_request SET state = $3, amount_minor = $4, answer_by = $5, dispute_by = $6, steps = $7,
       credit_id = $8, hold_id = $9
 WHERE buyer_id = $1 AND return_id = $2
"""
_TELL = """
INSERT INTO intake.return_step (buyer_id, return_id, step, action, state, at, who, why, faults)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_LOCKED = f"""
SELECT {_READ} FROM intake.return_request AS r WHERE r.buyer_id = $1 AND r.return_id = $2::uuid FOR UPDATE
"""
_GET = f"SELECT {_READ} FROM intake.return_request AS r WHERE r.buyer_id = $1 AND r.return_id = $2::uuid"
_HISTORY = """
SELECT action, state, at, who, why, faults FROM intake.return_step
 WHERE buyer_id = $1 AND return_id = $2::uuid ORDER BY step
"""
_FAULTS = """
SELECT return_id::text, faults FROM intake.return_step
 WHERE buyer_id = $1 AND return_id = ANY ($2::uuid[]) AND faults <> '[]'
"""
_LIST = f"""
SELECT {_READ} FROM intake.return_request AS r
 WHERE r.buyer_id = $1 AND ($2 = '' OR r.seller = $2) AND ($3 = '' OR r.state = $3)
   AND ($4 = '' OR (r.requested_at, r.return_id) < (
       SELECT b.requested_at, b.return_id FROM intake.return_request AS b
        WHERE b.buyer_id = $1 AND b.return_id = nullif($4, '')::uuid))
 ORDER BY r.requested_at DESC, r.return_id DESC LIMIT $5
"""
_UNANSWERED = """
SELECT buyer_id, return_id::text FROM intake.return_request
 WHERE state = 'open' AND answer_by <= $1 ORDER BY answer_by LIMIT $2
"""


class Ledger:
    """Returns within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def sold(self, buyer_id: str, lead_id: str) -> LeadSold | None:
        """A bought lead; None: there is no such."""
        row = await self._connection.fetchrow(_SOLD, buyer_id, lead_id)
        return LeadSold(**row) if row is not None else None

    async def lock_order(self, buyer_id: str, order: str) -> None:
        """Wait for whoever else asks leads of this order back."""
        await self._connection.execute(_LOCK_ORDER, buyer_id, order)

    async def window(self, buyer_id: str, sold: LeadSold, starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
        """Leads that the order bought in a window, and those of them that are taken back or may yet be."""
        row = await self._connection.fetchrow(_WINDOW, buyer_id, sold.seller, sold.order, starts_at, ends_at)
        return (row[0], row[1]) if row is not None else (0, 0)

    async def live(self, buyer_id: str, lead_id: str) -> Return | None:
        """The lead's return that is live; None: there is none."""
        return _one(await self._connection.fetchrow(_LIVE, buyer_id, lead_id))

    async def locked(self, buyer_id: str, return_id: str) -> Return | None:
        """A return, which nobody else can change until the transaction ends."""
        return _one(await self._connection.fetchrow(_LOCKED, buyer_id, return_id))

    async def add(self, one: Return) -> None:
        """Write a new return."""
        await self._connection.execute(_INSERT, *astuple(one))

    async def change(self, one: Return) -> None:
        """Write what a step has changed."""
        await self._connection.execute(
            _CHANGE, one.buyer_id, one.return_id, one.state, one.amount_minor, one.answer_by, one.dispute_by,
            one.steps, one.credit_id, one.hold_id,
        )  # fmt: skip

    async def tell(self, one: Return, happened: Happening) -> None:
        """Write a step into the history, and have the seller told."""
        await self._connection.execute(
            _TELL, one.buyer_id, one.return_id, one.steps, happened.action, happened.state, happened.at, happened.who,
            happened.why, msgspec.json.encode(happened.faults).decode(),
        )  # fmt: skip
        notice = notice_of(one, happened)
        if notice is not None:
            await announce(self._connection, notice)

    async def post(self, buyer_id: str, movements: Sequence[Movement], at: datetime) -> None:
        """Move money. Raises WrongState where the books refuse it."""
        if movements:
            await post(self._connection, buyer_id, movements, at)

    async def take_proposal(self, one: Proposal, state: str) -> bool:
        """Close an open proposal; False where somebody else has."""
        return await proposal_store.take(self._connection, one, state)

    async def postpone_proposal(self, one: Proposal, until: datetime) -> None:
        """Look at a proposal again later."""
        await proposal_store.postpone(self._connection, one, until)


class ReturnStore:
    """Returns outside of transactions, and the way into one. Raises Unavailable where Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Ledger]:
        """All of it or nothing."""
        async with translated(self._pool), self._pool.acquire() as connection, connection.transaction():
            yield Ledger(connection)

    async def get(self, buyer_id: str, return_id: str) -> tuple[Return, list[Happening]] | None:
        """One return with its history; None: there is no such."""
        async with translated(self._pool):
            one = _one(await self._pool.fetchrow(_GET, buyer_id, return_id))
            if one is None:
                return None
            return one, [_happening(row) for row in await self._pool.fetch(_HISTORY, buyer_id, return_id)]

    async def of_lead(self, buyer_id: str, lead_id: str) -> list[str]:
        """Ids of the returns that were asked for a lead, oldest first."""
        async with translated(self._pool):
            return [row["return_id"] for row in await self._pool.fetch(_OF_LEAD, buyer_id, lead_id)]

    async def page(self, buyer_id: str, seller: str, state: str, after: str, most: int) -> list[Return]:
        """Returns, newest first; `after`: the id of the last one of the page before, or empty."""
        async with translated(self._pool):
            return [_of(row) for row in await self._pool.fetch(_LIST, buyer_id, seller, state, after, most)]

    async def faults(self, buyer_id: str, return_ids: Sequence[str]) -> dict[str, tuple[Fault, ...]]:
        """Why returns were refused, by id."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_FAULTS, buyer_id, return_ids)
        return {row["return_id"]: _faults(row["faults"]) for row in rows}

    async def unanswered(self, now: datetime, most: int) -> list[tuple[str, str]]:
        """Buyer and id of open returns whose seller's time is over."""
        async with translated(self._pool):
            return [(row["buyer_id"], row["return_id"]) for row in await self._pool.fetch(_UNANSWERED, now, most)]

    async def proposed(self, now: datetime, most: int) -> list[Proposal]:
        """Proposals to act on now, oldest first."""
        async with translated(self._pool), self._pool.acquire() as connection:
            return await proposal_store.open_ones(connection, now, most)


def _of(row: asyncpg.Record) -> Return:
    return Return(**row)


def _one(row: asyncpg.Record | None) -> Return | None:
    return _of(row) if row is not None else None


def _happening(row: asyncpg.Record) -> Happening:
    return Happening(**{**row, "faults": _faults(row["faults"])})


def _faults(text: str) -> tuple[Fault, ...]:
    return msgspec.json.decode(text, type=tuple[Fault, ...])
