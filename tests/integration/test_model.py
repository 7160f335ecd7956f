"""Random schedules against the model of what must be; and that they would find a guard that is not there.

`python -m tests.model --schedules 5000 --seed 1` plays more of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import asyncpg
import pytest

from leadline.intake.v1 import intake_service_pb2 as pb
from services.intake import pipeline
from services.intake.draft import Draft
from services.intake.store import Stored
from tests.model.__main__ import STEPS, seeds
from tests.model.driver import Disagreement, Driver, run
from tests.model.model import Item
from tests.model.steps import Crash, Send
from tests.model.world import World, open_world

LEAD = Item("a", "a-daily", "+15124728174", "ann@example.org", "x1")
#: A settlement waits less often than this, new connections included.
MOST_WAITS = 60
# Of several with one name, the one that is called: those before it had fewer parameters.
_TEXT_OF = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname || '.' || p.proname = $1 ORDER BY p.pronargs DESC LIMIT 1
"""


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with open_world(database_url) as built:
        yield built


async def test_random_schedules_never_disagree_with_the_model(world: World) -> None:
    driver = await run(world, seeds("ci", 25), STEPS)
    assert {"accepted", "rejected", "replayed", "conflict", "correction posted", "correction refused"} <= set(
        driver.seen
    )


@pytest.mark.parametrize("how", ["cancelled", "cut"])
async def test_whoever_dies_at_any_await_leaves_all_or_nothing(world: World, how: Literal["cancelled", "cut"]) -> None:
    driver = Driver(world)
    for at in range(1, MOST_WAITS):
        await driver.play([Crash(LEAD, how, at)])
        if driver.seen["died too late for a commit"]:
            break
    assert driver.seen["died too late for a commit"]
    assert driver.seen["died before or without a commit"]


@pytest.mark.parametrize("how", ["before", "after"])
async def test_whoever_dies_around_the_commit_leaves_all_or_nothing(
    world: World, how: Literal["before", "after"]
) -> None:
    driver = Driver(world)
    await driver.play([Crash(LEAD, how)])
    assert driver.seen["died after a commit" if how == "after" else "died before or without a commit"] == 1


async def test_a_retry_beside_other_content_under_its_key_gets_its_own_answer(world: World) -> None:
    await Driver(world).play([Send((LEAD,)), Send((LEAD._replace(phone="+15124728175"), LEAD))])


async def without(world: World, function: str, *guards: tuple[str, str]) -> None:
    """Put a function into this test's database that lacks guards: pieces of its text, and what stands for each."""
    text = await world.admin.fetchval(_TEXT_OF, function)
    for guard, instead in guards:
        assert guard in text
        text = text.replace(guard, instead)
    await world.admin.execute(text)


async def found_out(world: World) -> str:
    """What the schedules say; fails where they see nothing."""
    with pytest.raises((Disagreement, asyncpg.PostgresError)) as wrong:
        await run(world, seeds("ci", 60), STEPS, shrink=False)
    return str(wrong.value)


async def test_a_submission_key_that_is_not_unique_is_found_out(world: World) -> None:
    await world.admin.execute("ALTER TABLE intake.submission DROP CONSTRAINT submission_pkey")
    conflict = "ON CONFLICT (buyer_id, seller, submission_key) DO UPDATE"
    text = await world.admin.fetchval(_TEXT_OF, "intake.take_submissions")
    start, end = text.index(conflict), text.index("RETURNING")
    await world.admin.execute(text[:start] + text[end:])
    assert "these are enough" in await found_out(world)


@pytest.mark.parametrize("column", ["leads", "spend"])
async def test_a_cap_that_is_not_looked_at_under_the_lock_is_found_out(world: World, column: str) -> None:
    guard = f"AND (used.{column} + want.{column} <= want.max_{column}) IS NOT FALSE"
    await without(world, "routing.consume", (guard, ""))
    assert "these are enough" in await found_out(world)


async def test_a_claim_that_looks_for_no_rival_is_found_out(world: World) -> None:
    await without(world, "dedup.claim", ("known.claimed_at > p_at", "false AND known.claimed_at > p_at"))
    assert "these are enough" in await found_out(world)


async def test_other_content_under_a_used_key_that_passes_is_found_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = pipeline._stored_answer

    def not_compared(draft: Draft, stored: Stored) -> pb.SubmitLeadResult:
        draft.content_hash = stored.content_hash
        return compared(draft, stored)

    monkeypatch.setattr(pipeline, "_stored_answer", not_compared)
    assert "these are enough" in await found_out(world)


async def test_a_cause_that_moves_money_twice_is_found_out(world: World) -> None:
    await world.admin.execute("DROP INDEX ledger.transfer_by_cause")
    await world.admin.execute(
        "CREATE OR REPLACE FUNCTION ledger.refuse_others(p_buyer text, p_transfers ledger.new_transfer[]) RETURNS void"
        " LANGUAGE sql AS ''"
    )
    assert "these are enough" in await found_out(world)
