"""The contact gate on real Postgres: what is allowed and why not, what is recorded, and what an opt-out stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from services.routing.gate.gate import Registers
from services.routing.gate.number_client import NumberClient
from shared.catalog.following import ContactTerms
from shared.rpc.errors import Malformed
from tests.integration.gate_world import NOON, GateWorld, contact, gate_world, person


@pytest.fixture
async def world(shared_database_url: str) -> AsyncIterator[GateWorld]:
    async with gate_world(shared_database_url, processes=2) as made:
        yield made


async def test_a_contact_with_consent_in_lawful_hours_is_allowed_and_recorded_with_its_rules(world: GateWorld) -> None:
    ann = person()
    decision = await world.one(contact(ann, "text", automatic=True))
    assert (decision.allowed, decision.reason, decision.not_before) == (True, "", None)
    assert {"consent.written", "list.national", "opt_out.none", "us.hours", "tx.text-hours"} <= set(decision.rules)

    (row,) = await world.rows("gate_decision")
    assert (row["decision_id"], row["lead_id"], row["channel"]) == (decision.decision_id, ann.lead_id, "text")
    assert tuple(row["rules"]) == decision.rules
    assert row["rules_version"].startswith("2026-")
    assert row["decided_at"] == NOON


async def test_the_record_holds_no_contact_data(world: GateWorld) -> None:
    ann = person()
    await world.one(contact(ann))
    await world.opt_out(ann)
    for table in ("gate_decision", "opt_out", "dnc_number"):
        text = str(await world.rows(table))
        assert not any(told in text for told in (ann.phone, ann.phone[2:], ann.email, "Ann", TEXT_START))


TEXT_START = "By clicking"


@pytest.mark.parametrize(
    ("changes", "channel", "automatic", "reason"),
    [
        ({"test": True}, "email", True, "test"),
        ({"phone": ""}, "call", False, "no_address"),
        ({"email": ""}, "email", True, "no_address"),
        ({"consent": None}, "text", True, "no_consent"),
        ({"consent": None}, "text", False, "no_consent"),
        ({"consent": None}, "call", True, "no_consent"),
        ({"opt_in": "none"}, "call", True, "no_consent"),
        ({"phone": "+14165550123"}, "call", False, "abroad"),
        ({"exclusivity": "shared"}, "email", True, "shared"),
        ({"exclusivity": "shared"}, "call", True, "shared"),
        ({"exclusivity": ""}, "text", True, "shared"),
        ({"decided_at": NOON - timedelta(days=91)}, "call", False, "no_consent"),
    ],
)  # fmt: skip
async def test_what_no_waiting_helps_against_is_blocked_for_good(
    world: GateWorld, changes: dict[str, Any], channel: str, automatic: bool, reason: str
) -> None:
    decision = await world.one(contact(person(**changes), channel, automatic=automatic))
    assert (decision.allowed, decision.reason, decision.not_before) == (False, reason, None)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"text": " "}, "consent.present"),
        ({"disclosure": ""}, "consent.disclosure"),
        ({"phone": "+15125559999"}, "consent.phone"),
        ({"captured_at": None}, "consent.time"),
        ({"captured_at": NOON + timedelta(hours=1)}, "consent.time"),
        ({"captured_at": NOON - timedelta(days=91)}, "consent.age"),
    ],
)  # fmt: skip
async def test_each_part_of_written_consent_is_needed_by_programs_and_not_by_a_person_who_dials(
    world: GateWorld, change: dict[str, object], rule: str
) -> None:
    ann = person()
    assert ann.consent is not None
    less = replace(ann, consent=replace(ann.consent, **change))  # type: ignore[arg-type]
    decision = await world.one(contact(less, "call", automatic=True))
    assert (decision.reason, decision.rules) == ("no_consent", (rule,))
    assert (await world.one(contact(less, "call"))).allowed


async def test_consent_for_the_leads_own_number_is_consent(world: GateWorld) -> None:
    ann = person()
    assert ann.consent is not None
    same = replace(ann, consent=replace(ann.consent, phone=ann.phone))
    assert (await world.one(contact(same, "text", automatic=True))).allowed


async def test_the_buyer_must_be_named_where_the_order_asks(world: GateWorld) -> None:
    ann = person()
    assert ann.consent is not None
    unnamed = replace(ann, consent=replace(ann.consent, text="I agree to be called by lenders."))
    assert (await world.one(contact(unnamed, "text", automatic=True))).allowed
    await world.publish(ContactTerms(), names_buyer=True)
    assert (await world.one(contact(unnamed, "text", automatic=True))).rules == ("consent.names_buyer",)
    assert (await world.one(contact(ann, "text", automatic=True))).allowed


async def test_messages_to_shared_leads_begin_when_the_orders_owner_turns_them_on(world: GateWorld) -> None:
    ann = person(exclusivity="shared")
    assert (await world.one(contact(ann, "text", automatic=True))).reason == "shared"
    assert (await world.one(contact(ann, "email", automatic=True, purpose="confirmation"))).allowed
    assert (await world.one(contact(ann, "call"))).allowed, "a person who dials is no program"
    await world.publish(ContactTerms(automatic_to_shared=True))
    assert (await world.one(contact(ann, "text", automatic=True))).allowed


async def test_outside_the_hours_it_is_put_off_to_the_next_lawful_instant(world: GateWorld) -> None:
    world.clock.jump(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    decision = await world.one(contact(person(decided_at=NOON - timedelta(days=1))))
    assert (decision.reason, decision.rules) == ("hours", ("tx.hours", "us.hours"))
    assert decision.not_before == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert (await world.one(contact(person(), "email", automatic=True))).allowed


async def test_an_hour_that_ends_before_the_message_can_begin_has_ended(world: GateWorld) -> None:
    world.clock.jump(datetime(2026, 11, 24, 2, 59, 44, tzinfo=UTC))
    assert (await world.one(contact(person()))).allowed
    world.clock.advance(1)
    decision = await world.one(contact(person()))
    assert (decision.reason, decision.not_before) == ("hours", datetime(2026, 11, 24, 15, 0, tzinfo=UTC))


async def test_a_fourth_attempt_within_a_day_waits_for_the_first_to_age(world: GateWorld) -> None:
    ann = person(state="FL", postal_code="33101", phone="+13055550123")
    for _ in range(3):
        assert (await world.one(contact(ann))).allowed
        world.clock.advance(600)
    decision = await world.one(contact(ann, "text", automatic=True))
    assert (decision.reason, decision.rules) == ("attempts", ("fl.attempts",))
    assert decision.not_before == NOON + timedelta(days=1)
    world.clock.jump(NOON + timedelta(days=1))
    await world.list_numbers("national", world.clock.now().date())
    assert (await world.one(contact(ann))).allowed


async def test_attempts_of_one_call_count_and_other_peoples_do_not(world: GateWorld) -> None:
    ann = person(state="FL", postal_code="33101", phone="+13055550123")
    bob = person(1, state="FL", postal_code="33101", phone="+13055550124")
    decisions = await world.decide(*[contact(ann)] * 4, contact(bob))
    assert [decision.allowed for decision in decisions] == [True, True, True, False, True]


async def test_two_agents_who_dial_at_once_do_not_both_make_the_third_attempt(world: GateWorld) -> None:
    ann = person(state="FL", postal_code="33101", phone="+13055550123")
    await world.decide(*[contact(ann)] * 2)

    async def dial(number: int) -> bool:
        async with world.gates[number % 2].permits(world.buyer, [contact(ann)]) as (decision,):
            return decision.allowed

    assert sum(await asyncio.gather(*map(dial, range(8)))) == 1


@pytest.mark.parametrize(
    ("scope", "blocked"),
    [
        ("all", {"call", "text", "email"}),
        ("phone", {"call", "text"}),
        ("call", {"call"}),
        ("text", {"text"}),
        ("email", {"email"}),
    ],
)  # fmt: skip
async def test_an_opt_out_ends_what_it_names(world: GateWorld, scope: str, blocked: set[str]) -> None:
    ann = person()
    await world.opt_out(ann, scope)  # type: ignore[arg-type]
    again = person(phone=ann.phone, email="ANN0+later@mail.example")
    for channel in ("call", "text", "email"):
        decision = await world.one(contact(again, channel, automatic=channel != "call"))
        assert (decision.reason == "opted_out") == (channel in blocked), channel
    assert world.told == [([ann.lead_id], scope)]


async def test_an_opt_out_of_one_address_ends_contact_at_every_address_where_it_is_of_everything(
    world: GateWorld,
) -> None:
    ann = person()
    await world.opt_out(ann, person=None, lead_id=None, phone=ann.phone)
    assert (await world.one(contact(ann, "email", automatic=True))).reason == "opted_out"


async def test_a_forgotten_lead_can_still_opt_out_by_what_it_was_reached_at(world: GateWorld) -> None:
    ann = person()
    await world.one(contact(ann))
    await world.opt_out(ann, person=None)
    assert (await world.one(contact(ann))).reason == "opted_out"
    with pytest.raises(Malformed, match="no address"):
        await world.opt_out(person(1), person=None)


async def test_opt_outs_are_never_changed_or_removed(world: GateWorld) -> None:
    await world.opt_out(person())
    for table in ("opt_out", "gate_decision"):
        for change in (f"DELETE FROM routing.{table}", f"UPDATE routing.{table} SET buyer_id = 'x'"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await world.pool.execute(change)


async def test_the_same_opt_out_told_again_is_one(world: GateWorld) -> None:
    ann = person()
    assert await world.opt_out(ann) == await world.opt_out(ann)
    assert len({row["opt_out_id"] for row in await world.rows("opt_out")}) == 1
    assert len(world.told) == 1


async def test_one_text_may_confirm_an_opt_out_by_text(world: GateWorld) -> None:
    ann = person()
    await world.opt_out(ann, "phone", said_by="text")
    reply = contact(ann, "text", automatic=True, purpose="reply")
    assert (await world.one(reply)).allowed
    assert (await world.one(reply)).reason == "opted_out"
    bob = person(1)
    await world.opt_out(bob, "phone", said_by="text")
    world.clock.advance(301)
    assert (await world.one(contact(bob, "text", automatic=True, purpose="reply"))).reason == "opted_out"


async def test_a_reply_is_sent_at_any_hour(world: GateWorld) -> None:
    world.clock.jump(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    assert (await world.one(contact(person(consent=None), "text", automatic=True, purpose="reply"))).allowed


async def test_a_listed_number_is_called_only_with_consent_that_names_the_buyer(world: GateWorld) -> None:
    ann, bob = person(), person(1)
    await world.list_numbers("national", NOON.date(), ann.phone)
    assert (await world.one(contact(ann))).allowed
    assert (await world.one(contact(replace(ann, consent=None)))).reason == "listed"
    assert ann.consent is not None
    unnamed = replace(ann, consent=replace(ann.consent, text="Lenders may call me."))
    assert (await world.one(contact(unnamed, "text", automatic=True))).rules == ("list.national",)
    assert (await world.one(contact(bob))).allowed


async def test_the_internal_list_knows_no_exception(world: GateWorld) -> None:
    await world.list_numbers("internal", NOON.date() - timedelta(days=900), person().phone)
    assert (await world.one(contact(person()))).rules == ("list.internal",)


async def test_whoever_is_suppressed_as_not_to_be_contacted_is_not(world: GateWorld) -> None:
    ann, bob, cid = person(), person(1), person(2, email="c.id+cars@gmail.com")
    await world.suppress("asked-us", "do_not_contact", phone=ann.phone)
    await world.suppress("as-written", "do_not_contact", email="c.id+cars@gmail.com")
    await world.suppress("customers", "existing_customer", phone=bob.phone)
    for who, reason in ((ann, "listed"), (bob, ""), (cid, "listed")):
        decision = await world.one(contact(who, "email", automatic=True, purpose="confirmation"))
        assert decision.reason == reason
        assert decision.allowed or decision.rules == ("list.do_not_contact",)


async def test_a_states_list_counts_in_that_state(world: GateWorld) -> None:
    ann = replace(person(), consent=None)
    await world.list_numbers("state-in", NOON.date(), ann.phone)
    assert (await world.one(contact(ann))).allowed
    await world.list_numbers("state-tx", NOON.date(), ann.phone)
    assert (await world.one(contact(ann))).rules == ("list.state-tx",)


async def test_a_version_counts_only_when_its_import_has_ended(world: GateWorld) -> None:
    ann = replace(person(), consent=None)
    await world.pool.execute(
        "INSERT INTO routing.dnc_list (buyer_id, list, version, imported_at) VALUES ($1, 'internal', $2, now())",
        world.buyer, NOON.date(),
    )  # fmt: skip
    assert (await world.one(contact(ann))).allowed


class Provider:
    """A register of numbers: answers what the test wants, over HTTP."""

    def __init__(self) -> None:
        self.answer: object = {"answer": "no"}
        self.status = 200
        self.slow = False
        self.asked: list[dict[str, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(json.loads(await request.read()))
        if self.slow:
            await asyncio.sleep(5)
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def provider() -> AsyncIterator[tuple[Provider, str]]:
    made = Provider()
    app = web.Application()
    app.router.add_post("/ask", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield made, f"http://127.0.0.1:{port}/ask"
    finally:
        await runner.cleanup()


async def test_registers_are_asked_with_the_day_of_the_consent(
    shared_database_url: str, provider: tuple[Provider, str]
) -> None:
    register, url = provider
    async with aiohttp.ClientSession() as session:
        client = NumberClient(session, url, "secret", seconds=0.3)
        async with gate_world(shared_database_url, registers=Registers(None, client)) as world:
            ann = person()
            assert (await world.one(contact(ann))).allowed
            assert register.asked == [{"phone": ann.phone, "since": "2026-11-23"}]
            register.answer = {"answer": "yes"}
            assert (await world.one(contact(ann))).reason == "reassigned"
            for answer, status in (({"answer": "no_data"}, 200), ([], 200), ({}, 200), ({"answer": "no"}, 500)):
                register.answer, register.status = answer, status
                decision = await world.one(contact(ann))
                assert (decision.reason, decision.not_before) == ("cannot_know", NOON + timedelta(minutes=1))
            register.answer, register.status, register.slow = {"answer": "no"}, 200, True
            assert (await world.one(contact(ann, "text", automatic=True))).reason == "cannot_know"
            assert (await world.one(contact(ann, "email", automatic=True))).allowed, "mail has no number"


async def test_litigators_may_be_a_list_which_must_be_in_date(shared_database_url: str) -> None:
    async with gate_world(shared_database_url, registers=Registers(litigator_list=True)) as world:
        assert (await world.one(contact(person()))).reason == "cannot_know"
        await world.list_numbers("litigators", NOON.date(), person(1).phone)
        assert (await world.one(contact(person()))).allowed
        assert (await world.one(contact(person(1)))).reason == "litigator"


async def test_a_preview_decides_the_same_and_records_nothing(world: GateWorld) -> None:
    (decision,) = await world.gate.preview(world.buyer, [contact(person())], NOON.replace(hour=4))
    assert decision.reason == "hours"
    assert await world.rows("gate_decision") == []


async def test_nobody_is_reached_whom_intake_does_not_know(world: GateWorld) -> None:
    decision = await world.one(contact(None))
    assert (decision.allowed, decision.reason) == (False, "no_address")
    assert [row["lead_id"] for row in await world.rows("gate_decision")] == [UUID(int=1)]
