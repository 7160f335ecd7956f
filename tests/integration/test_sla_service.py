"""SlaService and its commands, on a real Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from leadline.routing.v1 import sla_service_pb2 as pb
from leadline.routing.v1.sla_service_pb2_grpc import add_SlaServiceServicer_to_server
from services.routing.sla import store as sla
from services.routing.sla.report_store import SlaReports
from services.routing.sla.service import SlaService
from shared.catalog import snapshot
from shared.catalog.sales import Sla
from shared.catalog.snapshot import CatalogReader
from shared.catalog.terms import Buyer, Catalog
from shared.rpc.errors import Malformed, NotFound
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.integration.sla_world import BUYER, ESCALATED, World, sla_world
from tests.unit.sla.samples import NOW, started

ROOT = Path(__file__).parents[2]
NO_CONTEXT: Any = None
WEST: dict[str, Any] = {"team": "auto-west", "order": "own-site-2026"}


def lead(number: int) -> UUID:
    return UUID(f"019ac1d6-0000-7000-8000-{number:012}")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Six clocks, 20 minutes old: met, late, never, excused, running, and met on another day."""
    buyer = Buyer(slug=BUYER, name="Big Bank", postal_address="1 Main Street", email_from="loans@bigbank.example")
    admin = await asyncpg.connect(database_url)
    await admin.execute(
        "INSERT INTO catalog.snapshot (buyer_id, revision, document, approved_by, note, created_at)"
        " VALUES ($1, 1, $2, 'test', '', now())",
        BUYER,
        snapshot.encode(Catalog(revision=1, buyer=buyer)),
    )
    await admin.close()
    async with sla_world(database_url) as opened:
        await opened.starts(
            *(started(ESCALATED, lead_id=lead(number)) for number in (1, 2, 3, 4)),
            started(Sla(seconds=7200), lead_id=lead(5), **WEST),
            started(lead_id=lead(6), started_at=NOW - timedelta(hours=12), **WEST),
        )
        await opened.stops(lead(1), 100.25, 1)
        await opened.stops(lead(2), 400, 2)
        await opened.stops(lead(6), 60 - 12 * 3600, 6)
        async with opened.pool.acquire() as conn:
            await sla.excuse(conn, BUYER, [lead(4)], NOW + timedelta(seconds=50), "opted_out")
        await opened.at(1200)
        yield opened


def service(world: World) -> SlaService:
    return SlaService(world.store, SlaReports(world.pool, CatalogReader(world.pool)), world.clock)


async def listed(world: World, **asked: Any) -> list[pb.SlaClock]:
    answer = await service(world).ListClocks(pb.ListClocksRequest(buyer_id=BUYER, **asked), NO_CONTEXT)
    return list(answer.clocks)


def numbers(clocks: list[pb.SlaClock]) -> list[int]:
    return [int(one.lead_id[-12:]) for one in clocks]


async def test_clocks_are_listed_as_they_stand_the_one_due_last_first(world: World) -> None:
    clocks = await listed(world)
    assert numbers(clocks) == [5, 4, 3, 2, 1, 6]
    clocks.reverse()
    assert [one.standing for one in clocks] == [
        pb.SLA_STANDING_MET, pb.SLA_STANDING_MET, pb.SLA_STANDING_LATE, pb.SLA_STANDING_NEVER,
        pb.SLA_STANDING_EXCUSED, pb.SLA_STANDING_RUNNING,
    ]  # fmt: skip
    met, never, excused = clocks[1], clocks[3], clocks[4]
    assert (met.clock_milliseconds, met.agent, met.agreed_seconds, met.clock) == (100_250, "ann", 300, "wall")
    assert never.breached_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(seconds=1200)
    assert (never.HasField("escalated_at"), never.escalates_to, never.HasField("attempted_at")) == (
        True,
        "rescue",
        False,
    )
    assert (excused.excuse, excused.HasField("breached_at")) == ("opted_out", False)


async def test_clocks_are_found(world: World) -> None:
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"team": "auto-west"}, [5, 6]),
        ({"breached": True}, [3, 2]),
        ({"unattended": True}, [3, 5]),
        ({"unattended": True, "breached": True}, [3]),
        ({"unattended": True, "team": "auto-east"}, [3]),
        ({"unattended": True, "breached": True, "team": "auto-west"}, []),
        ({"lead_id": str(lead(2))}, [2]),
        ({"lead_id": str(lead(9))}, []),
    ]
    assert [numbers(await listed(world, **asked)) for asked, _ in cases] == [expected for _, expected in cases]


