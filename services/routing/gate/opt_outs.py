"""Takes opt-outs: written at once, acknowledged when no contact with the person can begin any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from services.routing.contacts_client import Contacts
from services.routing.gate.digests import Address, Digests
from services.routing.gate.facts import SaidBy, Scope
from services.routing.gate.gate_events import opted_out
from services.routing.gate.gate_store import GateStore
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.person import Person
from shared.db import outbox
from shared.db.failures import translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import DeadlineExceeded, Malformed, RaceLost, Unavailable
from shared.runtime.clock import Clock

#: How long an opt-out waits for contacts that are being handed over; a channel gives up sooner.
_WAIT: Final = timedelta(seconds=25)

#: How often it is looked whether what passed has ended.
_LOOK_SECONDS: Final = 0.1
#: What those left who died while they handed over is dropped then.
_FORGET_AFTER: Final = timedelta(minutes=1)
_NAMESPACE: Final = UUID("6a7ba45f-3b0e-4d0b-9a35-6f0e2c7f5a11")

#: Told of every opt-out in its transaction, with the leads that it is about: what stops their playbooks and tasks.
React = Callable[[Connection, str, Sequence[UUID], Scope, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody said. At least one address: the person's, a bare one, or those that the lead was reached at.

    Attributes:
        scope: what must end.
        said_by: how it was said.
        said_at: when.
        recorded_by: the agent or part of the system that took it; no contact data.
        lead_id: the lead that it is about, where known.
        person: that lead's person.
        phone: E.164, and `email`: where it came from, if no person is known.
    """

    buyer_id: str
    scope: Scope
    said_by: SaidBy
    said_at: datetime
    recorded_by: str
    lead_id: UUID | None = None
    person: Person | None = None
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


class OptOuts:
    """Takes opt-outs. Any number of them may run, in any processes."""

    def __init__(
        self,
        pool: Pool,
        store: OptOutStore,
        locks: GateStore,
        contacts: Contacts,
        digests: Digests,
        clock: Clock,
        react: Sequence[React] = (),
    ) -> None:
        self._pool = pool
        self._store = store
        self._locks = locks
        self._contacts = contacts
        self._digests = digests
        self._clock = clock
        self._react = tuple(react)

    async def record(self, notice: Notice) -> UUID:
        """Take an opt-out. When this returns, no contact that it forbids will begin.

        Returns:
            The opt-out's id.

        Raises:
            Malformed: no address is known that the scope is about.
            Unavailable: it could not be written; or it is written and in force, and a contact that had begun before
                is still going on. Say it again: it is written once.
        """
        addresses = await self.addresses(notice)
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            opt_out_id = await self.write(conn, notice, addresses)
        await self.settled(notice, addresses)
        return opt_out_id

    async def opted_out(self, buyer_id: str, lead_id: UUID, at: datetime) -> None:
        """Take an agent's word that a lead's person wants to be left alone altogether. Told twice, it is one.

        Raises:
            AppError: it could not be noted; see `record`.
        """
        (person,) = await self._contacts.fetch(buyer_id, [lead_id])
        await self.record(
            Notice(
                buyer_id=buyer_id,
                scope="all",
                said_by="agent",
                said_at=at,
                recorded_by="agent",
                lead_id=lead_id,
                person=person,
            )
        )

    async def addresses(self, notice: Notice) -> list[Address]:
        """The addresses that an opt-out is written for.

        Raises:
            Malformed: there are none.
            Unavailable: Postgres is away.
        """
        person = notice.person
        found = set(self._digests.of(notice.buyer_id, notice.phone, notice.email))
        if person is not None:
            found |= set(self._digests.of(notice.buyer_id, person.phone, person.email))
        elif notice.lead_id is not None:
            found |= set(await self._store.reached(notice.buyer_id, notice.lead_id))
        if notice.scope != "all":
            kind = "email" if notice.scope == "email" else "phone"
            found = {address for address in found if address.kind == kind}
        if not found:
            raise Malformed.field("scope", "no address of the person is known that this would end contact with")
        return sorted(found)

    async def write(self, conn: Connection, notice: Notice, addresses: Sequence[Address]) -> UUID:
        """Write an opt-out in the caller's transaction, with its event and what it stops.

        Whoever calls this instead of `record` awaits `settled` after the commit, before anybody is told.
        """
        opt_out_id = _id_of(notice, addresses)
        new = await self._store.add(
            conn,
            notice.buyer_id,
            opt_out_id,
            addresses,
            scope=notice.scope,
            said_by=notice.said_by,
            said_at=notice.said_at,
            recorded_at=self._clock.now(),
            recorded_by=notice.recorded_by,
            lead_id=notice.lead_id,
        )
        if new:
            told = opted_out(
                notice.buyer_id,
                notice.lead_id,
                notice.person,
                scope=notice.scope,
                said_by=notice.said_by,
                at=notice.said_at,
            )
            await outbox.put(conn, [told])
            leads = set(await self._store.leads_of(conn, notice.buyer_id, addresses))
            if notice.lead_id is not None:
                leads.add(notice.lead_id)
            for react in self._react:
                await react(conn, notice.buyer_id, sorted(leads), notice.scope, notice.said_at)
        return opt_out_id

    async def settled(self, notice: Notice, addresses: Sequence[Address]) -> None:
        """Wait until nobody hands a message over who may not have seen what is written.

        Raises:
            Unavailable: somebody still does, or Postgres is away.
        """
        buyer_id, digests = notice.buyer_id, [address.digest for address in addresses]
        try:
            async with self._locks.locked({address.lock for address in addresses}, wait=_WAIT):
                pass
        except (RaceLost, DeadlineExceeded):
            raise Unavailable("the opt-out is in force; a contact that began before it is still going on") from None
        await self._passed(buyer_id, digests)

    async def _passed(self, buyer_id: str, digests: Sequence[bytes]) -> None:
        """Wait for those whose locks were lost with their connection: they may not know, and begin until their time
        is over. What passes from now on has seen the opt-out."""
        before = (await self._locks.under_way(buyer_id, digests)).keys()
        while before:
            now = self._clock.now()
            left = {
                one: until for one, until in (await self._locks.under_way(buyer_id, digests)).items() if one in before
            }
            if all(until <= now for until in left.values()):
                await self._locks.forget_passages(buyer_id, now - _FORGET_AFTER)
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _id_of(notice: Notice, addresses: Sequence[Address]) -> UUID:
    """The same for the same thing said again."""
    digests = "|".join(address.digest.hex() for address in addresses)
    return uuid5(
        _NAMESPACE, f"{notice.buyer_id}|{notice.scope}|{notice.said_by}|{notice.said_at.isoformat()}|{digests}"
    )
