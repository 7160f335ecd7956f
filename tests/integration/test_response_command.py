"""`leadline report response`, `heat`, `hold-out` and `lead` as a person runs them, over the real read model."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadline.intake.v1 import intake_service_pb2 as intake
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer, add_IntakeServiceServicer_to_server
from leadline.reporting.v1.reporting_service_pb2_grpc import add_ReportingServiceServicer_to_server
from leadline.reporting.v1.response_service_pb2_grpc import add_ResponseServiceServicer_to_server
from services.reporting.response_service import ResponseService
from services.reporting.response_store import ResponseStore
from services.reporting.service import ReportingService
from services.reporting.store import Store
from services.reporting.story_store import StoryStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.rpc.server import RpcServer
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.integration.lead_events import lead_events
from tests.integration.reporting_world import catch_up, publish, stamp

ROOT = Path(__file__).parents[2]
#: A Monday, 10:00 in New York.
_T0 = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


async def _unasked(self: Any, request: Any, context: Any) -> Any:
    """A method that no command calls."""
    raise AssertionError("no command calls this")


class Intake(IntakeServiceServicer):
    """Knows every lead, received at _T0."""

    SubmitLeads = ListLeads = _unasked

    async def GetLead(self, request: intake.GetLeadRequest, context: Any) -> intake.GetLeadResponse:
        lead = intake.GetLeadResponse(answer=intake.LeadAnswer(lead_id=request.lead_id), seller="marco")
        lead.clock.received_at.CopyFrom(stamp(_T0 - timedelta(milliseconds=20)))
        lead.clock.decided_at.CopyFrom(stamp(_T0))
        return lead


@dataclass
class Desk:
    """A terminal, and a lead to look at."""

    port: int
    lead_id: str

    async def leadline(self, *arguments: str) -> str:
        """What a command prints."""
        names = ("INTAKE", "ROUTING", "REPORTING")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *arguments, "--buyer", "big-bank"),
            cwd=ROOT,
            env={**os.environ, **{f"LEADLINE_{name}_TARGET": f"127.0.0.1:{self.port}" for name in names}},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()


@pytest.fixture
async def desk(database_url: str, clock: FakeClock) -> AsyncIterator[Desk]:
    clock.jump(_T0 + timedelta(days=20))
    async with AsyncExitStack() as stack:
        database = DatabaseSettings(url=database_url)
        pool = await stack.enter_async_context(open_pool(database, role="leadline_reporting", name="test"))
        routing = await stack.enter_async_context(open_pool(database, role="leadline_routing", name="test"))
        story = lead_events(_T0, attempts=(65, 300), live=300, said=("appointment",), lawful_ms=65_000)
        more = [
            lead_events(_T0 + timedelta(hours=number), attempts=(60.0 * number,), arm=arm, delay=1800)
            for number in range(1, 40)
            for arm in ("at_once", "held_back" if number % 4 == 0 else "at_once")
        ]
        await publish(routing, [*story, *(event for told in more for event in told)])
        await catch_up(pool)
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        response = ResponseService(ResponseStore(pool), StoryStore(pool), CatalogReader(pool), clock)
        package = "leadline.reporting.v1"
        server.add(add_IntakeServiceServicer_to_server, Intake(), "leadline.intake.v1.IntakeService")
        server.add(add_ReportingServiceServicer_to_server, ReportingService(Store(pool)), f"{package}.ReportingService")
        server.add(add_ResponseServiceServicer_to_server, response, f"{package}.ResponseService")
        await stack.enter_async_context(server)
        yield Desk(server.port, story[0].lead_id)


async def test_reports_on_people_are_shown_as_tables_json_and_csv(desk: Desk) -> None:
    shown = await desk.leadline("report", "response", "--by", "agent")
    ann = next(line.split() for line in shown.splitlines() if " ann " in line)
    assert ann[:7] == ["east", "ann", "70", "70", "0.0", "%", "1.4"]
    assert "Waiting for an agent" in shown
    (row,) = json.loads(await desk.leadline("report", "response", "--by", "all", "--json"))
    assert (row["leads"], row["held_back"], row["attempted"]) == (70, 9, 70)
    assert sum(row["wall_bands"].values()) == 70
    table = list(csv.DictReader(io.StringIO(await desk.leadline("report", "response", "--by", "hour", "--csv"))))
    assert sum(int(line["leads"]) for line in table) == 70
    assert {line["lawful_p50_ms"] for line in table} == {""}

    heat = await desk.leadline("report", "heat", "--zone", "America/New_York")
    monday = next(line for line in heat.splitlines() if line.startswith(" Mon"))
    # Bought from ten on, one lead and then two an hour, of which three were held back.
    assert monday.split()[1:11] == ["·"] * 10
    assert monday.split()[11:13] == ["▅▅", "██"]
    assert monday.split()[-1] == "24"
    cells = json.loads(await desk.leadline("report", "heat", "--json"))["cells"]
    assert sum(cell["leads"] for cell in cells) == 70


async def test_a_hold_out_says_what_may_be_said(desk: Desk) -> None:
    shown = await desk.leadline("report", "hold-out", "--contact-points", "10")
    assert "auto: follow-up at once against 30 min 00 s later" in shown
    assert "Contact: too early to say." in shown
    assert "78 leads are younger than 30 days and not counted yet." in shown
    assert "wrong far more often than 1 time in 20" in " ".join(shown.split())


async def test_a_lead_is_told_from_the_click_to_the_appointment(desk: Desk) -> None:
    shown = await desk.leadline("lead", desk.lead_id)
    lines = [line for line in shown.splitlines() if line.startswith("2026-11-02 ")]
    told = [line[25:70].strip().split("  ")[0] for line in lines]
    assert told == [
        "consumer submitted (seller's clock)",
        "received",
        "decided",
        "follow-up by playbook exclusive began",
        "call task written",
        "automatic email, no attempt",
        "given to an agent",
        "call begun",
        "call begun",
        "reached the person",
        "appointment",
    ]
    assert lines[-1].split()[-8:] == "4 min 52 s 10 min 00 s".split()
    split = "seller 2.0 s + system 50 ms + waiting for an agent 55.0 s + agent 10.0 s = 1 min 07 s"
    assert f"To the first attempt: {split}" in shown
    assert "calls were lawful for 1 min 05 s" in shown
    as_json = json.loads(await desk.leadline("lead", desk.lead_id, "--json"))
    assert as_json["timeline"]["parts"]["total_ms"] == 67_000
