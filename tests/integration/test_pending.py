"""Leads that could not be decided in time are kept, finished once, or rejected when their time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from leadline.intake.v1 import intake_service_pb2 as pb
from services.intake.draft import Draft
from services.intake.pending import LEASE_SECONDS
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world
from tests.integration.test_settlement import codes, conserved


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as built:
        yield built


async def answer_of(world: World, lead_id: str) -> pb.LeadAnswer:
    row = await world.store.get_lead(BUYER, lead_id)
    assert row is not None
    return pb.LeadAnswer.FromString(row["answer"])


async def test_a_lead_that_the_chain_cannot_answer_is_kept_as_pending(world: World) -> None:
    world.stages.away = True
    (result,) = await world.submit(world.item(external_id="m-1"))
    assert result.answer.outcome == pb.OUTCOME_PENDING
    assert await world.count("intake.lead", "outcome = 'pending'") == 1
    assert await world.count("outbox.message") == 0
    await conserved(world)


async def test_the_sweeper_finishes_a_pending_lead_once_the_chain_is_back(world: World) -> None:
    world.stages.away = True
    (kept,) = await world.submit(world.item(external_id="m-1"))
    world.stages.away = False
    world.clock.advance(1)
    assert await world.sweeper.sweep() == 1
    answer = await answer_of(world, kept.answer.lead_id)
    assert (answer.outcome, answer.price.amount_minor) == (pb.OUTCOME_ACCEPTED, 3200)
    assert await world.count("intake.pending") == 0
    await conserved(world)


async def test_a_copy_of_a_pending_submission_is_told_the_same_lead_and_later_its_answer(world: World) -> None:
    world.stages.away = True
    (kept,) = await world.submit(world.item(external_id="m-1"))
    (copy,) = await world.submit(world.item(external_id="m-1"))
    assert (copy.answer.lead_id, copy.answer.outcome) == (kept.answer.lead_id, pb.OUTCOME_PENDING)
    world.stages.away = False
    await world.sweeper.sweep()
    (later,) = await world.submit(world.item(external_id="m-1"))
    assert (later.answer.lead_id, later.answer.outcome) == (kept.answer.lead_id, pb.OUTCOME_ACCEPTED)
    assert later.answer.replayed


async def test_two_sweepers_at_once_finish_a_lead_once(world: World) -> None:
    world.stages.away = True
    await world.submit(
        *[world.item(external_id=str(n), phone=f"+151247281{n:02d}", email=f"{n}@x.org") for n in range(20)]
    )
    world.stages.away = False
    await asyncio.gather(*[world.sweeper.sweep() for _ in range(4)])
    assert await world.count("intake.lead", "outcome = 'accepted'") == 20
    await conserved(world)


async def test_a_sweeper_that_died_loses_its_leads_when_its_lease_is_over(world: World) -> None:
    world.stages.away = True
    await world.submit(world.item())
    assert len(await world.store.lease_pending(world.clock.now(), LEASE_SECONDS, 64)) == 1
    world.stages.away = False
    assert await world.sweeper.sweep() == 0
    world.clock.advance(LEASE_SECONDS + 0.1)
    assert await world.sweeper.sweep() == 1
    await conserved(world)


async def test_a_lead_whose_decision_window_is_over_is_rejected_and_costs_nothing(world: World) -> None:
    world.stages.away = True
    (kept,) = await world.submit(world.item())
    world.clock.advance(901)
    await world.directory.refresh()
    await world.sweeper.sweep()
    answer = await answer_of(world, kept.answer.lead_id)
    assert codes(pb.SubmitLeadResult(answer=answer)) == ["decision_expired"]
    assert await world.count("ledger.transfer") == 0
    await conserved(world)


async def test_one_lead_that_a_stage_cannot_digest_does_not_hold_up_the_others(world: World) -> None:
    def poisoned(draft: Draft) -> bool:
        return draft.submission.external_id == "bad"

    world.stages.indigestible = poisoned
    names = ("a", "bad", "c")
    await world.submit(
        *[world.item(external_id=n, phone=f"+1512472817{i}", email=f"{n}@x.org") for i, n in enumerate(names)]
    )
    assert await world.count("intake.lead", "outcome = 'pending'") == 3
    await world.sweeper.sweep()
    assert await world.count("intake.lead", "outcome = 'accepted'") == 2
    assert await world.count("intake.pending") == 1


async def test_a_person_bought_while_another_lead_of_theirs_was_pending_is_not_bought_again(world: World) -> None:
    world.stages.away = True
    (kept,) = await world.submit(world.item(external_id="first"))
    world.stages.away = False
    await world.submit(world.item("quickquote", "", external_id="second"))
    await world.sweeper.sweep()
    answer = await answer_of(world, kept.answer.lead_id)
    assert codes(pb.SubmitLeadResult(answer=answer)) == ["duplicate_other_seller"]
    await conserved(world)


async def test_a_pending_lead_of_a_limited_key_fills_only_the_orders_of_that_key(world: World) -> None:
    key = await world.admin.fetchval("SELECT key_id FROM catalog.access_key WHERE seller = 'marco'")
    await world.admin.execute("UPDATE catalog.access_key SET orders = '{marco-pilot-2026}' WHERE key_id = $1", key)
    await world.admin.execute("UPDATE catalog.head SET keys_revision = keys_revision + 1")
    await world.directory.refresh()
    world.stages.away = True
    (kept,) = await world.submit(world.item(order=""))
    world.stages.away = False
    await world.sweeper.sweep()
    assert (await answer_of(world, kept.answer.lead_id)).order.order == "marco-pilot-2026"
