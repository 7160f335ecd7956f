"""People's half of speed-to-lead over real Postgres: from events in any order to rows, sums and answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import grpc
import pytest

from leadline.events.v1 import lead_event_pb2 as events
from leadline.reporting.v1 import response_service_pb2 as pb
from leadline.reporting.v1.reporting_service_pb2 import ReportScope
from services.reporting.response_service import ResponseService
from services.reporting.response_store import ResponseStore
from services.reporting.story_store import StoryStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool, open_pool
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.integration.follow_up_world import add_catalog, catalog
from tests.integration.lead_events import lead_events
from tests.integration.reporting_world import catch_up, publish, stamp

_T0 = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_CONTEXT = cast(grpc.aio.ServicerContext[Any, Any], None)
_TABLES = ("lead", "response", "response_time", "heat", "hold_out", "speed")


@pytest.fixture
async def reporting(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(DatabaseSettings(url=database_url), role="leadline_reporting", name="test") as pool:
        yield pool


@pytest.fixture
async def routing(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(DatabaseSettings(url=database_url), role="leadline_routing", name="test") as pool:
        yield pool


@pytest.fixture
def service(reporting: Pool, clock: FakeClock) -> ResponseService:
    return ResponseService(ResponseStore(reporting), StoryStore(reporting), CatalogReader(reporting), clock)


def _market() -> list[events.LeadEvent]:
    told = []
    for number in range(30):
        bought = _T0 + timedelta(minutes=7 * number)
        told += lead_events(
            bought,
            attempts=(20 + 40.0 * number, 5000) if number % 3 else (),
            live=5000 if number % 2 else None,
            said=("appointment",) if number % 5 == 1 else (),
            seller="polo" if number % 4 == 0 else "marco",
            agent="bob" if number % 7 == 0 else "ann",
            arm=("at_once", "held_back", "")[number % 3],
            delay=1800 if number % 3 < 2 else 0,
            lawful_ms=number * 1000,
        )
    return told


async def _rows(pool: Pool) -> dict[str, set[str]]:
    """Every row of the read model that says anything, its buckets sorted."""
    rows: dict[str, set[str]] = {}
    for table in _TABLES:
        found = await pool.fetch(f"SELECT * FROM reporting.{table}")
        told = set()
        for row in found:
            fields = dict(row)
            if "buckets" in fields:
                fields["buckets"] = sorted(zip(fields["buckets"], fields.pop("counts"), strict=True))
            if any(number for number in fields.values() if isinstance(number, int | list)) or table == "lead":
                told.add(repr(sorted(fields.items())))
        rows[table] = told
    return rows


async def test_any_order_repetition_and_projectors_side_by_side_leave_the_same_rows(
    reporting: Pool, routing: Pool
) -> None:
    told = _market()
    await publish(routing, told)
    await catch_up(reporting)
    once = await _rows(reporting)
    assert all(once.values())

    await reporting.execute(f"TRUNCATE {', '.join(f'reporting.{table}' for table in _TABLES)}")
    # Of a decision each stage is simply added up: the outbox delivers it once in effect.
    again = [event for event in told if event.WhichOneof("body") != "decided"]
    for event in (shuffled := random.Random(3).sample([*told, *again], len(told) + len(again))):
        event.event_id = uuid7()
    await publish(routing, list({event.event_id: event for event in shuffled}.values()))
    await publish(routing, [_again(event) for event in again])
    await asyncio.gather(*(catch_up(reporting, batch=11) for _ in range(3)))
    assert await _rows(reporting) == once


def _again(event: events.LeadEvent) -> events.LeadEvent:
    copy = events.LeadEvent()
    copy.CopyFrom(event)
    copy.event_id = uuid7()
    return copy


async def _times(
    service: ResponseService, grouping: pb.ResponseGrouping.ValueType, **named: Any
) -> list[pb.ResponseRow]:
    scope = ReportScope(buyer_id="big-bank", **named.pop("scope", {}))
    request = pb.GetResponseTimesRequest(scope=scope, grouping=grouping, **named)
    return list((await service.GetResponseTimes(request, _CONTEXT)).rows)


async def test_response_times_in_every_grouping(service: ResponseService, reporting: Pool, routing: Pool) -> None:
    await publish(routing, _market())
    await catch_up(reporting)
    timings = [pb.TIMING_ATTEMPT, pb.TIMING_CONTACT]
    (everything,) = await _times(service, pb.RESPONSE_GROUPING_UNSPECIFIED, timings=timings)
    assert not everything.HasField("total")
    # Of thirty leads ten are held back; of the other twenty ten are attempted, 20 s + 40 s for each that came before.
    attempts = [20 + 40.0 * number for number in range(30) if number % 3 == 2]
    assert (everything.leads, everything.held_back, everything.attempted) == (20, 10, 10)
    assert everything.contacted == 5
    assert everything.appointed == sum(number % 5 == 1 for number in range(30) if number % 3 != 1)
    assert everything.attempt.p50_ms == pytest.approx(1000 * attempts[4], rel=0.02)
    assert everything.attempt.p99_ms == pytest.approx(1000 * attempts[-1], rel=0.02)
    assert everything.contact.leads == 5
    assert everything.contact.p50_ms == pytest.approx(5_008_000, rel=0.02)
    bands = everything.wall_bands
    assert (bands.within_5_minutes, bands.within_15_minutes) == (
        sum(one <= 300 for one in attempts),
        sum(300 < one <= 900 for one in attempts),
    )
    assert bands.within_60_minutes + bands.later == sum(one > 900 for one in attempts)
    assert everything.lawful_bands.within_5_minutes == 10
    mean = everything.mean
    parts = (mean.seller_ms, mean.system_ms, mean.waiting_ms, mean.human_ms)
    assert sum(parts) == pytest.approx(mean.total_ms)
    assert mean.total_ms == pytest.approx(1000 * (sum(attempts) / len(attempts) + 2), abs=0.01)
    assert mean.seller_ms == pytest.approx(1980)
    assert mean.human_ms == pytest.approx(10_000)

    sellers = await _times(service, pb.RESPONSE_GROUPING_SELLER)
    assert [(row.seller, row.leads) for row in sellers] == [("marco", 15), ("polo", 5)]
    (polo,) = await _times(service, pb.RESPONSE_GROUPING_SOURCE, scope={"seller": "polo"})
    assert (polo.source, polo.leads, polo.held_back) == ("polo.example", 5, 3)
    (order,) = await _times(service, pb.RESPONSE_GROUPING_ORDER, order="auto")
    (team,) = await _times(service, pb.RESPONSE_GROUPING_TEAM, team="east")
    assert (order.order, order.leads, team.team, team.leads) == ("auto", 20, "east", 20)
    agents = await _times(service, pb.RESPONSE_GROUPING_AGENT)
    assert [(row.agent, row.leads, row.attempted) for row in agents] == [("", 10, 0), ("ann", 9, 9), ("bob", 1, 1)]
    hours = await _times(service, pb.RESPONSE_GROUPING_HOUR, time_zone="America/New_York")
    assert [row.hour for row in hours] == [10, 11, 12, 13]
    assert sum(row.leads for row in hours) == 20
    assert sum(row.attempted for row in hours) == 10


async def test_a_period_of_any_shape_counts_the_leads_bought_in_it(
    service: ResponseService, reporting: Pool, routing: Pool
) -> None:
    start = datetime(2026, 8, 30, 22, tzinfo=UTC)
    bought = [start + timedelta(hours=7 * number) for number in range(120)]
    await publish(routing, [event for at in bought for event in lead_events(at)[:1]])
    await catch_up(reporting)
    for first, last in ((0, 2), (5, 31), (30, 24 * 40), (3, 24 * 33 + 1)):
        since, to = start + timedelta(hours=first), start + timedelta(hours=last)
        rows = await _times(service, pb.RESPONSE_GROUPING_UNSPECIFIED, scope={"from": stamp(since), "to": stamp(to)})
        assert sum(row.leads for row in rows) == sum(since <= at < to for at in bought)
    (everything,) = await _times(service, pb.RESPONSE_GROUPING_UNSPECIFIED)
    assert everything.leads == 120


async def test_the_heat_map_is_in_the_buyers_zone(
    service: ResponseService, reporting: Pool, routing: Pool, database_url: str
) -> None:
    # Sunday 01:30 in New York is still Saturday in Los Angeles; the clocks went back in between the two weeks.
    for at in (datetime(2026, 10, 25, 5, 30, tzinfo=UTC), datetime(2026, 11, 8, 6, 30, tzinfo=UTC)):
        await publish(routing, lead_events(at, attempts=(60, 4000), live=4000))
    await catch_up(reporting)
    admin = await asyncpg.connect(database_url)
    try:
        await add_catalog(admin, catalog(1, "0 %"))
        await admin.execute("UPDATE catalog.snapshot SET effective_at = created_at - interval '1 year'")
    finally:
        await admin.close()
    scope = ReportScope(buyer_id="big-bank")
    told = await service.GetHeatMap(pb.GetHeatMapRequest(scope=scope), _CONTEXT)
    assert told.time_zone == "America/New_York"
    cells = {(cell.weekday, cell.hour): (cell.leads, cell.attempts, cell.contacts) for cell in told.cells}
    assert cells == {(7, 1): (2, 2, 0), (7, 2): (0, 2, 2)}
    assert told.cells[0].p50_ms == pytest.approx(60_000, rel=0.08)
    assert not told.cells[1].HasField("p50_ms")
    for named in ({"order": "auto"}, {"team": "east"}, {"agent": "ann"}, {"team": "east", "agent": "ann"}):
        narrowed = await service.GetHeatMap(pb.GetHeatMapRequest(scope=scope, **named), _CONTEXT)
        assert narrowed.cells == told.cells
    other = pb.GetHeatMapRequest(scope=ReportScope(buyer_id="big-bank", source="polo.example"), time_zone="UTC")
    assert not (await service.GetHeatMap(other, _CONTEXT)).cells


async def test_a_hold_out_counts_leads_once_they_are_old_enough(
    service: ResponseService, reporting: Pool, routing: Pool, clock: FakeClock
) -> None:
    told = []
    for number in range(40):
        arm = "held_back" if number % 4 == 0 else "at_once"
        live = 60.0 if number % 4 in (1, 2) else None
        told += lead_events(_T0 + timedelta(minutes=number), attempts=(60,), live=live, arm=arm, delay=1800)
    told += lead_events(_T0 + timedelta(days=9), arm="at_once", delay=1800)
    await publish(routing, told)
    await catch_up(reporting)

    async def hold_outs() -> list[pb.HoldOut]:
        request = pb.GetHoldOutRequest(scope=ReportScope(buyer_id="big-bank"))
        return list((await service.GetHoldOut(request, _CONTEXT)).hold_outs)

    clock.jump(_T0 + timedelta(days=6))
    ((contact, _),) = [one.outcomes for one in await hold_outs()]
    assert (contact.at_once.leads, contact.held_back.leads, contact.too_young) == (0, 0, 41)
    assert contact.verdict == pb.HOLD_OUT_VERDICT_TOO_EARLY
    clock.jump(_T0 + timedelta(days=10))
    (experiment,) = await hold_outs()
    assert (experiment.order, experiment.delay_seconds) == ("auto", 1800)
    contact, conversion = experiment.outcomes
    assert (contact.at_once.leads, contact.at_once.reached) == (30, 20)
    assert (contact.held_back.leads, contact.held_back.reached, contact.too_young) == (10, 0, 1)
    assert contact.difference.value == pytest.approx(2 / 3)
    assert not contact.HasField("always_valid")
    assert contact.verdict == pb.HOLD_OUT_VERDICT_TOO_EARLY
    assert contact.needed_at_once > 1000
    assert (conversion.outcome, conversion.at_once.leads, conversion.too_young) == ("conversion", 0, 41)


async def test_a_timeline_tells_both_halves_in_one_call(
    service: ResponseService, reporting: Pool, routing: Pool
) -> None:
    told = lead_events(_T0, attempts=(65, 300), live=300, said=("appointment",), lawful_ms=65_000)
    random.Random(1).shuffle(told)
    await publish(routing, told)
    await catch_up(reporting, batch=2)
    request = pb.GetTimelineRequest(buyer_id="big-bank", lead_id=told[0].lead_id)
    answer = await service.GetTimeline(request, _CONTEXT)
    assert [(one.kind, one.automatic) for one in answer.points] == [
        ("submitted", False),
        ("received", False),
        ("decided", False),
        ("started", False),
        ("task", False),
        ("attempt", True),
        ("assigned", False),
        ("attempt", False),
        ("attempt", False),
        ("live", False),
        ("disposition", False),
    ]
    assert sum(one.since_previous_ms for one in answer.points) == pytest.approx(602_000)
    assert [one.since_decided_ms for one in answer.points][:3] == [-2000, -20, 0]
    parts = answer.parts
    assert [parts.seller_ms, parts.system_ms, parts.waiting_ms, parts.human_ms] == [1980, 50, 54_970, 10_000]
    assert (parts.total_ms, answer.lawful_ms, answer.skew_ms) == (67_000, 65_000, 0)


async def test_what_cannot_be_asked_is_named(service: ResponseService) -> None:
    scope = ReportScope(buyer_id="big-bank", seller="marco")
    agent = pb.GetResponseTimesRequest(scope=scope, grouping=pb.RESPONSE_GROUPING_AGENT)
    with pytest.raises(Malformed, match="grouped by agent"):
        await service.GetResponseTimes(agent, _CONTEXT)
    with pytest.raises(Malformed, match="at most one"):
        await service.GetHeatMap(pb.GetHeatMapRequest(scope=scope, order="auto"), _CONTEXT)
    with pytest.raises(Malformed, match="time_zone"):
        await service.GetHeatMap(pb.GetHeatMapRequest(scope=scope, time_zone="Mars/Olympus"), _CONTEXT)
    with pytest.raises(Malformed, match="hold-out is an order's"):
        await service.GetHoldOut(pb.GetHoldOutRequest(scope=scope), _CONTEXT)
    held = pb.GetHoldOutRequest(scope=ReportScope(buyer_id="big-bank"), contact_difference=5)
    with pytest.raises(Malformed, match="contact_difference"):
        await service.GetHoldOut(held, _CONTEXT)
    with pytest.raises(Malformed, match="lead_id"):
        await service.GetTimeline(pb.GetTimelineRequest(buyer_id="big-bank", lead_id="7"), _CONTEXT)
    with pytest.raises(NotFound):
        await service.GetTimeline(pb.GetTimelineRequest(buyer_id="big-bank", lead_id=uuid7()), _CONTEXT)
