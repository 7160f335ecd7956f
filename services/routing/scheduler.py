"""Turns bought leads into follow-up, and ends that of leads given back, in the transaction that takes their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.routing.accepted import AcceptedLead
from services.routing.delivery.store import DeliveryStore
from services.routing.follow_up_events import accepted_lead, follow_up_started, returned_lead
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.playbook.opening import begin, handovers, look
from services.routing.playbook.run_store import StoredRun, add_runs
from services.routing.playbook.runs import Returned, open_steps, react
from services.routing.playbook.terms import terms_of
from shared.catalog.snapshot import CatalogReader
from shared.db import outbox
from shared.db.pool import Connection
from shared.runtime.clock import Clock


class FollowUpScheduler:
    """Begins the run of each bought lead and opens what its playbook does at once; however often the event comes."""

    def __init__(
        self, store: DeliveryStore, catalogs: CatalogReader, telemetry: FollowUpTelemetry, clock: Clock
    ) -> None:
        self._store = store
        self._catalogs = catalogs
        self._telemetry = telemetry
        self._clock = clock

    async def handle(self, conn: Connection, messages: Sequence[outbox.OutboxMessage]) -> None:
        """Begin the follow-up of every bought lead among the messages, and end that of every lead given back.

        The confirmation and the first task are written here; the hours at which that call is lawful are left to
        whoever gives it to an agent, so that nothing slow stands between a purchase and its follow-up.

        Raises:
            NotFound: the catalog does not know the order. The outbox then tries the messages one by one.
        """
        await self._begin(conn, messages)
        for message in messages:
            back = returned_lead(message.payload) if message.topic == "transferred" else None
            if back is not None:
                await react(conn, back.buyer_id, back.lead_id, Returned(at=back.at))

    async def _begin(self, conn: Connection, messages: Sequence[outbox.OutboxMessage]) -> None:
        bought = {
            lead.lead_id: (await self._with_revision(lead), message.payload)
            for message in messages
            if (lead := accepted_lead(message.payload)) is not None
        }
        if not bought:
            return
        now = self._clock.now()
        turns, runs = [], []
        for lead, purchase in bought.values():
            terms = await terms_of(self._catalogs, lead)
            run = begin(lead, terms)
            turn = look(run, terms, now)
            turns.append((lead, terms, run, turn))
            runs.append(StoredRun(run=turn.run, lead=lead, purchase=purchase, started_at=now, due_at=turn.due_at))
        fresh = await add_runs(conn, runs)
        begun = [turn for turn in turns if turn[0].lead_id in fresh]
        if not begun:
            return
        started = [
            follow_up_started(lead, playbook=run.playbook, arm=run.arm, delay_seconds=run.delay_seconds)
            for lead, _, run, _ in begun
        ]
        handed = [one for lead, terms, run, _ in begun for one in handovers(lead, terms, run, now)]
        for task in await open_steps(conn, begun, now, started, handed):
            self._telemetry.task_written(task)

    async def _with_revision(self, lead: AcceptedLead) -> AcceptedLead:
        if lead.catalog_revision:
            return lead
        return replace(lead, catalog_revision=await self._store.revision_in_force(lead.buyer_id))
