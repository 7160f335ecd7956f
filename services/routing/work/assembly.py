"""Work put together, for the process that agents ask."""

from __future__ import annotations

from services.routing.contacts_client import Contacts
from services.routing.gate.assembly import GateParts
from services.routing.sla.listening import ClockListener
from services.routing.work.calls import Calls, Dialler
from services.routing.work.contact_hours import ContactHours
from services.routing.work.desk import Desk
from services.routing.work.dispositions import Dispositions
from services.routing.work.queue_states import QueueStates
from services.routing.work.run_listener import RunListener
from services.routing.work.service import WorkService
from services.routing.work.team_store import TeamReader
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool
from shared.runtime.clock import Clock


def assemble_work(
    pool: Pool,
    catalogs: CatalogReader,
    contacts: Contacts,
    gate: GateParts,
    clock: Clock,
    dialler: Dialler | None = None,
) -> WorkService:
    """The service, with the clocks and playbooks that hear of calls and dispositions. `dialler`: who sets calls up."""
    teams = TeamReader(pool, catalogs, clock)
    # Clocks before playbooks, always: two transactions that hold one each must not wait for each other in a circle.
    listeners = (ClockListener(), RunListener())
    return WorkService(
        Desk(pool, teams, ContactHours(contacts), clock),
        Calls(pool, gate.gate, contacts, listeners, clock, dialler),
        Dispositions(pool, gate.opt_outs, listeners, clock),
        QueueStates(pool, teams, clock),
        clock,
    )
