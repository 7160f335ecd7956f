"""The gate put together, for each process that reaches people or listens to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.routing.contacts_client import Contacts
from services.routing.gate.digests import Digests
from services.routing.gate.facts import Scope
from services.routing.gate.gate import Gate, Registers
from services.routing.gate.gate_service import GateService
from services.routing.gate.gate_store import GateStore
from services.routing.gate.number_client import NumberClient, open_session
from services.routing.gate.opt_out_store import OptOutStore
from services.routing.gate.opt_outs import OptOuts
from services.routing.gate.rules import rules
from services.routing.playbook.run import OptedOut
from services.routing.playbook.runs import react
from services.routing.settings import GateSettings
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Connection, Pool, open_pool
from shared.runtime.clock import Clock
from shared.runtime.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class GateParts:
    """What a process needs of the gate."""

    gate: Gate
    opt_outs: OptOuts
    service: GateService


@asynccontextmanager
async def open_gate(
    settings: GateSettings,
    database: DatabaseSettings,
    pool: Pool,
    catalogs: CatalogReader,
    contacts: Contacts,
    clock: Clock,
) -> AsyncIterator[GateParts]:
    """The gate with connections of its own for its locks, which are held while messages are handed over.

    Args:
        settings: registers and keys.
        database: for the connections that hold locks.
        pool: for everything else.
    """
    async with AsyncExitStack() as stack:
        of_locks = replace(database, pool_size=settings.lock_pool_size)
        locks = await stack.enter_async_context(open_pool(of_locks, role="leadline_routing", name="contact gate"))
        session = await stack.enter_async_context(open_session())
        litigators = settings.litigators_url
        registers = Registers(
            NumberClient(session, litigators, settings.litigators_secret) if litigators else None,
            NumberClient(session, settings.reassigned_url, settings.reassigned_secret)
            if settings.reassigned_url
            else None,
            litigator_list=settings.litigator_list,
        )
        digests = Digests(settings.identity_key)
        store, opt_out_store = GateStore(pool, locks), OptOutStore(pool)
        gate = Gate(store, catalogs, digests, rules(), registers, clock)
        opt_outs = OptOuts(pool, opt_out_store, store, contacts, digests, clock, [stop_follow_up])
        service = GateService(gate, store, opt_outs, opt_out_store, contacts, digests, rules(), clock)
        yield GateParts(gate, opt_outs, service)


async def stop_follow_up(conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], scope: Scope, at: datetime) -> None:
    """Tell the leads' playbooks; those who look at tasks and steps stop as well."""
    for lead_id in lead_ids:
        for one in ("call", "text") if scope == "phone" else (scope,):
            await react(conn, buyer_id, lead_id, OptedOut(scope=one, at=at))
