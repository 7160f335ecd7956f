"""From submissions to answers: open, decide, settle.

A batch goes through the methods of `Pipeline` from top to bottom.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from leadline.intake.v1 import intake_service_pb2 as intake_pb2
from services.intake import sandbox
from services.intake.answer import pending_answer
from services.intake.chain import ChainUnavailable, Stages
from services.intake.draft import Draft, by_buyer, reached
from services.intake.opening import Opening
from services.intake.pending import PendingLeads
from services.intake.pings.bids import Bids
from services.intake.rate_gate import too_fast
from services.intake.rate_store import RateLimits
from services.intake.settlement import Settlement
from services.intake.store import LeadStore, Stored
from services.intake.trace import LeadTraces
from services.intake.verdict import apply_decision
from shared.rpc.errors import AppError, SubmissionConflict, Unavailable, to_refusal
from shared.runtime.clock import Clock

Result = intake_pb2.SubmitLeadResult


class Pipeline:
    """Decides batches of submissions."""

    def __init__(
        self,
        *,
        opening: Opening,
        chain: Stages,
        store: LeadStore,
        settlement: Settlement,
        pending: PendingLeads,
        limits: RateLimits,
        bids: Bids,
        traces: LeadTraces,
        clock: Clock,
        chain_seconds: float,
    ) -> None:
        """`chain_seconds`: how long all stages together may take before a lead is kept as pending."""
        self._opening = opening
        self._chain = chain
        self._store = store
        self._settlement = settlement
        self._pending = pending
        self._limits = limits
        self._bids = bids
        self._traces = traces
        self._clock = clock
        self._chain_seconds = chain_seconds
        #: Submissions being decided by this process: a copy that arrives meanwhile waits for the first one's answer.
        self._in_hand: dict[tuple[str, str, str], asyncio.Future[tuple[bytes, Result]]] = {}

    async def submit(self, items: Sequence[intake_pb2.SubmitLeadItem]) -> list[Result]:
        """Answer a batch, by index. One item never spoils another."""
        results: dict[int, Result] = {}
        opened: dict[int, Draft] = {}
        for n, item in enumerate(items):
            try:
                opened[n] = self._opening.open(item)
            except AppError as error:
                results[n] = self._refused(error)
        refused = await too_fast(self._limits, opened)
        first: dict[int, Draft] = {}
        copies: dict[int, tuple[Draft, asyncio.Future[tuple[bytes, Result]]]] = {}
        for n, draft in opened.items():
            if n in refused:
                results[n] = self._refused(refused[n])
                continue
            in_hand = self._in_hand.get(draft.identity)
            if in_hand is None:
                first[n] = draft
                self._in_hand[draft.identity] = asyncio.get_running_loop().create_future()
            else:
                copies[n] = (draft, in_hand)
        results |= await self._decide_first(first)
        # Only now: whoever decides never waits for a copy, so two batches cannot wait for each other.
        for n, (draft, answered) in copies.items():
            results[n] = await self._copy(draft, *await answered)
        return [results[n] for n in range(len(items))]

    async def _decide_first(self, first: Mapping[int, Draft]) -> dict[int, Result]:
        """Decide those that are the first of their submission in this process, and tell the copies that wait."""
        answers: dict[str, Result] = {}
        try:
            failed = await self._bids.bind(first.values())
            answers = {lead_id: self._refused(error) for lead_id, error in failed.items()}
            for group in by_buyer(draft for draft in first.values() if draft.lead_id not in failed):
                answers |= await self._decide_for_buyer(group)
        finally:
            for draft in first.values():
                waiting = self._in_hand.pop(draft.identity)
                waiting.set_result((draft.content_hash, answers.get(draft.lead_id) or _unknown()))
        return {n: answers[draft.lead_id] for n, draft in first.items()}

    async def _decide_for_buyer(self, drafts: list[Draft]) -> dict[str, Result]:
        forced, chained = _split_forced_pending(drafts)
        ends_at = self._clock.monotonic() + self._chain_seconds
        answers: dict[str, Result] = {}
        try:
            if forced:
                answers |= await self._keep_pending(forced)
            if chained:
                answers |= await self._decide_and_settle(chained, ends_at)
        except AppError as error:
            return {draft.lead_id: answers.get(draft.lead_id) or self._refused(error) for draft in drafts}
        return answers

    def _refused(self, error: AppError) -> Result:
        refusal = to_refusal(error)
        self._traces.refused(refusal.reason)
        return Result(refusal=refusal)

    async def _copy(self, draft: Draft, content_hash: bytes, result: Result) -> Result:
        """The answer of one that waited for the first of its key."""
        if content_hash == draft.content_hash or result.HasField("answer"):
            return _copy_of(draft, content_hash, result)
        # The first one got no answer under this key; what stands there may be what this one says.
        try:
            stored = await self._replay([draft])
        except AppError as error:
            return self._refused(error)
        return stored.get(draft.lead_id) or _unknown()

    async def _replay(self, drafts: Sequence[Draft]) -> dict[str, Result]:
        """The answers of submissions that were taken before, by the id of the draft that asks."""
        stored = await self._store.find_submissions([draft.identity for draft in drafts], self._clock.now())
        return {drafts[n].lead_id: _stored_answer(drafts[n], found) for n, found in stored.items()}

    async def _decide_and_settle(self, drafts: Sequence[Draft], ends_at: float) -> dict[str, Result]:
        # Nearly every lead is new. One that was taken before is found out by the settlement, which has to look anyway.
        try:
            await self._chain.judge(drafts, ends_at=ends_at)
        except ChainUnavailable:
            return await self._keep_pending(drafts)
        for draft in drafts:
            apply_decision(draft)
        lost = await self._settlement.settle(drafts)
        await self._bids.give_back(drafts)
        return await self._finish(drafts, lost)

    async def _keep_pending(self, drafts: Sequence[Draft]) -> dict[str, Result]:
        lost = await self._pending.keep(drafts)
        self._traces.kept_pending(len(drafts) - len(lost))
        replayed = await self._replay(lost) if lost else {}
        return replayed | {
            draft.lead_id: Result(
                answer=pending_answer(
                    lead_id=draft.lead_id,
                    currency=draft.view.buyer.currency,
                    traceparent=draft.submission.traceparent,
                    test=draft.test,
                    replayed=False,
                )
            )
            for draft in drafts
            if draft.lead_id not in replayed
        }

    async def _finish(self, drafts: Sequence[Draft], lost: Sequence[Draft]) -> dict[str, Result]:
        answers = await self._replay(lost) if lost else {}
        for draft in drafts:
            if draft in lost:
                answers.setdefault(draft.lead_id, _unknown())
            else:
                answers[draft.lead_id] = Result(answer=reached(draft.answer))
        self._traces.decided([draft for draft in drafts if draft not in lost])
        return answers


def _stored_answer(draft: Draft, stored: Stored) -> Result:
    if stored.content_hash != draft.content_hash:
        return _conflict()
    if stored.outcome == "pending":
        return Result(
            answer=pending_answer(
                lead_id=stored.lead_id,
                currency=draft.view.buyer.currency,
                traceparent=stored.traceparent,
                test=stored.test,
                replayed=True,
            )
        )
    answer = intake_pb2.LeadAnswer.FromString(stored.answer)
    answer.replayed = True
    return Result(answer=answer)


def _copy_of(draft: Draft, content_hash: bytes, result: Result) -> Result:
    if content_hash != draft.content_hash:
        return _conflict()
    copy = Result()
    copy.CopyFrom(result)
    if copy.HasField("answer"):
        copy.answer.replayed = True
    return copy


def _conflict() -> Result:
    error = SubmissionConflict("this submission key came with other content before; nothing was changed")
    return Result(refusal=to_refusal(error))


def _unknown() -> Result:
    return Result(refusal=to_refusal(Unavailable("the outcome is not known; send the same submission again")))


def _split_forced_pending(drafts: Iterable[Draft]) -> tuple[list[Draft], list[Draft]]:
    forced: list[Draft] = []
    others: list[Draft] = []
    for draft in drafts:
        asked = sandbox.forced_outcome(draft.submission.fields) if draft.test else None
        (forced if asked is not None and asked.outcome == "pending" else others).append(draft)
    return forced, others
