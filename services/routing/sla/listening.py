"""What clocks hear of the work that is done."""

from __future__ import annotations

from services.routing.sla import store as sla
from services.routing.sla.clock import Attempt
from services.routing.work.disposition_store import Attempt as MadeAttempt
from services.routing.work.outcome import CLOSING, Disposition
from shared.db.pool import Connection


class ClockListener:
    """Stops clocks; see the `Listener`s of `services.routing.work.calls` and `.dispositions`."""

    async def attempted(self, conn: Connection, attempt: MadeAttempt) -> None:
        """A person's attempt stops the lead's clock, the earliest one; a program's never does."""
        if attempt.automatic:
            return
        told = Attempt(attempt_id=attempt.attempt_id, began_at=attempt.began_at, team=attempt.team, agent=attempt.agent)
        await sla.stop(conn, attempt.buyer_id, attempt.lead_id, told)

    async def disposed(self, conn: Connection, buyer_id: str, said: Disposition) -> None:
        """Where an agent closes a lead before anybody called it, nobody has to any more."""
        if said.disposition in CLOSING:
            await sla.excuse(conn, buyer_id, [said.lead_id], said.at, said.disposition)
