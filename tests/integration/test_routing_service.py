"""routing as a process sees it: over gRPC, on real Postgres, under its own role."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2 as common
from leadline.common.v1 import reason_pb2
from leadline.routing.v1 import routing_service_pb2 as pb
from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceStub, add_RoutingServiceServicer_to_server
from services.routing.service import RoutingService
from services.routing.store import CapacityStore
from shared.catalog.buying import Cap, Price
from shared.catalog.money import Minor
from shared.catalog.snapshot import CatalogReader, encode
from shared.catalog.terms import FollowUp
from shared.db.pool import open_pool
from shared.rpc.client import call, open_channel
from shared.rpc.errors import Malformed, NotFound
from shared.rpc.server import RpcServer
from shared.runtime.settings import DatabaseSettings, RpcSettings, load
from shared.telemetry.metrics import Metrics
from tests.unit.routing.terms import AT, DAY_STARTS, SITE, catalog, day_cap, order

if TYPE_CHECKING:
    # Only the types know an asynchronous stub of its own.
    from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub


@dataclasses.dataclass
class World:
    """A running routing, and the settlement that consumes what it proposes."""

    stub: RoutingServiceAsyncStub
    settlement: asyncpg.Connection[asyncpg.Record]

    async def route(self, *leads: pb.LeadToRoute, **request: Any) -> list[pb.RoutedLead]:
        """Ask for a batch."""
        given: dict[str, Any] = {"buyer_id": "big-bank", "catalog_revision": 7, "leads": leads} | request
        response = await call(self.stub.RouteLeads, pb.RouteLeadsRequest(**given), timeout=5)
        return list(response.results)

    async def buy(self, *routed: pb.RoutedLead) -> list[int]:
        """Consume the demands exactly as they were given; returns the leads that did not fit, from 1."""
        demands = [(n, each.price.amount_minor, demand) for n, each in enumerate(routed, 1) for demand in each.demands]
        rows = await self.settlement.fetch(
            "SELECT DISTINCT lead FROM routing.consume($1, $2, $3, $4, $5, $6, $7, $8) ORDER BY lead",
            "big-bank",
            [n for n, _, _ in demands],
            [demand.order for _, _, demand in demands],
            [demand.window for _, _, demand in demands],
            [demand.starts_at.ToDatetime(tzinfo=UTC) for _, _, demand in demands],
            [demand.max_leads if demand.HasField("max_leads") else None for _, _, demand in demands],
            [demand.max_spend_minor if demand.HasField("max_spend_minor") else None for _, _, demand in demands],
            [price for _, price, _ in demands],
        )
        return [row["lead"] for row in rows]


@pytest_asyncio.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    teams = FollowUp(playbook="auto", offer="5.9 % APR", teams={"north": 1, "south": 1})
    orders = (
        order("first", priority=1, caps=(day_cap(leads=3), Cap(window="total", spend=Minor(99_900))), follow_up=teams),
        order("second", priority=2, prices=(Price(amount=Minor(4100), states=("TX",)), Price(amount=Minor(3000)))),
        order("paused", priority=3, state="paused"),
    )
    connection = await asyncpg.connect(database_url)
    insert = "INSERT INTO catalog.snapshot VALUES ('big-bank', 7, $1, 'tracey', '', now())"
    await connection.execute(insert, encode(catalog(*orders)))
    await connection.execute("SET ROLE leadline_intake")
    environ = {"LEADLINE_POSTGRES_URL": database_url, "LEADLINE_ROUTING_PORT": "0"}
    async with open_pool(load(DatabaseSettings, environ, service="routing"), role="leadline_routing", name="t") as pool:
        store = CapacityStore(pool)
        server = RpcServer(
            load(RpcSettings, environ, service="routing"), checks={"postgres": store.ping}, metrics=Metrics()
        )
        service = RoutingService(CatalogReader(pool), store)
        server.add(add_RoutingServiceServicer_to_server, service, "leadline.routing.v1.RoutingService")
        async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
            yield World(RoutingServiceStub(channel), connection)
    await connection.close()


def lead(*candidates: str, lead_id: str = "lead-1", at: datetime = AT, **fields: Any) -> pb.LeadToRoute:
    """A lead held against these orders; `name:2` has two findings of earlier stages."""
    held = []
    for candidate in candidates:
        name, _, findings = candidate.partition(":")
        ref = common.OrderRef(order=name, version=3)
        held.append(pb.RoutingCandidate(order=ref, finding_count=int(findings or 0)))
    received_at = Timestamp()
    received_at.FromDatetime(at)
    given: dict[str, Any] = {
        "lead_id": lead_id,
        "seller": "marco",
        "source": SITE,
        "received_at": received_at,
        "lead_type": common.LeadType(form="long", exclusivity="exclusive", opt_in="single"),
        "candidates": held,
        "state": "TX",
    } | fields
    return pb.LeadToRoute(**given)


def codes(candidate: pb.CandidateRouting) -> list[str]:
    return [reason_pb2.Reason.Name(finding.reason)[7:].lower() for finding in candidate.findings]


async def test_the_preferred_order_is_chosen_with_price_demands_team_and_reason(world: World) -> None:
    (routed,) = await world.route(lead("paused", "second", "first"))
    assert routed.chosen == common.OrderRef(order="first", version=3)
    assert not routed.HasField("nearest")
    assert routed.price == common.Money(amount_minor=3200, currency="USD")
    assert routed.team in {"north", "south"}
    assert [codes(each) for each in routed.candidates] == [["order_inactive"], [], []]
    day, total = routed.demands
    assert (day.order, day.window, day.max_leads, day.HasField("max_spend_minor")) == ("first", "day", 3, False)
    assert day.starts_at.ToDatetime(tzinfo=UTC) == DAY_STARTS
    assert (total.window, total.starts_at.seconds, total.max_spend_minor) == ("total", 0, 99_900)
    assert not total.HasField("max_leads")
    receipt = common.StageReceipt.FromString(routed.receipt)
    assert (receipt.stage, receipt.summary) == (
        "routing",
        "first is preferred to second: the buyer's priority is 1 against 2.",
    )
    assert {check.order for check in receipt.checks} == {"paused", "second", "first"}


async def test_a_lead_that_satisfies_none_gets_the_nearest_and_nothing_else(world: World) -> None:
    (routed,) = await world.route(lead("first:2", "paused", "second:1"))
    assert not routed.HasField("chosen")
    # One finding each against `paused` and `second`; the buyer prefers `second`.
    assert routed.nearest.order == "second"
    assert (len(routed.demands), routed.team, routed.HasField("price")) == (0, "", False)


async def test_the_price_may_depend_on_the_state(world: World) -> None:
    results = await world.route(lead("second"), lead("second", state="NY"), lead("second", state=""))
    assert [each.price.amount_minor for each in results] == [4100, 3000, 3000]


async def test_one_batch_never_proposes_more_than_the_room(world: World) -> None:
    batch = [lead("first", "second", lead_id=f"lead-{number}") for number in range(5)]
    results = await world.route(*batch)
    assert [each.chosen.order for each in results] == ["first", "first", "first", "second", "second"]
    assert await world.buy(*results) == []


async def test_what_settlement_bought_is_seen_by_the_next_batch(world: World) -> None:
    one = await world.route(lead("first"))
    assert await world.buy(*one, *one) == []
    results = await world.route(lead("first"), lead("first"))
    assert [each.chosen.order for each in results] == ["first", ""]
    assert codes(results[1].candidates[0]) == ["cap_reached"]
    finding = results[1].candidates[0].findings[0]
    assert (finding.message, finding.retryable) == ("The order's lead limit for this day is used up.", True)


async def test_a_proposal_that_grew_old_is_refused_by_settlement(world: World) -> None:
    old = await world.route(lead("first"), lead("first"), lead("first"))
    new = await world.route(lead("first"), lead("first"))
    assert await world.buy(*old) == []
    assert await world.buy(*new) == [1, 2]


async def test_the_next_day_has_room_again(world: World) -> None:
    await world.buy(*await world.route(*[lead("first")] * 3))
    before, after = await world.route(
        lead("first", at=datetime(2026, 11, 23, 4, 59, 59, tzinfo=UTC)),
        lead("first", at=datetime(2026, 11, 23, 5, 0, tzinfo=UTC)),
    )
    assert codes(before.candidates[0]) == ["cap_reached"]
    assert after.chosen.order == "first"


async def test_a_lead_without_candidates_and_one_of_an_unknown_order_are_answered(world: World) -> None:
    none, unknown = await world.route(lead(), lead("gone"))
    assert not none.HasField("chosen")
    assert not none.HasField("nearest")
    assert codes(unknown.candidates[0]) == ["order_inactive"]
    assert unknown.nearest.order == "gone"


async def test_a_batch_of_256_is_answered_and_one_more_is_malformed(world: World) -> None:
    batch = [lead("second", lead_id=f"lead-{number}") for number in range(257)]
    assert len(await world.route(*batch[:256])) == 256
    with pytest.raises(Malformed, match="leads: expected at most 256"):
        await world.route(*batch)


async def test_a_lead_without_its_time_of_arrival_is_malformed(world: World) -> None:
    with pytest.raises(Malformed, match=r"leads\[1\]\.received_at"):
        await world.route(lead("first"), lead("first", received_at=None))


async def test_an_unknown_revision_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.route(lead("first"), catalog_revision=8)
