"""Where returns are asked for and acted on: the order's terms decide, the books follow, the history tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import structlog

from services.intake.returns import judgement, money
from services.intake.returns.judgement import Bought, Claim, Fault, Window
from services.intake.returns.lifecycle import Action, Party, step
from services.intake.returns.proposal_store import Proposal
from services.intake.returns.record import Happening, LeadSold, Return
from services.intake.returns.store import Ledger, ReturnStore
from shared.catalog.returning import ReturnReason, ReturnTerms
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import AppError, NotFound, WrongState
from shared.runtime.clock import Clock

#: Who acts where the terms, or the time, decide.
SYSTEM = "leadline"
_UNANSWERED = "the seller did not answer in time"
#: Returns and proposals that one round of the sweeper takes.
_BATCH = 100

#: The proposal of a lead that was not as exclusive as it was sold.
EXCLUSIVITY = "exclusivity_breach"
#: The reason for which the system itself asks a lead back, by the kind of its proposal.
_PROPOSED: dict[str, ReturnReason] = {
    EXCLUSIVITY: "exclusivity_breach",
    "disconnected": "disconnected",
    "wrong_number": "wrong_number",
    "do_not_contact": "do_not_contact",
    "opted_out": "opted_out",
}

_log = structlog.get_logger(__name__)


class Shown(msgspec.Struct, frozen=True):
    """What a proposal brings as evidence; other words in it are for people."""

    #: Calls made to the person.
    attempts: int = 0
    #: (kind, reference) of each piece.
    pieces: tuple[tuple[str, str], ...] = ()


_EVIDENCE = msgspec.json.Decoder(Shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A claim with what is kept of it."""

    lead_id: str
    claim: Claim
    #: (kind, reference) of each piece.
    evidence: Sequence[tuple[str, str]]
    note: str


class _Known(NamedTuple):
    """A bought lead, the return terms of the order version that bought it, and the buyer's time zone."""

    sold: LeadSold
    terms: ReturnTerms
    zone: ZoneInfo


