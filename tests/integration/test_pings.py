"""Ping-post in intake, on a real Postgres: a bid holds its price and its place for one lead, for a while, no longer.

`holds + bought = used` is checked after every test that holds anything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import pytest
from msgspec import structs

from leadline.common.v1 import error_reason_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ping_service_pb2 as ping_pb
from services.intake.catalog.diff import plan
from services.intake.catalog.document import read_document
from services.intake.catalog.store import Approval, CatalogStore
from shared.catalog.terms import PingTerms
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, DEMO, World, intake_world
from tests.integration.test_settlement import codes, conserved, outcomes

LIFE = 120


@pytest.fixture
async def world(database_url: str, clock: FakeClock) -> AsyncIterator[World]:
    async with intake_world(database_url, clock) as built:
        built.stages.day_cap = 1_000
        yield built
        await kept(built)


async def kept(world: World) -> None:
    """What is used is what was bought or is held: nothing is lost, nothing is used twice."""
    bought = await world.count("intake.lead", "outcome = 'accepted' AND NOT test")
    used = await world.admin.fetchval("SELECT coalesce(sum(leads), 0) FROM routing.capacity")
    assert used == bought + await world.count("intake.hold")
    await conserved(world)


async def ping(world: World, *items: ping_pb.SubmitPingItem) -> list[ping_pb.PingAnswer]:
    return [result.answer for result in await world.desk.submit(items)]


async def bid(world: World, **words: object) -> str:
    """A bid's token."""
    (answer,) = await ping(world, world.ping(**words))  # type: ignore[arg-type]
    assert answer.outcome == ping_pb.PING_OUTCOME_BID
    return answer.bid_token


def reasons(answers: Sequence[ping_pb.PingAnswer]) -> Counter[str]:
    return Counter(reason_pb2.Reason.Name(found.reason) for answer in answers for found in answer.reasons)


def fields(result: pb.SubmitLeadResult) -> list[str]:
    return sorted(found.field for found in result.answer.reasons)


async def test_a_ping_is_bid_on_and_holds_its_place(world: World) -> None:
    (answer,) = await ping(world, world.ping())
    assert answer.outcome == ping_pb.PING_OUTCOME_BID
    assert (answer.price.amount_minor, answer.order.order, answer.order.version) == (3200, "marco-auto-2026", 1)
    assert answer.expires_at.seconds == int(world.clock.now().timestamp()) + LIFE
    assert await world.count("intake.hold") == 1


async def test_the_post_is_bought_at_the_price_of_its_bid(world: World) -> None:
    token = await bid(world)
    world.stages.price_minor = 2500
    (result,) = await world.submit(world.item(bid_token=token, external_id="m-1"))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED
    assert result.answer.price.amount_minor == 3200
    assert await world.count("intake.hold") == 0
    assert str(await world.admin.fetchval("SELECT lead_id FROM intake.ping")) == result.answer.lead_id


async def test_the_last_place_is_held_for_the_bid_and_for_nobody_else(world: World) -> None:
    world.stages.day_cap = 1
    token = await bid(world)
    (other,) = await world.submit(world.item(phone="+15124728199", email="bob@example.com"))
    assert codes(other) == ["cap_reached"]
    (result,) = await world.submit(world.item(bid_token=token))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED


async def test_a_post_sent_again_gets_the_same_answer_even_when_the_bid_is_over(world: World) -> None:
    item = world.item(bid_token=await bid(world), external_id="m-1")
    (first,) = await world.submit(item)
    world.clock.advance(LIFE + 1)
    await world.holds.sweep()
    await world.directory.refresh()
    (again,) = await world.submit(item)
    assert again.answer.replayed
    again.answer.replayed = False
    assert again == first


async def test_sixty_four_pings_at_the_last_place_make_one_bid(world: World) -> None:
    world.stages.day_cap = 1
    answers = await asyncio.gather(*[ping(world, world.ping(external_id=f"p-{n}")) for n in range(64)])
    told = [answer for (answer,) in answers]
    assert sum(answer.outcome == ping_pb.PING_OUTCOME_BID for answer in told) == 1
    assert reasons(told) == {"REASON_CAP_REACHED": 63}


