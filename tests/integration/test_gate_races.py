"""Promises of the contact gate that no interleaving and no outage may break."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from leadline.intake.v1.record_service_pb2_grpc import RecordServiceStub
from leadline.routing.v1 import gate_service_pb2 as pb
from services.routing.contacts_client import IntakeContacts
from services.routing.gate.gate_store import GateStore, Passage
from services.routing.gate.opt_outs import Notice
from services.routing.gate.person import Person
from shared.db.pool import open_pool
from shared.rpc.client import open_channel
from shared.rpc.errors import AppError, Unavailable
from shared.runtime.settings import DatabaseSettings
from tests.integration.gate_world import NOON, GateWorld, contact, gate_world, person

RACES = 1000
AT_ONCE = 25
PROCESSES = 3


@pytest.fixture
async def world(shared_database_url: str) -> AsyncIterator[GateWorld]:
    async with gate_world(shared_database_url, processes=PROCESSES) as made:
        yield made


class Race:
    """One person who says stop while several people and programs reach out; what happened, in order."""

    def __init__(self, world: GateWorld, number: int) -> None:
        self.world = world
        self.dice = random.Random(number)
        self.who = person(number)
        self.happened: list[str] = []

    async def run(self) -> list[str]:
        """Everything at once, each after a pause of its own."""
        dials = [self.reach(channel) for channel in ("call", self.dice.choice(("text", "email")))]
        await asyncio.gather(self.revoke(), self.opt_out(), *dials)
        # Whoever comes later still is late for certain.
        await self.reach("call")
        return self.happened

    async def pause(self) -> None:
        await asyncio.sleep(self.dice.random() * 0.01)

    async def reach(self, channel: str) -> None:
        await self.pause()
        gate = self.dice.choice(self.world.gates)
        request = contact(self.who, channel, automatic=channel != "call")
        async with gate.permits(self.world.buyer, [request]) as (decision,):
            # The message leaves at some moment while it is handed over, and the last one is what counts.
            if self.dice.random() < 0.5:
                await self.pause()
            self.happened.append("contact" if decision.allowed else decision.reason)

    async def opt_out(self) -> None:
        await self.pause()
        notice = Notice(
            buyer_id=self.world.buyer,
            scope="all",
            said_by="agent",
            said_at=NOON,
            recorded_by="test",
            lead_id=self.who.lead_id,
            person=self.who,
        )
        await self.dice.choice(self.world.opt_outs).record(notice)
        self.happened.append("acknowledged")

    async def revoke(self) -> None:
        """In free words, by text, from a number of which nothing else is told."""
        await self.pause()
        request = pb.RecordOptOutRequest(
            buyer_id=self.world.buyer,
            phone=self.who.phone,
            words="please never contact me again",
            said_by="text",
            recorded_by="inbound",
        )
        await self.world.service.RecordOptOut(request, None)  # type: ignore[arg-type]
        self.happened.append("acknowledged")


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until something holds; the test's own time limit ends it."""
    for _ in range(2000):
        if await holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never became true")


async def test_in_a_thousand_races_nobody_is_contacted_after_the_opt_out_was_acknowledged(world: GateWorld) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> list[str]:
        async with slots:
            return await Race(world, number).run()

    histories = await asyncio.gather(*map(one, range(RACES)))
    late = [history for history in histories if "contact" in history[history.index("acknowledged") :]]
    assert late == []
    outcomes = {word for history in histories for word in history}
    assert outcomes == {"contact", "opted_out", "acknowledged"}, "the races are no races"
    before = [history.index("acknowledged") for history in histories]
    assert {0, 1, 2} <= set(before), "the opt-out came at every point"


async def test_an_opt_out_is_not_acknowledged_while_a_message_is_handed_over(world: GateWorld) -> None:
    ann = person()
    async with world.gates[0].permits(world.buyer, [contact(ann, "email", automatic=True)]) as decisions:
        assert decisions[0].allowed
        waiting = asyncio.create_task(world.opt_out(ann))
        await until(lambda: world.rows("opt_out"))
        # It is in force already, and only its acknowledgement waits.
        async with world.gates[1].permits(world.buyer, [contact(person(1))]) as (other,):
            assert other.allowed
        assert not waiting.done()
    await asyncio.wait_for(waiting, 5)


