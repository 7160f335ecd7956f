"""Attempts and dispositions in Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.routing.work.outcome import Disposition
from shared.db.pool import Connection, Pool

_ATTEMPT_COLUMNS = """
    buyer_id, attempt_id, lead_id, task_id, channel, automatic, team, agent, state, began_at, ended_at, live, live_at,
    seconds, recording, decision_id, blocked_by, not_before, lawful_milliseconds
"""
_ATTEMPT = f"SELECT {_ATTEMPT_COLUMNS} FROM routing.attempt WHERE buyer_id = $1 AND attempt_id = $2"
_ATTEMPTS = f"""
SELECT {_ATTEMPT_COLUMNS} FROM routing.attempt WHERE buyer_id = $1 AND lead_id = $2 ORDER BY began_at, attempt_id
"""
# Of two tellings, whichever comes first, the earliest beginning holds, and what was told of the end stays told.
_TELL = f"""
INSERT INTO routing.attempt ({_ATTEMPT_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT (buyer_id, attempt_id) DO UPDATE
SET state = CASE WHEN 'ended' IN (attempt.state, excluded.state) THEN 'ended'
                 WHEN 'begun' IN (attempt.state, excluded.state) THEN 'begun' ELSE 'blocked' END,
    began_at = least(attempt.began_at, excluded.began_at),
    ended_at = coalesce(attempt.ended_at, excluded.ended_at),
    live = attempt.live OR excluded.live,
    live_at = least(attempt.live_at, excluded.live_at),
    seconds = greatest(attempt.seconds, excluded.seconds),
    recording = CASE WHEN attempt.recording = '' THEN excluded.recording ELSE attempt.recording END,
    task_id = coalesce(attempt.task_id, excluded.task_id),
    decision_id = coalesce(attempt.decision_id, excluded.decision_id),
    blocked_by = CASE WHEN attempt.blocked_by = '' THEN excluded.blocked_by ELSE attempt.blocked_by END,
    not_before = coalesce(attempt.not_before, excluded.not_before),
    lawful_milliseconds = greatest(attempt.lawful_milliseconds, excluded.lawful_milliseconds)
RETURNING {_ATTEMPT_COLUMNS}
"""
_LOCK_LEAD = "SELECT pg_advisory_xact_lock(hashtextextended('work|' || $1 || '|' || $2::uuid::text, 0))"
_SAY = """
INSERT INTO routing.disposition
    (buyer_id, disposition_id, lead_id, task_id, disposition, at, team, agent, product, agreed_for)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING
RETURNING 1
"""
_SAID = """
SELECT disposition_id, lead_id, task_id, disposition, at, team, agent, product, agreed_for
FROM routing.disposition WHERE buyer_id = $1 AND lead_id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try; see migrations/0007_pre_work.sql for what the fields mean."""

    buyer_id: str
    attempt_id: UUID
    lead_id: UUID
    task_id: UUID | None
    channel: str
    automatic: bool
    team: str
    agent: str
    state: str
    began_at: datetime
    ended_at: datetime | None = None
    live: bool = False
    live_at: datetime | None = None
    seconds: int | None = None
    recording: str = ""
    decision_id: UUID | None = None
    blocked_by: str = ""
    not_before: datetime | None = None
    lawful_milliseconds: int = -1


async def attempt_of(conn: Connection | Pool, buyer_id: str, attempt_id: UUID) -> Attempt | None:
    """One attempt, blocked ones too; None: nothing was told of it."""
    row = await conn.fetchrow(_ATTEMPT, buyer_id, attempt_id)
    return None if row is None else Attempt(**row)


async def attempts_of(conn: Connection | Pool, buyer_id: str, lead_id: UUID) -> list[Attempt]:
    """Attempts of a lead, blocked ones too, the earliest first."""
    return [Attempt(**row) for row in await conn.fetch(_ATTEMPTS, buyer_id, lead_id)]


async def tell(conn: Connection, one: Attempt) -> Attempt:
    """Add what is told of an attempt to what is known; returns what is known then."""
    (row,) = await conn.fetch(
        _TELL,
        one.buyer_id,
        one.attempt_id,
        one.lead_id,
        one.task_id,
        one.channel,
        one.automatic,
        one.team,
        one.agent,
        one.state,
        one.began_at,
        one.ended_at,
        one.live,
        one.live_at,
        one.seconds,
        one.recording,
        one.decision_id,
        one.blocked_by,
        one.not_before,
        one.lawful_milliseconds,
    )
    return Attempt(**row)


async def lock_lead(conn: Connection, buyer_id: str, lead_id: UUID) -> None:
    """Let nobody else tell of this lead until the transaction ends."""
    await conn.execute(_LOCK_LEAD, buyer_id, lead_id)


async def say(conn: Connection, buyer_id: str, one: Disposition) -> bool:
    """Add a disposition; False: it was said already."""
    return (
        await conn.fetchval(
            _SAY,
            buyer_id,
            one.disposition_id,
            one.lead_id,
            one.task_id,
            one.disposition,
            one.at,
            one.team,
            one.agent,
            one.product,
            one.agreed_for,
        )
        is not None
    )


async def said(conn: Connection | Pool, buyer_id: str, lead_id: UUID) -> list[Disposition]:
    """Everything that was said of a lead."""
    return [_disposition(row) for row in await conn.fetch(_SAID, buyer_id, lead_id)]


def _disposition(row: asyncpg.Record) -> Disposition:
    return Disposition(**row)