async def test_one_token_posted_with_sixty_four_leads_buys_one(world: World) -> None:
    token = await bid(world)
    items = [
        world.item(bid_token=token, phone=f"+1512472{8100 + n}", email=f"a{n}@example.com", external_id=f"m-{n}")
        for n in range(64)
    ]
    results = await asyncio.gather(*[world.another().submit([item]) for item in items])
    flat = [result for (result,) in results]
    assert outcomes(flat) == {"accepted": 1, "rejected": 63}
    assert {code for result in flat for code in codes(result)} == {"bid_mismatch"}


async def test_two_leads_of_one_batch_cannot_share_a_token(world: World) -> None:
    token = await bid(world)
    results = await world.submit(
        world.item(bid_token=token, external_id="m-1"),
        world.item(bid_token=token, external_id="m-2", phone="+15124728100", email="b@example.com"),
    )
    assert outcomes(results) == {"accepted": 1, "rejected": 1}


async def test_one_post_sent_sixty_four_times_at_once_buys_one_and_all_hear_the_same(world: World) -> None:
    item = world.item(bid_token=await bid(world), external_id="m-1")
    results = await asyncio.gather(*[world.another().submit([item]) for _ in range(64)])
    assert outcomes([result for (result,) in results]) == {"accepted": 64}
    assert len({result.answer.lead_id for (result,) in results}) == 1


async def test_a_bid_that_is_over_buys_nothing_and_gives_its_place_back(world: World) -> None:
    world.stages.day_cap = 1
    token = await bid(world)
    world.clock.advance(LIFE)
    await world.directory.refresh()
    (late,) = await world.submit(world.item(bid_token=token))
    assert codes(late) == ["bid_expired"]
    assert await world.holds.sweep() == 1
    assert await world.holds.sweep() == 0
    assert await bid(world)


async def test_a_bid_that_ends_while_its_post_is_decided_buys_nothing(world: World) -> None:
    token = await bid(world)
    world.clock.advance(LIFE - 0.01)
    await world.directory.refresh()
    world.stages.before = lambda drafts: world.clock.advance(0.02)
    (late,) = await world.submit(world.item(bid_token=token))
    assert codes(late) == ["bid_expired"]
    assert await world.count("intake.hold") == 0


async def test_posts_and_sweepers_at_the_end_of_bids_never_both_have_the_place(world: World) -> None:
    tokens = [await bid(world) for _ in range(24)]
    world.clock.advance(LIFE - 0.001)
    await world.directory.refresh()

    async def end() -> None:
        world.clock.advance(0.001)
        await world.holds.sweep()

    posts = [
        world.another().submit([world.item(bid_token=token, phone=f"+1512472{8100 + n}", email=f"a{n}@example.com")])
        for n, token in enumerate(tokens)
    ]
    results = await asyncio.gather(*posts[:12], end(), *posts[12:], world.holds.sweep(), world.holds.sweep())
    decided = [each[0] for each in results if isinstance(each, list)]
    assert {code for result in decided for code in codes(result)} <= {"bid_expired"}
    await world.holds.sweep()
    assert await world.count("intake.hold") == 0


@pytest.mark.parametrize("seller", ["marco", "quickquote"])
async def test_a_foreign_or_altered_token_is_a_mismatch_and_touches_no_hold(world: World, seller: str) -> None:
    token = await bid(world)
    if seller == "marco":
        token = f"{token[:-2]}{'A' if token[-2] != 'A' else 'B'}{token[-1]}"
    (result,) = await world.submit(world.item(seller, "", bid_token=token))
    assert (codes(result), fields(result)) == (["bid_mismatch"], ["bid_token"])
    assert await world.count("intake.hold") == 1


