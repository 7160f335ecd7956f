"""Leads that could not be decided in time: kept, then finished by the sweeper.

Only Postgres has to be up to take a lead. Whatever else is away, the lead is
stored with its submission, the seller is told `pending`, and the sweeper has it
decided as soon as the chain answers again, or rejects it once the order's
decision window is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2
from services.intake.candidates import choose_candidates
from services.intake.catalog.directory import Directory
from services.intake.chain import ChainUnavailable, Stages
from services.intake.draft import Draft, by_buyer, moment
from services.intake.opening import is_own
from services.intake.pings.bids import Bids
from services.intake.record import pending_row, submission_row
from services.intake.settlement import Settlement
from services.intake.store import LeadStore
from services.intake.submission import SubmissionKey
from services.intake.trace import LeadTraces
from services.intake.verdict import apply_decision, expire
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock

#: How long a sweeper that took a pending lead has it to itself. Longer than the
#: chain's time and the settlement together; a sweeper that died frees its leads by this.
LEASE_SECONDS = 5.0
#: How much longer than its lead may wait a bid is held for it.
HOLD_SLACK = timedelta(minutes=1)
#: Pending leads that are taken at once.
BATCH = 64


class PendingLeads:
    """Keeps leads that could not be decided."""

    def __init__(self, store: LeadStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def keep(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Store undecided drafts of one buyer.

        Returns:
            The drafts whose submission another process took first.

        Raises:
            Unavailable: Postgres did not say that it committed.
        """
        now = self._clock.now()
        stored = await self._store.keep_pending(
            drafts[0].buyer_id,
            [submission_row(draft, now) for draft in drafts],
            [pending_row(draft) for draft in drafts],
            [(d.buyer_id, d.lead_id, " ".join(d.key_orders), now) for d in drafts],
            now,
            [
                (d.bid.claims.ping_id, d.lead_id, _expiry(d) + HOLD_SLACK)
                for d in drafts
                if d.bid is not None and not d.test
            ],
        )
        return [draft for draft in drafts if draft.lead_id not in stored]


class Sweeper:
    """Finishes pending leads."""

    def __init__(
        self,
        *,
        directory: Directory,
        chain: Stages,
        store: LeadStore,
        settlement: Settlement,
        bids: Bids,
        traces: LeadTraces,
        clock: Clock,
        chain_seconds: float,
        idle_seconds: float,
    ) -> None:
        """`idle_seconds`: how long it rests when nothing was due."""
        self._directory = directory
        self._chain = chain
        self._store = store
        self._settlement = settlement
        self._bids = bids
        self._traces = traces
        self._clock = clock
        self._chain_seconds = chain_seconds
        self._idle_seconds = idle_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until told to stop. A store that is away is waited for."""
        while not stop.is_set():
            try:
                busy = await self.sweep() == BATCH
                self._traces.pending_now(await self._store.count_pending())
            except AppError:
                busy = False
            if not busy:
                try:
                    await asyncio.wait_for(stop.wait(), self._idle_seconds)
                except TimeoutError:
                    continue

    async def sweep(self) -> int:
        """Take what is due once and finish what can be finished; returns how many leads were taken."""
        due = await self._store.lease_pending(self._clock.now(), LEASE_SECONDS, BATCH)
        drafts = [self._resume(row) for row in due]
        failed = await self._bids.bind(drafts)
        for group in by_buyer(draft for draft in drafts if draft.lead_id not in failed):
            await self._finish(group)
        return len(due)

    async def _finish(self, drafts: Sequence[Draft]) -> None:
        now = self._clock.now()
        late = [draft for draft in drafts if _expiry(draft) <= now]
        timely = [draft for draft in drafts if _expiry(draft) > now]
        for draft in late:
            expire(draft)
        decided = late + (await self._decide(timely) if timely else [])
        if decided:
            lost = await self._settlement.settle(decided)
            await self._bids.give_back(decided)
            self._traces.decided([draft for draft in decided if draft not in lost])

    async def _decide(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those of the drafts that the chain answers for now."""
        try:
            ends_at = self._clock.monotonic() + self._chain_seconds
            await self._chain.judge(drafts, ends_at=ends_at)
        except ChainUnavailable as failed:
            if not failed.defect or len(drafts) == 1:
                return []
            # One lead that a stage cannot digest must not hold up the rest of its batch.
            return [draft for alone in drafts for draft in await self._decide([alone])]
        for draft in drafts:
            apply_decision(draft)
        return list(drafts)

    def _resume(self, row: asyncpg.Record) -> Draft:
        """Make a draft again, under the catalog in force now."""
        view = self._directory.current(row["buyer_id"])
        sent = lead_pb2.Submission.FromString(row["submission"])
        return Draft(
            lead_id=row["lead_id"],
            view=view,
            seller=row["seller"],
            own=is_own(view, row["seller"]),
            candidates=choose_candidates(
                sent.order,
                view.order(sent.order) if sent.order else None,
                view.orders_of(row["seller"]),
                seller=row["seller"],
                key_orders=row["key_orders"],
            ),
            key_orders=tuple(row["key_orders"]),
            submission=sent,
            payload=b"",
            key=SubmissionKey("", timedelta()),
            content_hash=b"",
            test=row["test"],
            clock=lead_event_pb2.ClockPoints.FromString(row["clock"]),
            resumed=True,
        )


def _expiry(draft: Draft) -> datetime:
    """The end of the longest decision window among the candidates; without any, there is nothing to wait for long."""
    seconds = max((order.decision_window_seconds for order in draft.candidates.orders), default=60)
    return moment(draft.clock.received_at) + timedelta(seconds=seconds)
