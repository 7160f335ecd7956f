"""The contact gate: whether a person may be reached over a channel, decided at the moment of contact.

A contact and an opt-out of the same person never overlap: both lock the person's addresses. `permits` keeps the locks
while the caller hands the message over, and an opt-out is written first and acknowledged only once it had the locks. So
whatever begins after the acknowledgement was judged after the opt-out was there to be seen.

What the gate cannot know it does not allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol
from uuid import UUID

import structlog

from services.routing.gate.decision import ContactRequest, GateDecision, Permits, Purpose, Reason
from services.routing.gate.digests import Address, Digests
from services.routing.gate.facts import Answer, Attempt, Facts, ListState, OrderTerms
from services.routing.gate.gate_store import Decided, GateStore, Known, Passage
from services.routing.gate.judgement import AGAIN, HAND_OVER, Verdict, judge
from services.routing.gate.person import Consent, Person
from services.routing.gate.rules import Rules
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.runtime.ids import uuid7
from shared.telemetry.logging import failure

__all__ = [
    "Consent", "ContactRequest", "Gate", "GateDecision", "Permits", "Person", "Purpose", "Reason",
]  # fmt: skip

_log = structlog.get_logger(__name__)

#: How long a contact waits for another one with the same person, or for an opt-out, before it is put off.
_WAIT: Final = timedelta(seconds=5)


class Register(Protocol):
    """Who is asked about a number; see `services.routing.gate.number_client`."""

    async def ask(self, phone: str, since: datetime) -> Answer:
        """What the register says of a number, as it was when consent was given; `unknown` for every failure."""


class Answers(NamedTuple):
    """What the registers say of one number; None: nobody was asked."""

    litigator: Answer | None
    reassigned: Answer | None


class Registers:
    """The registers that are switched on.

    Attributes:
        litigators: people who sue over calls; None: off, or the imported list where `litigator_list`.
        reassigned: numbers that changed hands; None: off.
        litigator_list: the list `litigators` that was imported is asked, and must be in date.
    """

    def __init__(
        self,
        litigators: Register | None = None,
        reassigned: Register | None = None,
        *,
        litigator_list: bool = False,
    ) -> None:
        self.litigators = litigators
        self.reassigned = reassigned
        self.litigator_list = litigator_list

    async def ask(self, request: ContactRequest) -> Answers:
        """What both say; None where nobody is asked."""
        person = request.person
        if person is None or not person.phone or request.channel == "email" or request.purpose == "reply":
            return Answers(None, None)
        since = person.decided_at
        if person.consent is not None and person.consent.captured_at is not None:
            since = person.consent.captured_at
        litigator, reassigned = await asyncio.gather(
            _asked(self.litigators, person.phone, since), _asked(self.reassigned, person.phone, since)
        )
        return Answers(litigator, reassigned)


async def _asked(register: Register | None, phone: str, since: datetime) -> Answer | None:
    return None if register is None else await register.ask(phone, since)


class Gate:
    """Decides, records and holds. Any number of them may run, in any processes."""

    def __init__(
        self,
        store: GateStore,
        catalogs: CatalogReader,
        digests: Digests,
        rules: Rules,
        registers: Registers,
        clock: Clock,
    ) -> None:
        self._store = store
        self._catalogs = catalogs
        self._digests = digests
        self._rules = rules
        self._registers = registers
        self._clock = clock

    @asynccontextmanager
    async def permits(self, buyer_id: str, requests: Sequence[ContactRequest]) -> AsyncIterator[list[GateDecision]]:
        """Decide each request at this very moment, by index; what is allowed may begin inside the block only.

        The decisions are recorded before the block is entered. Where the gate cannot know, nothing is allowed, and
        what could not be recorded is logged. What is allowed begins within `HAND_OVER`: if the locks are lost with
        their connection meanwhile, an opt-out still waits that long.
        """
        async with AsyncExitStack() as stack:
            try:
                answers = await self._asked(requests)
                keys = {address.lock for request in requests for address in self._addresses(buyer_id, request.person)}
                await stack.enter_async_context(self._store.locked(keys, wait=_WAIT))
                at = self._clock.now()
                decided = await self._decide(buyer_id, requests, answers, at)
                passage = _passage(decided, at)
                await self._store.record(buyer_id, self._rules.version, at, decided, passage)
                stack.push_async_callback(self._end, buyer_id, passage)
                decisions = [one.decision for one in decided]
            except AppError as error:
                _log.warning("nobody may be reached: the gate cannot know", **failure(error), count=len(requests))
                decisions = [self._cannot_know() for _ in requests]
            yield decisions

    async def preview(
        self, buyer_id: str, requests: Sequence[ContactRequest], at: datetime | None = None
    ) -> list[GateDecision]:
        """What would be decided, now or at another instant by what is known now. Neither locks nor records.

        Raises:
            AppError: the gate cannot know.
        """
        answers = await self._asked(requests)
        decided = await self._decide(buyer_id, requests, answers, at or self._clock.now())
        return [one.decision for one in decided]

    async def _asked(self, requests: Sequence[ContactRequest]) -> list[Answers]:
        return await asyncio.gather(*(self._registers.ask(request) for request in requests))

    async def _end(self, buyer_id: str, passage: Passage) -> None:
        if not passage.addresses:
            return
        try:
            await self._store.end(buyer_id, passage)
        except AppError as error:
            # It ends by itself before long.
            _log.warning("what passed the gate could not be noted as handed over", **failure(error))

    async def _decide(
        self, buyer_id: str, requests: Sequence[ContactRequest], answers: Sequence[Answers], at: datetime
    ) -> list[Decided]:
        people = [self._addresses(buyer_id, request.person) for request in requests]
        digests = sorted({address.digest for addresses in people for address in addresses})
        mailboxes = {request.person.email for request in requests if request.person is not None}
        spellings = sorted(self._digests.as_written(buyer_id, email) for email in mailboxes if email)
        known = await self._store.facts(buyer_id, digests, at, spellings)
        view = await self._catalogs.get(buyer_id, known.revision)
        decided = []
        for request, addresses, answer in zip(requests, people, answers, strict=True):
            decision = self._judge(buyer_id, request, addresses, answer, known, view, at)
            reached = next((one.digest for one in addresses if one.kind == _kind(request)), None)
            decided.append(Decided(request, decision, reached, addresses))
            if decision.allowed and reached is not None:
                # The next request of the same call may be for the same person.
                known.attempts[reached].append(Attempt(request.channel, request.automatic, request.purpose, at))
        return decided

    def _judge(
        self,
        buyer_id: str,
        request: ContactRequest,
        addresses: tuple[Address, ...],
        answers: Answers,
        known: Known,
        view: CatalogView,
        at: datetime,
    ) -> GateDecision:
        if request.person is None:
            # Forgotten, or never bought: there is nobody to ask, now or ever.
            return _decision(Verdict(False, ("address.present",), "no_address", None))
        facts = self._facts(buyer_id, request.person, addresses, answers, known, at)
        terms = _terms(view, request.person.order)
        return _decision(judge(request, request.person, facts, terms, self._rules, at))

    def _facts(
        self,
        buyer_id: str,
        person: Person,
        addresses: tuple[Address, ...],
        answers: Answers,
        known: Known,
        at: datetime,
    ) -> Facts:
        phone = next((address.digest for address in addresses if address.kind == "phone"), b"")
        lists = known.lists_for(phone)
        litigator = answers.litigator
        if self._registers.litigator_list and litigator != "hit":
            litigator = self._on_list(lists, at)
        return Facts(
            opt_outs=tuple(one for address in addresses for one in known.opt_outs.get(address.digest, ())),
            attempts=tuple(known.attempts.get(phone, ())) if person.phone else (),
            lists=lists,
            do_not_contact=self._is_suppressed(buyer_id, person, addresses, known),
            litigator=litigator,
            reassigned=answers.reassigned,
        )

    def _is_suppressed(self, buyer_id: str, person: Person, addresses: tuple[Address, ...], known: Known) -> bool:
        if not known.do_not_contact:
            return False
        digests = {address.digest for address in addresses}
        if person.email:
            digests.add(self._digests.as_written(buyer_id, person.email))
        return not digests.isdisjoint(known.do_not_contact)

    def _on_list(self, lists: Mapping[str, ListState], at: datetime) -> Answer:
        state = lists.get("litigators")
        if state is None or not 0 <= (at.date() - state.version).days <= self._rules.number("litigators.days"):
            return "unknown"
        return "hit" if state.listed else "clear"

    def _addresses(self, buyer_id: str, person: Person | None) -> tuple[Address, ...]:
        return () if person is None else self._digests.of(buyer_id, person.phone, person.email)

    def _cannot_know(self) -> GateDecision:
        return _decision(Verdict(False, ("gate.reachable",), "cannot_know", self._clock.now() + AGAIN))


def _passage(decided: Sequence[Decided], at: datetime) -> Passage:
    passing = {address.digest for one in decided if one.decision.allowed for address in one.addresses}
    return Passage(UUID(uuid7()), sorted(passing), at + HAND_OVER)


def _kind(request: ContactRequest) -> str:
    return "email" if request.channel == "email" else "phone"


def _terms(view: CatalogView, slug: str) -> OrderTerms:
    order = view.order(slug)
    if order is None:
        return OrderTerms(buyer=view.buyer.name)
    return OrderTerms(
        buyer=view.buyer.name,
        names_buyer=order.consent.names_buyer,
        automatic_to_shared=order.follow_up.contact.automatic_to_shared,
    )


def _decision(verdict: Verdict) -> GateDecision:
    return GateDecision(
        decision_id=UUID(uuid7()),
        allowed=verdict.allowed,
        rules=verdict.rules,
        reason=verdict.reason,
        not_before=verdict.not_before,
    )
