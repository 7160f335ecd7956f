"""The desk that answers pings: opened and judged as leads are, then bid on or not, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.intake.v1 import ping_service_pb2 as pb
from services.intake import sandbox
from services.intake.answer import finding, milliseconds, order_ref
from services.intake.candidates import Candidates
from services.intake.chain import ChainUnavailable, Stages
from services.intake.draft import Draft, by_buyer, moment
from services.intake.opening import Opening
from services.intake.pings.comparison import HASHED, Told, Type, take_hashes
from services.intake.pings.judgement import told
from services.intake.pings.rows import PingRow
from services.intake.pings.store import PingStore, StoredPing
from services.intake.pings.token import BidClaims, BidSigner
from services.intake.rate_gate import too_fast
from services.intake.rate_store import RateLimits
from services.intake.settlement import MOST_RACES, demands, turn_down
from services.intake.submission import SubmissionKey
from services.intake.verdict import apply_decision
from shared.rpc.errors import AppError, Malformed, RaceLost, SubmissionConflict, to_refusal
from shared.runtime.clock import Clock
from shared.telemetry.tracing import trace_id

Result = pb.SubmitPingResult
#: Told where an answer could not be reached in time: a ping is not kept for later, the lead would be sold elsewhere.
_TRY_AGAIN = finding(reason_pb2.REASON_TRY_AGAIN, "No bid could be worked out in time.", retryable=True)
_NOTHING = Told(fields={}, hashes={}, identities={}, type=Type())


class PingDesk:
    """Answers batches of pings."""

    def __init__(
        self,
        *,
        opening: Opening,
        chain: Stages,
        store: PingStore,
        limits: RateLimits,
        signer: BidSigner,
        clock: Clock,
        chain_seconds: float,
        count: Callable[[str], None],
    ) -> None:
        """`chain_seconds`: how long all stages may take. `count`: told each outcome, `bid`, `no_bid` or `test`."""
        self._opening = opening
        self._chain = chain
        self._store = store
        self._limits = limits
        self._signer = signer
        self._clock = clock
        self._chain_seconds = chain_seconds
        self._count = count

    async def submit(self, items: Sequence[pb.SubmitPingItem]) -> list[Result]:
        """Answer a batch, by index. One item never spoils another."""
        results: dict[int, Result] = {}
        opened: dict[int, Draft] = {}
        for n, item in enumerate(items):
            try:
                opened[n] = self._open(item)
            except AppError as error:
                results[n] = _refused(error)
        for n, limited in (await too_fast(self._limits, opened)).items():
            results[n] = _refused(limited)
            del opened[n]
        first: dict[tuple[str, str, str], Draft] = {}
        for draft in opened.values():
            first.setdefault(draft.identity, draft)
        answers: dict[str, Result] = {}
        for group in by_buyer(first.values()):
            answers |= await self._decide(group)
        copies = [draft for draft in opened.values() if first[draft.identity] is not draft]
        answers |= await self._replay(copies)
        return [results.get(n) or answers[opened[n].lead_id] for n in range(len(items))]

    def _open(self, item: pb.SubmitPingItem) -> Draft:
        draft = self._opening.open(item, "ping")
        draft.ping = True
        draft.payload = b""
        fields = dict(draft.submission.fields)
        try:
            draft.hashes = take_hashes(fields)
        except ValueError as error:
            raise Malformed.field(str(error), "SHA-256 in hex, 64 digits") from None
        for name in (*HASHED.values(), *HASHED):
            if name not in fields and name in draft.submission.fields:
                del draft.submission.fields[name]
        if draft.key.text.startswith("content:"):
            # Two leads may well look the same before their persons are told: only a key makes them one.
            draft.key = SubmissionKey(f"ping:{draft.lead_id}", timedelta())
        _take_pings_only(draft)
        return draft

    async def _decide(self, drafts: Sequence[Draft]) -> dict[str, Result]:
        try:
            known = await self._replay(drafts)
            fresh = [draft for draft in drafts if draft.lead_id not in known]
            await self._judge(fresh)
            timely = [draft for draft in fresh if _TRY_AGAIN not in draft.reasons]
            lost = await self._place(timely)
            replayed = await self._replay(lost)
        except AppError as error:
            return {draft.lead_id: _refused(error) for draft in drafts}
        answers = known | replayed
        now = self._clock.now()
        for draft in fresh:
            if draft.lead_id not in answers:
                self._count("test" if draft.test else "bid" if draft.accepted else "no_bid")
                answers[draft.lead_id] = Result(answer=self._answer(draft, now))
        return answers

    async def _judge(self, drafts: Sequence[Draft]) -> None:
        """Have the chain judge pings; those that it cannot answer for in time are no bids."""
        chained = [draft for draft in drafts if not _forced_pending(draft)]
        try:
            if chained:
                await self._chain.judge(chained, ends_at=self._clock.monotonic() + self._chain_seconds)
        except ChainUnavailable:
            chained = []
        for draft in drafts:
            if draft in chained:
                apply_decision(draft)
            else:
                draft.reasons = [_TRY_AGAIN]

    async def _place(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Write pings and hold what their bids need; returns those that another process answered first."""
        lost: list[Draft] = []
        waiting, races = list(drafts), 0
        # Each round with an obstacle drops a ping or turns one down, so the rounds come to an end.
        while waiting:
            now = self._clock.now()
            try:
                obstacles = await self._store.place(
                    waiting[0].buyer_id,
                    [self._row(draft, now) for draft in waiting],
                    [
                        demand
                        for n, draft in enumerate(waiting, 1)
                        if draft.accepted and not draft.test
                        for demand in demands(n, draft)
                    ],
                )
            except RaceLost:
                races += 1
                if races == MOST_RACES:
                    raise
                continue
            if not obstacles:
                break
            for obstacle in obstacles:
                turn_down(waiting[obstacle.lead - 1], obstacle)
            taken = [waiting[obstacle.lead - 1] for obstacle in obstacles if obstacle.what == "taken"]
            lost += taken
            waiting = [draft for draft in waiting if draft not in taken]
        return lost

    async def _replay(self, drafts: Sequence[Draft]) -> dict[str, Result]:
        """The answers of pings that were answered before, by the id of the draft that asks."""
        keyed = [draft for draft in drafts if draft.key.life]
        if not keyed:
            return {}
        stored = await self._store.find([draft.identity for draft in keyed])
        return {keyed[n].lead_id: _stored_answer(keyed[n], found) for n, found in stored.items()}

    def _row(self, draft: Draft, now: datetime) -> PingRow:
        answer = self._answer(draft, now)
        return PingRow(
            ping_id=draft.lead_id,
            seller=draft.seller,
            submission_key=draft.key.text,
            content_hash=draft.content_hash,
            outcome="bid" if draft.accepted else "no_bid",
            order=draft.order or None,
            order_version=draft.order_version or None,
            price_minor=draft.price_minor,
            currency=draft.view.buyer.currency,
            catalog_revision=draft.view.revision,
            test=draft.test,
            received_at=draft.received_at,
            decided_at=now,
            expires_at=moment(answer.expires_at) if draft.accepted else None,
            answer=answer.SerializeToString(),
            told=msgspec.msgpack.encode(told(draft, self._signer.digest) if draft.accepted else _NOTHING),
        )

    def _answer(self, draft: Draft, now: datetime) -> pb.PingAnswer:
        decided_at = Timestamp()
        decided_at.FromDatetime(now)
        answer = pb.PingAnswer(
            ping_id=draft.lead_id,
            outcome=pb.PING_OUTCOME_BID if draft.accepted else pb.PING_OUTCOME_NO_BID,
            price=lead_pb2.Money(amount_minor=draft.price_minor, currency=draft.view.buyer.currency),
            order=order_ref(draft),
            reasons=draft.reasons,
            trace_id=trace_id(draft.submission.traceparent),
            decision_ms=milliseconds(draft.clock.received_at, decided_at),
            unknown_fields=draft.validated.unknown_fields if draft.validated else (),
            test=draft.test,
        )
        if draft.accepted:
            answer.expires_at.FromDatetime(_ends(draft, now))
            answer.bid_token = self._signer.sign(
                BidClaims(
                    ping_id=draft.lead_id,
                    buyer_id=draft.buyer_id,
                    seller=draft.seller,
                    order=draft.order,
                    order_version=draft.order_version,
                    catalog_revision=draft.view.revision,
                    price_minor=draft.price_minor,
                    expires_at=answer.expires_at.seconds,
                    test=draft.test,
                )
            )
        return answer


