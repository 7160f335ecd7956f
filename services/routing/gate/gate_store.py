"""The gate's memory in Postgres: locks, facts and decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from services.routing.gate.decision import ContactRequest, GateDecision
from services.routing.gate.facts import Attempt, ListState, OptOut
from shared.db.failures import translated
from shared.db.pool import Pool

#: The longest period in which attempts are counted.
ATTEMPTS_WITHIN = timedelta(hours=24)
#: How long a lock may be held by somebody who hands a message over; a channel gives up long before.
_HELD_AT_MOST = timedelta(seconds=60)
_PATIENCE = timedelta(seconds=1)

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
INSERT INTO routing.gate_decision (buyer_id, decision_id, lead_id, channel, automatic, purpose, allowed, reason, rules,
                                   rules_version, not_before, decided_at, address)
SELECT $1, decision_id, lead_id, channel, automatic, purpose, allowed, reason, string_to_array(rules, ' '), $2,
       not_before, $3, address
FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::boolean[], $8::text[], $9::boolean[], $10::text[], $11::text[],
            $12::timestamptz[], $13::bytea[])
     AS t (decision_id, lead_id, channel, automatic, purpose, allowed, reason, rules, not_before, address)
"""

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


class Hold:
    """Locks that are held, until they are given back or lost with their connection."""

    def __init__(self) -> None:
        self.held = True
        self._told: Callable[[], None] | None = None

    def when_lost(self, tell: Callable[[], None] | None) -> None:
        """Have it called when the locks are lost, at once where they are; None: nobody any more."""
        self._told = tell
        if tell is not None and not self.held:
            tell()

    def lost(self, *_: object) -> None:
        """Say that somebody else may have them now."""
        self.held = False
        if self._told is not None:
            self._told()


class GateStore:
    """Locks on connections of their own; facts and decisions on others.

    Methods raise Unavailable, DeadlineExceeded or RaceLost where Postgres cannot answer now.
    """

    def __init__(self, pool: Pool, locks: Pool) -> None:
        self._pool = pool
        self._locks = locks

    @asynccontextmanager
    async def locked(self, keys: Collection[int], *, wait: timedelta) -> AsyncIterator[Hold]:
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
            connection = await self._locks.acquire(timeout=seconds)
        hold = Hold()
        connection.add_termination_listener(hold.lost)
        try:
            async with translated(self._locks):
                await connection.execute(lock, timeout=seconds + 2 * _PATIENCE.total_seconds())
            yield hold
        finally:
            hold.held = False
            await self._give_back(connection, hold)

    async def _give_back(self, connection: PoolConnectionProxy[asyncpg.Record], hold: Hold) -> None:
        try:
            connection.remove_termination_listener(hold.lost)
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
        decided: Sequence[tuple[ContactRequest, GateDecision, bytes | None]],
    ) -> None:
        """Write decisions, with the digest of the address that each is about; durable once this returns."""
        async with translated(self._pool):
            await self._pool.execute(
                _RECORD,
                buyer_id,
                version,
                at,
                [decision.decision_id for _, decision, _ in decided],
                [request.lead_id for request, _, _ in decided],
                [request.channel for request, _, _ in decided],
                [request.automatic for request, _, _ in decided],
                [request.purpose for request, _, _ in decided],
                [decision.allowed for _, decision, _ in decided],
                [decision.reason for _, decision, _ in decided],
                [" ".join(decision.rules) for _, decision, _ in decided],
                [decision.not_before for _, decision, _ in decided],
                [address for _, _, address in decided],
            )

    async def of_lead(
        self, buyer_id: str, lead_id: UUID, after: tuple[datetime, UUID], limit: int
    ) -> list[asyncpg.Record]:
        """Decisions about one lead, oldest first, after the one of this instant and id."""
        async with translated(self._pool):
            return await self._pool.fetch(_OF_LEAD, buyer_id, lead_id, *after, limit)


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
