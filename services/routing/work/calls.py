"""Calls that agents make: asked of the contact gate as they begin, told however late and often, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.routing.contacts_client import Contacts
from services.routing.gate import hours
from services.routing.gate.decision import ContactRequest, GateDecision, Permits
from services.routing.gate.person import Person
from services.routing.work import disposition_store, queue_store
from services.routing.work.disposition_store import Attempt
from services.routing.work.lead_store import LeadFacts, facts_of
from services.routing.work.queue_store import QueuedTask
from services.routing.work.tasks import cancel_tasks
from services.routing.work.work_events import Holding, attempt_made, task_assigned
from shared.db import outbox
from shared.db.failures import translated
from shared.db.pool import Connection, Pool
from shared.rpc.errors import NotFound, WrongState
from shared.runtime.clock import Clock

CALL = "call"
#: Where the gate cannot know, or says not when: ask again after this.
_ASK_AGAIN = timedelta(seconds=60)
#: What the gate says where it cannot tell now what it must know.
CANNOT_KNOW = "cannot_know"


class Listener(Protocol):
    """Whom attempts concern, in the transaction that records them: clocks agreed with sales, playbooks."""

    async def attempted(self, conn: Connection, attempt: Attempt) -> None:
        """Hear of an attempt that began, or of more of what is known of it; never of one that was blocked."""
        ...


class CallGate(Permits, Protocol):
    """The contact gate; see `services.routing.gate.gate.Gate`."""

    async def preview(self, buyer_id: str, requests: Sequence[ContactRequest]) -> list[GateDecision]:
        """What would be decided now; records nothing. Raises AppError where it cannot be known."""
        ...


class Dialler(Protocol):
    """Who sets calls up for agents; see `services.routing.messages.dialler.BridgeDialler`."""

    async def dial(self, buyer_id: str, attempt_id: UUID, agent: str, phone: str) -> str:
        """Have an agent rung and connected; why that is not done, or an empty text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a call may be made. `person`: only where it may. `dial_error`: why it is not set up, if asked for."""

    attempt: Attempt
    rules: tuple[str, ...] = ()
    person: Person | None = None
    dial_error: str = ""

    @property
    def allowed(self) -> bool:
        """True: the attempt has begun."""
        return self.attempt.state != "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended, as it is told."""

    attempt_id: UUID
    ended_at: datetime
    live: bool = False
    live_at: datetime | None = None
    seconds: int = 0
    recording: str = ""
    #: Of an attempt whose beginning was not told.
    lead_id: UUID | None = None
    agent: str = ""
    began_at: datetime | None = None


