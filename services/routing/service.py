"""RoutingService: protobuf in, protobuf out; the rules are in `matching` and `choice`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1.lead_pb2 import Money
from leadline.routing.v1.routing_service_pb2 import (
    CandidateRouting,
    CapacityDemand,
    GetCapacityRequest,
    GetCapacityResponse,
    LeadToRoute,
    OrderCapacity,
    RoutedLead,
    RouteLeadsRequest,
    RouteLeadsResponse,
    WindowCapacity,
)
from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceServicer
from services.routing.capacity import CapacityKey, Demand, Reading, demands
from services.routing.choice import Candidate, choose
from services.routing.matching import Lead, eligibility, promised
from services.routing.plan import OrderPlan, Plan, plan_of
from services.routing.pricing import words
from services.routing.standing import keys_of, standing
from services.routing.store import CapacityStore
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import Malformed
from shared.rpc.verdict import ReceiptWriter, finding_message

MOST_LEADS = 256
MOST_ORDERS = 1000
_NO_FACTS: Mapping[str, str] = {}

_RECEIPTS = ReceiptWriter("routing")
_PLANS = 64


class RoutingService(RoutingServiceServicer):
    """Answers batches of leads of one buyer at one catalog revision."""

    def __init__(self, catalogs: CatalogReader, store: CapacityStore) -> None:
        self._catalogs = catalogs
        self._store = store
        self._plan = lru_cache(maxsize=_PLANS)(_plan_of)

    async def RouteLeads(self, request: RouteLeadsRequest, _: grpc.aio.ServicerContext[Any, Any]) -> RouteLeadsResponse:
        """Raises Malformed for a request that no state could make right, NotFound for an unknown revision."""
        if len(request.leads) > MOST_LEADS:
            raise Malformed.field("leads", f"expected at most {MOST_LEADS}")
        plan = self._plan(await self._catalogs.get(request.buyer_id, request.catalog_revision))
        leads = [_lead(message, index, plan) for index, message in enumerate(request.leads)]
        reading = await self._store.read(request.buyer_id, _keys(request.leads, leads, plan))
        return RouteLeadsResponse(
            results=[_routed(message, lead, plan, reading) for message, lead in zip(request.leads, leads, strict=True)]
        )

    async def GetCapacity(
        self, request: GetCapacityRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> GetCapacityResponse:
        """Raises Malformed for too many orders, NotFound for an unknown revision."""
        if len(request.orders) > MOST_ORDERS:
            raise Malformed.field("orders", f"expected at most {MOST_ORDERS}")
        plan, at = self._plan(await self._catalogs.get(request.buyer_id, request.catalog_revision)), _at(request)
        asked = [plan.orders.get(order) for order in request.orders]
        keys = {key for ready in asked if ready is not None for key in keys_of(ready, at)}
        reading = await self._store.read(request.buyer_id, keys)
        return GetCapacityResponse(
            orders=[OrderCapacity() if ready is None else _capacity(ready, at, reading) for ready in asked]
        )


def _at(request: GetCapacityRequest) -> datetime:
    if not request.HasField("at"):
        raise Malformed.field("at", "expected an instant")
    return request.at.ToDatetime(UTC)


def _capacity(ready: OrderPlan, at: datetime, reading: Reading) -> OrderCapacity:
    found = standing(ready, at, reading)
    return OrderCapacity(
        prices=words(ready.order),
        open=found.open,
        next_opening=_stamp(found.next_opening),
        next_turn=_stamp(found.next_turn),
        windows=[
            WindowCapacity(
                source=window.demand.key.order.partition("/")[2],
                window=window.demand.key.window,
                ends_at=_stamp(window.ends_at),
                used_leads=window.used.leads,
                max_leads=window.max_leads,
                used_spend_minor=window.used.spend,
                max_spend_minor=window.demand.max_spend,
                paced_leads=window.paced,
            )
            for window in found.windows
        ],
    )


def _stamp(instant: datetime | None) -> Timestamp | None:
    return _timestamp(instant) if instant is not None else None


def _plan_of(view: CatalogView) -> Plan:
    return plan_of(view.catalog)


def _lead(message: LeadToRoute, index: int, plan: Plan) -> Lead:
    if not message.HasField("received_at"):
        raise Malformed.field(f"leads[{index}].received_at", "expected the time of arrival")
    minute = datetime.fromtimestamp(message.received_at.seconds // 60 * 60, UTC)
    kind = message.lead_type
    return Lead(
        message.lead_id,
        message.source,
        minute,
        kind.form,
        message.state,
        # Read for those who look at them alone: most orders do not.
        message.received_at.ToDatetime(UTC) if plan.paced else None,
        message.price_facts if plan.adjusted else _NO_FACTS,
        exclusivity=kind.exclusivity if kind.exclusivity_shown else "",
        incentivized=kind.incentivized,
        opt_in=kind.opt_in or "single",
    )


def _keys(messages: Sequence[LeadToRoute], leads: Sequence[Lead], plan: Plan) -> set[CapacityKey]:
    held = {
        (candidate.order.order, lead.minute, lead.source)
        for message, lead in zip(messages, leads, strict=True)
        for candidate in message.candidates
    }
    return {
        demand.key
        for order, minute, source in held
        if (ready := plan.orders.get(order)) is not None
        for demand in demands(ready, minute, source)
    }


def _routed(message: LeadToRoute, lead: Lead, plan: Plan, reading: Reading) -> RoutedLead:
    bid = message.bid_price_minor if message.HasField("bid_price_minor") else None
    candidates = [
        Candidate(
            eligibility(each.order.order, lead, plan, reading)
            if bid is None
            else promised(each.order.order, lead, plan, bid),
            each.finding_count,
        )
        for each in message.candidates
    ]
    choice = choose(candidates, plan.currency)
    result = RoutedLead(
        candidates=[
            CandidateRouting(
                order=each.order, findings=[finding_message(finding) for finding in candidate.said.findings]
            )
            for each, candidate in zip(message.candidates, candidates, strict=True)
        ],
        receipt=_RECEIPTS.write((check for each in candidates for check in each.said.checks), choice.why),
    )
    if choice.chosen is not None:
        said = candidates[choice.chosen].said
        result.chosen.CopyFrom(message.candidates[choice.chosen].order)
        result.price.CopyFrom(Money(amount_minor=said.price, currency=plan.currency))
        result.demands.extend(_demand(demand) for demand in said.demands)
        result.team = plan.orders[said.order].teams.draw(lead.lead_id)
        reading.add(said.demands, said.price)
    elif choice.nearest is not None:
        result.nearest.CopyFrom(message.candidates[choice.nearest].order)
    return result


@lru_cache(maxsize=1024)
def _demand(demand: Demand) -> CapacityDemand:
    return CapacityDemand(
        order=demand.key.order,
        window=demand.key.window,
        starts_at=_timestamp(demand.at or demand.key.starts_at),
        max_leads=demand.max_leads,
        max_spend_minor=demand.max_spend,
        paced=demand.paced,
    )


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
