"""Calls and what became of leads: asked of the gate, told in any order and any number of times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from leadline.events.v1 import lead_event_pb2 as events
from services.routing.follow_up import CallTask
from services.routing.work.agent import LEASE
from services.routing.work.calls import Ending
from services.routing.work.desk import Ranked
from shared.rpc.errors import NotFound, WrongState
from tests.clock import FakeClock
from tests.integration.work_world import BUYER, Floor, open_floor


@pytest.fixture
async def floor(shared_database_url: str, clock: FakeClock) -> AsyncIterator[Floor]:
    async with open_floor(shared_database_url, clock) as opened:
        await opened.agent("ann", capacity=5)
        await opened.agent("bob", capacity=5)
        yield opened


async def held(floor: Floor, agent: str = "ann") -> CallTask:
    task = await floor.task()
    assert await floor.claim(agent, task) == task.task_id
    return task


async def attempts(floor: Floor) -> list[dict[str, object]]:
    rows = await floor.admin.fetch("SELECT * FROM routing.attempt ORDER BY attempt_id")
    return [{**row, "decision_id": None, "attempt_id": None} for row in rows]


async def test_a_call_that_may_be_made_begins_and_tells_whom_to_call(floor: Floor) -> None:
    task, attempt_id = await held(floor), uuid4()
    answer = await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    assert answer.allowed
    assert answer.person is not None
    assert answer.person.phone == "+15125550123"
    (event,) = await floor.events("attempt_made")
    told = event.attempt_made
    assert (told.attempt_id, told.agent, told.automatic, told.live) == (str(attempt_id), "ann", False, False)
    (asked,) = floor.gate.asked
    assert (asked.channel, asked.automatic, asked.purpose) == ("call", False, "follow_up")


async def test_the_same_attempt_again_gets_the_same_answer_and_is_counted_once(floor: Floor) -> None:
    task, attempt_id = await held(floor), uuid4()
    first, *others = await asyncio.gather(
        *(floor.calls.begin(BUYER, attempt_id, "ann", task.task_id) for _ in range(6))
    )
    floor.gate.forbidden[task.lead.lead_id] = ("attempts", None)
    floor.clock.advance(5)
    again = await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    assert {one.attempt.began_at for one in (*others, again)} == {first.attempt.began_at}
    assert again.allowed
    assert again.person is not None
    assert len(await floor.events("attempt_made")) == 1


async def test_who_asks_again_after_an_opt_out_is_not_told_whom_to_call(floor: Floor) -> None:
    task, attempt_id = await held(floor), uuid4()
    await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    floor.gate.forbidden[task.lead.lead_id] = ("opted_out", None)
    again = await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    assert (again.allowed, again.person, again.attempt.blocked_by) == (False, None, "opted_out")
    assert await floor.admin.fetchval("SELECT state FROM routing.attempt") == "begun"


async def test_who_loses_the_task_while_the_gate_thinks_does_not_call(floor: Floor) -> None:
    task = await held(floor)

    async def lose() -> None:
        floor.clock.advance(LEASE.total_seconds() + 1)
        await floor.dispatcher.take_back()
        assert await floor.claim("bob") == task.task_id

    floor.gate.meanwhile = lose
    with pytest.raises(WrongState):
        await floor.calls.begin(BUYER, uuid4(), "ann", task.task_id)
    assert await floor.events("attempt_made") == []
    assert (await floor.calls.begin(BUYER, uuid4(), "bob", task.task_id)).allowed


async def test_nobody_begins_a_call_without_having_the_task(floor: Floor) -> None:
    task = await held(floor)
    with pytest.raises(WrongState):
        await floor.calls.begin(BUYER, uuid4(), "bob", task.task_id)
    with pytest.raises(NotFound):
        await floor.calls.begin(BUYER, uuid4(), "ann", uuid4())
    attempt_id = uuid4()
    await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    other = await held(floor)
    with pytest.raises(WrongState):
        await floor.calls.begin(BUYER, attempt_id, "ann", other.task_id)
    assert len(floor.gate.asked) == 1


async def test_a_blocked_call_says_when_and_goes_back_until_then(floor: Floor) -> None:
    task = await held(floor)
    at = floor.clock.now() + timedelta(hours=3)
    floor.gate.forbidden[task.lead.lead_id] = ("hours", at)
    answer = await floor.calls.begin(BUYER, uuid4(), "ann", task.task_id)
    assert not answer.allowed
    assert answer.person is None
    assert (answer.attempt.blocked_by, answer.attempt.not_before, answer.rules) == ("hours", at, ("hours",))
    row = await floor.row(task)
    assert (row["state"], row["agent"], row["not_before"], row["unattended"]) == ("open", "", at, "not_lawful_now")
    assert await floor.claim("ann") == "not_lawful_now"
    assert await floor.events("attempt_made") == []
    floor.clock.advance(3 * 3600)
    assert await floor.claim("ann") == task.task_id


async def test_a_gate_that_cannot_know_puts_the_call_off_and_ends_nothing(floor: Floor) -> None:
    task = await held(floor)
    floor.gate.forbidden[task.lead.lead_id] = ("cannot_know", None)
    assert not (await floor.calls.begin(BUYER, uuid4(), "ann", task.task_id)).allowed
    assert (await floor.row(task))["state"] == "open"
    floor.clock.advance(61)
    assert await floor.claim("ann") == task.task_id


async def test_a_person_whom_nobody_may_ever_call_is_taken_off_the_queue(floor: Floor) -> None:
    task = await held(floor)
    floor.gate.forbidden[task.lead.lead_id] = ("opted_out", None)
    assert not (await floor.calls.begin(BUYER, uuid4(), "ann", task.task_id)).allowed
    row = await floor.row(task)
    assert (row["state"], row["ended_by"]) == ("cancelled", "opted_out")
    assert (await floor.events("task_assigned"))[-1].task_assigned.agent == ""


async def test_an_end_is_kept_once_and_somebody_live_is_told(floor: Floor) -> None:
    task, attempt_id = await held(floor), uuid4()
    await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    floor.clock.advance(90)
    ending = Ending(attempt_id=attempt_id, ended_at=floor.clock.now(), live=True, seconds=80, recording="T-1")
    assert await floor.calls.end(BUYER, ending) is True
    assert await floor.calls.end(BUYER, ending) is False
    told = [event.attempt_made for event in await floor.events("attempt_made")]
    assert [(one.attempt_id, one.live) for one in told] == [(str(attempt_id), False), (str(attempt_id), True)]


async def test_the_end_of_a_blocked_call_is_refused(floor: Floor) -> None:
    task, attempt_id = await held(floor), uuid4()
    floor.gate.forbidden[task.lead.lead_id] = ("hours", None)
    await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    with pytest.raises(WrongState):
        await floor.calls.end(BUYER, Ending(attempt_id=attempt_id, ended_at=floor.clock.now()))


async def test_a_call_that_is_told_of_afterwards_counts_the_same_in_any_order(floor: Floor) -> None:
    """Three tellings of one call, in every order and one of them twice: the same is known in the end."""
    began_at = floor.clock.now()

    def tellings(attempt_id: UUID, lead_id: UUID) -> list[Ending]:
        base = {
            "attempt_id": attempt_id,
            "lead_id": lead_id,
            "agent": "ann",
            "ended_at": began_at + timedelta(minutes=2),
        }
        return [
            Ending(**base, began_at=began_at + timedelta(seconds=3)),  # type: ignore[arg-type]
            Ending(**base, began_at=began_at, live=True, live_at=began_at + timedelta(seconds=20)),  # type: ignore[arg-type]
            Ending(**base, began_at=began_at + timedelta(seconds=1), seconds=70, recording="T-1"),  # type: ignore[arg-type]
        ]

    known = []
    for order in permutations(range(3)):
        task = await held(floor)
        attempt_id = uuid4()
        told = tellings(attempt_id, task.lead.lead_id)
        for at in (*order, order[0]):
            await floor.calls.end(BUYER, told[at])
        row = await floor.admin.fetchrow("SELECT * FROM routing.attempt WHERE attempt_id = $1", attempt_id)
        assert row is not None
        known.append({name: row[name] for name in ("state", "began_at", "live", "live_at", "seconds", "recording")})
        await floor.say(task, "no_answer")
    assert known == [known[0]] * 6
    assert known[0]["began_at"] == began_at
    assert known[0]["live"] is True


async def test_a_beginning_that_is_not_told_must_be_told_with_the_end(floor: Floor) -> None:
    task = await held(floor)
    with pytest.raises(WrongState):
        await floor.calls.end(BUYER, Ending(attempt_id=uuid4(), ended_at=floor.clock.now(), lead_id=task.lead.lead_id))
    now = floor.clock.now()
    stranger = Ending(attempt_id=uuid4(), ended_at=now, began_at=now, agent="ann", lead_id=uuid4())
    with pytest.raises(NotFound):
        await floor.calls.end(BUYER, stranger)


async def test_a_disposition_settles_the_task_and_said_twice_is_one(floor: Floor) -> None:
    task, said = await held(floor), uuid4()
    standing = await floor.say(task, "voicemail", disposition_id=said)
    for _ in range(2):
        assert await floor.say(task, "voicemail", disposition_id=said) == standing
    assert standing.latest is not None
    assert standing.latest.team == "east"
    row = await floor.row(task)
    assert (row["state"], row["ended_by"], row["agent"]) == ("done", "voicemail", "")
    (event,) = await floor.events("disposition_set")
    assert (event.disposition_set.disposition, event.disposition_set.agent) == ("voicemail", "ann")


async def test_a_promised_call_waits_and_then_comes_first(floor: Floor) -> None:
    task = await held(floor)
    at = floor.clock.now() + timedelta(hours=1)
    standing = await floor.say(task, "callback", agreed_for=at)
    assert standing.callback_at == at
    assert (await floor.row(task))["state"] == "waiting"
    assert await floor.claim("bob") == "queue_empty"
    floor.clock.advance(3600)
    await floor.task(age=290, value=900_000)
    found = await floor.desk.claim(BUYER, "bob")
    assert isinstance(found, Ranked)
    assert found.task.task_id == task.task_id
    assert found.score.parts[0].name == "promise"


async def test_who_asks_to_be_left_alone_is_known_to_the_gate_before_the_answer(floor: Floor) -> None:
    task = await held(floor)
    second = await floor.task()
    standing = await floor.say(task, "do_not_contact")
    assert standing.closed_by == "do_not_contact"
    assert floor.gate.opted_out_at[task.lead.lead_id] == floor.clock.now()
    assert (await floor.row(second))["state"] == "open"


@pytest.mark.parametrize("closing", ["converted", "disconnected", "wrong_number", "not_interested"])
async def test_what_closes_a_lead_ends_its_other_calls(floor: Floor, closing: str) -> None:
    task = await held(floor)
    later = await second_task(floor, task, floor.clock.now())
    await floor.say(task, closing)
    assert (await floor.row(task))["state"] == "done"
    row = await floor.row(later)
    assert (row["state"], row["ended_by"]) == ("cancelled", closing)


async def test_what_a_lead_is_asked_back_for_is_told_to_intake_with_the_calls_that_were_made(floor: Floor) -> None:
    task = await held(floor)
    for at in range(2):
        attempt_id = uuid4()
        await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
        ended_at = floor.clock.now()
        await floor.calls.end(BUYER, Ending(attempt_id=attempt_id, ended_at=ended_at, recording="T-1" * at))
    await floor.say(task, "disconnected")
    await floor.say(task, "no_answer")
    (payload,) = await floor.admin.fetch("SELECT payload FROM outbox.message WHERE consumer = 'intake'")
    told = events.LeadEvent.FromString(payload["payload"]).disposition_set
    assert (told.disposition, told.attempts, list(told.recordings)) == ("disconnected", 2, ["T-1"])


async def second_task(floor: Floor, task: CallTask, created_at: datetime) -> CallTask:
    other = await floor.task()
    await floor.admin.execute(
        "UPDATE routing.call_task SET lead_id = $2, created_at = $3 WHERE task_id = $1",
        other.task_id, task.lead.lead_id, created_at,
    )  # fmt: skip
    return other


async def test_dispositions_lead_to_the_same_tasks_in_whatever_order_they_come(floor: Floor) -> None:
    start = floor.clock.now()
    floor.clock.advance(3600)
    said = [("no_answer", 1, 0), ("callback", 2, 1), ("not_interested", 3, 0)]
    ends = set()
    for order in permutations(said):
        task = await held(floor)
        later = await second_task(floor, task, start)
        both = (task, later)
        for word, minute, which in order:
            at = start + timedelta(minutes=minute)
            agreed = start + timedelta(days=1) if word == "callback" else None
            await floor.say(
                task, word, task_id=both[which].task_id, disposition_id=UUID(int=task.task_id.int ^ minute), at=at,
                agreed_for=agreed,
            )  # fmt: skip
        rows = [await floor.row(one) for one in both]
        ends.add(tuple((row["state"], row["ended_by"], row["agent"]) for row in rows))
    assert ends == {(("done", "not_interested", ""), ("cancelled", "not_interested", ""))}


async def test_an_older_word_does_not_take_a_task_from_who_has_it_now(floor: Floor) -> None:
    task = await held(floor)
    at = floor.clock.now()
    floor.clock.advance(60)
    await floor.say(task, "callback", agreed_for=floor.clock.now() + timedelta(seconds=1))
    floor.clock.advance(2)
    assert await floor.claim("bob") == task.task_id
    await floor.say(task, "no_answer", at=at)
    assert (await floor.row(task))["agent"] == "bob"


async def test_a_disposition_names_a_known_agent_and_its_own_leads_task(floor: Floor) -> None:
    task, other = await held(floor), await held(floor)
    with pytest.raises(NotFound):
        await floor.say(task, "no_answer", agent="nobody")
    with pytest.raises(WrongState):
        await floor.say(task, "no_answer", task_id=other.task_id)


async def test_tellings_of_one_lead_at_once_are_told_one_after_the_other(floor: Floor) -> None:
    task, attempt_id, said = await held(floor), uuid4(), uuid4()
    await floor.calls.begin(BUYER, attempt_id, "ann", task.task_id)
    ending = Ending(attempt_id=attempt_id, ended_at=floor.clock.now(), live=True)
    await asyncio.gather(
        *(floor.calls.end(BUYER, ending) for _ in range(8)),
        *(floor.say(task, "contacted", disposition_id=said) for _ in range(8)),
    )
    assert len(await floor.events("attempt_made")) == 2
    assert len(await floor.events("disposition_set")) == 1
    assert (await floor.row(task))["state"] == "done"
