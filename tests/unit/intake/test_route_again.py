"""Routing runs beside dedup: whom it is asked about again once dedup has answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.dedup.v1 import dedup_service_pb2 as dedup
from leadline.routing.v1 import routing_service_pb2 as routing
from services.intake.chain import to_route_again

DUPLICATE = reason_pb2.Finding(reason=reason_pb2.REASON_DUPLICATE_SAME_SELLER)
FULL = reason_pb2.Finding(reason=reason_pb2.REASON_CAP_REACHED)
CLOSED = reason_pb2.Finding(reason=reason_pb2.REASON_OUTSIDE_SCHEDULE)


@dataclass
class Candidates:
    orders: list[str]


@dataclass
class Asked:
    """As much of a draft as the question needs."""

    candidates: Candidates
    checked: dedup.CheckedLead
    routed: routing.RoutedLead


def asked(*said: reason_pb2.Finding, bought_before: bool = False, orders: int = 1, chosen: bool = True) -> Any:
    return cast(
        Any,
        Asked(
            Candidates([f"order-{n}" for n in range(orders)]),
            dedup.CheckedLead(candidates=[dedup.CandidateCheck(findings=[DUPLICATE] if bought_before else [])]),
            routing.RoutedLead(
                candidates=[routing.CandidateRouting(findings=said)],
                chosen=lead_pb2.OrderRef(order="order-0") if chosen else None,
            ),
        ),
    )


def test_nobody_where_no_person_was_bought_before() -> None:
    assert to_route_again([asked(), asked(orders=2), asked(FULL, chosen=False)]) == []


def test_a_person_bought_before_who_may_fill_another_order() -> None:
    one, other = asked(bought_before=True, orders=2), asked(orders=2)
    assert to_route_again([one, other]) == [one]


def test_not_a_person_bought_before_whose_one_order_is_refused_anyway() -> None:
    assert to_route_again([asked(bought_before=True), asked()]) == []


def test_whoever_found_no_room_beside_a_person_bought_before_who_was_given_some() -> None:
    full, closed = asked(FULL, chosen=False), asked(CLOSED, chosen=False)
    assert to_route_again([asked(bought_before=True), full, closed]) == [full]


def test_not_whoever_found_no_room_that_the_person_bought_before_had_not_taken() -> None:
    assert to_route_again([asked(bought_before=True, chosen=False), asked(FULL, chosen=False)]) == []
