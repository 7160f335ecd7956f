"""Proposals of returns in Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.db.pool import Connection

#: Who wants to be left alone later than this after the purchase may have learnt to from the buyer's own calls.
AT_ONCE = timedelta(days=1)

# Own leads and tests cost nothing, and nothing comes back for them.
_ADD = """
INSERT INTO intake.proposal (buyer_id, lead_id, kind, evidence, created_at)
SELECT l.buyer_id, l.lead_id, $3, $4::jsonb, $5
  FROM intake.lead AS l
 WHERE l.buyer_id = $1 AND l.lead_id = $2 AND l.outcome = 'accepted' AND NOT l.test AND l.price_minor > 0
   AND ($3 <> 'do_not_contact' OR $5 <= l.decided_at + $6::interval)
ON CONFLICT DO NOTHING
"""
_OPEN = """
SELECT buyer_id, proposal_id::text, lead_id::text, kind, evidence::text FROM intake.proposal
 WHERE state = 'open' AND (not_before IS NULL OR not_before <= $1) ORDER BY created_at LIMIT $2
"""
_POSTPONE = "UPDATE intake.proposal SET not_before = $3 WHERE buyer_id = $1 AND proposal_id = $2::uuid"
_TAKE = "UPDATE intake.proposal SET state = $3 WHERE buyer_id = $1 AND proposal_id = $2::uuid AND state = 'open'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A return that the system proposes."""

    buyer_id: str
    proposal_id: str
    lead_id: str
    kind: str
    #: JSON text.
    evidence: str


async def add(conn: Connection, buyer_id: str, lead_id: UUID, kind: str, evidence: str, at: datetime) -> None:
    """Propose to ask a bought lead back; one that cost nothing, or a kind that is proposed already, is left alone."""
    await conn.execute(_ADD, buyer_id, lead_id, kind, evidence, at, AT_ONCE)


async def open_ones(conn: Connection, now: datetime, limit: int) -> list[Proposal]:
    """Proposals to act on now, oldest first."""
    return [Proposal(**row) for row in await conn.fetch(_OPEN, now, limit)]


async def postpone(conn: Connection, one: Proposal, until: datetime) -> None:
    """Look at a proposal again later."""
    await conn.execute(_POSTPONE, one.buyer_id, one.proposal_id, until)


async def take(conn: Connection, one: Proposal, state: str) -> bool:
    """Close an open proposal; False where somebody else has."""
    return bool((await conn.execute(_TAKE, one.buyer_id, one.proposal_id, state)).endswith(" 1"))