class ReturnDesk:
    """Takes returns through their life."""

    def __init__(self, store: ReturnStore, catalogs: CatalogReader, clock: Clock, *, ring: Callable[[], None]) -> None:
        """`ring`: called after money moved, so that whoever reads the outbox looks; returns at once."""
        self._store = store
        self._catalogs = catalogs
        self._clock = clock
        self._ring = ring

    async def request(self, buyer_id: str, asked: Asked, who: str) -> Return:
        """Ask one lead back.

        Raises:
            NotFound: no such lead was bought.
            WrongState: it is asked back already.
        """
        known = await self._known(buyer_id, asked.lead_id)
        async with self._store.transaction() as ledger:
            one = await self._request(ledger, buyer_id, asked, who, known)
        self._ring()
        return one

    async def act(
        self,
        buyer_id: str,
        return_id: str,
        action: Action,
        *,
        party: Party,
        who: str,
        why: str,
        seller: str = "",
        amount_minor: int | None = None,
    ) -> Return:
        """Take a return one step further.

        Args:
            buyer_id: the buyer.
            return_id: the return.
            action: what is done.
            party: who does it.
            who: their name.
            why: in their words.
            seller: whose return it has to be; empty: anybody's.
            amount_minor: how much is given back, where the step gives something back; None: what was asked.

        Raises:
            NotFound: there is no such return, or not for this seller.
            WrongState: the step is not possible now, or the books refuse it.
        """
        found = await self._store.get(buyer_id, return_id)
        if found is None or (seller and found[0].seller != seller):
            raise NotFound("there is no such return")
        known = await self._known(buyer_id, found[0].lead_id)
        async with self._store.transaction() as ledger:
            one = await ledger.locked(buyer_id, return_id) or found[0]
            after = await self._step(ledger, one, action, party, who, why, amount_minor, known.terms)
        self._ring()
        return after

    async def terms_of(self, buyer_id: str, lead_id: str) -> tuple[LeadSold, ReturnTerms, Window]:
        """A bought lead, the terms that hold for it, and when it may be asked back. Raises NotFound."""
        sold, terms, zone = await self._known(buyer_id, lead_id)
        return sold, terms, judgement.return_window(sold.bought_at, terms, zone)

    async def run(self, stop: asyncio.Event, rest_seconds: float) -> None:
        """Grant what sellers left unanswered, and ask for what the system proposes, until `stop`."""
        while not stop.is_set():
            try:
                await self.sweep()
            except AppError as failure:
                _log.warning("returns.sweep_failed", reason=type(failure).__name__)
            try:
                await asyncio.wait_for(stop.wait(), rest_seconds)
            except TimeoutError:
                continue

    async def sweep(self) -> None:
        """One round."""
        for buyer_id, return_id in await self._store.unanswered(self._clock.now(), _BATCH):
            try:
                await self.act(buyer_id, return_id, "lapse", party="system", who=SYSTEM, why=_UNANSWERED)
            except WrongState:
                continue  # it was answered, or granted by another process, at the same moment
        for proposal in await self._store.proposed(self._clock.now(), _BATCH):
            await self._take_up(proposal)

    async def _take_up(self, one: Proposal) -> None:
        reason = _PROPOSED.get(one.kind)
        known = await self._known(one.buyer_id, one.lead_id)
        now = self._clock.now()
        opens_at = judgement.return_window(known.sold.bought_at, known.terms, known.zone).opens_at
        # What an agent says is no reason for a request where the seller takes nothing back for it.
        idle = reason is None or (one.kind != EXCLUSIVITY and reason not in known.terms.reasons)
        async with self._store.transaction() as ledger:
            if not idle and now < opens_at:
                await ledger.postpone_proposal(one, opens_at)
                return
            live = await ledger.live(one.buyer_id, one.lead_id)
            state = "dismissed" if idle or live is not None else "taken"
            if not await ledger.take_proposal(one, state) or state == "dismissed" or reason is None:
                return
            told = _EVIDENCE.decode(one.evidence)
            pieces = [("document", f"proposal:{one.proposal_id}"), *told.pieces]
            claim = Claim(
                reason=reason, asked_at=now, attempts=told.attempts, evidence=tuple(kind for kind, _ in pieces)
            )
            asked = Asked(lead_id=one.lead_id, claim=claim, evidence=pieces, note="proposed by the system")
            await self._request(ledger, one.buyer_id, asked, SYSTEM, known)
        self._ring()

    async def _request(self, ledger: Ledger, buyer_id: str, asked: Asked, who: str, known: _Known) -> Return:
        await ledger.lock_order(buyer_id, known.sold.order)
        live = await ledger.live(buyer_id, asked.lead_id)
        if live is not None:
            raise WrongState(f"the lead is asked back already: return {live.return_id} is {live.state}")
        # Read again: who held the lock may have given something of it back.
        sold = await ledger.sold(buyer_id, asked.lead_id) or known.sold
        terms, zone = known.terms, known.zone
        bought = await self._bought(ledger, buyer_id, sold, terms, zone)
        found = judgement.faults(asked.claim, bought, terms)
        one = _new(buyer_id, sold, asked, terms, bought, who, refused=bool(found))
        if not found and terms.decided_by == "terms":
            return await self._grant(ledger, one, terms, asked.note)
        if not found:
            one = replace(one, state="open", answer_by=one.requested_at + timedelta(days=terms.answer_days))
        await ledger.add(one)
        await ledger.tell(one, _happening("request", one, who, asked.note, found))
        return one

    async def _grant(self, ledger: Ledger, one: Return, terms: ReturnTerms, note: str) -> Return:
        moved = money.movements(one, ("credit",), who=SYSTEM, why=one.reason, fee_minor=int(terms.fee))
        granted = replace(
            one,
            state="granted",
            credit_id=money.credit_id(one),
            steps=one.steps + 1,
            dispute_by=_dispute_by(one.requested_at, terms),
        )
        await ledger.add(granted)
        await ledger.tell(granted, _happening("request", granted, one.requested_by, note))
        await ledger.post(one.buyer_id, moved, one.requested_at)
        return granted

    async def _step(
        self,
        ledger: Ledger,
        one: Return,
        action: Action,
        party: Party,
        who: str,
        why: str,
        amount_minor: int | None,
        terms: ReturnTerms,
    ) -> Return:
        now = self._clock.now()
        try:
            way = step(one.state, action, party)
        except ValueError as impossible:
            raise WrongState(str(impossible)) from None
        if action == "dispute" and (one.dispute_by is None or now >= one.dispute_by):
            raise WrongState("the time for a dispute is over" if one.dispute_by else "it cannot be disputed any more")
        if action == "lapse" and (one.answer_by is None or now < one.answer_by):
            raise WrongState("the seller still has time to answer")
        # What is withheld was the amount before; what is given back may be less.
        moved = money.movements(one, [kind for kind in way.money if kind != "credit"], who=who, why=why, fee_minor=0)
        if "credit" in way.money:
            asked = one.amount_minor if amount_minor is None else amount_minor
            if not 0 < asked <= one.amount_minor:
                raise WrongState("expected more than nothing and at most what was asked")
            one = replace(one, amount_minor=asked)
            # Where it was granted before, the fee was paid then.
            fee = int(terms.fee) if one.state in ("open", "contested") else 0
            moved += money.movements(one, ("credit",), who=who, why=why, fee_minor=fee)
        # Who has disputed and lost has had its say.
        may_dispute = way.to == "granted" and party in ("seller", "system") and one.state == "open"
        after = replace(
            one,
            state=way.to,
            answer_by=None,
            dispute_by=_dispute_by(now, terms) if may_dispute else None,
            steps=one.steps + 1,
            credit_id=money.credit_id(one) if "credit" in way.money else None,
            hold_id=money.hold_id(one) if "reversal_and_hold" in way.money else None,
        )
        await ledger.change(after)
        await ledger.tell(after, _happening(action, replace(after, requested_at=now), who, why))
        await ledger.post(one.buyer_id, moved, now)
        return after

    async def _known(self, buyer_id: str, lead_id: str) -> _Known:
        """Looked up before the transaction: inside it, a second connection might never come free."""
        async with self._store.transaction() as ledger:
            sold = await ledger.sold(buyer_id, lead_id)
        if sold is None:
            raise NotFound("no such lead was bought")
        view = await self._catalogs.get(buyer_id, sold.catalog_revision)
        order = view.order(sold.order)
        terms = order.returns if order is not None else ReturnTerms()
        return _Known(sold, terms, ZoneInfo(view.buyer.time_zone))

    async def _bought(
        self, ledger: Ledger, buyer_id: str, sold: LeadSold, terms: ReturnTerms, zone: ZoneInfo
    ) -> Bought:
        total = returned = 0
        if terms.cap_percent is not None:
            starts_at, ends_at = judgement.cap_window(terms.cap_window, sold.bought_at, zone)
            total, returned = await ledger.window(buyer_id, sold, starts_at, ends_at)
        return Bought(
            bought_at=sold.bought_at,
            left_minor=sold.left_minor,
            window_bought=total,
            window_returned=returned,
            zone=zone,
        )