async def test_an_opt_out_that_cannot_be_acknowledged_is_in_force_and_may_be_told_again(
    world: GateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.routing.gate.opt_outs._WAIT", timedelta(milliseconds=50))
    ann = person()
    async with world.gates[0].permits(world.buyer, [contact(ann)]):
        with pytest.raises(Unavailable, match="in force"):
            await world.opt_out(ann)
    assert (await world.one(contact(ann))).reason == "opted_out"
    await world.opt_out(ann)
    assert len({row["opt_out_id"] for row in await world.rows("opt_out")}) == 1


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages were under way, each time an opt-out looked."""
    seen: list[int] = []
    asked = GateStore.under_way

    async def noted(store: GateStore, buyer_id: str, digests: Sequence[bytes]) -> dict[UUID, datetime]:
        found = await asked(store, buyer_id, digests)
        seen.append(len(found))
        return found

    monkeypatch.setattr(GateStore, "under_way", noted)
    return seen


async def several(looks: list[int]) -> bool:
    return looks[-3:] == [1, 1, 1]


async def test_an_opt_out_waits_for_a_message_whose_locks_were_lost_and_which_does_not_know(
    world: GateWorld, looks: list[int]
) -> None:
    ann = person()
    async with world.gates[0].permits(world.buyer, [contact(ann)]):
        await world.end_locks()
        waiting = asyncio.create_task(world.opt_out(ann))
        await until(lambda: several(looks))
        assert not waiting.done()
    await asyncio.wait_for(waiting, 5)
    assert await world.rows("gate_passage") == []


async def test_an_opt_out_waits_no_longer_for_the_dead_than_they_had_time(world: GateWorld, looks: list[int]) -> None:
    ann = person()
    passage = Passage(UUID(int=9), [one.digest for one in world.digests.of(world.buyer, ann.phone, "")], NOON)
    await world.pool.execute(
        "INSERT INTO routing.gate_passage VALUES ($1, $2, $3, $4)",
        world.buyer, passage.passage_id, passage.addresses, NOON + timedelta(seconds=15),
    )  # fmt: skip
    waiting = asyncio.create_task(world.opt_out(ann))
    world.clock.advance(14)
    await until(lambda: several(looks))
    assert not waiting.done()
    world.clock.advance(1)
    await asyncio.wait_for(waiting, 5)
    world.clock.advance(61)
    await world.opt_out(ann)
    assert await world.rows("gate_passage") == []


async def test_what_goes_wrong_in_a_hand_over_is_told_as_it_is(world: GateWorld) -> None:
    async def hand_over() -> None:
        async with world.gates[0].permits(world.buyer, [contact(person())]):
            raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await hand_over()


async def test_without_the_database_nobody_is_contacted(world: GateWorld) -> None:
    gate = world.gates[0]
    nowhere = DatabaseSettings(url="postgresql://x@127.0.0.1:1/x", acquire_timeout_seconds=0.2)
    async with open_pool(nowhere, role="leadline_routing", name="nowhere") as away:
        pool = gate._store._pool
        for store in (GateStore(away, away), GateStore(pool, away), GateStore(away, pool)):
            gate._store = store
            requests = [contact(person(), "call"), contact(person(), "text"), contact(person(), "email")]
            async with gate.permits(world.buyer, requests) as decisions:
                assert [decision.allowed for decision in decisions] == [False, False, False]
                assert {decision.reason for decision in decisions} == {"cannot_know"}
                assert all(decision.not_before == NOON + timedelta(minutes=1) for decision in decisions)
    assert await world.rows("gate_decision") == []


async def test_what_cannot_be_recorded_does_not_happen(world: GateWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(GateStore, "record", away)
    assert (await world.one(contact(person()))).reason == "cannot_know"


async def test_without_the_catalog_nobody_is_contacted(world: GateWorld) -> None:
    world.buyer = "nobody"
    for channel in ("call", "text", "email"):
        assert (await world.one(contact(person(), channel))).reason == "cannot_know"


async def test_without_contacts_nobody_is_contacted(world: GateWorld) -> None:
    async with open_channel("127.0.0.1:1") as channel:
        contacts = IntakeContacts(RecordServiceStub(channel))
        with pytest.raises(AppError):
            await contacts.fetch(world.buyer, [UUID(int=1)])


@pytest.mark.parametrize("age", [None, 32, -1])
async def test_without_a_national_list_of_this_month_nobody_is_called_or_texted(
    shared_database_url: str, age: int | None
) -> None:
    async with gate_world(shared_database_url, national=False) as world:
        if age is not None:
            await world.list_numbers("national", NOON.date() - timedelta(days=age))
        for channel in ("call", "text"):
            decision = await world.one(contact(person(), channel))
            assert (decision.reason, decision.rules) == ("cannot_know", ("list.national",))
            assert decision.not_before == NOON + timedelta(minutes=30)


@pytest.mark.parametrize("age", [0, 31])
async def test_a_national_list_is_good_for_31_days(shared_database_url: str, age: int) -> None:
    async with gate_world(shared_database_url, national=False) as world:
        await world.list_numbers("national", NOON.date() - timedelta(days=age))
        assert (await world.one(contact(person()))).allowed


async def test_a_states_list_that_is_too_old_is_no_list(world: GateWorld) -> None:
    await world.list_numbers("state-tx", NOON.date() - timedelta(days=93))
    assert (await world.one(contact(person()))).rules == ("list.state-tx",)


async def test_the_whole_message_of_a_person_is_read_and_never_kept(world: GateWorld) -> None:
    service: Any = world.service
    ann: Person = person()
    world.people.known[ann.lead_id] = ann
    request = pb.RecordOptOutRequest(
        buyer_id=world.buyer, lead_id=str(ann.lead_id), words="Stop by my office!", said_by="text", recorded_by="x"
    )
    with pytest.raises(AppError, match="words"):
        await service.RecordOptOut(request, None)
    request.words = "stop texting me"
    answer = await service.RecordOptOut(request, None)
    assert answer.scope == "phone"
    assert "texting" not in str(await world.rows("opt_out"))
    listed = await service.ListOptOuts(pb.ListOptOutsRequest(buyer_id=world.buyer, lead_id=str(ann.lead_id)), None)
    assert [one.opt_out_id for one in listed.opt_outs] == [answer.opt_out_id]