async def test_pages_leave_nothing_out(world: World) -> None:
    seen: list[int] = []
    token = ""
    while not seen or token:
        request = pb.ListClocksRequest(buyer_id=BUYER, page_size=4, page_token=token)
        answer = await service(world).ListClocks(request, NO_CONTEXT)
        seen += numbers(list(answer.clocks))
        token = answer.next_page_token
    assert seen == [5, 4, 3, 2, 1, 6]


async def test_a_bad_question_is_told_which_field(world: World) -> None:
    for field, request in {
        "buyer_id": pb.ListClocksRequest(),
        "page_size": pb.ListClocksRequest(buyer_id=BUYER, page_size=501),
        "page_token": pb.ListClocksRequest(buyer_id=BUYER, page_token="x"),
        "lead_id": pb.ListClocksRequest(buyer_id=BUYER, lead_id="x"),
    }.items():
        with pytest.raises(Malformed, match=field):
            await service(world).ListClocks(request, NO_CONTEXT)


async def test_the_report_counts_each_clock_once(world: World) -> None:
    async def rows(grouping: pb.SlaGrouping.ValueType, **asked: Any) -> dict[str, tuple[int, ...]]:
        request = pb.GetSlaReportRequest(buyer_id=BUYER, grouping=grouping, **asked)
        answer = await service(world).GetSlaReport(request, NO_CONTEXT)
        return {row.key: (row.clocks, row.met, row.late, row.never, row.running, row.excused) for row in answer.rows}

    assert await rows(pb.SLA_GROUPING_UNSPECIFIED) == {"": (6, 2, 1, 1, 1, 1)}
    assert await rows(pb.SLA_GROUPING_TEAM) == {"auto-east": (4, 1, 1, 1, 0, 1), "auto-west": (2, 1, 0, 0, 1, 0)}
    assert await rows(pb.SLA_GROUPING_AGENT) == {"": (3, 0, 0, 1, 1, 1), "ann": (3, 2, 1, 0, 0, 0)}
    # It began at 22:00 of the day before in New York, which in UTC was the same day.
    assert await rows(pb.SLA_GROUPING_DAY) == {"2026-11-22": (1, 1, 0, 0, 0, 0), "2026-11-23": (5, 1, 1, 1, 1, 1)}
    assert await rows(pb.SLA_GROUPING_ORDER, order="own-site-2026") == {"own-site-2026": (2, 1, 0, 0, 1, 0)}


async def test_percentiles_are_values_that_were_measured(world: World) -> None:
    answer = await service(world).GetSlaReport(pb.GetSlaReportRequest(buyer_id=BUYER), NO_CONTEXT)
    found = answer.rows[0].agreed_clock
    times = (found.p50_milliseconds, found.p90_milliseconds, found.p99_milliseconds, found.max_milliseconds)
    assert times == (100_250, 400_000, 400_000, 400_000)
    assert answer.rows[0].wall_clock == found


async def test_a_buyer_without_a_catalog_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await service(world).GetSlaReport(pb.GetSlaReportRequest(buyer_id="nobody"), NO_CONTEXT)


async def test_the_commands_show_clocks_and_the_report(world: World) -> None:
    server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
    server.add(add_SlaServiceServicer_to_server, service(world), "leadline.routing.v1.SlaService")
    async with server:

        async def leadline(*words: str) -> str:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.cli", *words, "--buyer", BUYER),
                cwd=ROOT,
                env={**os.environ, "LEADLINE_ROUTING_TARGET": f"127.0.0.1:{server.port}"},
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await process.communicate()
            assert process.returncode == 0
            return out.decode()

        shown, told, report = await asyncio.gather(
            leadline("sla", "--team", "auto-east", "--breached"),
            leadline("sla", str(lead(1)), "--json"),
            leadline("report", "sla", "--by", "team"),
        )
    assert str(lead(3)) in shown
    assert "escalated" in shown
    assert str(lead(1)) not in shown
    (clock,) = json.loads(told)
    assert (clock["lead_id"], clock["standing"]) == (str(lead(1)), "met")
    assert "auto-west" in report
    assert "100.0 %" in report
