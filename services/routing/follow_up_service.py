"""FollowUpService: protobuf on one side, the store on the other."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import follow_up_service_pb2 as pb
from leadline.routing.v1 import follow_up_service_pb2_grpc as rpc
from services.routing.delivery.store import DeliveryRecord, DeliveryStore
from services.routing.work.task_store import TaskCursor, TaskRecord, TaskStore
from shared.rpc.errors import Malformed

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_START: TaskCursor = (_EPOCH, UUID(int=0))
# A page token: the last task's due time, microseconds since the epoch, and its id.
_TOKEN = struct.Struct(">q16s")

_TASK_STATES = {
    "open": pb.TASK_STATE_OPEN,
    "claimed": pb.TASK_STATE_CLAIMED,
    "waiting": pb.TASK_STATE_WAITING,
    "done": pb.TASK_STATE_DONE,
    "cancelled": pb.TASK_STATE_CANCELLED,
}
DELIVERY_STATES: Mapping[str, pb.DeliveryState.ValueType] = {
    "waiting": pb.DELIVERY_STATE_WAITING,
    "handed_off": pb.DELIVERY_STATE_HANDED_OFF,
    "dead": pb.DELIVERY_STATE_DEAD,
    "blocked": pb.DELIVERY_STATE_BLOCKED,
    "discarded": pb.DELIVERY_STATE_DISCARDED,
}


class FollowUpService(rpc.FollowUpServiceServicer):
    """Shows what follow-up did and has yet to do."""

    def __init__(self, tasks: TaskStore, deliveries: DeliveryStore) -> None:
        self._tasks = tasks
        self._deliveries = deliveries

    async def GetFollowUp(
        self, request: pb.GetFollowUpRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.GetFollowUpResponse:
        """The follow-up of one lead; empty where nothing was scheduled."""
        buyer_id = _required("buyer_id", request.buyer_id)
        try:
            lead_id = UUID(request.lead_id)
        except ValueError:
            raise Malformed.field("lead_id", "expected a UUID") from None
        tasks = await self._tasks.of_lead(buyer_id, lead_id)
        deliveries = await self._deliveries.of_lead(buyer_id, lead_id)
        return pb.GetFollowUpResponse(
            tasks=[_task(task) for task in tasks], deliveries=[delivery_message(delivery) for delivery in deliveries]
        )

    async def ListTasks(
        self, request: pb.ListTasksRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.ListTasksResponse:
        """A page of tasks by (due_at, task_id): a task added meanwhile moves no other to another page."""
        buyer_id = _required("buyer_id", request.buyer_id)
        size = request.page_size or _DEFAULT_PAGE
        if not 1 <= size <= _LARGEST_PAGE:
            raise Malformed.field("page_size", f"expected 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}")
        after = _cursor(request.page_token) if request.page_token else _START
        # One more than asked for tells whether there is another page.
        tasks = await self._tasks.page(buyer_id, request.team, after, size + 1)
        page = tasks[:size]
        return pb.ListTasksResponse(
            tasks=[_task(task) for task in page],
            next_page_token=_token(page[-1]) if len(tasks) > size else "",
        )


def _required(field: str, value: str) -> str:
    if not value:
        raise Malformed.field(field, "required")
    return value


def _token(task: TaskRecord) -> str:
    packed = _TOKEN.pack((task.due_at - _EPOCH) // _MICROSECOND, task.task_id.bytes)
    return base64.urlsafe_b64encode(packed).decode()


def _cursor(token: str) -> TaskCursor:
    try:
        microseconds, task_id = _TOKEN.unpack(base64.urlsafe_b64decode(token))
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=task_id)
    except (struct.error, binascii.Error, ValueError, OverflowError):
        raise Malformed.field("page_token", "expected the next_page_token of an earlier answer") from None


def _task(task: TaskRecord) -> pb.Task:
    return pb.Task(
        task_id=str(task.task_id),
        lead_id=str(task.lead_id),
        team=task.team,
        state=_TASK_STATES[task.state],
        clock_started_at=_timestamp(task.clock_started_at),
        due_at=_timestamp(task.due_at),
        create_time=_timestamp(task.created_at),
        offer=task.offer,
    )


def delivery_message(delivery: DeliveryRecord) -> pb.Delivery:
    """A delivery as the contracts tell it."""
    return pb.Delivery(
        delivery_id=str(delivery.delivery_id),
        lead_id=str(delivery.lead_id),
        channel=delivery.channel,
        state=DELIVERY_STATES[delivery.state],
        attempts=delivery.attempts,
        create_time=_timestamp(delivery.created_at),
        handed_off_at=None if delivery.handed_off_at is None else _timestamp(delivery.handed_off_at),
        last_error=delivery.last_error,
        receiver=delivery.receiver,
        purpose=delivery.purpose,
        due_time=_timestamp(delivery.due_at) if delivery.state == "waiting" else None,
    )


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
