"""Settlement: the one transaction in which a decision becomes true.

Verdicts of the chain are advice. Here, inside one Postgres transaction, the
submission is taken, the person claimed, the lead, its person and its charge
written, the events put out, and last the capacity consumed: all of it or nothing.
A crash before the commit leaves no trace; a crash after it leaves everything.

Only settlement can see two things, and it alone turns an acceptance into a reject
for them: another lead claimed the same person first, or the last place under a cap
went to another lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2
from services.intake.answer import answer_of, decided_event, finding, receipt_of, source_of
from services.intake.bells import Bells
from services.intake.draft import Draft, moment, reached
from services.intake.rows import CapacityRow, ClaimRow, LeadRow
from services.intake.sealing import seal
from services.intake.store import LeadStore, Refused, Shortfall
from shared.db.outbox import OutboxRow
from shared.db.pool import Connection
from shared.rpc.errors import RaceLost
from shared.runtime.clock import Clock

#: Who hears of decisions: reporting of all of them, routing of those to follow up.
CONSUMERS = ("reporting", "routing")
#: How often a settlement that lost a deadlock is run again. Locks are taken in order, so this is for the unforeseen.
MOST_RACES = 4


class _NoRoomError(Exception):
    """Capacity ran short; the transaction is rolled back and run again without these leads."""

    def __init__(self, shortfalls: Sequence[tuple[Draft, Shortfall]]) -> None:
        self.shortfalls = shortfalls


class Settlement:
    """Makes decisions true."""

    def __init__(self, store: LeadStore, clock: Clock, *, bells: Bells) -> None:
        self._store = store
        self._clock = clock
        self._bells = bells

    async def settle(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Settle decided drafts of one buyer.

        Returns:
            The drafts that lost: another process settled the same submission, or the
            same pending lead, first. Theirs is the only answer; read it.

        Raises:
            Unavailable: Postgres did not say that it committed. The outcome is unknown
                until the same submission is sent, or the same lead is asked for, again.
        """
        lost: list[Draft] = []
        for group in groups_without_shared_persons(drafts):
            lost += await self._settle_group(group)
        self._bells.ring()
        return lost

    async def _settle_group(self, drafts: Sequence[Draft]) -> list[Draft]:
        races = 0
        # A round without room rejects at least one lead for good, so such rounds come to an end.
        while True:
            try:
                async with self._store.transaction() as connection:
                    return await self._settle_in(connection, drafts)
            except _NoRoomError as no_room:
                for draft, shortfall in no_room.shortfalls:
                    _reject_for_capacity(draft, shortfall)
            except RaceLost:
                races += 1
                if races == MOST_RACES:
                    raise

    async def _settle_in(self, connection: Connection, drafts: Sequence[Draft]) -> list[Draft]:
        won, lost = await self._take(connection, drafts)
        if not won:
            return lost
        await self._claim(connection, [draft for draft in won if draft.accepted and not draft.test])
        decided_at = Timestamp()
        decided_at.FromDatetime(self._clock.now())
        for draft in won:
            draft.clock.decided_at.CopyFrom(decided_at)
            draft.answer = answer_of(draft)
        rows = [_lead_row(draft) for draft in won]
        await self._store.write_leads(connection, rows, list(_outbox_rows(won)))
        await self._consume(connection, [draft for draft in won if draft.accepted and not draft.test])
        return lost

    async def _take(self, connection: Connection, drafts: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
        """Take the right to decide each lead; whoever took it before keeps it."""
        fresh = [draft for draft in drafts if not draft.resumed]
        resumed = [draft for draft in drafts if draft.resumed]
        taken: set[str] = set()
        if fresh:
            now = self._clock.now()
            taken |= await self._store.take_submissions(connection, [submission_row(d, now) for d in fresh], now)
        if resumed:
            ids = [draft.lead_id for draft in resumed]
            taken |= await self._store.take_pending(connection, resumed[0].buyer_id, ids)
        won = [draft for draft in drafts if draft.lead_id in taken]
        return won, [draft for draft in drafts if draft.lead_id not in taken]

    async def _claim(self, connection: Connection, buying: Sequence[Draft]) -> None:
        if not buying:
            return
        now = self._clock.now()
        rows = [ClaimRow(draft.lead_id, draft.seller, draft.own, tuple(_identities(draft))) for draft in buying]
        for refused in await self._store.claim(connection, buying[0].buyer_id, now, rows):
            _reject_as_duplicate(buying[refused.lead], refused)

    async def _consume(self, connection: Connection, bought: Sequence[Draft]) -> None:
        # The claims of this transaction may have turned some of them down.
        bought = [draft for draft in bought if draft.accepted]
        rows = [row for n, draft in enumerate(bought) for row in _capacity_rows(n, draft)]
        if not rows:
            return
        short = await self._store.consume(connection, bought[0].buyer_id, rows)
        if short:
            raise _NoRoomError([(bought[shortfall.lead], shortfall) for shortfall in short])


def groups_without_shared_persons(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Split a batch so that no two bought leads of one group share an identity.

    Two leads of one person in one batch have to be settled one after the other,
    or the second could not see the first one's claim. Order is kept: the first
    that came is the first settled.
    """
    groups: list[list[Draft]] = []
    digests_of: list[set[bytes]] = []
    for draft in drafts:
        digests = {digest for _, digest, _ in _identities(draft)} if draft.accepted and not draft.test else set()
        # Not before any group that already holds this person, so arrival order decides.
        last = max((n for n, taken in enumerate(digests_of) if digests & taken), default=-1)
        if last + 1 == len(groups):
            groups.append([])
            digests_of.append(set())
        groups[last + 1].append(draft)
        digests_of[last + 1] |= digests
    return groups


def submission_row(draft: Draft, now: datetime) -> tuple[str, str, str, bytes, str, datetime]:
    """The row that ties a submission's key to its lead."""
    expires_at = now + draft.key.life
    return draft.buyer_id, draft.seller, draft.key.text, draft.content_hash, draft.lead_id, expires_at


def _identities(draft: Draft) -> Iterable[tuple[str, bytes, int]]:
    """Every identity of the person, with the window of the order that buys; 0 where it does not match on that kind."""
    checked = draft.checked
    if checked is None:
        return
    terms = next((check for check in checked.candidates if check.order.order == draft.order), None)
    for identity in checked.identities:
        matches = terms is not None and identity.kind in terms.match
        yield identity.kind, identity.digest, terms.window_seconds if terms is not None and matches else 0


def _capacity_rows(n: int, draft: Draft) -> Iterable[CapacityRow]:
    if draft.routed is None:
        return
    for demand in draft.routed.demands:
        yield CapacityRow(
            n,
            demand.order,
            demand.window,
            moment(demand.starts_at),
            demand.max_leads if demand.HasField("max_leads") else None,
            demand.max_spend_minor if demand.HasField("max_spend_minor") else None,
            draft.price_minor,
        )


def _reject_as_duplicate(draft: Draft, refused: Refused) -> None:
    if refused.other_own:
        reason, whose = reason_pb2.REASON_EXISTING_CUSTOMER, "the buyer's own lead already"
    elif refused.other_seller == draft.seller:
        reason, whose = reason_pb2.REASON_DUPLICATE_SAME_SELLER, "bought from you within the order's window"
    else:
        reason, whose = reason_pb2.REASON_DUPLICATE_OTHER_SELLER, "bought from another seller within the order's window"
    _add_check(draft, f"{refused.kind}.claimed", refused.kind, reason, expected="not bought within the window")
    draft.reject(finding(reason, f"A person with this {refused.kind} was {whose}.", field=refused.kind))


def _reject_for_capacity(draft: Draft, shortfall: Shortfall) -> None:
    spend = shortfall.limit == "spend"
    reason = reason_pb2.REASON_BUDGET_EXHAUSTED if spend else reason_pb2.REASON_CAP_REACHED
    what = "spend" if spend else "lead"
    message = f"The order's {what} limit for this {shortfall.window} is used up."
    if shortfall.window == "total":
        message = f"The order's {what} limit is used up."
    _add_check(draft, f"capacity.{shortfall.window}", "", reason, expected=f"room under the {what} limit")
    draft.reject(finding(reason, message, retryable=shortfall.window != "total"))


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


def _lead_row(draft: Draft) -> LeadRow:
    sent, validated = draft.submission, draft.validated
    return LeadRow(
        buyer_id=draft.buyer_id,
        lead_id=draft.lead_id,
        seller=draft.seller,
        external_id=sent.external_id,
        source=source_of(draft),
        sub_source=sent.sub_source,
        outcome="accepted" if draft.accepted else "rejected",
        order=draft.order or None,
        order_version=draft.order_version or None,
        price_minor=draft.price_minor,
        currency=draft.view.buyer.currency,
        team=draft.routed.team if draft.routed and draft.accepted else "",
        test=draft.test,
        catalog_revision=draft.view.revision,
        traceparent=sent.traceparent,
        submitted_at=moment(draft.clock.submitted_at) if draft.clock.HasField("submitted_at") else None,
        received_at=draft.received_at,
        decided_at=moment(draft.clock.decided_at),
        clock=draft.clock.SerializeToString(),
        lead_type=validated.lead_type.SerializeToString() if validated else b"",
        answer=reached(draft.answer).SerializeToString(),
        receipt=seal(receipt_of(draft).SerializeToString()),
        fields=msgspec.json.encode(dict(validated.fields)).decode() if validated else "{}",
        submission=sent.SerializeToString(),
        payload=draft.payload,
    )
