"""What a seller is told of its orders."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1.lead_pb2 import OrderRef
from leadline.intake.v1 import order_service_pb2 as pb
from leadline.routing.v1.routing_service_pb2 import OrderCapacity, WindowCapacity
from services.gateway.order_service import from_orders

MIDNIGHT = Timestamp(seconds=int(datetime(2026, 11, 23, 5, tzinfo=UTC).timestamp()))


def told(*windows: WindowCapacity, **capacity: object) -> dict[str, object]:
    """The JSON of one order."""
    order = pb.OrderInForce(
        order=OrderRef(order="marco-auto", version=3),
        seller="marco",
        product="auto-loan",
        state="active",
        capacity=OrderCapacity(prices=["32.00: long form"], open=True, windows=windows, **capacity),  # type: ignore[arg-type]
    )
    text = msgspec.json.encode(from_orders(pb.ListOrdersResponse(orders=[order], currency="USD")))
    (one,) = msgspec.json.decode(text)["orders"]
    assert isinstance(one, dict)
    return one


def test_an_order_without_caps_tells_no_more_than_it_has() -> None:
    assert told() == {
        "order": "marco-auto@3",
        "product": "auto-loan",
        "prices": ["32.00: long form"],
        "currency": "USD",
        "open": True,
        "windows": [],
    }


def test_each_cap_tells_what_it_leaves_and_until_when() -> None:
    day = WindowCapacity(window="day", ends_at=MIDNIGHT, used_leads=40, max_leads=100, paced_leads=42)
    total = WindowCapacity(window="total", used_spend_minor=99_000, max_spend_minor=100_000)
    site = WindowCapacity(window="hour", source="cars.example", ends_at=MIDNIGHT, used_leads=9, max_leads=5)
    assert told(day, total, site)["windows"] == [
        {"window": "day", "leads_left": 60, "leads_left_now": 2, "until": "2026-11-23T05:00:00.000Z"},
        {"window": "total", "spend_left": {"amount": "10.00", "currency": "USD"}},
        # A cap that was lowered below what was bought leaves nothing, not less than nothing.
        {"window": "hour", "source": "cars.example", "leads_left": 0, "until": "2026-11-23T05:00:00.000Z"},
    ]


def test_a_closed_order_says_when_it_opens_and_a_paced_one_when_its_turn_comes() -> None:
    one = told(next_opening=MIDNIGHT, next_turn=MIDNIGHT)
    assert (one["next_opening"], one["next_lead"]) == ("2026-11-23T05:00:00.000Z",) * 2