def _take_pings_only(draft: Draft) -> None:
    """Leave a ping to the orders that take pings."""
    orders = draft.candidates.orders
    taking = tuple(order for order in orders if order.pings.accept)
    if taking:
        draft.candidates = Candidates(orders=taking)
    elif orders:
        message = "The order takes no pings; post the lead itself." if len(orders) == 1 else "No order takes pings."
        draft.bid_findings.append(finding(reason_pb2.REASON_ORDER_INACTIVE, message, field="order"))


def _forced_pending(draft: Draft) -> bool:
    asked = sandbox.forced_outcome(draft.submission.fields) if draft.test else None
    return asked is not None and asked.outcome == "pending"


def _ends(draft: Draft, now: datetime) -> datetime:
    """The end of a bid's life: a whole second, so that the token says the same."""
    order = draft.view.order(draft.order)
    seconds = order.pings.bid_seconds if order is not None else 0
    return datetime.fromtimestamp(int(now.timestamp()) + seconds, UTC)


def _stored_answer(draft: Draft, stored: StoredPing) -> Result:
    if stored.content_hash != draft.content_hash:
        return _refused(SubmissionConflict("this ping key came with other content before; nothing was changed"))
    answer = pb.PingAnswer.FromString(stored.answer)
    answer.replayed = True
    return Result(answer=answer)


def _refused(error: AppError) -> Result:
    return Result(refusal=to_refusal(error))