async def test_a_post_that_contradicts_its_ping_is_told_where_and_leaves_the_bid_to_the_right_one(world: World) -> None:
    phone = "+15124728174"
    token = await bid(world, loan_amount="25000", phone_sha256=sha256(phone.encode()).hexdigest())
    (wrong,) = await world.submit(world.item(bid_token=token, loan_amount="30000", phone="+15124728175", state="CA"))
    assert (codes(wrong), fields(wrong)) == (["bid_mismatch"], ["loan_amount", "phone", "state"])
    (right,) = await world.submit(world.item(bid_token=token, loan_amount="25000", phone=phone))
    assert right.answer.outcome == pb.OUTCOME_ACCEPTED


async def test_a_post_for_another_order_than_the_bids_is_a_mismatch(world: World) -> None:
    token = await bid(world)
    own = world.ping("big-bank-web", "own-auto-2026")
    assert (await ping(world, own))[0].outcome == ping_pb.PING_OUTCOME_BID
    (result,) = await world.submit(world.item(order="no-such-order", bid_token=token))
    assert fields(result) == ["order"]


async def test_a_rejected_post_gives_the_place_back_at_once(world: World) -> None:
    world.stages.day_cap = 1
    token = await bid(world)
    world.stages.finding = reason_pb2.Finding(reason=reason_pb2.REASON_PHONE_FAKE, field="phone", message="made up")
    (result,) = await world.submit(world.item(bid_token=token))
    assert codes(result) == ["phone_fake"]
    world.stages.finding = None
    assert await bid(world)
    (again,) = await world.submit(world.item(bid_token=token, external_id="m-2"))
    assert codes(again) == ["bid_mismatch"]


async def test_a_person_bought_before_costs_the_bid_not_the_place(world: World) -> None:
    world.stages.day_cap = 2
    await world.submit(world.item("quickquote", ""))
    (result,) = await world.submit(world.item(bid_token=await bid(world)))
    assert codes(result) == ["duplicate_other_seller"]
    assert await world.count("intake.hold") == 0


async def test_a_pending_post_keeps_its_bid_until_it_is_decided(world: World) -> None:
    world.stages.day_cap = 1
    token = await bid(world)
    world.stages.away = True
    (kept_back,) = await world.submit(world.item(bid_token=token))
    assert kept_back.answer.outcome == pb.OUTCOME_PENDING
    world.clock.advance(LIFE + 60)
    await world.directory.refresh()
    assert await world.holds.sweep() == 0
    world.stages.away = False
    (thief,) = await world.submit(world.item(bid_token=token, external_id="m-2", phone="+15124728100"))
    assert thief.answer.outcome == pb.OUTCOME_REJECTED
    world.stages.price_minor = 100
    await world.sweeper.sweep()
    row = await world.admin.fetchrow("SELECT * FROM intake.lead WHERE lead_id = $1::uuid", kept_back.answer.lead_id)
    assert row is not None
    assert (row["outcome"], row["price_minor"]) == ("accepted", 3200)


async def test_a_pending_post_that_is_never_decided_gives_its_place_back(world: World) -> None:
    token = await bid(world)
    world.stages.away = True
    await world.submit(world.item(bid_token=token))
    world.clock.advance(901)
    await world.directory.refresh()
    await world.sweeper.sweep()
    assert await world.count("intake.hold") == 0
    assert await world.count("intake.lead", "outcome = 'rejected'") == 1


async def test_a_keyed_ping_sent_again_gets_the_same_answer_and_holds_once(world: World) -> None:
    item = world.ping(external_id="p-1")
    answers = [answer for (answer,) in await asyncio.gather(*[ping(world, item) for _ in range(16)])]
    (copy, twin) = await ping(world, item, item)
    assert len({answer.bid_token for answer in (*answers, copy, twin)}) == 1
    assert copy.replayed
    assert twin.replayed
    assert await world.count("intake.hold") == 1
    (other,) = await world.desk.submit([world.ping(external_id="p-1", state="CA")])
    assert other.refusal.reason == error_reason_pb2.ERROR_REASON_SUBMISSION_CONFLICT


