"""Takes what became of calls that were set up for agents."""

from __future__ import annotations

from typing import Protocol

from services.routing.messages.buyers import Buyers
from services.routing.messages.inbound import OVER, CallOutcome, CallReport
from services.routing.messages.inbound_store import InboundStore
from services.routing.work.calls import Ending
from shared.rpc.errors import NotFound, WrongState


class Endings(Protocol):
    """See `services.routing.work.calls.Calls`."""

    async def end(self, buyer_id: str, told: Ending) -> bool:
        """Keep how an attempt ended; False: nothing of it is new. Raises AppError."""


class InboundCalls:
    """Takes statuses in any order and however often: what is known of an attempt only ever grows."""

    def __init__(self, store: InboundStore, buyers: Buyers, calls: Endings) -> None:
        self._store = store
        self._buyers = buyers
        self._calls = calls

    async def take(self, report: CallReport) -> CallOutcome:
        """Take one status."""
        if not report.live and report.status not in OVER:
            return "ignored"
        buyers = [buyer.slug for buyer in await self._buyers.all()]
        buyer_id = await self._store.attempted(buyers, report.attempt_id)
        if buyer_id is None:
            return "unknown"
        ending = Ending(
            attempt_id=report.attempt_id,
            ended_at=report.at,
            live=report.live,
            live_at=report.at if report.status == "answered" else None,
        )
        try:
            return "recorded" if await self._calls.end(buyer_id, ending) else "ignored"
        except (NotFound, WrongState):
            return "unknown"
