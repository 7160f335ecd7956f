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
from services.intake.returns import store as returns_store
from services.intake.store import Stored
from tests.model.__main__ import STEPS, seeds
from tests.model.driver import Disagreement, Driver
from tests.model.facts import Item
from tests.model.runs import run
from tests.model.steps import Ask, Crash, Keep, Ping, Post, Send, Step, Sweep
from tests.model.world import World, open_world

LEAD = Item("a", "a-daily", "+15124728174", "ann@example.org", "x1")
#: So that half of the leads may be taken back.
OTHER = Send((Item("a", "a-daily", "+15124728175", "bob@example.org", "x2"),))
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
    seen = "accepted rejected replayed conflict pending bid no_bid"
    assert set(seen.split()) <= set(driver.seen)
    assert {"correction posted", "accepted late", "post alone", "given back", "return granted"} <= set(driver.seen)


SEND = Send((LEAD,))
PING = Ping((LEAD._replace(external_id="p1"),))
POST = Post(0, LEAD)


@pytest.mark.parametrize(
    ("how", "first", "step"),
    [
        pytest.param("cancelled", (), SEND, id="post cancelled"),
        pytest.param("cut", (), SEND, id="post"),
        pytest.param("cut", (), PING, id="ping"),
        pytest.param("cut", (PING,), POST, id="post with a bid"),
        pytest.param("cut", (Keep((LEAD,)),), Sweep(), id="late decision"),
        pytest.param("cut", (SEND, OTHER), Ask(0), id="return"),
    ],
)
async def test_whoever_dies_at_any_await_leaves_all_or_nothing(
    world: World, how: Literal["cancelled", "cut"], first: tuple[Step, ...], step: Send | Ping | Post | Sweep | Ask
) -> None:
    driver, name = Driver(world), type(step).__name__.lower()
    for at in range(1, MOST_WAITS):
        await driver.play([*first, Crash(step, how, at)])
        if driver.seen[f"{name} died too late for a commit"]:
            break
    assert driver.seen[f"{name} died too late for a commit"]
    assert driver.seen[f"{name} died before or without a commit"]


@pytest.mark.parametrize("how", ["before", "after"])
async def test_whoever_dies_around_the_commit_leaves_all_or_nothing(
    world: World, how: Literal["before", "after"]
) -> None:
    driver = Driver(world)
    await driver.play([Crash(SEND, how)])
    await driver.play([PING, Crash(POST, how)])
    when = "after" if how == "after" else "before or without"
    assert driver.seen[f"send died {when} a commit"] == driver.seen[f"post died {when} a commit"] == 1


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


@pytest.mark.parametrize(
    "guard",
    [
        ("DELETE FROM intake.hold AS h\n", "UPDATE intake.hold AS h SET price_minor = h.price_minor\n"),
        ("ELSIF bid.accepted THEN", "ELSIF false THEN"),
    ],
    ids=["the hold stays", "nobody asks for the hold"],
)
async def test_a_bid_that_is_used_twice_is_found_out(world: World, guard: tuple[str, str]) -> None:
    await without(world, "intake.spend_holds", guard)
    assert "these are enough" in await found_out(world)


async def test_a_hold_that_is_given_back_twice_is_found_out(world: World) -> None:
    deleted = "DELETE FROM intake.hold AS h USING due"
    await without(
        world, "intake.return_holds", (deleted, "UPDATE intake.hold AS h SET price_minor = h.price_minor FROM due")
    )
    assert await found_out(world)


async def test_a_lead_that_is_credited_twice_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(ledger: returns_store.Ledger, buyer_id: str, lead_id: str) -> None:
        return None

    monkeypatch.setattr(returns_store.Ledger, "live", nobody)
    await world.admin.execute("DROP INDEX intake.return_live_once")
    assert "these are enough" in await found_out(world)