async def test_pings_without_a_key_are_each_their_own(world: World) -> None:
    one, other = await ping(world, world.ping(), world.ping())
    assert one.bid_token != other.bid_token
    assert await world.count("intake.hold") == 2


async def test_a_ping_and_its_post_may_have_the_same_id(world: World) -> None:
    token = await bid(world, external_id="m-1")
    (result,) = await world.submit(world.item(bid_token=token, external_id="m-1"))
    assert result.answer.outcome == pb.OUTCOME_ACCEPTED


async def test_a_test_ping_holds_nothing_and_its_token_buys_nothing(world: World) -> None:
    (answer,) = await ping(world, world.ping(test=True))
    assert (answer.outcome, answer.test) == (ping_pb.PING_OUTCOME_BID, True)
    assert await world.count("intake.hold") == 0
    (real,) = await world.submit(world.item(bid_token=answer.bid_token))
    assert codes(real) == ["bid_mismatch"]
    (rehearsed,) = await world.submit(world.item(bid_token=answer.bid_token, test=True))
    assert rehearsed.answer.outcome == pb.OUTCOME_ACCEPTED


async def test_a_chain_that_is_away_makes_no_bid_and_the_same_ping_may_come_again(world: World) -> None:
    world.stages.away = True
    (answer,) = await ping(world, world.ping(external_id="p-1"))
    assert reasons([answer]) == {"REASON_TRY_AGAIN": 1}
    world.stages.away = False
    assert await bid(world, external_id="p-1")


async def test_an_order_that_takes_no_pings_says_so(world: World) -> None:
    catalog = read_document(DEMO.read_text()).catalog
    assert catalog is not None
    silent = structs.replace(
        catalog, orders=tuple(structs.replace(order, pings=PingTerms(accept=False)) for order in catalog.orders)
    )
    approval = Approval("tracey", "no pings", world.clock.now())
    await CatalogStore(world.pool).apply(BUYER, approval, lambda current: plan(current, silent))
    await world.directory.refresh()
    (answer,) = await ping(world, world.ping())
    assert (answer.outcome, reasons([answer])) == (ping_pb.PING_OUTCOME_NO_BID, {"REASON_ORDER_INACTIVE": 1})


async def test_a_key_for_posting_alone_may_not_ping(world: World) -> None:
    await world.admin.execute("UPDATE catalog.access_key SET scopes = '{post}'")
    await world.admin.execute("UPDATE catalog.head SET keys_revision = keys_revision + 1")
    await world.directory.refresh()
    (result,) = await world.desk.submit([world.ping()])
    assert result.refusal.reason == error_reason_pb2.ERROR_REASON_KEY_SCOPE


async def test_a_hash_that_is_none_is_refused_by_name(world: World) -> None:
    (result,) = await world.desk.submit([world.ping(phone_sha256="+15124728174")])
    assert result.refusal.reason == error_reason_pb2.ERROR_REASON_REQUEST_MALFORMED
    assert [violation.field for violation in result.refusal.violations] == ["phone_sha256"]


async def test_old_pings_are_forgotten(world: World) -> None:
    await bid(world)
    world.clock.advance(31 * 86_400)
    await world.holds.sweep()
    assert await world.count("intake.ping") == 0


async def test_a_pending_post_that_contradicts_its_ping_leaves_the_bid_to_the_right_one(world: World) -> None:
    token = await bid(world, loan_amount="25000")
    world.stages.away = True
    await world.submit(world.item(bid_token=token, loan_amount="30000", external_id="wrong"))
    world.stages.away = False
    await world.sweeper.sweep()
    assert await world.count("intake.lead", "outcome = 'rejected'") == 1
    (right,) = await world.submit(world.item(bid_token=token, loan_amount="25000", external_id="right"))
    assert right.answer.outcome == pb.OUTCOME_ACCEPTED
