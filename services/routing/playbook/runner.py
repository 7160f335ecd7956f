"""Opens the steps that were not due at the purchase, as they become due.

Any number of runners may work, in any processes: a run is held while it is looked at, and what is opened is written
in the same transaction, under ids that follow from the lead and the step. A runner that dies has done nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol
from uuid import UUID

import structlog

from services.routing.accepted import AcceptedLead
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.playbook.engine import NextLawful, Turn
from services.routing.playbook.opening import Terms, look
from services.routing.playbook.run import Forgotten, Run, told
from services.routing.playbook.run_store import RunStore, hold_due_runs, save_runs
from services.routing.playbook.runs import open_steps
from services.routing.playbook.terms import terms_of
from shared.catalog.snapshot import CatalogReader
from shared.db.failures import translated
from shared.db.pool import Pool
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

_log = structlog.get_logger(__name__)

#: Runs of one look.
BATCH = 100
#: Seconds between looks when nothing is due.
POLL_SECONDS = 0.5
#: How long runs rest whose people's places, or whose terms, cannot be had now. They do not keep others waiting.
REST = timedelta(seconds=30)


class LawfulHours(Protocol):
    """When people may be called, by what is known of where they are; see `places_client.PlacesHours`."""

    async def of(self, buyer_id: str, lead_ids: Sequence[UUID]) -> Mapping[UUID, NextLawful]:
        """The lawful hours of each lead's person; a lead is left out whose person was forgotten.

        Raises:
            AppError: it cannot be told now.
        """


class Ring(Protocol):
    """What wakes whoever delivers; see `services.routing.bell.Bell`."""

    def ring(self) -> None:
        """There is something to deliver."""


class PlaybookRunner:
    """Looks at due runs until told to stop."""

    def __init__(
        self,
        pool: Pool,
        store: RunStore,
        catalogs: CatalogReader,
        hours: LawfulHours,
        due: Ring,
        telemetry: FollowUpTelemetry,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._store = store
        self._catalogs = catalogs
        self._hours = hours
        self._due = due
        self._telemetry = telemetry
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Open what becomes due until `stop`."""
        while not stop.is_set():
            if not await self._step_or_warn():
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await stop.wait()
                except TimeoutError:
                    continue

    async def _step_or_warn(self) -> bool:
        try:
            return await self.step()
        except AppError as error:
            _log.warning("playbooks not looked at", exc_info=error)
            return False

    async def step(self) -> bool:
        """Look at the runs that are due; True where there may be more.

        Raises:
            AppError: Postgres cannot answer now.
        """
        now = self._clock.now()
        due = await self._store.due(now, BATCH)
        due.sort(key=lambda one: one[0])
        for buyer_id, group in groupby(due, key=lambda one: one[0]):
            leads = [lead for _, lead in group]
            try:
                hours = await self._hours.of(buyer_id, [lead.lead_id for lead in leads])
            except AppError as error:
                # Cannot know: nobody is called meanwhile.
                await self._put_off(buyer_id, [lead.lead_id for lead in leads], now, error)
                continue
            await self._open(buyer_id, await self._terms(leads, now), hours, now)
        return len(due) == BATCH

    async def _terms(self, leads: Sequence[AcceptedLead], now: datetime) -> dict[UUID, Terms]:
        """By what each is followed up; one whose terms cannot be had is put off alone."""
        terms = {}
        for lead in leads:
            try:
                terms[lead.lead_id] = await terms_of(self._catalogs, lead)
            except AppError as error:
                await self._put_off(lead.buyer_id, [lead.lead_id], now, error)
        return terms

    async def _put_off(self, buyer_id: str, lead_ids: Sequence[UUID], now: datetime, error: AppError) -> None:
        _log.warning("runs put off", exc_info=error)
        await self._store.put_off(buyer_id, lead_ids, now + REST)

    async def _open(
        self, buyer_id: str, terms: Mapping[UUID, Terms], hours: Mapping[UUID, NextLawful], now: datetime
    ) -> None:
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            turns: list[tuple[AcceptedLead, Terms, Run, Turn]] = []
            for stored in await hold_due_runs(conn, buyer_id, list(terms), now):
                run, lead_terms = stored.run, terms[stored.run.lead_id]
                next_lawful = hours.get(run.lead_id)
                if next_lawful is None:
                    turn = Turn(told(run, Forgotten(at=now)), (), None)
                else:
                    turn = look(run, lead_terms, now, next_lawful)
                turns.append((stored.lead, lead_terms, run, turn))
            tasks = await open_steps(conn, turns, now)
            await save_runs(conn, [(turn.run, turn.due_at) for _, _, _, turn in turns])
        if any(turn.opened for *_, turn in turns):
            self._due.ring()
        for task in tasks:
            self._telemetry.task_written(task)
