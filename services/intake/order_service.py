"""OrderService: protobuf in, protobuf out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from msgspec.structs import replace

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import order_service_pb2 as pb
from leadline.intake.v1.order_service_pb2_grpc import OrderServiceServicer
from leadline.routing.v1 import routing_service_pb2 as routing_pb2
from services.intake.catalog.diff import Plan, details, plan
from services.intake.catalog.directory import Directory
from services.intake.catalog.store import Approval, CatalogStore, StoredVersion
from shared.catalog.snapshot import CatalogView, decode_order
from shared.catalog.terms import Catalog, Order
from shared.catalog.words import OrderState
from shared.rpc.client import budget, call
from shared.rpc.errors import Malformed, NotFound, Violation, WrongState
from shared.runtime.clock import Clock

if TYPE_CHECKING:
    from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

_STATES: dict[str, OrderState] = {"active": "active", "paused": "paused", "ended": "ended"}
_ROUTING_SECONDS = 2.0


class OrderService(OrderServiceServicer):
    """Orders as people look after them."""

    def __init__(
        self, *, store: CatalogStore, directory: Directory, routing: RoutingServiceAsyncStub, clock: Clock
    ) -> None:
        self._store = store
        self._directory = directory
        self._routing = routing
        self._clock = clock

    async def ListOrders(
        self, request: pb.ListOrdersRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListOrdersResponse:
        """Orders in force with what is left of them; for a seller, its active ones."""
        now = self._clock.now()
        if request.access_key:
            key = self._directory.authenticate(request.access_key, now, "read")
            view = self._directory.current(key.buyer_id)
            orders = [
                order
                for order in view.orders_of(key.seller)
                if order.state == "active" and (not key.orders or order.slug in key.orders)
            ]
        else:
            view = self._directory.current(self._directory.buyer(request.buyer_id))
            sellers = [request.seller] if request.seller else sorted({order.seller for order in view.catalog.orders})
            orders = [order for seller in sellers for order in view.orders_of(seller)]
        capacities = await self._capacities(view, orders, now, budget(context, at_most=_ROUTING_SECONDS))
        return pb.ListOrdersResponse(
            orders=[_in_force(order, capacity) for order, capacity in zip(orders, capacities, strict=True)],
            currency=view.buyer.currency,
        )

    async def _capacities(
        self, view: CatalogView, orders: Sequence[Order], at: datetime, seconds: float
    ) -> Sequence[routing_pb2.OrderCapacity]:
        if not orders:
            return []
        request = routing_pb2.GetCapacityRequest(
            buyer_id=view.buyer.slug,
            catalog_revision=view.revision,
            orders=[order.slug for order in orders],
            at=_timestamp(at),
        )
        return (await call(self._routing.GetCapacity, request, timeout=seconds)).orders

    async def ListOrderVersions(
        self, request: pb.ListOrderVersionsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListOrderVersionsResponse:
        """Who changed what of an order, when and why."""
        versions = await self._store.versions(self._directory.buyer(request.buyer_id), request.order)
        if not versions:
            raise NotFound("there is no order of that name, nor ever was")
        return pb.ListOrderVersionsResponse(versions=_versions(versions))

    async def AmendOrder(
        self, request: pb.AmendOrderRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.AmendOrderResponse:
        """Change an order's state at once."""
        state = _requested_state(request)
        buyer_id = self._directory.buyer(request.buyer_id)

        def change(current: Catalog) -> Plan:
            return _with_state(current, request.order, state)

        approval = Approval(request.approved_by.strip(), request.note.strip(), self._clock.now())
        made = await self._store.amend(buyer_id, approval, change)
        if made.conflicts:
            raise WrongState(f"{request.order}: {made.conflicts[0][1]}")
        await self._directory.refresh()
        order = _order(made.catalog, request.order)
        return pb.AmendOrderResponse(
            order=lead_pb2.OrderRef(order=order.slug, version=order.version),
            revision=made.catalog.revision,
            changed=bool(made.changes),
        )


def _requested_state(request: pb.AmendOrderRequest) -> OrderState:
    faults = []
    if request.state not in _STATES:
        faults.append(Violation("state", f"expected one of {', '.join(_STATES)}"))
    if not request.approved_by.strip():
        faults.append(Violation("approved_by", "expected who approves the change"))
    for name, text, most in (("approved_by", request.approved_by, 200), ("note", request.note, 2000)):
        if len(text) > most or "\x00" in text:
            faults.append(Violation(name, f"expected at most {most} characters"))
    if faults:
        raise Malformed("; ".join(f"{fault.field}: {fault.message}" for fault in faults), violations=faults)
    return _STATES[request.state]


def _with_state(current: Catalog, slug: str, state: OrderState) -> Plan:
    """The catalog with another state of one order."""
    order = _order(current, slug)
    orders = tuple(replace(one, state=state) if one is order else one for one in current.orders)
    return plan(current, replace(current, orders=orders))


def _order(catalog: Catalog, slug: str) -> Order:
    found = next((order for order in catalog.orders if order.slug == slug), None)
    if found is None:
        raise NotFound("there is no order of that name")
    return found


def _in_force(order: Order, capacity: routing_pb2.OrderCapacity) -> pb.OrderInForce:
    return pb.OrderInForce(
        order=lead_pb2.OrderRef(order=order.slug, version=order.version),
        seller=order.seller,
        product=order.product,
        state=order.state,
        capacity=capacity,
        starts_on=str(order.starts_on or ""),
        ends_on=str(order.ends_on or ""),
    )


def _versions(stored: Sequence[StoredVersion]) -> list[pb.OrderVersion]:
    told = []
    last: Order | None = None
    for index, version in enumerate(stored):
        order = decode_order(version.terms)
        told.append(
            pb.OrderVersion(
                version=version.version,
                revision=version.revision,
                state=order.state,
                approved_by=version.approved_by,
                note=version.note,
                create_time=_timestamp(version.created_at),
                effective_time=_timestamp(version.effective_at),
                superseded=any(later.effective_at <= version.effective_at for later in stored[index + 1 :]),
                changes=details(last, order) if last is not None else (),
            )
        )
        last = order
    return told


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
