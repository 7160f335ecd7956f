"""Turns bought leads into follow-up, in the transaction that takes their events from the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.routing.accepted import AcceptedLead
from services.routing.delivery.store import DeliveryStore, add_deliveries
from services.routing.follow_up import CallTask, plan_email, plan_task
from services.routing.follow_up_events import accepted_lead, task_created
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.sla import store as sla
from services.routing.sla.agreement import start_of
from services.routing.sla.clock import Start
from services.routing.work.tasks import open_tasks
from shared.catalog.snapshot import CatalogReader
from shared.db import outbox
from shared.db.pool import Connection
from shared.rpc.errors import NotFound
from shared.runtime.clock import Clock


class FollowUpScheduler:
    """Writes a call task and a delivery for each bought lead, once, however often the event comes."""

    def __init__(
        self, store: DeliveryStore, catalogs: CatalogReader, telemetry: FollowUpTelemetry, clock: Clock
    ) -> None:
        self._store = store
        self._catalogs = catalogs
        self._telemetry = telemetry
        self._clock = clock

    async def handle(self, conn: Connection, messages: Sequence[outbox.OutboxMessage]) -> None:
        """Schedule the follow-up of every bought lead among the messages.

        Raises:
            NotFound: the catalog does not know the order. The outbox then tries the messages one by one.
        """
        found = (accepted_lead(message.payload) for message in messages)
        leads = [await self._with_revision(lead) for lead in found if lead is not None]
        if not leads:
            return
        now = self._clock.now()
        planned = [both for lead in leads if (both := await self._task(lead)) is not None]
        tasks = [task for task, _ in planned]
        fresh = await open_tasks(conn, tasks)
        await sla.start(conn, [start for _, start in planned])
        written = [task for task in tasks if task.task_id in fresh]
        await add_deliveries(conn, [plan_email(lead, now) for lead in leads])
        if written:
            await outbox.put(conn, [task_created(task) for task in written])
        for task in written:
            self._telemetry.task_written(task)

    async def _with_revision(self, lead: AcceptedLead) -> AcceptedLead:
        if lead.catalog_revision:
            return lead
        return replace(lead, catalog_revision=await self._store.revision_in_force(lead.buyer_id))

    async def _task(self, lead: AcceptedLead) -> tuple[CallTask, Start] | None:
        view = await self._catalogs.get(lead.buyer_id, lead.catalog_revision)
        order = view.order(lead.order)
        playbook = view.playbook(order.follow_up.playbook) if order is not None else None
        if order is None or playbook is None:
            raise NotFound(f"order {lead.order} or its playbook is not in catalog revision {lead.catalog_revision}")
        task = plan_task(lead, order.follow_up, playbook, self._clock.now())
        if task is None:
            return None
        start = start_of(lead, order, view, task.task_id)
        return replace(task, due_at=start.due_at), start
