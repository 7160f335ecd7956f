"""The handler of `GET /v1/orders`: what a seller can still sell, to which orders, at which price."""

from __future__ import annotations

import msgspec

from leadline.common.v1.lead_pb2 import Money
from leadline.intake.v1 import order_service_pb2 as pb
from leadline.routing.v1 import routing_service_pb2 as routing_pb
from services.gateway import service
from services.gateway.answers import Maybe, OrderOffered, Orders, Price, WindowLeft
from services.gateway.exchange import Request, Response
from services.gateway.intake_client import Intake
from shared.statement_table import instant


class OrderBook:
    """What a seller can ask about its orders."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def get(self, request: Request) -> Response:
        """`GET /v1/orders`: the key's active orders, with what is left of each."""
        key = request.access_key()
        request.query(frozenset())
        return Response.json(from_orders(await self._intake.orders(key)))


def from_orders(response: pb.ListOrdersResponse) -> Orders:
    """The public list."""
    return Orders(orders=[_offered(order, response.currency) for order in response.orders])


def _offered(order: pb.OrderInForce, currency: str) -> OrderOffered:
    capacity = order.capacity
    return OrderOffered(
        order=service.order_name(order.order),
        product=order.product,
        prices=list(capacity.prices),
        currency=currency,
        open=capacity.open,
        windows=[_window(window, currency) for window in capacity.windows],
        starts_on=order.starts_on or msgspec.UNSET,
        ends_on=order.ends_on or msgspec.UNSET,
        next_opening=instant(capacity.next_opening) if capacity.HasField("next_opening") else msgspec.UNSET,
        next_lead=instant(capacity.next_turn) if capacity.HasField("next_turn") else msgspec.UNSET,
    )


def _window(window: routing_pb.WindowCapacity, currency: str) -> WindowLeft:
    leads: int | Maybe = msgspec.UNSET
    now: int | Maybe = msgspec.UNSET
    spend: Price | Maybe = msgspec.UNSET
    if window.HasField("max_leads"):
        leads = max(window.max_leads - window.used_leads, 0)
        if window.HasField("paced_leads"):
            now = min(leads, max(window.paced_leads - window.used_leads, 0))
    if window.HasField("max_spend_minor"):
        left = max(window.max_spend_minor - window.used_spend_minor, 0)
        spend = service.price(Money(amount_minor=left, currency=currency))
    return WindowLeft(
        window=window.window,
        leads_left=leads,
        leads_left_now=now,
        spend_left=spend,
        source=window.source or msgspec.UNSET,
        until=instant(window.ends_at) if window.HasField("ends_at") else msgspec.UNSET,
    )
