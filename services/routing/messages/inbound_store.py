"""What came back from people, in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.accepted import AcceptedLead
from services.routing.follow_up_events import accepted_lead
from services.routing.gate.digests import Address
from shared.db.failures import translated
from shared.db.pool import Connection, Pool

#: Leads of one person that are looked at, the newest.
_MOST_LEADS = 20

_BUYERS = """
SELECT DISTINCT ON (buyer_id) buyer_id, revision FROM catalog.snapshot
 WHERE effective_at <= now() ORDER BY buyer_id, revision DESC
"""
_KNOWN = "SELECT outcome, reply FROM routing.inbound WHERE buyer_id = $1 AND kind = $2 AND message_id = $3"
_NOTE = """
INSERT INTO routing.inbound (buyer_id, kind, message_id, digest, lead_id, outcome, reply, received_at, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
RETURNING true
"""
# Whoever consented anew and opts out again is told again.
_CONFIRMED = """
SELECT EXISTS (
    SELECT FROM routing.inbound AS i
     WHERE i.buyer_id = $1 AND i.digest = $2 AND i.outcome = 'opted_out' AND i.reply <> ''
       AND NOT EXISTS (
           SELECT FROM routing.opt_out AS o JOIN routing.opt_out_withdrawal AS w USING (buyer_id, opt_out_id)
            WHERE o.buyer_id = $1 AND o.digest = $2 AND w.withdrawn_at > i.recorded_at))
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('inbound|' || $1 || '|' || encode($2, 'hex'), 0))"
_LEADS = """
SELECT r.purchase FROM dedup.leads_of($1, $2, $3, $4) AS l
  JOIN routing.run AS r ON r.buyer_id = $1 AND r.lead_id = l.lead_id
 ORDER BY l.claimed_at DESC, l.lead_id
"""
_LEAD = "SELECT purchase FROM routing.run WHERE buyer_id = $1 AND lead_id = $2"
_DELIVERY = "SELECT buyer_id, lead_id FROM routing.delivery WHERE buyer_id = ANY ($1::text[]) AND delivery_id = $2"
_ATTEMPT = "SELECT buyer_id FROM routing.attempt WHERE buyer_id = ANY ($1::text[]) AND attempt_id = $2"
_MARK = """
INSERT INTO routing.bad_address (buyer_id, digest, marked_at, delivery_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is kept of a message."""

    buyer_id: str
    kind: str
    message_id: str
    digest: bytes
    lead_id: UUID | None
    outcome: str
    received_at: datetime
    reply: str = ""


class InboundStore:
    """SQL of what comes back.

    Methods that take a connection run in the caller's transaction and raise what the driver raises; the others raise
    Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def buyers(self) -> list[tuple[str, int]]:
        """Every buyer, with its catalog revision in force."""
        async with translated(self._pool):
            return [(row["buyer_id"], row["revision"]) for row in await self._pool.fetch(_BUYERS)]

    async def known(self, buyer_id: str, kind: str, message_id: str) -> tuple[str, str] | None:
        """What a message was taken for before, and what was answered; None: it is new."""
        async with translated(self._pool):
            row = await self._pool.fetchrow(_KNOWN, buyer_id, kind, message_id)
        return None if row is None else (row["outcome"], row["reply"])

    async def leads_of(self, buyer_id: str, address: Address) -> list[AcceptedLead]:
        """Bought leads of whoever has an address, the newest first; without those that were forgotten."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_LEADS, buyer_id, address.kind, address.digest, _MOST_LEADS)
        return [lead for row in rows if (lead := accepted_lead(row["purchase"])) is not None]

    async def lead(self, buyer_id: str, lead_id: UUID) -> AcceptedLead | None:
        """A bought lead; None: unknown or forgotten."""
        async with translated(self._pool):
            payload = await self._pool.fetchval(_LEAD, buyer_id, lead_id)
        return None if payload is None else accepted_lead(payload)

    async def delivered(self, buyer_ids: Sequence[str], delivery_id: UUID) -> tuple[str, UUID] | None:
        """Buyer and lead of a delivery."""
        async with translated(self._pool):
            row = await self._pool.fetchrow(_DELIVERY, buyer_ids, delivery_id)
        return None if row is None else (row["buyer_id"], row["lead_id"])

    async def attempted(self, buyer_ids: Sequence[str], attempt_id: UUID) -> str | None:
        """The buyer of an attempt."""
        async with translated(self._pool):
            found: str | None = await self._pool.fetchval(_ATTEMPT, buyer_ids, attempt_id)
        return found

    async def one_at_a_time(self, conn: Connection, buyer_id: str, digest: bytes) -> None:
        """Let no other message of this address be taken until the transaction ends."""
        await conn.execute(_ONE_AT_A_TIME, buyer_id, digest)

    async def confirmed(self, conn: Connection, buyer_id: str, digest: bytes) -> bool:
        """Whether an opt-out of this address was confirmed, and not withdrawn since."""
        return bool(await conn.fetchval(_CONFIRMED, buyer_id, digest))

    async def note(self, conn: Connection, note: Note, now: datetime) -> bool:
        """Keep that a message was taken; False where it was before."""
        return bool(
            await conn.fetchval(
                _NOTE,
                note.buyer_id,
                note.kind,
                note.message_id,
                note.digest,
                note.lead_id,
                note.outcome,
                note.reply,
                note.received_at,
                now,
            )
        )

    async def mark(
        self, conn: Connection, buyer_id: str, digest: bytes, delivery_id: UUID | None, at: datetime
    ) -> None:
        """Keep that a mailbox takes no mail."""
        await conn.execute(_MARK, buyer_id, digest, at, delivery_id)
