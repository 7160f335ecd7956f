"""Leads asked back, on a real Postgres: terms, money, disputes, races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from services.intake.returns.record import Return
from shared.catalog.money import Minor
from shared.catalog.returning import ReturnTerms
from shared.rpc.errors import NotFound, WrongState
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER
from tests.integration.returns_world import PRICE, Office, open_office


@pytest.fixture
async def office(database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    async with open_office(database_url, clock) as opened:
        yield opened


EASY = ReturnTerms(reasons=("disconnected", "exclusivity_breach"))


async def test_a_return_within_the_terms_is_granted_and_credited_at_once(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    one = await office.ask(lead)
    assert (one.state, one.amount_minor) == ("granted", PRICE)
    assert one.dispute_by == office.world.clock.now() + timedelta(days=14)
    assert await office.balances() == {"payable": 0, "spend": 0}


async def test_a_return_outside_the_terms_is_kept_with_every_fault_and_moves_nothing(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, minimum_age_hours=1))
    (lead,) = await office.sell()
    one = await office.ask(lead, "fraud")
    assert one.state == "refused"
    told = await office.store.faults(BUYER, [one.return_id])
    assert [fault.term for fault in told[one.return_id]] == ["reason", "too_early"]
    assert await office.balances() == {"payable": PRICE, "spend": -PRICE}
    office.world.clock.advance(3600)
    assert (await office.ask(lead)).state == "granted"


async def test_the_version_that_bought_the_lead_decides_not_the_one_in_force(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    await office.terms(ReturnTerms())
    assert (await office.ask(lead)).state == "granted"


async def test_a_part_of_the_price_leaves_the_rest_owed(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    await office.ask(lead, amount_minor=1000)
    assert await office.balances() == {"payable": PRICE - 1000, "spend": 1000 - PRICE}


async def test_the_fee_is_the_sellers(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, fee=Minor(200)))
    (lead,) = await office.sell()
    await office.ask(lead)
    assert await office.balances() == {"payable": 200, "spend": -200}


async def test_a_dispute_withholds_the_amount_until_the_buyer_has_decided(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, fee=Minor(200)))
    (lead,) = await office.sell()
    one = await office.act(await office.ask(lead), "dispute", "seller")
    assert await office.balances() == {"payable": 200, "held": PRICE, "spend": -PRICE - 200}
    one = await office.act(one, "uphold", amount_minor=2000)
    assert (one.state, one.amount_minor, one.dispute_by) == ("granted", 2000, None)
    assert await office.balances() == {"payable": PRICE - 2000 + 200, "held": 0, "spend": 2000 - PRICE - 200}
    with pytest.raises(WrongState, match="cannot be disputed any more"):
        await office.act(one, "dispute", "seller")


async def test_what_was_given_up_can_be_reinstated(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    one = await office.act(await office.act(await office.ask(lead), "dispute", "seller"), "yield")
    assert one.state == "reversed"
    assert await office.balances() == {"payable": PRICE, "held": 0, "spend": -PRICE}
    one = await office.act(one, "reinstate")
    assert one.state == "granted"
    assert await office.balances() == {"payable": 0, "held": 0, "spend": 0}
    found = await office.store.get(BUYER, one.return_id)
    assert found is not None
    assert [step.action for step in found[1]] == ["request", "dispute", "yield", "reinstate"]


async def test_the_time_for_a_dispute_ends(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, dispute_days=2))
    (lead,) = await office.sell()
    one = await office.ask(lead)
    office.world.clock.advance(2 * 86_400)
    with pytest.raises(WrongState, match="time for a dispute is over"):
        await office.act(one, "dispute", "seller")


async def test_a_seller_that_does_not_answer_in_time_has_agreed(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, decided_by="seller", answer_days=3))
    (lead,) = await office.sell()
    one = await office.ask(lead)
    assert one.state == "open"
    office.world.clock.advance(3 * 86_400 - 1)
    await office.desk.sweep()
    assert await office.balances() == {"payable": PRICE, "spend": -PRICE}
    office.world.clock.advance(1)
    await asyncio.gather(office.desk.sweep(), office.desk.sweep())
    found = await office.store.get(BUYER, one.return_id)
    assert found is not None
    assert (found[0].state, found[1][-1].action, found[1][-1].who) == ("granted", "lapse", "leadline")
    assert await office.balances() == {"payable": 0, "spend": 0}


async def test_a_seller_that_says_no_is_heard_before_money_moves(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, decided_by="seller"))
    (lead,) = await office.sell()
    one = await office.act(await office.ask(lead), "contest", "seller")
    assert await office.balances() == {"payable": PRICE, "spend": -PRICE}
    assert (await office.act(one, "uphold")).state == "granted"
    assert await office.balances() == {"payable": 0, "spend": 0}


async def test_of_many_that_ask_a_lead_back_at_once_one_does(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    asked = await asyncio.gather(*(office.ask(lead) for _ in range(16)), return_exceptions=True)
    assert sum(isinstance(one, Return) for one in asked) == 1
    assert sum(isinstance(one, WrongState) for one in asked) == 15
    assert await office.balances() == {"payable": 0, "spend": 0}


async def test_the_cap_is_never_passed_however_many_ask_at_once(office: Office) -> None:
    await office.terms(msgspec.structs.replace(EASY, cap_percent=25))
    leads = await office.sell(20)
    asked = await asyncio.gather(*(office.ask(lead) for lead in leads))
    assert sorted(one.state for one in asked) == ["granted"] * 5 + ["refused"] * 15
    assert await office.balances() == {"payable": 15 * PRICE, "spend": -15 * PRICE}


async def test_another_sellers_return_is_not_there(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    one = await office.ask(lead)
    with pytest.raises(NotFound):
        await office.act(one, "dispute", "seller", seller="quickquote")


async def test_what_was_not_bought_is_not_asked_back(office: Office) -> None:
    await office.terms(EASY)
    with pytest.raises(NotFound):
        await office.ask("0199a000-0000-7000-8000-000000000000")


async def test_what_the_system_proposes_is_asked_for_once(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    await office.world.admin.execute(
        "INSERT INTO intake.proposal (buyer_id, lead_id, kind, evidence, created_at) VALUES ($1, $2, $3, '{}', $4)",
        BUYER, lead, "exclusivity_breach", office.world.clock.now(),
    )  # fmt: skip
    await asyncio.gather(office.desk.sweep(), office.desk.sweep())
    (one,) = await office.store.page(BUYER, "", "", "", 10)
    assert (one.state, one.reason, one.requested_by) == ("granted", "exclusivity_breach", "leadline")
    assert await office.world.admin.fetchval("SELECT state FROM intake.proposal") == "taken"
    assert await office.balances() == {"payable": 0, "spend": 0}


async def test_history_cannot_be_rewritten(office: Office) -> None:
    await office.terms(EASY)
    (lead,) = await office.sell()
    await office.ask(lead)
    for statement in ("UPDATE intake.return_step SET why = ''", "DELETE FROM intake.return_step"):
        with pytest.raises(Exception, match="append-only"):
            await office.world.pool.execute(statement)
