"""A key that sends too fast: what it may send is decided, the rest is told when to come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from leadline.common.v1 import error_reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from services.intake.rate import Rate
from tests.clock import FakeClock
from tests.integration.intake_world import World, intake_world


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as made:
        yield made


def slow_down(world: World, rate: Rate) -> None:
    """Give Marco's key a rate, as if it had been made with one."""
    key = world.directory.authenticate(world.keys["marco"], world.clock.now(), "post")
    world.directory._checked[world.keys["marco"]] = replace(key, rate=rate)


async def test_leads_beyond_the_rate_are_told_to_wait_and_leave_no_trace(world: World) -> None:
    slow_down(world, Rate(per_minute=60, burst=2))
    items = [world.item(external_id=f"m-{n}", phone=f"+1512472817{n}", email=f"ann{n}@gmail.com") for n in range(5)]
    results = await world.submit(*items)
    assert [result.WhichOneof("result") for result in results] == ["answer", "answer", *["refusal"] * 3]
    assert {result.answer.outcome for result in results[:2]} == {pb.OUTCOME_ACCEPTED}
    for result in results[2:]:
        assert result.refusal.reason == error_reason_pb2.ERROR_REASON_RATE_LIMITED
        assert result.refusal.retry_after_seconds == 1
    assert await world.admin.fetchval("SELECT count(*) FROM intake.lead") == 2


async def test_whoever_comes_back_as_told_is_decided(world: World) -> None:
    slow_down(world, Rate(per_minute=60, burst=1))
    items = [world.item(external_id=f"m-{n}", phone=f"+1512472817{n}", email=f"ann{n}@gmail.com") for n in range(2)]
    _, refused = await world.submit(*items)
    world.clock.advance(refused.refusal.retry_after_seconds)
    (again,) = await world.submit(items[1])
    assert again.answer.outcome == pb.OUTCOME_ACCEPTED


async def test_another_keys_leads_are_not_held_up(world: World) -> None:
    slow_down(world, Rate(per_minute=1, burst=1))
    await world.submit(world.item(external_id="m-1"))
    late, other = await world.submit(
        world.item(external_id="m-2", phone="+15124728175"),
        world.item("quickquote", "quickquote-shared-2026", external_id="q-1", phone="+15124728176"),
    )
    assert late.WhichOneof("result") == "refusal"
    assert other.WhichOneof("result") == "answer"
