"""The gate's memory in Postgres: locks, facts and decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from services.routing.gate.decision import ContactRequest, GateDecision
from services.routing.gate.digests import Address
from services.routing.gate.facts import Attempt, ListState, OptOut
from shared.db.failures import translated
from shared.db.pool import Pool

#: The longest period in which attempts are counted.
ATTEMPTS_WITHIN = timedelta(hours=24)
#: How long a lock may be held by somebody who hands a message over; a channel gives up long before.
_HELD_AT_MOST = timedelta(seconds=60)
_PATIENCE = timedelta(seconds=1)
#: At least so long a connection is waited for.
_CONNECT_SECONDS = 2.0

# One round trip. In the keys' order: whoever locks several never waits for another in a ring.
_LOCK = """
BEGIN;
SET LOCAL idle_in_transaction_session_timeout = {held};
SET LOCAL lock_timeout = {wait};
SET LOCAL statement_timeout = {patience};
SELECT pg_advisory_xact_lock(key)
  FROM (SELECT DISTINCT key FROM unnest('{{{keys}}}'::bigint[]) AS wanted (key) ORDER BY key) AS wanted
"""

# One statement, one snapshot, taken after the locks.
_FACTS = """
SELECT 'opt_out' AS what, o.digest, o.scope AS a, o.said_by AS b, false AS flag, o.said_at AS at
  FROM routing.opt_out AS o
 WHERE o.buyer_id = $1 AND o.digest = ANY ($2::bytea[])
   AND NOT EXISTS (SELECT FROM routing.opt_out_withdrawal AS w
                    WHERE w.buyer_id = o.buyer_id AND w.opt_out_id = o.opt_out_id)
UNION ALL
SELECT 'attempt', d.address, d.channel, d.purpose, d.automatic, d.decided_at
  FROM routing.gate_decision AS d
 WHERE d.buyer_id = $1 AND d.address = ANY ($2::bytea[]) AND d.decided_at > $3
   AND d.allowed AND d.channel IN ('call', 'text')
UNION ALL
SELECT 'list', n.digest, l.list, l.version::text, n.digest IS NOT NULL, NULL
  FROM (SELECT list, max(version) AS version FROM routing.dnc_list
         WHERE buyer_id = $1 AND complete GROUP BY list) AS l
  LEFT JOIN routing.dnc_number AS n
    ON n.buyer_id = $1 AND n.digest = ANY ($2::bytea[]) AND n.list = l.list AND n.version = l.version
UNION ALL
SELECT 'do_not_contact', s.digest, NULL, NULL, true, NULL FROM dedup.do_not_contact($1, $4, $5) AS s
UNION ALL
SELECT 'catalog', NULL, (
    SELECT revision::text FROM catalog.snapshot
     WHERE buyer_id = $1 AND effective_at <= now() ORDER BY revision DESC LIMIT 1), NULL, false, NULL
"""

_RECORD = """
WITH passage AS (
    INSERT INTO routing.gate_passage (buyer_id, passage_id, addresses, until)
    SELECT $1, $14, $15, $16 WHERE $15 <> '{}'::bytea[]
)
INSERT INTO routing.gate_decision (buyer_id, decision_id, lead_id, channel, automatic, purpose, allowed, reason, rules,
                                   rules_version, not_before, decided_at, address)
SELECT $1, decision_id, lead_id, channel, automatic, purpose, allowed, reason, string_to_array(rules, ' '), $2,
       not_before, $3, address
FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::boolean[], $8::text[], $9::boolean[], $10::text[], $11::text[],
            $12::timestamptz[], $13::bytea[])
     AS t (decision_id, lead_id, channel, automatic, purpose, allowed, reason, rules, not_before, address)
"""

_END_PASSAGE = "DELETE FROM routing.gate_passage WHERE buyer_id = $1 AND passage_id = $2"
_UNDER_WAY = "SELECT passage_id, until FROM routing.gate_passage WHERE buyer_id = $1 AND addresses && $2::bytea[]"
_FORGET_PASSAGES = "DELETE FROM routing.gate_passage WHERE buyer_id = $1 AND until < $2"

_OF_LEAD = """
SELECT decision_id, lead_id, channel, automatic, purpose, allowed, reason, rules, rules_version, not_before, decided_at
  FROM routing.gate_decision
 WHERE buyer_id = $1 AND lead_id = $2 AND (decided_at, decision_id) > ($3, $4)
 ORDER BY decided_at, decision_id LIMIT $5
"""


@dataclass(slots=True)
class Known:
    """What Postgres knows, by digest; `lists` of every list, with the digests that are on it."""

    opt_outs: defaultdict[bytes, list[OptOut]] = field(default_factory=lambda: defaultdict(list))
    attempts: defaultdict[bytes, list[Attempt]] = field(default_factory=lambda: defaultdict(list))
    versions: dict[str, date] = field(default_factory=dict)
    listed: set[tuple[str, bytes]] = field(default_factory=set)
    #: On a list of people who are not to be contacted, which no lead is bought of either.
    do_not_contact: set[bytes] = field(default_factory=set)
    #: The catalog revision in force; 0: there is none.
    revision: int = 0

    def lists_for(self, digest: bytes) -> dict[str, ListState]:
        """The buyer's lists as far as one number is concerned."""
        return {name: ListState(version, (name, digest) in self.listed) for name, version in self.versions.items()}


