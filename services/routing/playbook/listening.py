"""What runs hear of people who want to be left alone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.routing.playbook.run import OptedOut, Scope
from services.routing.playbook.runs import react
from shared.db.pool import Connection
from shared.runtime.clock import Clock


class RunsOfPeople:
    """Tells the runs of a person's leads of an opt-out, in the transaction that takes it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, conn: Connection, buyer_id: str, lead_ids: Sequence[UUID], scope: Scope) -> None:
        """End the runs, tasks and messages that the opt-out is about. Leads are told in the order of their ids."""
        fact = OptedOut(scope=scope, at=self._clock.now())
        for lead_id in sorted(lead_ids):
            await react(conn, buyer_id, lead_id, fact)
