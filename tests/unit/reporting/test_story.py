"""A lead's story is the same in whatever order and however often its events come, and so is what it adds to sums."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.parts import parts, skew
from services.reporting.response import counted, stages, unchanged
from services.reporting.response_sums import ResponseSums, Sums
from services.reporting.story import KEPT, Story, decode, encode
from tests.unit.reporting.stories import assigned, at, attempt, automatic, bought, handed, joined, reply, said, task

_seconds = st.integers(min_value=-60, max_value=90_000)
_told = st.one_of(
    st.builds(lambda submitted: bought(submitted=at(submitted)), st.integers(-600, 600)),
    st.builds(
        lambda seconds, name, live, reckoned: attempt(seconds, name=name, live=live, lawful_ms=reckoned),
        _seconds, st.sampled_from(["a1", "a2", "a3"]), st.booleans(), st.integers(-1, 90_000_000),
    ),
    st.builds(automatic, _seconds),
    st.builds(reply, _seconds),
    st.builds(task, _seconds, st.sampled_from(["t1", "t2"])),
    st.builds(assigned, _seconds, st.sampled_from(["ann", "bob", ""])),
    st.builds(handed, _seconds, st.sampled_from(["email", "text"])),
    st.builds(said, st.sampled_from(["appointment", "converted", "voicemail"]), _seconds),
    st.sampled_from([Story(arm="held_back", delay_seconds=1800), Story(arm="at_once", delay_seconds=1800)]),
)  # fmt: skip


@given(st.lists(_told, max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_any_order_and_any_repetition_tell_the_same_story(told: list[Story], random: Random, again: int) -> None:
    once = joined(*told)
    shuffled = told + told[:again]
    random.shuffle(shuffled)
    assert encode(joined(*shuffled)) == encode(once)
    half = len(shuffled) // 2
    assert joined(*shuffled[:half]).joined(joined(*shuffled[half:])) == once
    assert decode(encode(once)) == once


@given(st.lists(st.lists(_told, max_size=8), max_size=3), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_sums_follow_from_the_stories_whatever_the_order_in_which_they_grew(
    leads: list[list[Story]], random: Random
) -> None:
    grown = ResponseSums()
    events = [(index, part) for index, told in enumerate(leads) for part in told]
    random.shuffle(events)
    stories: dict[int, Story] = {}
    for index, part in events:
        before = stories.get(index)
        stories[index] = part if before is None else before.joined(part)
        grown.change("big-bank", before, stories[index])
    at_once = ResponseSums()
    for story in stories.values():
        at_once.change("big-bank", None, story)
    for sums in ("response", "heat", "held"):
        assert _plain(getattr(grown, sums)()) == _plain(getattr(at_once, sums)())
    late, once = grown.speed(), at_once.speed()
    assert late.keys() == once.keys()
    for key, counts in late.items():
        told = replace(counts, buckets={bucket: n for bucket, n in counts.buckets.items() if n})
        assert told == once[key]


def _plain(sums: dict[object, Sums]) -> dict[object, object]:
    return {
        key: (
            {name: number for name, number in one.numbers.items() if number},
            {timed: kept for timed, held in one.times.items() if (kept := {b: n for b, n in held.items() if n})},
        )
        for key, one in sums.items()
    }


@given(st.lists(_told, max_size=8), _told)
def test_what_is_said_to_be_unchanged_counts_the_same(told: list[Story], more: Story) -> None:
    before = joined(*told)
    after = before.joined(more)
    if unchanged(before, after):
        assert counted(before) == counted(after)


def test_the_earliest_real_attempt_counts_though_it_is_told_of_last() -> None:
    story = joined(bought(), attempt(300, agent="bob"), attempt(120), attempt(400, live=True, live_at=at(409)))
    first = story.first_attempt
    assert first is not None
    assert (first.at, first.agent) == (at(120), "ann")
    assert story.first_live == at(409)


def test_a_person_who_writes_back_was_reached_and_nobody_had_tried() -> None:
    replied = joined(bought(), task(0.1), reply(20))
    assert replied.first_live == at(20)
    assert replied.first_attempt is None
    assert parts(replied) is None
    called = joined(replied, attempt(90))
    assert called.first_attempt is not None
    assert called.first_attempt.at == at(90)
    assert called.first_live == at(20)


def test_what_a_program_sends_is_neither_attempt_nor_contact() -> None:
    story = joined(bought(), automatic(1), handed(0.2), task(0.1))
    assert story.first_attempt is None
    assert story.first_live is None
    lead = counted(story)
    assert lead is not None
    assert dict(lead.numbers) == {"leads": 1}
    assert lead.tried == ()


@given(st.lists(_told, max_size=12).map(lambda told: joined(bought(), *told)))
def test_the_parts_are_never_negative_and_add_up_to_the_whole(story: Story) -> None:
    split, first = parts(story), story.first_attempt
    if first is None:
        assert split is None
        return
    assert split is not None
    assert min(split) >= 0
    start = min(story.submitted or 0, story.received or 0)
    assert split.total == max(0, (first.at or 0) - start)


def test_the_parts_of_a_lead_as_a_person_would_reckon_them() -> None:
    story = joined(bought(), task(0.025), assigned(30), assigned(90, "bob"), attempt(100))
    split = parts(story)
    assert split is not None
    assert [part / 1e6 for part in split] == [3.0, 0.04, 0.0, 29.975, 70.0]
    assert split.total / 1e6 == 103.015


def test_a_delay_that_a_hold_out_chose_is_nobodys_fault() -> None:
    held = bought(arm="held_back", delay_seconds=1800)
    split = parts(joined(held, task(1800.5), assigned(1810), attempt(1820)))
    assert split is not None
    assert [part / 1e6 for part in split] == [3.0, 0.515, 1800.0, 9.5, 10.0]
    lead = counted(joined(held, attempt(1820)))
    assert lead is not None
    assert dict(lead.numbers) == {"held_back": 1}


def test_a_sellers_clock_that_is_ahead_is_shown_and_costs_nobody_time() -> None:
    story = joined(bought(submitted=at(5)), attempt(60))
    split = parts(story)
    assert split is not None
    assert (skew(story) / 1e6, split.seller, split.total / 1e6) == (5.015, 0, 60.015)
    lead = counted(story)
    assert lead is not None
    assert dict(lead.numbers)["skewed"] == 1


def test_bands_take_their_upper_end() -> None:
    def band(seconds: float) -> set[str]:
        lead = counted(joined(bought(), attempt(seconds, lawful_ms=round(seconds * 1000))))
        assert lead is not None
        return {name for name, _ in lead.numbers if name.startswith(("wall", "lawful"))}

    assert band(300) == {"wall_5", "lawful_5"}
    assert band(300.001) == {"wall_15", "lawful_15"}
    assert band(3600) == {"wall_60", "lawful_60"}
    assert band(3601) == {"wall_more", "lawful_more"}


def test_a_lead_bought_at_night_is_judged_by_the_lawful_clock_too() -> None:
    lead = counted(joined(bought(), attempt(36_000, lawful_ms=60_000)))
    assert lead is not None
    numbers = dict(lead.numbers)
    assert (numbers["wall_more"], numbers["lawful_5"]) == (1, 1)


def test_the_first_of_several_messages_to_the_person_and_of_several_tasks_is_timed() -> None:
    messages = (handed(86_400), handed(0.1), handed(0.05, "text"), handed(0.01, "webhook"))
    told = joined(bought(), *messages, task(50), task(0.02, "t2"))
    assert dict(stages(told)) == {"email": 100_000, "system": 65_000, "speed_to_lead": 3_065_000, "task": 20_000}


def test_a_lead_is_of_whom_it_was_given_to_last_until_somebody_tries() -> None:
    told = joined(bought(), assigned(1), assigned(60, "bob"))
    assert told.holder == ("east", "bob")
    assert joined(told, assigned(90, "")).holder == ("east", "")
    assert joined(told, attempt(70, agent="cy")).holder == ("east", "cy")


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_of_very_many_assignments_the_first_and_the_last_are_kept_whatever_their_order(random: Random) -> None:
    told = [assigned(seconds, "ann" if seconds % 2 else "") for seconds in range(1, 4 * KEPT)]
    random.shuffle(told)
    cut = random.randrange(len(told))
    story = joined(*told[:cut]).joined(joined(*told[cut:])).joined(told[0])
    assert len(story.assigned) == 2 * KEPT
    assert story.first_assigned == at(1)
    assert story.holder == ("east", "ann")


def test_an_outcome_counts_in_a_hold_out_only_in_its_time() -> None:
    arm = bought(arm="at_once", delay_seconds=1800)
    day = 86_400
    soon = counted(joined(arm, attempt(6 * day, live=True), said("converted", 29 * day)))
    late = counted(joined(arm, attempt(8 * day, live=True), said("converted", 31 * day)))
    assert soon is not None
    assert soon.held is not None
    assert (soon.held.contacted, soon.held.converted) == (True, True)
    assert late is not None
    assert late.held is not None
    assert (late.held.attempted, late.held.contacted, late.held.converted) == (True, False, False)
