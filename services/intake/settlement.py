"""Settlement: the one transaction in which a decision becomes true.

Verdicts of the chain are advice. In one Postgres transaction, which is one call of
the SQL function `intake.settle` (migrations/0007_pre_people.sql), the submission is
taken, the person claimed, the lead, its person and its charge written, the events
put out, and last the capacity consumed: all of it or nothing. A crash before the
commit leaves no trace; a crash after it leaves everything.

Only settlement can see two things, and an acceptance becomes a reject for them:
another lead claimed the same person first, or the last place under a cap went to
another lead. About the first, dedup is asked once more, since it can tell more; about
the second, routing, where another order of the seller may take the lead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2
from services.intake.answer import answer_of, decided_event, finding
from services.intake.chain import ChainUnavailable, Stages
from services.intake.claims import claims_of, digests_of
from services.intake.draft import Draft, moment, reached
from services.intake.marks import marks_of, told_marks
from services.intake.pings.judgement import holds
from services.intake.record import lead_row, submission_row
from services.intake.rows import Batch, BidRow, DemandRow, Obstacle
from services.intake.store import LeadStore
from services.intake.verdict import apply_decision
from shared.db.outbox import OutboxRow
from shared.rpc.errors import RaceLost
from shared.runtime.clock import Clock

#: Who hears of decisions: reporting of all of them, routing of those to follow up, validation of those whose consent
#: is to be kept as evidence.
CONSUMERS = ("reporting", "routing", "validation")
#: How often dedup is asked again about a group, and how many seconds it has: a rival is rare, a second one rarer.
MOST_LOOKS = 8
LOOK_SECONDS = 1.0
#: How often a settlement that lost a deadlock is run again. Locks are taken in order, so this is for the unforeseen.
MOST_RACES = 4


class Settlement:
    """Makes decisions true."""

    def __init__(self, store: LeadStore, clock: Clock, *, ring: Callable[[], None], stages: Stages) -> None:
        """`ring`: called after every settlement, so that whoever reads the outbox looks; returns at once.

        `stages`: asked again about a lead whose person somebody else claimed meanwhile.
        """
        self._store = store
        self._clock = clock
        self._ring = ring
        self._stages = stages

    async def settle(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Settle decided drafts of one buyer.

        Returns:
            The drafts that lost: another process settled the same submission, or the
            same pending lead, first. Theirs is the only answer; read it.

        Raises:
            Unavailable, DeadlineExceeded: Postgres did not say that it committed. The outcome is
                unknown until the same submission is sent, or the same lead is asked for, again.
        """
        lost: list[Draft] = []
        for group in groups_without_shared_persons(drafts):
            lost += await self._settle_group(group)
        self._ring()
        return lost

    async def _settle_group(self, drafts: Sequence[Draft]) -> list[Draft]:
        lost: list[Draft] = []
        waiting = list(drafts)
        races, looks = 0, 0
        # Each round with an obstacle drops a lead, turns one down or looks again, so the rounds come to an end.
        while waiting:
            try:
                obstacles = await self._attempt(waiting)
            except RaceLost:
                races += 1
                if races == MOST_RACES:
                    raise
                continue
            if not obstacles:
                break
            hindered = [(waiting[obstacle.lead - 1], obstacle) for obstacle in obstacles]
            again = _worth_another_look(waiting, hindered)
            if again and looks < MOST_LOOKS and await self._looked_again(again):
                looks += 1
                hindered = [(draft, obstacle) for draft, obstacle in hindered if draft not in again]
            for draft, obstacle in hindered:
                turn_down(draft, obstacle)
            taken = [draft for draft, obstacle in hindered if obstacle.what == "taken"]
            lost += taken
            waiting = [draft for draft in waiting if draft not in taken]
        return lost

    async def _looked_again(self, drafts: Sequence[Draft]) -> bool:
        """Decide drafts once more, knowing what was settled meanwhile; False where the stages do not answer."""
        try:
            await self._stages.look_again(drafts, ends_at=self._clock.monotonic() + LOOK_SECONDS)
        except ChainUnavailable:
            return False
        for draft in drafts:
            apply_decision(draft)
        return True

    async def _attempt(self, drafts: Sequence[Draft]) -> list[Obstacle]:
        now = self._clock.now()
        decided_at = Timestamp()
        decided_at.FromDatetime(now)
        for draft in drafts:
            draft.clock.decided_at.CopyFrom(decided_at)
            draft.answer = answer_of(draft)
        buying = [(n, draft) for n, draft in enumerate(drafts, 1) if draft.accepted and not draft.test]
        claims = [claims_of(draft, n) for n, draft in enumerate(drafts, 1)]
        marks = [(draft, marks) for draft in drafts if (marks := list(marks_of(draft)))]
        return await self._store.settle(
            drafts[0].buyer_id,
            now,
            Batch(
                submissions=[submission_row(draft, now) for draft in drafts],
                persons=[one.person for one in claims],
                leads=[lead_row(draft) for draft in drafts],
                identities=[row for one in claims for row in one.identities],
                likenesses=[row for one in claims for row in one.likenesses],
                demands=[row for n, draft in buying for row in demands(n, draft)],
                messages=[*_outbox_rows(drafts), *(row for draft, put in marks for row in told_marks(draft, put))],
                marks=[mark for _, put in marks for mark in put],
                bids=[
                    BidRow(n, draft.bid.claims.ping_id, draft.lead_id, draft.accepted)
                    for n, draft in enumerate(drafts, 1)
                    if draft.bid is not None and holds(draft)
                ],
                let_go=[
                    (draft.bid.claims.ping_id, draft.lead_id)
                    for draft in drafts
                    if draft.resumed and draft.bid is not None and not holds(draft)
                ],
            ),
        )


