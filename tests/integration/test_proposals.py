"""What agents say of bought leads proposes returns; the order's terms decide whether they are asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from leadline.events.v1 import lead_event_pb2 as events
from services.intake.returns.disposition_events import propose
from services.intake.returns.record import Return
from shared.catalog.returning import ReturnTerms
from shared.db.outbox import OutboxConsumer, OutboxRow, put
from shared.runtime.ids import uuid7
from tests.clock import FakeClock
from tests.integration.follow_up_world import SilentBell
from tests.integration.intake_world import BUYER
from tests.integration.returns_world import Office, open_office

REASONS = ReturnTerms(reasons=("disconnected", "wrong_number", "do_not_contact"))


@pytest.fixture
async def office(database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    async with open_office(database_url, clock) as opened:
        yield opened


async def say(office: Office, lead_id: str, word: str, *, times: int = 1, recordings: tuple[str, ...] = ()) -> None:
    """An agent's word about a lead, told so many times, and what the system does about it."""
    now = office.world.clock.now()
    body = events.DispositionSet(
        disposition=word, agent="ann", disposition_id=str(uuid4()), attempts=2, recordings=recordings
    )
    body.at.FromDatetime(now)
    event = events.LeadEvent(event_id=uuid7(), buyer_id=BUYER, lead_id=lead_id, disposition_set=body)
    rows = [OutboxRow(BUYER, "intake", "disposition_set", event.SerializeToString(), uuid7()) for _ in range(times)]
    await put(office.world.admin, rows)
    await OutboxConsumer(office.world.pool, "intake", propose, SilentBell()).step()
    assert await office.world.admin.fetchval("SELECT count(*) FROM outbox.message WHERE consumer = 'intake'") == 0
    await office.desk.sweep()


async def returned(office: Office) -> list[Return]:
    return await office.store.page(BUYER, "", "", "", 10)


@pytest.mark.parametrize("word", ["disconnected", "wrong_number", "do_not_contact"])
async def test_a_lead_that_nobody_can_use_is_asked_back_with_the_evidence(office: Office, word: str) -> None:
    terms = ReturnTerms(
        reasons=REASONS.reasons, attempts={"wrong_number": 2}, evidence={"disconnected": ("call_log", "recording")}
    )
    await office.terms(terms)
    (lead,) = await office.sell()
    await say(office, lead, word, times=3, recordings=("T-1",))
    (one,) = await returned(office)
    assert (one.state, one.reason, one.attempts, one.requested_by) == ("granted", word, 2, "leadline")
    assert [piece["kind"] for piece in json.loads(one.evidence)] == ["document", "call_log", "recording"]
    assert await office.balances() == {"payable": 0, "spend": 0}


async def test_evidence_that_is_missing_is_told_as_the_fault_of_a_return(office: Office) -> None:
    await office.terms(ReturnTerms(reasons=("disconnected",), evidence={"disconnected": ("recording",)}))
    (lead,) = await office.sell()
    await say(office, lead, "disconnected")
    (one,) = await returned(office)
    told = await office.store.faults(BUYER, [one.return_id])
    assert (one.state, [fault.term for fault in told[one.return_id]]) == ("refused", ["evidence"])


async def test_who_wants_to_be_left_alone_only_days_later_is_no_reason(office: Office) -> None:
    await office.terms(REASONS)
    soon, late = await office.sell(2)
    office.world.clock.advance(24 * 3600)
    await say(office, soon, "do_not_contact")
    office.world.clock.advance(1)
    await say(office, late, "do_not_contact")
    assert [one.lead_id for one in await returned(office)] == [soon]


async def test_where_the_seller_takes_nothing_back_for_it_nothing_is_asked(office: Office) -> None:
    await office.terms(ReturnTerms(reasons=("wrong_number",)))
    (lead,) = await office.sell()
    await say(office, lead, "disconnected")
    assert await returned(office) == []
    assert await office.world.admin.fetchval("SELECT state FROM intake.proposal") == "dismissed"


async def test_a_lead_that_is_too_young_is_asked_back_once_it_is_old_enough(office: Office) -> None:
    await office.terms(ReturnTerms(reasons=("disconnected",), minimum_age_hours=96))
    (lead,) = await office.sell()
    await say(office, lead, "disconnected")
    office.world.clock.advance(timedelta(hours=95).total_seconds())
    await office.desk.sweep()
    assert await returned(office) == []
    office.world.clock.advance(timedelta(hours=1).total_seconds())
    await office.desk.sweep()
    assert [one.state for one in await returned(office)] == ["granted"]


async def test_other_words_and_leads_that_were_not_bought_propose_nothing(office: Office) -> None:
    await office.terms(REASONS)
    (lead,) = await office.sell()
    await say(office, lead, "not_interested")
    await say(office, uuid7(), "disconnected")
    assert await office.world.admin.fetchval("SELECT count(*) FROM intake.proposal") == 0