class Decided(NamedTuple):
    """A decision, the digest of the address that it is about, and all of the person's."""

    request: ContactRequest
    decision: GateDecision
    address: bytes | None
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """What one call of the gate lets pass.

    Attributes:
        addresses: digests of everybody's whom something is for; empty: nothing passes.
        until: when the last of it must have begun.
    """

    passage_id: UUID
    addresses: list[bytes]
    until: datetime


class GateStore:
    """Locks on connections of their own; facts and decisions on others.

    Methods raise Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now.
    """

    def __init__(self, pool: Pool, locks: Pool) -> None:
        self._pool = pool
        self._locks = locks

    @asynccontextmanager
    async def locked(self, keys: Collection[int], *, wait: timedelta) -> AsyncIterator[None]:
        """Hold the locks of addresses inside the block.

        What goes wrong while they are given back is not told: what was done under them is done, and a connection
        that broke has given them back already.

        Args:
            keys: see `Address.lock`.
            wait: how long to wait for somebody else who has one of them.
        """
        seconds = wait.total_seconds()
        lock = _LOCK.format(
            held=_milliseconds(_HELD_AT_MOST),
            wait=_milliseconds(wait),
            patience=_milliseconds(wait + _PATIENCE),
            keys=",".join(str(int(key)) for key in keys),
        )
        async with translated(self._locks):
            connection = await self._locks.acquire(timeout=max(seconds, _CONNECT_SECONDS))
        try:
            async with translated(self._locks):
                await connection.execute(lock, timeout=seconds + 2 * _PATIENCE.total_seconds())
            yield
        finally:
            await self._give_back(connection)

    async def _give_back(self, connection: PoolConnectionProxy[asyncpg.Record]) -> None:
        try:
            await connection.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            with suppress(asyncpg.InterfaceError):
                connection.terminate()
        finally:
            await self._locks.release(connection)

    async def facts(
        self, buyer_id: str, digests: Sequence[bytes], at: datetime, spellings: Sequence[bytes] = ()
    ) -> Known:
        """What is known of addresses, and which catalog is in force.

        Args:
            digests: of the addresses.
            at: now.
            spellings: of mailboxes as they are written, by which lists from elsewhere know them.
        """
        asked = [*digests, *spellings]
        async with translated(self._pool):
            rows = await self._pool.fetch(_FACTS, buyer_id, digests, at - ATTEMPTS_WITHIN, at, asked)
        known = Known()
        for what, digest, first, second, flag, instant in rows:
            match what:
                case "opt_out":
                    known.opt_outs[digest].append(OptOut(first, second, instant))
                case "attempt":
                    known.attempts[digest].append(Attempt(first, flag, second, instant))
                case "list":
                    known.versions[first] = date.fromisoformat(second)
                    if flag:
                        known.listed.add((first, digest))
                case "do_not_contact":
                    known.do_not_contact.add(digest)
                case _:
                    known.revision = int(first or 0)
        return known

    async def record(
        self,
        buyer_id: str,
        version: str,
        at: datetime,
        decided: Sequence[Decided],
        passage: Passage,
    ) -> None:
        """Write decisions, and what passes until when.

        Durable once this returns.
        """
        async with translated(self._pool):
            await self._pool.execute(
                _RECORD,
                buyer_id,
                version,
                at,
                [one.decision.decision_id for one in decided],
                [one.request.lead_id for one in decided],
                [one.request.channel for one in decided],
                [one.request.automatic for one in decided],
                [one.request.purpose for one in decided],
                [one.decision.allowed for one in decided],
                [one.decision.reason for one in decided],
                [" ".join(one.decision.rules) for one in decided],
                [one.decision.not_before for one in decided],
                [one.address for one in decided],
                passage.passage_id,
                passage.addresses,
                passage.until,
            )

    async def end(self, buyer_id: str, passage: Passage) -> None:
        """Say that nothing of a passage is being handed over any more."""
        async with translated(self._pool):
            await self._pool.execute(_END_PASSAGE, buyer_id, passage.passage_id)

    async def under_way(self, buyer_id: str, digests: Sequence[bytes]) -> dict[UUID, datetime]:
        """What passed for one of the addresses and has not ended, with when the last of it must have begun."""
        async with translated(self._pool):
            rows = await self._pool.fetch(_UNDER_WAY, buyer_id, digests)
        return {row["passage_id"]: row["until"] for row in rows}

    async def forget_passages(self, buyer_id: str, before: datetime) -> None:
        """Drop what those left who died while they handed over."""
        async with translated(self._pool):
            await self._pool.execute(_FORGET_PASSAGES, buyer_id, before)

    async def of_lead(
        self, buyer_id: str, lead_id: UUID, after: tuple[datetime, UUID], limit: int
    ) -> list[asyncpg.Record]:
        """Decisions about one lead, oldest first, after the one of this instant and id."""
        async with translated(self._pool):
            return await self._pool.fetch(_OF_LEAD, buyer_id, lead_id, *after, limit)


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