def _worth_another_look(waiting: Sequence[Draft], hindered: Sequence[tuple[Draft, Obstacle]]) -> list[Draft]:
    """Those of a group that may come out otherwise once they are looked at again; each once.

    A person who was claimed: dedup can tell by whom. The last place gone from a lead that other orders may take: then
    the whole group, since who of it gets which place is found out together.
    """
    if any(obstacle.what == "full" and len(draft.candidates.orders) > 1 for draft, obstacle in hindered):
        taken = [draft for draft, obstacle in hindered if obstacle.what == "taken"]
        return [draft for draft in waiting if draft.validated is not None and draft not in taken]
    return list(dict.fromkeys(draft for draft, obstacle in hindered if obstacle.what == "claimed"))


def groups_without_shared_persons(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Split a batch so that no two bought leads of one group share an identity, and no two leads a bid.

    Two leads of one person in one batch have to be settled one after the other,
    or the second could not see the first one's claim; so have two that take up one
    bid, since the first may turn out to be another one's copy. Order is kept: the
    first that came is the first settled.
    """
    groups: list[list[Draft]] = []
    digests: list[set[bytes]] = []
    for draft in drafts:
        own = digests_of(draft)
        if draft.bid is not None:
            own |= {draft.bid.claims.ping_id.encode()}
        # Not before any group that already holds this person, so arrival order decides.
        last = max((n for n, taken in enumerate(digests) if own & taken), default=-1)
        if last + 1 == len(groups):
            groups.append([])
            digests.append(set())
        groups[last + 1].append(draft)
        digests[last + 1] |= own
    return groups


def demands(n: int, draft: Draft) -> Iterable[DemandRow]:
    """The capacity that a lead needs; `n`: which of the call's leads it is, from 1."""
    for demand in reached(draft.routed).demands:
        yield DemandRow(
            n,
            demand.order,
            demand.window,
            moment(demand.starts_at),
            demand.max_leads if demand.HasField("max_leads") else None,
            demand.max_spend_minor if demand.HasField("max_spend_minor") else None,
            draft.price_minor,
        )


def turn_down(draft: Draft, obstacle: Obstacle) -> None:
    """Write into a draft what stands in its way."""
    _TURN_DOWN[obstacle.what](draft, obstacle)


def _drop(_draft: Draft, _obstacle: Obstacle) -> None:
    """Nothing to tell: the other process's answer is the answer."""


def _reject_as_duplicate(draft: Draft, claimed: Obstacle) -> None:
    """The short way: dedup, which would tell more, was asked in vain."""
    if claimed.detail == "likeness":
        again, message = reason_pb2.REASON_TRY_AGAIN, "A person who may be this one is being bought."
        _add_check(draft, "likeness.compared", "", again, expected="every similar person compared")
        draft.reject(finding(again, message, retryable=True))
        return
    if claimed.own:
        reason, whose = reason_pb2.REASON_EXISTING_CUSTOMER, "the buyer's own lead already"
    elif claimed.seller == draft.seller:
        reason, whose = reason_pb2.REASON_DUPLICATE_SAME_SELLER, "bought from you within the order's window"
    else:
        reason, whose = reason_pb2.REASON_DUPLICATE_OTHER_SELLER, "bought from another seller within the order's window"
    field = "" if "+" in claimed.detail else claimed.detail
    _add_check(draft, f"{claimed.detail}.claimed", field, reason, expected="not bought within the window")
    words = claimed.detail.replace("_", " ").replace("+", " and ")
    draft.reject(finding(reason, f"A person with this {words} was {whose}.", field=field))


def _reject_for_capacity(draft: Draft, full: Obstacle) -> None:
    of_source = full.limit.startswith("source_")
    limit = full.limit.removeprefix("source_")
    paced = limit == "pace" or (limit == "leads" and not of_source and _is_paced(draft, full.detail))
    if paced:
        reason = reason_pb2.REASON_PACING
        _add_check(draft, f"pacing.{full.detail}", "", reason, expected="not faster than the order's pace")
        message = "The order's pace allows no further lead at this moment."
        draft.reject(finding(reason, message, retryable=True))
        return
    reason = reason_pb2.REASON_BUDGET_EXHAUSTED if limit == "spend" else reason_pb2.REASON_CAP_REACHED
    what = f"{'spend' if limit == 'spend' else 'lead'} limit{' for this source' if of_source else ''}"
    when = "" if full.detail == "total" else f" {'and' if of_source else 'for'} this {full.detail}"
    rule = f"capacity.{'source_' if of_source else ''}{full.detail}"
    _add_check(draft, rule, "", reason, expected=f"room under the {what}")
    draft.reject(finding(reason, f"The order's {what}{when} is used up.", retryable=full.detail != "total"))


def _is_paced(draft: Draft, window: str) -> bool:
    """True where the window's limit of leads is what pacing allows by now."""
    return any(demand.paced and demand.window == window for demand in reached(draft.routed).demands)


def _reject_for_bid(draft: Draft, spent: Obstacle) -> None:
    used = spent.detail == "used"
    reason = reason_pb2.REASON_BID_MISMATCH if used else reason_pb2.REASON_BID_EXPIRED
    message = "Another lead has taken up this bid." if used else "The bid's life was over before the post; ping again."
    _add_check(draft, "bid.held", "bid_token", reason, expected="a bid in force")
    draft.reject(finding(reason, message, field="bid_token", retryable=not used))


def _add_check(draft: Draft, rule: str, field: str, reason: reason_pb2.Reason.ValueType, *, expected: str) -> None:
    draft.settlement.checks.append(
        lead_pb2.Check(rule=rule, field=field, expected=expected, reason=reason, order=draft.order)
    )


def _outbox_rows(drafts: Sequence[Draft]) -> Iterable[OutboxRow]:
    for draft in drafts:
        if draft.test:
            continue
        event = decided_event(draft)
        payload = event.SerializeToString()
        yield OutboxRow(draft.buyer_id, "reporting", "decided", payload, event.event_id)
        if draft.accepted:
            yield OutboxRow(draft.buyer_id, "routing", "decided", payload, event.event_id)
            yield OutboxRow(draft.buyer_id, "validation", "decided", payload, event.event_id)


_TURN_DOWN: Mapping[str, Callable[[Draft, Obstacle], None]] = {
    "taken": _drop,
    "claimed": _reject_as_duplicate,
    "full": _reject_for_capacity,
    "bid": _reject_for_bid,
}
