"""`leadline agents` and `leadline work` as people run them, against WorkService over Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from leadline.routing.v1 import work_pb2
from leadline.routing.v1 import work_service_pb2 as pb
from leadline.routing.v1.work_service_pb2_grpc import WorkServiceStub, add_WorkServiceServicer_to_server
from services.routing.work.queue_states import QueueStates
from services.routing.work.service import WorkService
from shared.rpc.client import call, open_channel
from shared.rpc.errors import Malformed
from shared.rpc.server import RpcServer
from shared.runtime.settings import RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.integration.work_world import BUYER, Floor, open_floor

ROOT = Path(__file__).parents[2]


class Served:
    """The service, a stub of it, and the command line beside it."""

    def __init__(self, floor: Floor, port: int, stub: Any) -> None:
        self.floor = floor
        self.stub = stub
        self._port = port

    async def leadline(self, *arguments: str) -> str:
        """Run one command; returns what it prints."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *arguments, "--buyer", BUYER),
            cwd=ROOT,
            env={**os.environ, "LEADLINE_ROUTING_TARGET": f"127.0.0.1:{self._port}"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()


@pytest.fixture
async def served(shared_database_url: str, clock: FakeClock) -> AsyncIterator[Served]:
    async with open_floor(shared_database_url, clock) as floor:
        states = QueueStates(floor.pool, floor.teams, clock)
        service = WorkService(floor.desk, floor.calls, floor.dispositions, states, clock)
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        server.add(add_WorkServiceServicer_to_server, service, "leadline.routing.v1.WorkService")
        async with server, open_channel(f"127.0.0.1:{server.port}") as channel:
            yield Served(floor, server.port, WorkServiceStub(channel))


async def test_a_call_from_the_claim_to_the_disposition(served: Served) -> None:
    task = await served.floor.task(age=60)
    shown = await served.leadline(
        "agents", "put", "ann", "--team", "east", "--states", "tx,ok", "--shift", "sun=00:00-24:00"
    )
    assert "ann" in shown
    assert "TX,OK" in shown
    claimed = await served.leadline("work", "claim", "--agent", "ann")
    assert str(task.task_id) in claimed
    assert "sla: the first attempt is due in 4 min" in claimed
    begun = json.loads(await served.leadline("work", "attempt", str(task.task_id), "--agent", "ann", "--json"))
    assert (begun["allowed"], begun["phone"]) == (True, "+15125550123")
    ended = await served.leadline("work", "end", begun["attempt_id"], "--live", "--seconds", "35")
    assert ended == "Kept.\n"
    said = await served.leadline("work", "disposition", "converted", "--agent", "ann", "--task", str(task.task_id))
    assert "nobody calls on: converted" in said
    assert await served.leadline("work", "queue") == "none\n"
    assert "Nothing to do: queue empty." in await served.leadline("work", "claim", "--agent", "ann")


async def test_queues_tell_what_nobody_can_take(served: Served) -> None:
    await served.floor.agent("ann", states=("NY",))
    await served.floor.task(us_state="TX")
    await served.floor.task(us_state="TX", age=30)
    await served.floor.task("", us_state="NY")
    await served.floor.dispatcher.round()
    (teams,) = [json.loads(await served.leadline("work", "state", "--json"))]
    assert [(one["team"], one["open"], one["agents_ready"]) for one in teams] == [("", 1, 1), ("east", 2, 1)]
    assert [(one["reason"], one["tasks"]) for one in teams[1]["unattended"]] == [("none_licensed", 2)]
    assert teams[0]["unattended"] == []
    assert "2: none licensed" in await served.leadline("work", "state")
    listed = await served.leadline("work", "queue", "east")
    assert listed.count("none_licensed") == 2


async def test_what_is_said_comes_back_as_what_holds(served: Served) -> None:
    await served.floor.agent("ann", capacity=5)
    task = await served.floor.task()
    await served.floor.claim("ann", task)
    at = served.floor.clock.now()
    request = pb.BookAppointmentRequest(
        buyer_id=BUYER, agent="ann", task_id=str(task.task_id), disposition_id=str(uuid4())
    )
    request.appointment_at.FromDatetime(at.replace(year=at.year + 1))
    answer = await call(served.stub.BookAppointment, request, timeout=5)
    assert answer.standing.appointment_at == request.appointment_at
    assert answer.standing.disposition == "appointment"


UNFIT_AGENTS = [
    (work_pb2.Agent(agent="Ann Smith", team="east"), "agent.agent"),
    (work_pb2.Agent(agent="ann", team="east", licensed_states=["Texas"]), "agent.licensed_states"),
    (work_pb2.Agent(agent="ann", team="east", lead_types=["hot"]), "agent.lead_types"),
    (work_pb2.Agent(agent="ann", team="east", languages=["english"]), "agent.languages"),
    (work_pb2.Agent(agent="ann", team="east", capacity=101), "agent.capacity"),
    (work_pb2.Agent(agent="ann", team="east", weight=-1), "agent.weight"),
    (work_pb2.Agent(agent="ann", team="east", time_zone="Mars/Base"), "agent.time_zone"),
    (work_pb2.Agent(agent="ann", team="east", days_off=["Christmas"]), "agent.days_off[0]"),
    (
        work_pb2.Agent(agent="ann", team="east", shifts=[work_pb2.Shift(day="mon", begins="9", ends="17:00")]),
        "agent.shifts[0]",
    ),
]


async def test_an_agent_that_cannot_be_is_refused_by_its_field(served: Served) -> None:
    for agent, field in UNFIT_AGENTS:
        with pytest.raises(Malformed) as refused:
            await call(served.stub.PutAgent, pb.PutAgentRequest(buyer_id=BUYER, agent=agent), timeout=5)
        assert [one.field for one in refused.value.violations] == [field]


async def test_an_agent_comes_back_as_it_was_given(served: Served) -> None:
    agent = work_pb2.Agent(
        agent="ann", team="east", products=["auto-loan"], lead_types=["own"], languages=["es"],
        licensed_states=["TX"], capacity=4, weight=2, state=work_pb2.AGENT_STATE_PAUSED, time_zone="America/Chicago",
        shifts=[work_pb2.Shift(day="mon", begins="09:00", ends="17:00")], days_off=["2026-12-24"],
    )  # fmt: skip
    await call(served.stub.PutAgent, pb.PutAgentRequest(buyer_id=BUYER, agent=agent), timeout=5)
    listed = await call(served.stub.ListAgents, pb.ListAgentsRequest(buyer_id=BUYER), timeout=5)
    (one,) = listed.agents
    assert one.agent == agent
    assert one.unavailable == "paused"


UNFIT_REQUESTS: list[tuple[Any, str]] = [
    (pb.SetDispositionRequest(buyer_id=BUYER, agent="ann", disposition="sold"), "disposition"),
    (pb.SetDispositionRequest(buyer_id=BUYER, agent="ann", disposition="callback"), "disposition"),
    (pb.SetDispositionRequest(buyer_id=BUYER, agent="ann", disposition="converted", lead_id="x"), "lead_id"),
    (pb.SetDispositionRequest(buyer_id=BUYER, disposition="converted"), "agent"),
    (pb.ScheduleCallbackRequest(buyer_id=BUYER, agent="ann", task_id=str(uuid4())), "callback_at"),
    (pb.ClaimTaskRequest(agent="ann"), "buyer_id"),
    (pb.BeginAttemptRequest(buyer_id=BUYER, agent="ann", attempt_id="1"), "attempt_id"),
    (pb.EndAttemptRequest(buyer_id=BUYER, attempt_id=str(uuid4()), seconds=-1), "seconds"),
    (pb.ListQueueRequest(buyer_id=BUYER, limit=501), "limit"),
]


async def test_what_cannot_be_meant_is_refused_by_its_field(served: Served) -> None:
    for request, field in UNFIT_REQUESTS:
        method = getattr(served.stub, type(request).__name__.removesuffix("Request"))
        with pytest.raises(Malformed) as refused:
            await call(method, request, timeout=5)
        assert [one.field for one in refused.value.violations] == [field]
