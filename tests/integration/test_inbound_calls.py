"""Calls: an agent is connected by click to dial, and what became of the call comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from services.routing.gate.person import Person
from services.routing.messages.assembly import dialler
from services.routing.messages.provider_client import Provider, ProviderClient, open_session
from services.routing.work.calls import Calls
from services.routing.work.run_listener import RunListener
from tests.integration.follow_up_world import BUYER
from tests.integration.inbound_world import KEY, NOON, OUR_NUMBER, InboundWorld, inbound_world
from tests.integration.provider import provider_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(name="world", scope="module", loop_scope="module")
async def world_fixture(shared_database_url: str) -> AsyncIterator[InboundWorld]:
    async with inbound_world(shared_database_url) as made:
        yield made


async def test_a_calls_status_becomes_the_attempts_outcome(world: InboundWorld) -> None:
    ann, attempt = await world.bought(), uuid4()
    await begin(world, ann, attempt)

    async def told(status: str, **more: str) -> Any:
        return (await world.send("call-status", {"id": str(attempt), "status": status, **more}))[1]["outcome"]

    assert await told("ringing") == "ignored"
    assert await told("completed") == "recorded"
    # The answer may be told after the end.
    assert await told("answered", answered_by="person") == "recorded"
    assert await told("answered", answered_by="person") == "ignored"
    row = await world.admin.fetchrow("SELECT * FROM routing.attempt WHERE attempt_id = $1", attempt)
    assert row is not None
    assert (row["state"], row["live"]) == ("ended", True)


@pytest.mark.parametrize("status", ["busy", "no_answer", "failed", "canceled"])
async def test_nobody_was_reached(world: InboundWorld, status: str) -> None:
    ann, attempt = await world.bought(), uuid4()
    await begin(world, ann, attempt)
    assert (await world.send("call-status", {"id": str(attempt), "status": status}))[1] == {"outcome": "recorded"}
    assert await world.admin.fetchval("SELECT live FROM routing.attempt WHERE attempt_id = $1", attempt) is False


async def test_a_machine_is_nobody(world: InboundWorld) -> None:
    ann, attempt = await world.bought(), uuid4()
    await begin(world, ann, attempt)
    answer = await world.send("call-status", {"id": str(attempt), "status": "answered", "answered_by": "machine"})
    assert answer[1] == {"outcome": "ignored"}
    unknown = await world.send("call-status", {"id": str(uuid4()), "status": "completed"})
    assert unknown[1] == {"outcome": "unknown"}


async def test_click_to_dial_connects_an_agent_and_its_status_comes_back(world: InboundWorld) -> None:
    ann, attempt = await world.bought(), uuid4()
    task = await claimed(world, ann)
    base = world.base
    async with provider_server() as provider, open_session() as session:
        client = ProviderClient(session, Provider(provider.url, "s3cret"), "call", base.clock)
        bridge = dialler(base.pool, base.catalogs, KEY, "", client)
        calls = Calls(base.pool, world.gate, world.people, [RunListener()], base.clock, bridge)
        begun = await calls.begin(BUYER, attempt, "bob", task, dial=True)
        again = await calls.begin(BUYER, attempt, "bob", task, dial=True)
        assert (begun.allowed, begun.dial_error, again.allowed) == (True, "", True)
        (asked,) = provider.asked
        assert asked.body == {
            "id": str(attempt),
            "agent": "bob",
            "to": ann.phone,
            "caller_id": OUR_NUMBER,
            "caller_name": "Big Bank",
            "callback_url": "https://mail.bigbank.example/v1/inbound/call-status",
        }
        status = {"id": str(attempt), "status": "answered", "answered_by": "person"}
        assert (await world.send("call-status", status))[1] == {"outcome": "recorded"}
        # Nobody is dialled who wants to be left alone.
        await world.text(ann, "STOP")
        assert await world.admin.fetchval("SELECT state FROM routing.call_task WHERE task_id = $1", task) == "cancelled"
        await claimed(world, ann)
        refused = await calls.begin(BUYER, uuid4(), "bob", task, dial=True)
        assert not refused.allowed
        assert len(provider.asked) == 1
    (made,) = [one for one in await world.attempts(ann) if one.live]
    assert made.agent == "bob"


async def claimed(world: InboundWorld, person: Person) -> UUID:
    """The task of somebody's call, which an agent has now."""
    found: UUID = await world.admin.fetchval(
        "UPDATE routing.call_task SET state = 'claimed', agent = 'bob', lease_until = now() WHERE lead_id = $1"
        " RETURNING task_id",
        person.lead_id,
    )
    return found


async def begin(world: InboundWorld, person: Person, attempt: UUID) -> None:
    """An agent began a call."""
    await world.admin.execute(
        "INSERT INTO routing.attempt (buyer_id, attempt_id, lead_id, channel, automatic, team, agent, state, began_at)"
        " VALUES ($1, $2, $3, 'call', false, 'auto-east', 'bob', 'begun', $4)",
        BUYER, attempt, person.lead_id, NOON,
    )  # fmt: skip
