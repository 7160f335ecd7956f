"""Promises 1 to 7 where they are made: in intake's settlement, on a real Postgres."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from leadline.common.v1 import error_reason_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as built:
        yield built


def outcomes(results: Sequence[pb.SubmitLeadResult]) -> Counter[str]:
    return Counter(pb.Outcome.Name(result.answer.outcome).removeprefix("OUTCOME_").lower() for result in results)


def codes(result: pb.SubmitLeadResult) -> list[str]:
    """Each code once: a duplicate by phone and by e-mail is told for both fields."""
    named = {reason_pb2.Reason.Name(found.reason) for found in result.answer.reasons}
    return sorted(name.removeprefix("REASON_").lower() for name in named)


async def conserved(world: World) -> None:
    """Accepted leads, charges, claims and events agree, and the books are whole."""
    accepted = await world.count("intake.lead", "outcome = 'accepted' AND NOT test AND price_minor > 0")
    assert await world.count("ledger.transfer", "kind = 'charge'") == accepted
    assert await world.ledger.defects(BUYER) == []
    bought = await world.count("intake.lead", "outcome = 'accepted' AND NOT test")
    assert await world.count("outbox.message", "consumer = 'routing'") == bought
    decided = await world.count("intake.lead", "outcome <> 'pending' AND NOT test")
    assert await world.count("outbox.message", "consumer = 'reporting'") == decided
    claimed = await world.admin.fetchval("SELECT count(DISTINCT lead_id) FROM dedup.identity_claim")
    assert claimed == bought


async def test_a_good_lead_is_bought_charged_and_told_to_both_consumers(world: World) -> None:
    (result,) = await world.submit(world.item(external_id="m-1"))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED
    assert (result.answer.price.amount_minor, result.answer.price.currency) == (3200, "USD")
    assert (result.answer.order.order, result.answer.order.version) == ("marco-auto-2026", 1)
    (charge,) = await world.admin.fetch("SELECT * FROM ledger.transfer")
    assert (charge["debit_account"], charge["credit_account"]) == ("spend:marco-auto-2026", "payable:marco")
    assert str(charge["transfer_id"]) == result.answer.lead_id
    await conserved(world)


async def test_a_rejected_lead_is_kept_with_its_reasons_and_costs_nothing(world: World) -> None:
    world.stages.finding = reason_pb2.Finding(reason=reason_pb2.REASON_PHONE_FAKE, field="phone", message="made up")
    (result,) = await world.submit(world.item())
    assert codes(result) == ["phone_fake"]
    assert result.answer.price.amount_minor == 0
    assert await world.count("intake.lead", "outcome = 'rejected'") == 1
    assert await world.count("dedup.identity_claim") == 0
    await conserved(world)


async def test_an_own_lead_runs_the_same_chain_at_no_price(world: World) -> None:
    (result,) = await world.submit(world.item("big-bank-web", "own-auto-2026"))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED
    assert result.answer.price.amount_minor == 0
    assert await world.count("ledger.transfer") == 0
    await conserved(world)


async def test_fifty_submissions_of_one_person_at_once_buy_exactly_one(world: World) -> None:
    sellers = ("marco", "quickquote", "leadriver")
    items = [world.item(sellers[n % 3], "", external_id=f"x-{n}") for n in range(50)]
    results = await asyncio.gather(*[world.another().submit([item]) for item in items])
    flat = [result for (result,) in results]
    assert outcomes(flat) == {"accepted": 1, "rejected": 49}
    refused = {code for result in flat for code in codes(result)}
    assert refused <= {"duplicate_same_seller", "duplicate_other_seller"}
    await conserved(world)


async def test_one_person_twice_in_one_batch_is_bought_once_and_the_first_wins(world: World) -> None:
    first, second, other = await world.submit(
        world.item(external_id="a"),
        world.item(external_id="b"),
        world.item(external_id="c", phone="+15124728175", email="b@x.org"),
    )
    assert first.answer.outcome == pb.OUTCOME_ACCEPTED
    assert codes(second) == ["duplicate_same_seller"]
    assert other.answer.outcome == pb.OUTCOME_ACCEPTED
    await conserved(world)


async def test_a_shared_email_alone_makes_a_duplicate_and_the_free_phone_stays_free(world: World) -> None:
    await world.submit(world.item(external_id="a"))
    (again,) = await world.submit(world.item("quickquote", "", external_id="b", phone="+13125550000"))
    assert codes(again) == ["duplicate_other_seller"]
    (third,) = await world.submit(
        world.item("quickquote", "", external_id="c", phone="+13125550000", email="new@x.org")
    )
    assert third.answer.outcome == pb.OUTCOME_ACCEPTED
    await conserved(world)


async def test_a_lead_of_the_buyers_own_site_makes_the_sold_one_an_existing_customer(world: World) -> None:
    await world.submit(world.item("big-bank-web", "own-auto-2026"))
    (sold,) = await world.submit(world.item())
    assert codes(sold) == ["existing_customer"]


async def test_a_cap_of_one_hundred_under_a_thousand_racing_posts_buys_exactly_one_hundred(world: World) -> None:
    world.stages.day_cap = 100
    items = [
        world.item(external_id=f"c-{n}", phone=f"+1512{n:07d}", email=f"p{n}@x.org", order="marco-auto-2026")
        for n in range(1000)
    ]
    batches = [items[n : n + 16] for n in range(0, 1000, 16)]
    results = await asyncio.gather(*[world.another().submit(batch) for batch in batches])
    flat = [result for batch in results for result in batch]
    assert outcomes(flat) == {"accepted": 100, "rejected": 900}
    assert {code for result in flat for code in codes(result)} == {"cap_reached"}
    assert await world.admin.fetchval("SELECT leads FROM routing.capacity WHERE window_kind = 'day'") == 100
    await conserved(world)


async def test_the_last_place_under_a_cap_goes_to_the_first_of_the_batch(world: World) -> None:
    world.stages.day_cap = 1
    items = [world.item(external_id=str(n), phone=f"+151247281{n:02d}", email=f"{n}@x.org") for n in range(3)]
    results = await world.submit(*items)
    assert [codes(result) for result in results] == [[], ["cap_reached"], ["cap_reached"]]
    await conserved(world)


async def test_the_same_submission_fifty_times_at_once_is_one_lead_and_fifty_equal_answers(
    world: World,
) -> None:
    several = [world.another() for _ in range(5)]
    results = await asyncio.gather(*[several[n % 5].submit([world.item(external_id="m-1")]) for n in range(50)])
    answers = [result.answer for (result,) in results]
    assert sum(answer.replayed for answer in answers) == 49
    for answer in answers:
        answer.replayed = False
    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert await world.count("intake.lead") == 1
    await conserved(world)


async def test_a_retry_gets_the_first_answer_whatever_the_chain_would_say_by_now(world: World) -> None:
    (first,) = await world.submit(world.item(idempotency_key="k-1"))
    world.stages.finding = reason_pb2.Finding(reason=reason_pb2.REASON_PHONE_FAKE, field="phone")
    (again,) = await world.submit(world.item(idempotency_key="k-1"))
    assert again.answer.replayed
    assert again.answer.lead_id == first.answer.lead_id
    assert again.answer.outcome == pb.OUTCOME_ACCEPTED
    assert again.answer.reasons == []


async def test_a_retry_gets_the_first_answer_although_the_chain_is_away(world: World) -> None:
    (first,) = await world.submit(world.item(idempotency_key="k-1"))
    world.stages.away = True
    (again,) = await world.submit(world.item(idempotency_key="k-1"))
    assert again.answer.replayed
    assert (again.answer.lead_id, again.answer.outcome) == (first.answer.lead_id, pb.OUTCOME_ACCEPTED)


async def test_the_same_key_with_other_content_is_refused_and_changes_nothing(world: World) -> None:
    await world.submit(world.item(external_id="m-1"))
    (other,) = await world.submit(world.item(external_id="m-1", phone="+13125550000", email="x@x.org"))
    assert other.refusal.reason == error_reason_pb2.ERROR_REASON_SUBMISSION_CONFLICT
    assert await world.count("intake.lead") == 1
    await conserved(world)


async def test_a_copy_with_other_content_that_arrives_at_the_same_moment_is_refused_too(world: World) -> None:
    first, second = await world.submit(
        world.item(external_id="m-1"), world.item(external_id="m-1", phone="+13125550000", email="x@x.org")
    )
    assert first.answer.outcome == pb.OUTCOME_ACCEPTED
    assert second.refusal.reason == error_reason_pb2.ERROR_REASON_SUBMISSION_CONFLICT


async def test_a_key_is_free_again_after_thirty_days(world: World) -> None:
    await world.submit(world.item(external_id="m-1"))
    world.clock.advance(30 * 86_400 + 1)
    await world.directory.refresh()
    (later,) = await world.submit(world.item(external_id="m-1"))
    assert not later.answer.replayed
    assert await world.count("intake.lead") == 2


async def test_content_alone_identifies_for_ten_minutes(world: World) -> None:
    (first,) = await world.submit(world.item())
    (again,) = await world.submit(world.item())
    assert again.answer.lead_id == first.answer.lead_id
    world.clock.advance(601)
    await world.directory.refresh()
    (later,) = await world.submit(world.item())
    assert codes(later) == ["duplicate_same_seller"]


async def test_a_test_lead_takes_no_money_no_claim_no_capacity_and_makes_no_event(world: World) -> None:
    world.stages.day_cap = 10
    (result,) = await world.submit(world.item(test=True))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED
    assert result.answer.test
    for table in ("ledger.transfer", "dedup.identity_claim", "routing.capacity", "outbox.message"):
        assert await world.count(table) == 0


@pytest.mark.parametrize(
    ("postal_code", "outcome", "reasons"),
    [
        ("00001", pb.OUTCOME_ACCEPTED, []),
        ("00002", pb.OUTCOME_REJECTED, ["duplicate_other_seller"]),
        ("00003", pb.OUTCOME_REJECTED, ["consent_missing"]),
        ("00004", pb.OUTCOME_PENDING, []),
    ],
)
async def test_a_test_zip_forces_its_outcome(
    world: World, postal_code: str, outcome: pb.Outcome.ValueType, reasons: list[str]
) -> None:
    (result,) = await world.submit(world.item(postal_code=postal_code))
    assert (result.answer.outcome, codes(result)) == (outcome, reasons)
    assert await world.count("ledger.transfer") == 0


async def test_an_unknown_key_is_refused_and_spoils_no_other_item(world: World) -> None:
    stranger = world.item(external_id="a")
    stranger.access_key = stranger.access_key[:-1] + ("0" if stranger.access_key[-1] != "0" else "1")
    bad, good = await world.submit(stranger, world.item(external_id="b"))
    assert bad.refusal.reason == error_reason_pb2.ERROR_REASON_KEY_INVALID
    assert good.answer.outcome == pb.OUTCOME_ACCEPTED


async def test_an_order_of_another_seller_is_forbidden(world: World) -> None:
    (result,) = await world.submit(world.item("quickquote", "marco-auto-2026"))
    assert result.refusal.reason == error_reason_pb2.ERROR_REASON_KEY_SCOPE
    assert await world.count("intake.lead") == 0


async def test_an_order_that_does_not_exist_is_told_as_a_reason(world: World) -> None:
    (result,) = await world.submit(world.item(order="no-such-order"))
    assert codes(result) == ["order_not_found"]


async def test_what_cannot_be_stored_is_refused_with_its_field(world: World) -> None:
    (result,) = await world.submit(world.item(first_name="A\x00B"))
    assert result.refusal.reason == error_reason_pb2.ERROR_REASON_REQUEST_MALFORMED
    assert "first_name" in result.refusal.violations[0].field
    assert "A\x00B" not in str(result.refusal)


async def test_the_ledger_refuses_to_be_changed(world: World) -> None:
    await world.submit(world.item())
    for statement in (
        "UPDATE ledger.transfer SET amount_minor = 1",
        "DELETE FROM ledger.transfer",
        "TRUNCATE ledger.transfer",
    ):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await world.pool.execute(statement)


@pytest.mark.parametrize("table", ["intake.person", "ledger.transfer", "outbox.message", "routing.capacity"])
async def test_a_write_that_fails_leaves_no_trace_of_any_other_and_the_retry_buys(world: World, table: str) -> None:
    """One write of the settlement is broken by a trigger, as a full disk or a crash at that moment would."""
    world.stages.day_cap = 5
    await world.admin.execute(
        "CREATE FUNCTION public.broken() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE SQLSTATE '57P01' USING MESSAGE = 'broken'; END $$"
    )
    await world.admin.execute(f"CREATE TRIGGER broken BEFORE INSERT ON {table} EXECUTE FUNCTION public.broken()")
    (cut,) = await world.submit(world.item(external_id="m-1"))
    assert cut.refusal.reason == error_reason_pb2.ERROR_REASON_UNAVAILABLE
    await world.admin.execute(f"DROP TRIGGER broken ON {table}")
    for other in ("intake.lead", "intake.submission", "ledger.transfer", "dedup.identity_claim", "outbox.message"):
        assert await world.count(other) == 0
    (again,) = await world.submit(world.item(external_id="m-1"))
    assert (again.answer.outcome, again.answer.replayed) == (pb.OUTCOME_ACCEPTED, False)
    await conserved(world)


@pytest.mark.parametrize("seed", range(4))
async def test_racing_sellers_copies_and_caps_conserve_everything(world: World, seed: int) -> None:
    """A random schedule of posts, copies and same persons over several processes' pipelines."""
    rng = random.Random(seed)
    world.stages.day_cap = 25
    items = []
    for n in range(160):
        person = rng.randrange(40)
        seller, order = rng.choice((("marco", "marco-auto-2026"), ("quickquote", ""), ("big-bank-web", "")))
        items.append(
            world.item(seller, order, external_id=f"s-{rng.randrange(120) if n % 3 else n}",
                       phone=f"+1512472{person:04d}", email=f"p{person if n % 2 else 1000 + n}@x.org")
        )  # fmt: skip
    several = [world.another() for _ in range(4)]
    batches = []
    while items:
        size = rng.randint(1, 12)
        batches.append([items.pop() for _ in range(min(size, len(items)))])
    await asyncio.gather(*[rng.choice(several).submit(batch) for batch in batches])
    await conserved(world)
    overrun = await world.admin.fetchval("SELECT count(*) FROM routing.capacity WHERE leads > 25")
    assert overrun == 0
    twice = await world.admin.fetchval(
        "SELECT count(*) FROM (SELECT digest FROM dedup.identity_claim GROUP BY digest HAVING count(*) > 1) AS doubled"
    )
    assert twice == 0
