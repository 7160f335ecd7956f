"""DeliveryService: protobuf on one side, the desk's store on the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import delivery_service_pb2 as pb
from leadline.routing.v1 import delivery_service_pb2_grpc as rpc
from services.routing.delivery.delivery import TO_PEOPLE, ChannelName
from services.routing.delivery.desk_store import DeskStore
from services.routing.delivery.lanes import LaneReport, lane_name
from services.routing.delivery.receivers import Revisions
from services.routing.follow_up_service import DELIVERY_STATES, delivery_message
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 500
_LAST = UUID(int=2**128 - 1)
_STATES = {number: name for name, number in DELIVERY_STATES.items()}

Context = grpc.aio.ServicerContext[object, object]


class DeliveryService(rpc.DeliveryServiceServicer):
    """Shows deliveries and receivers; replays and discards what a person looked at."""

    def __init__(self, desk: DeskStore, revisions: Revisions, catalogs: CatalogReader, clock: Clock) -> None:
        self._desk = desk
        self._revisions = revisions
        self._catalogs = catalogs
        self._clock = clock

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, _context: Context) -> pb.ListDeliveriesResponse:
        """A page by id, which follows the time of the leads."""
        size = request.page_size or _DEFAULT_PAGE
        if not 1 <= size <= _LARGEST_PAGE:
            raise Malformed.field("page_size", f"expected 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}")
        before = _id("page_token", request.page_token) if request.page_token else _LAST
        # One more than asked for tells whether there is another page.
        found = await self._desk.listed(
            _buyer(request.buyer_id), _STATES.get(request.state, ""), request.receiver, before, size + 1
        )
        return pb.ListDeliveriesResponse(
            deliveries=[delivery_message(one) for one in found[:size]],
            next_page_token=str(found[size - 1].delivery_id) if len(found) > size else "",
        )

    async def GetDelivery(self, request: pb.GetDeliveryRequest, _context: Context) -> pb.GetDeliveryResponse:
        """One delivery with its tries."""
        delivery_id = _id("delivery_id", request.delivery_id)
        found = await self._desk.one(_buyer(request.buyer_id), delivery_id)
        if found is None:
            raise NotFound(f"there is no delivery {delivery_id}")
        delivery, tries = found
        return pb.GetDeliveryResponse(
            delivery=delivery_message(delivery),
            tries=[
                pb.DeliveryTry(
                    attempt=one.attempt, ended_at=_timestamp(one.ended_at), outcome=one.outcome, error=one.error
                )
                for one in tries
            ],
        )

    async def ReplayDeliveries(
        self, request: pb.ReplayDeliveriesRequest, _context: Context
    ) -> pb.ReplayDeliveriesResponse:
        """By ids, or the dead ones of a receiver."""
        buyer_id, now = _buyer(request.buyer_id), self._clock.now()
        if request.delivery_ids:
            replayed = await self._desk.replay(buyer_id, _ids(request.delivery_ids), now)
        elif request.receiver:
            replayed = await self._desk.replay_of(buyer_id, request.receiver, now)
        else:
            raise Malformed.field("delivery_ids", "expected deliveries, or a receiver whose dead ones are meant")
        return pb.ReplayDeliveriesResponse(delivery_ids=map(str, replayed))

    async def DiscardDeliveries(
        self, request: pb.DiscardDeliveriesRequest, _context: Context
    ) -> pb.DiscardDeliveriesResponse:
        """By ids."""
        if not request.delivery_ids:
            raise Malformed.field("delivery_ids", "required")
        discarded = await self._desk.discard(_buyer(request.buyer_id), _ids(request.delivery_ids))
        return pb.DiscardDeliveriesResponse(delivery_ids=map(str, discarded))

    async def ListReceivers(self, request: pb.ListReceiversRequest, _context: Context) -> pb.ListReceiversResponse:
        """Those of the catalog in force, and whoever else something waits for."""
        buyer_id = _buyer(request.buyer_id)
        counts, lanes = await self._desk.receivers(buyer_id)
        revision = await self._revisions.revision_in_force(buyer_id)
        view = await self._catalogs.get(buyer_id, revision) if revision else None
        known = {(one.kind, one.slug) for one in view.catalog.receivers} if view is not None else set()
        channels: tuple[ChannelName, ...] = get_args(ChannelName)
        people = {(one, one) for one in channels if one in TO_PEOPLE}
        named = sorted({*known, *people, *counts}, key=lambda one: (one[1], one[0]))
        return pb.ListReceiversResponse(
            receivers=[
                _receiver(channel, receiver, counts.get((channel, receiver), (0, 0)), lanes.get(lane))
                for channel, receiver in named
                for lane in [lane_name(channel, buyer_id, receiver)]
            ]
        )


def _receiver(channel: str, receiver: str, counts: tuple[int, int], lane: LaneReport | None) -> pb.ReceiverStatus:
    waiting, dead = counts
    status = pb.ReceiverStatus(receiver=receiver, channel=channel, breaker="closed", waiting=waiting, dead=dead)
    if lane is not None and lane.state != "closed":
        status.breaker, status.failures, status.last_error = lane.state, lane.failures, lane.last_error
        if lane.next_try_at is not None:
            status.next_try_at.FromDatetime(lane.next_try_at)
    return status


def _buyer(buyer_id: str) -> str:
    if not buyer_id:
        raise Malformed.field("buyer_id", "required")
    return buyer_id


def _ids(texts: Sequence[str]) -> list[UUID]:
    if len(texts) > _LARGEST_PAGE:
        raise Malformed.field("delivery_ids", f"expected at most {_LARGEST_PAGE}")
    return [_id(f"delivery_ids[{index}]", text) for index, text in enumerate(texts)]


def _id(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed.field(field, "expected a UUID") from None


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