class Calls:
    """Lets calls begin, and keeps what is told of them."""

    def __init__(
        self,
        pool: Pool,
        gate: CallGate,
        contacts: Contacts,
        listeners: Sequence[Listener],
        clock: Clock,
        dialler: Dialler | None = None,
    ) -> None:
        self._dialler = dialler
        self._pool = pool
        self._gate = gate
        self._contacts = contacts
        self._listeners = listeners
        self._clock = clock

    async def begin(self, buyer_id: str, attempt_id: UUID, agent: str, task_id: UUID, *, dial: bool = False) -> Answer:
        """Ask whether the call of a task may be made now. The same attempt again: the same answer.

        Where it may not, the agent loses the task: it is kept back until it may, or ends where it never will.

        Raises:
            NotFound: there is no such task.
            WrongState: the agent does not have it, or the attempt is another task's.
            Unavailable: whom to call cannot be known now; nothing has begun.
        """
        async with translated(self._pool):
            known = await disposition_store.attempt_of(self._pool, buyer_id, attempt_id)
            task = await queue_store.task_of(self._pool, buyer_id, task_id)
        if task is None:
            raise NotFound("there is no such task")
        if known is not None and (known.lead_id, known.agent) != (task.lead_id, agent):
            raise WrongState("the attempt is known as another task's, or another agent's")
        if known is None and (task.state != "claimed" or task.agent != agent):
            raise WrongState("the agent does not have the task")
        (person,) = await self._contacts.fetch(buyer_id, [task.lead_id])
        request = ContactRequest(
            lead_id=task.lead_id, channel="call", automatic=False, purpose="follow_up", person=person
        )
        if known is not None:
            return await self._again(known, request)
        async with self._gate.permits(buyer_id, [request]) as (decision,):
            attempt, new = await self._record(task, attempt_id, agent, decision, person)
            error = ""
            if dial and new and decision.allowed and person is not None:
                # Inside the gate's hold: a call that is set up has begun.
                error = await self._dial(buyer_id, attempt_id, agent, person.phone)
        called = person if decision.allowed else None
        return Answer(attempt=attempt, rules=decision.rules, person=called, dial_error=error)

    async def end(self, buyer_id: str, told: Ending) -> bool:
        """Keep how an attempt ended; False: nothing of it is new.

        Raises:
            NotFound: its beginning was not told, and the lead that is named is not followed up.
            WrongState: it was blocked, or its beginning was not told and is not told now.
        """
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            known = await disposition_store.attempt_of(conn, buyer_id, told.attempt_id)
            lead_id = known.lead_id if known is not None else told.lead_id
            if lead_id is None or (known is None and (told.began_at is None or not told.agent)):
                raise WrongState("its beginning was not told: name its lead, its agent and when it began")
            await disposition_store.lock_lead(conn, buyer_id, lead_id)
            known = await disposition_store.attempt_of(conn, buyer_id, told.attempt_id)
            if known is not None and known.state == "blocked":
                raise WrongState("the call was not allowed, and has not begun")
            tasks = await queue_store.tasks_of_lead(conn, buyer_id, lead_id)
            lead = await facts_of(conn, buyer_id, lead_id, tasks)
            if lead is None:
                raise NotFound("there is no such lead in follow-up")
            now_known = await disposition_store.tell(conn, _ended(buyer_id, lead_id, lead, known, told))
            if now_known == known:
                return False
            await self._tell(conn, now_known, lead)
            return True

    async def _dial(self, buyer_id: str, attempt_id: UUID, agent: str, phone: str) -> str:
        if self._dialler is None:
            return "call: nobody sets calls up here"
        return await self._dialler.dial(buyer_id, attempt_id, agent, phone)

    async def _again(self, known: Attempt, request: ContactRequest) -> Answer:
        """The answer to an attempt that was asked for before. Whom to call is told only while it may be made."""
        if known.state == "blocked":
            return Answer(attempt=known)
        (decision,) = await self._gate.preview(known.buyer_id, [request])
        # The attempt itself may have used up how often the person may be called.
        if decision.allowed or decision.reason == "attempts":
            return Answer(attempt=known, rules=decision.rules, person=request.person)
        told = replace(known, state="blocked", blocked_by=decision.reason, not_before=decision.not_before)
        return Answer(attempt=told, rules=decision.rules)

    async def _record(
        self, task: QueuedTask, attempt_id: UUID, agent: str, decision: GateDecision, person: Person | None
    ) -> tuple[Attempt, bool]:
        """Keep what the gate said; False: somebody asked for the same attempt at the same time and was faster."""
        now = self._clock.now()
        attempt = Attempt(
            buyer_id=task.buyer_id,
            attempt_id=attempt_id,
            lead_id=task.lead_id,
            task_id=task.task_id,
            channel=CALL,
            automatic=False,
            team=task.queue,
            agent=agent,
            state="begun" if decision.allowed else "blocked",
            began_at=now,
            decision_id=decision.decision_id,
            blocked_by=decision.reason,
            not_before=decision.not_before,
            lawful_milliseconds=_lawful_milliseconds(person, task.waiting.started_at, now),
        )
        async with translated(self._pool), self._pool.acquire() as conn, conn.transaction():
            await disposition_store.lock_lead(conn, task.buyer_id, task.lead_id)
            if (known := await disposition_store.attempt_of(conn, task.buyer_id, attempt_id)) is not None:
                return known, False
            held = await queue_store.task_of(conn, task.buyer_id, task.task_id, lock=True)
            if held is None or held.agent != agent:
                raise WrongState("the agent has lost the task meanwhile")
            await disposition_store.tell(conn, attempt)
            if decision.allowed:
                await queue_store.prolong(conn, held, now)
                await self._tell(conn, attempt, LeadFacts.of(task))
            else:
                await self._keep_back(conn, held, decision, now)
        return attempt, True

    async def _keep_back(self, conn: Connection, held: QueuedTask, decision: GateDecision, now: datetime) -> None:
        until = decision.not_before
        if until is None and decision.reason != CANNOT_KNOW:
            await cancel_tasks(conn, held.buyer_id, [held.lead_id], decision.reason, now)
            return
        why = "not_lawful_now" if until is not None else ""
        row = await queue_store.hold_back(conn, held, until or now + _ASK_AGAIN, why, now)
        await outbox.put(conn, [task_assigned(Holding.of(row, agent=""), now)])

    async def _tell(self, conn: Connection, attempt: Attempt, lead: LeadFacts) -> None:
        await outbox.put(conn, [attempt_made(attempt, lead)])
        for listener in self._listeners:
            await listener.attempted(conn, attempt)


def _ended(buyer_id: str, lead_id: UUID, lead: LeadFacts, known: Attempt | None, told: Ending) -> Attempt:
    """What is told of an end, as an attempt."""
    began_at = told.began_at or (known.began_at if known is not None else told.ended_at)
    base = known or Attempt(
        buyer_id=buyer_id,
        attempt_id=told.attempt_id,
        lead_id=lead_id,
        task_id=None,
        channel=CALL,
        automatic=False,
        team=lead.team,
        agent=told.agent,
        state="ended",
        began_at=began_at,
    )
    return replace(
        base,
        state="ended",
        began_at=began_at,
        ended_at=told.ended_at,
        live=told.live,
        live_at=(told.live_at or began_at) if told.live else None,
        seconds=told.seconds,
        recording=told.recording,
    )


def _lawful_milliseconds(person: Person | None, start: datetime, end: datetime) -> int:
    """Time in which the person could have been called; below 0 where that cannot be told."""
    if person is None:
        return -1
    places = hours.places_of(person.state, person.postal_code, person.phone)
    return round(hours.lawful_seconds(places, "call", start, end) * 1000)
