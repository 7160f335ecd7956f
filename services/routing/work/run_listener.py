"""What a lead's playbook hears of the work that is done."""

from __future__ import annotations

from services.routing.playbook import runs
from services.routing.work.disposition_store import Attempt
from services.routing.work.outcome import Disposition
from shared.db.pool import Connection


class RunListener:
    """Tells runs; see the `Listener`s of `calls` and `dispositions`."""

    async def attempted(self, conn: Connection, attempt: Attempt) -> None:
        """An attempt that is over."""
        if attempt.state != "ended":
            return
        fact = runs.AttemptMade(
            channel="call",
            automatic=attempt.automatic,
            began_at=attempt.began_at,
            live=attempt.live,
            ended_at=attempt.ended_at,
        )
        await runs.react(conn, attempt.buyer_id, attempt.lead_id, fact)

    async def disposed(self, conn: Connection, buyer_id: str, said: Disposition) -> None:
        """What an agent says."""
        await runs.react(conn, buyer_id, said.lead_id, runs.DispositionSet(disposition=said.disposition, at=said.at))
