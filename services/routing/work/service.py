"""WorkService: protobuf on one side, desk, calls and dispositions on the other."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import work_service_pb2 as pb
from leadline.routing.v1 import work_service_pb2_grpc as rpc
from services.routing.work.calls import Calls, Ending
from services.routing.work.desk import HEARTBEAT_SECONDS, Desk, Nothing
from services.routing.work.dispositions import Dispositions
from services.routing.work.outcome import WORDS, Disposition, Standing
from services.routing.work.queue_states import QueueStates
from services.routing.work.shown_service import (
    agent_given,
    agent_shown,
    agent_standing,
    lead_standing,
    queue_shown,
    stamp,
    task_shown,
)
from shared.catalog.following import Disposition as DispositionWord
from shared.rpc.errors import Malformed
from shared.runtime.clock import Clock

_Context = grpc.aio.ServicerContext[object, object]
_DEFAULT_PAGE, _LARGEST_PAGE = 100, 500
#: These come with a time, through RPCs of their own.
_AGREED = ("callback", "appointment")
_WORDS: dict[str, DispositionWord] = {word: word for word in sorted(WORDS) if word not in _AGREED}
_LONGEST_REFERENCE = 500
_LONGEST_CALL_SECONDS = 24 * 3600


class WorkService(rpc.WorkServiceServicer):
    """What agents, and those who lead them, do with their calls."""

    def __init__(self, desk: Desk, calls: Calls, dispositions: Dispositions, states: QueueStates, clock: Clock) -> None:
        self._desk = desk
        self._calls = calls
        self._dispositions = dispositions
        self._states = states
        self._clock = clock

    async def PutAgent(self, request: pb.PutAgentRequest, _context: _Context) -> pb.PutAgentResponse:
        """Adds an agent, or changes one."""
        agent = agent_given(_required("buyer_id", request.buyer_id), request.agent)
        await self._desk.put_agent(agent)
        return pb.PutAgentResponse(agent=agent_shown(agent))

    async def ListAgents(self, request: pb.ListAgentsRequest, _context: _Context) -> pb.ListAgentsResponse:
        """Agents with what they have now."""
        agents, teams = await self._desk.agents(_required("buyer_id", request.buyer_id), request.team)
        now = self._clock.now()
        return pb.ListAgentsResponse(agents=[agent_standing(one, now, teams.zone) for one in agents])

    async def ClaimTask(self, request: pb.ClaimTaskRequest, _context: _Context) -> pb.ClaimTaskResponse:
        """The next best task, or why there is none."""
        buyer_id, agent = _who(request.buyer_id, request.agent)
        task_id = _uuid("task_id", request.task_id) if request.task_id else None
        found = await self._desk.claim(buyer_id, agent, task_id)
        if isinstance(found, Nothing):
            return pb.ClaimTaskResponse(nothing=found.why, not_before=stamp(found.not_before))
        return pb.ClaimTaskResponse(task=task_shown(found.task, found.score))

    async def Heartbeat(self, request: pb.HeartbeatRequest, _context: _Context) -> pb.HeartbeatResponse:
        """Notes that an agent is there."""
        tasks = await self._desk.heartbeat(*_who(request.buyer_id, request.agent))
        return pb.HeartbeatResponse(tasks=[task_shown(task) for task in tasks], within_seconds=HEARTBEAT_SECONDS)

    async def DeclineTask(self, request: pb.DeclineTaskRequest, _context: _Context) -> pb.DeclineTaskResponse:
        """Takes a task back."""
        buyer_id, agent = _who(request.buyer_id, request.agent)
        await self._desk.decline(buyer_id, agent, _uuid("task_id", request.task_id))
        return pb.DeclineTaskResponse()

    async def BeginAttempt(self, request: pb.BeginAttemptRequest, _context: _Context) -> pb.BeginAttemptResponse:
        """Whether a call may be made at this moment."""
        buyer_id, agent = _who(request.buyer_id, request.agent)
        attempt_id, task_id = _uuid("attempt_id", request.attempt_id), _uuid("task_id", request.task_id)
        answer = await self._calls.begin(buyer_id, attempt_id, agent, task_id, dial=request.dial)
        attempt, person = answer.attempt, answer.person
        return pb.BeginAttemptResponse(
            allowed=answer.allowed,
            attempt_id=str(attempt.attempt_id),
            decision_id="" if attempt.decision_id is None else str(attempt.decision_id),
            reason=attempt.blocked_by,
            rules=answer.rules,
            not_before=stamp(attempt.not_before),
            phone="" if person is None else person.phone,
            first_name="" if person is None else person.first_name,
            began_at=stamp(attempt.began_at) if answer.allowed else None,
            dial_error=answer.dial_error,
        )

    async def EndAttempt(self, request: pb.EndAttemptRequest, _context: _Context) -> pb.EndAttemptResponse:
        """Keeps how an attempt ended."""
        if len(request.recording) > _LONGEST_REFERENCE:
            raise Malformed.field("recording", f"expected at most {_LONGEST_REFERENCE} characters")
        if not 0 <= request.seconds <= _LONGEST_CALL_SECONDS:
            raise Malformed.field("seconds", f"expected 0 to {_LONGEST_CALL_SECONDS}")
        told = Ending(
            attempt_id=_uuid("attempt_id", request.attempt_id),
            ended_at=self._past("ended_at", request.ended_at, request.HasField("ended_at")),
            live=request.live,
            live_at=_instant(request.live_at) if request.HasField("live_at") else None,
            seconds=request.seconds,
            recording=request.recording,
            lead_id=_uuid("lead_id", request.lead_id) if request.lead_id else None,
            agent=request.agent,
            began_at=_instant(request.began_at) if request.HasField("began_at") else None,
        )
        if told.began_at is not None and told.began_at > told.ended_at:
            raise Malformed.field("began_at", "expected not after its end")
        return pb.EndAttemptResponse(changed=await self._calls.end(_required("buyer_id", request.buyer_id), told))

    async def SetDisposition(self, request: pb.SetDispositionRequest, _context: _Context) -> pb.SetDispositionResponse:
        """Keeps what became of a lead."""
        word = _WORDS.get(request.disposition)
        if word is None:
            raise Malformed.field("disposition", f"expected one of {', '.join(_WORDS)}")
        standing = await self._say(
            request,
            word,
            at=self._past("at", request.at, request.HasField("at")),
            lead_id=request.lead_id,
            product=request.product,
        )
        return pb.SetDispositionResponse(standing=lead_standing(standing))

    async def ScheduleCallback(
        self, request: pb.ScheduleCallbackRequest, _context: _Context
    ) -> pb.ScheduleCallbackResponse:
        """Promises a call."""
        at = self._past("at", request.at, request.HasField("at"))
        agreed = _agreed("callback_at", request.callback_at, request.HasField("callback_at"), at)
        standing = await self._say(request, "callback", at=at, agreed_for=agreed)
        return pb.ScheduleCallbackResponse(standing=lead_standing(standing))

    async def BookAppointment(
        self, request: pb.BookAppointmentRequest, _context: _Context
    ) -> pb.BookAppointmentResponse:
        """Books an appointment."""
        at = self._past("at", request.at, request.HasField("at"))
        agreed = _agreed("appointment_at", request.appointment_at, request.HasField("appointment_at"), at)
        standing = await self._say(request, "appointment", at=at, agreed_for=agreed, lead_id=request.lead_id)
        return pb.BookAppointmentResponse(standing=lead_standing(standing))

    async def ListQueue(self, request: pb.ListQueueRequest, _context: _Context) -> pb.ListQueueResponse:
        """Tasks of a queue, the best first."""
        limit = request.limit or _DEFAULT_PAGE
        if not 1 <= limit <= _LARGEST_PAGE:
            raise Malformed.field("limit", f"expected 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}")
        found = await self._desk.queue(_required("buyer_id", request.buyer_id), request.team, limit)
        return pb.ListQueueResponse(tasks=[task_shown(one.task, one.score) for one in found])

    async def QueueState(self, request: pb.QueueStateRequest, _context: _Context) -> pb.QueueStateResponse:
        """How the queues stand."""
        states = await self._states.of(_required("buyer_id", request.buyer_id), request.team)
        return pb.QueueStateResponse(teams=[queue_shown(one, self._clock.now()) for one in states])

    async def _say(
        self,
        request: pb.SetDispositionRequest | pb.ScheduleCallbackRequest | pb.BookAppointmentRequest,
        word: DispositionWord,
        *,
        at: datetime,
        agreed_for: datetime | None = None,
        lead_id: str = "",
        product: str = "",
    ) -> Standing:
        buyer_id, agent = _who(request.buyer_id, request.agent)
        task_id = _uuid("task_id", request.task_id) if request.task_id or not lead_id else None
        if task_id is not None and not lead_id:
            lead = (await self._dispositions.task(buyer_id, task_id)).lead_id
        else:
            lead = _uuid("lead_id", lead_id)
        said = Disposition(
            disposition_id=_uuid("disposition_id", request.disposition_id) if request.disposition_id else uuid4(),
            lead_id=lead,
            task_id=task_id,
            disposition=word,
            at=at,
            agent=agent,
            product=product,
            agreed_for=agreed_for,
        )
        return await self._dispositions.say(buyer_id, said)

    def _past(self, field: str, given: Timestamp, told: bool) -> datetime:
        now = self._clock.now()
        at = _instant(given) if told else now
        if at > now:
            raise Malformed.field(field, "expected an instant that is not in the future")
        return at


def _agreed(field: str, given: Timestamp, told: bool, after: datetime) -> datetime:
    at = _instant(given) if told else after
    if at <= after:
        raise Malformed.field(field, "expected an instant after the one at which it was agreed")
    return at


def _who(buyer_id: str, agent: str) -> tuple[str, str]:
    return _required("buyer_id", buyer_id), _required("agent", agent)


def _required(field: str, value: str) -> str:
    if not value:
        raise Malformed.field(field, "required")
    return value


def _uuid(field: str, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Malformed.field(field, "expected a UUID") from None


def _instant(given: Timestamp) -> datetime:
    return given.ToDatetime(UTC)
