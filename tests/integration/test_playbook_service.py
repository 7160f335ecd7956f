"""PlaybookService and its commands, over a real Postgres and a real server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leadline.intake.v1 import record_service_pb2_grpc as intake_rpc
from leadline.routing.v1 import playbook_service_pb2 as pb
from leadline.routing.v1.playbook_service_pb2_grpc import (
    PlaybookServiceStub,
    add_PlaybookServiceServicer_to_server,
)
from services.routing.contacts_client import IntakeContacts
from services.routing.playbook.run_store import RunStore
from services.routing.playbook.service import PlaybookService
from shared.rpc.client import call, open_channel
from shared.rpc.errors import AppError
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.integration.follow_up_world import BUYER, World
from tests.integration.test_playbooks import bought, no_answer, pass_time, world

if TYPE_CHECKING:
    from leadline.routing.v1.playbook_service_pb2_grpc import PlaybookServiceAsyncStub

__all__ = ["world"]

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    contacts = IntakeContacts(intake_rpc.RecordServiceStub(world.channel))
    service = PlaybookService(RunStore(world.pool), world.catalogs, contacts, world.clock)
    server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
    server.add(add_PlaybookServiceServicer_to_server, service, "leadline.routing.v1.PlaybookService")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        yield server.port


@pytest.fixture
async def stub(port: int) -> AsyncIterator[PlaybookServiceAsyncStub]:
    async with open_channel(f"127.0.0.1:{port}") as channel:
        yield PlaybookServiceStub(channel)


async def leadline(port: int, *arguments: str) -> tuple[int, str, str]:
    """Run one command to its end: status, output, errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", *arguments, "--buyer", BUYER),
        cwd=ROOT,
        env={**os.environ, "LEADLINE_ROUTING_TARGET": f"127.0.0.1:{port}", "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def outcomes(steps: Any) -> dict[str, str]:
    return {step.name: pb.StepOutcome.Name(step.outcome).removeprefix("STEP_OUTCOME_").lower() for step in steps}


async def test_a_run_shows_what_was_done_and_what_is_to_come(world: World, stub: PlaybookServiceAsyncStub) -> None:
    lead_id = await bought(world)
    await no_answer(world, lead_id)
    await pass_time(world, 30)
    run = await call(stub.GetRun, pb.GetRunRequest(buyer_id=BUYER, lead_id=str(lead_id)), timeout=5)
    assert (run.playbook, run.catalog_revision, run.state, run.order) == (
        *("standard", 3, pb.RUN_STATE_RUNNING),
        "marco-auto-2026",
    )
    assert outcomes(run.steps) == {
        "confirmation": "done",
        "call-1": "done",
        "call-2": "open",
        "call-3": "expected",
        "email-2": "expected",
    }
    tasks = await world.admin.fetch("SELECT task_id FROM routing.call_task")
    assert {str(row["task_id"]) for row in tasks} == {run.steps[1].step_id, run.steps[2].step_id}


async def test_a_dry_run_of_a_lead_goes_on_where_its_run_stands(world: World, stub: PlaybookServiceAsyncStub) -> None:
    lead_id = await bought(world)
    await no_answer(world, lead_id)
    before = await world.admin.fetch("SELECT * FROM routing.step")
    request = pb.PreviewRequest(buyer_id=BUYER, lead_id=str(lead_id))
    preview = await call(stub.Preview, request, timeout=5)
    assert outcomes(preview.steps)["call-1"] == "done"
    assert outcomes(preview.steps)["call-2"] == "expected"
    assert (preview.steps[2].at.ToDatetime() - preview.decided_at.ToDatetime()).total_seconds() == 1800
    assert list(preview.zones) == ["America/Chicago"]
    assert preview.offer == "auto loans from 5.49 % APR"
    assert await world.admin.fetch("SELECT * FROM routing.step") == before, "nothing is done"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (pb.PreviewRequest(buyer_id=BUYER, playbook="nobody"), "no playbook nobody"),
        (pb.PreviewRequest(buyer_id=BUYER), "expected the name of a playbook"),
        (pb.PreviewRequest(buyer_id=BUYER, lead_id="1"), "expected a UUID"),
        (pb.PreviewRequest(buyer_id="nobody", playbook="standard"), "no catalog in force"),
        (pb.PreviewRequest(buyer_id=BUYER, playbook="standard", facts=pb.LeadFacts(form="tall")), "one of long, short"),
        (
            pb.PreviewRequest(buyer_id=BUYER, lead_id="01926f3e-0000-7000-8000-000000000001"),
            "was not bought",
        ),
    ],
)
async def test_what_cannot_be_previewed_is_said(
    world: World, stub: PlaybookServiceAsyncStub, request_: pb.PreviewRequest, message: str
) -> None:
    with pytest.raises(AppError) as caught:
        await call(stub.Preview, request_, timeout=5)
    assert message in str(caught.value) or any(message in fault.message for fault in caught.value.violations)


async def test_the_commands_print_a_table_for_people_and_json_for_scripts(world: World, port: int) -> None:
    status, out, err = await leadline(port, "playbooks")
    assert (status, err) == (0, "")
    assert "standard" in out
    assert "marco-auto-2026" in out
    facts = ("--state", "TX", "--zip", "78701", "--form", "long", "--at", "2026-11-24T05:00")
    status, out, err = await leadline(port, "playbook", "standard", *facts)
    assert (status, err) == (0, "")
    assert "auto loans from 5.49 % APR" in out
    lines = {line.split()[3]: line for line in out.splitlines() if line.startswith(("Mon", "Tue", "Wed", "Thu"))}
    assert lines["confirmation"].startswith("Mon 2026-11-23 23:00:00")
    assert lines["call-1"].startswith("Tue 2026-11-24 09:00:00"), "Texas opens at nine"
    assert "put off to the next hour" in lines["call-1"]
    status, out, err = await leadline(port, "playbook", "standard", *facts, "--json")
    steps = {step["name"]: step for step in json.loads(out)["steps"]}
    assert (steps["call-1"]["at"], steps["call-1"]["reason"]) == ("2026-11-24T15:00:00Z", "unlawful_hour")
    lead_id = await bought(world)
    status, out, err = await leadline(port, "playbook", "--lead", str(lead_id))
    assert (status, err) == (0, "")
    assert "standard, catalog revision 3" in out
    status, out, err = await leadline(port, "playbook")
    assert status == 1
    assert "`leadline playbooks` lists" in err