def _new(
    buyer_id: str, sold: LeadSold, asked: Asked, terms: ReturnTerms, bought: Bought, who: str, *, refused: bool
) -> Return:
    evidence = [{"kind": kind, "reference": reference} for kind, reference in asked.evidence]
    return Return(
        buyer_id=buyer_id,
        return_id=str(uuid4()),
        lead_id=sold.lead_id,
        seller=sold.seller,
        order_slug=sold.order,
        order_version=sold.order_version,
        bought_at=sold.bought_at,
        reason=asked.claim.reason,
        state="refused" if refused else "granted",
        amount_minor=judgement.amount_asked(asked.claim, bought),
        currency=sold.currency,
        settlement=terms.settlement,
        attempts=asked.claim.attempts,
        evidence=msgspec.json.encode(evidence).decode(),
        requested_by=who,
        requested_at=asked.claim.asked_at,
    )


def _dispute_by(granted_at: datetime, terms: ReturnTerms) -> datetime | None:
    return granted_at + timedelta(days=terms.dispute_days) if terms.dispute_days else None


def _happening(action: str, one: Return, who: str, why: str, found: tuple[Fault, ...] = ()) -> Happening:
    return Happening(action=cast(Action, action), state=one.state, at=one.requested_at, who=who, why=why, faults=found)
