"""What a run does next: when steps are due, what speaks against them, what ends it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.playbook.engine import CALLS_APART, Turn, advance, due_of
from services.routing.playbook.run import (
    AttemptMade,
    DispositionSet,
    Fact,
    Forgotten,
    LeadKind,
    OptedOut,
    Returned,
    Run,
    told,
    waits_for_call,
)
from shared.catalog.following import ALWAYS_STOPS, Condition, ContactTerms, Playbook, Step, StepChannel
from tests.unit.playbook.samples import (
    CALL,
    CLOSED_TERMS,
    CONFIRMATION,
    NOW,
    OPEN_TERMS,
    PATIENT,
    UNANSWERED,
    book,
    call,
    later,
    run_of,
)


def names(turn: Turn, playbook: Playbook = PATIENT) -> list[str]:
    return [playbook.steps[position].name for position in turn.opened]


def why(run: Run, name: str, playbook: Playbook = PATIENT) -> str:
    place = next(place for place, step in enumerate(playbook.steps) if step.name == name)
    return run.steps[place].why


def attempt(at: datetime, *, live: bool = False, automatic: bool = False) -> AttemptMade:
    return AttemptMade(channel="call", automatic=automatic, began_at=at, live=live)


def test_the_confirmation_and_the_first_call_are_due_with_the_purchase() -> None:
    turn = advance(run_of(), PATIENT, OPEN_TERMS, NOW)
    assert names(turn) == ["confirmation", "call-1"]
    assert turn.due_at == later(10)


def test_the_next_call_counts_from_the_attempt_and_waits_for_it() -> None:
    run = advance(run_of(), PATIENT, OPEN_TERMS, NOW).run
    late = advance(run, PATIENT, OPEN_TERMS, later(600))
    assert names(late) == ["text-1"]
    assert waits_for_call(late.run)
    again = advance(told(late.run, attempt(later(605))), PATIENT, OPEN_TERMS, later(605))
    assert again.opened == ()
    assert again.due_at == later(635)
    assert names(advance(again.run, PATIENT, OPEN_TERMS, later(635))) == ["call-2"]


def test_a_call_that_was_due_meanwhile_does_not_follow_on_the_heels_of_the_one_before() -> None:
    playbook = book(CALL, call("call-2", "30m", since="bought"))
    run = advance(run_of(playbook), playbook, OPEN_TERMS, NOW).run
    turn = advance(told(run, attempt(later(90))), playbook, OPEN_TERMS, later(90))
    assert (turn.opened, turn.due_at) == ((), later(90) + CALLS_APART)


def test_an_agents_word_ends_the_open_call_as_an_attempt_does() -> None:
    run = advance(run_of(), PATIENT, OPEN_TERMS, NOW).run
    run = told(run, DispositionSet(disposition="voicemail", at=later(3)))
    assert not waits_for_call(run)
    assert due_of(run, PATIENT, 2) == later(33)


def test_what_is_told_late_of_an_earlier_call_ends_no_later_one() -> None:
    run = told(advance(run_of(), PATIENT, OPEN_TERMS, NOW).run, attempt(later(1)))
    run = advance(run, PATIENT, OPEN_TERMS, later(31)).run
    assert waits_for_call(told(run, DispositionSet(disposition="no_answer", at=later(2))))
    assert not waits_for_call(told(run, DispositionSet(disposition="no_answer", at=later(32))))


def test_a_call_at_an_unlawful_hour_is_due_at_the_next_lawful_instant() -> None:
    def from_ten_hours_on(_channel: StepChannel, at: datetime) -> datetime | None:
        return max(at, later(600))

    turn = advance(run_of(), PATIENT, OPEN_TERMS, NOW, from_ten_hours_on)
    assert names(turn) == ["confirmation"]
    assert why(turn.run, "call-1") == "unlawful_hour"
    assert turn.due_at == later(10), "the hours of calls keep nothing else waiting"
    assert names(advance(turn.run, PATIENT, OPEN_TERMS, later(600), from_ten_hours_on)) == ["text-1", "call-1"]


def test_a_call_that_is_never_lawful_is_left_out_and_what_follows_goes_on() -> None:
    turn = advance(run_of(), PATIENT, OPEN_TERMS, later(0), lambda _channel, _at: None)
    assert why(turn.run, "call-1") == "never_lawful"
    assert names(turn) == ["confirmation"]


def test_a_step_left_out_ends_at_once_so_that_the_next_counts_from_it() -> None:
    playbook = book(call("a", "0s", since="bought", when=Condition(forms=("short",))), call("b", "0s"))
    turn = advance(run_of(playbook), playbook, OPEN_TERMS, NOW)
    assert names(turn, playbook) == ["b"]


@pytest.mark.parametrize(
    ("when", "kind", "reason"),
    [
        (Condition(forms=("long",)), LeadKind(form="short"), "form"),
        (Condition(exclusivity="exclusive"), LeadKind(exclusivity="shared"), "exclusivity"),
        (Condition(opt_in=("double",)), LeadKind(opt_in="single"), "opt_in"),
        (Condition(incentivized=False), LeadKind(incentivized=True), "incentivized"),
        (Condition(own=True), LeadKind(), "own"),
        (Condition(answered=True), LeadKind(), "not_answered"),
        (Condition(dispositions=("voicemail",)), LeadKind(), "disposition"),
    ],
)
def test_a_condition_that_does_not_hold_leaves_the_step_out(when: Condition, kind: LeadKind, reason: str) -> None:
    playbook = book(Step(name="a", channel="call", when=when))
    turn = advance(run_of(playbook, kind=kind), playbook, OPEN_TERMS, NOW)
    assert (turn.opened, why(turn.run, "a", playbook)) == ((), reason)
    assert turn.run.state == "finished"


def test_texts_are_off_until_the_order_allows_them() -> None:
    turn = advance(run_of(), PATIENT, CLOSED_TERMS, later(10))
    assert why(turn.run, "text-1") == "automatic_texts_off"


def test_after_a_shared_opt_in_only_the_confirmation_is_automatic() -> None:
    run = run_of(kind=LeadKind(form="long", exclusivity="shared"))
    terms = ContactTerms(automatic_texts=True)
    turn = advance(run, PATIENT, terms, later(3 * 1440))
    assert names(turn) == ["confirmation", "call-1"]
    assert {why(turn.run, "text-1"), why(turn.run, "email-2")} == {"shared_opt_in"}


def test_an_opt_out_of_one_means_leaves_the_others() -> None:
    run = told(run_of(), OptedOut(scope="call", at=NOW))
    turn = advance(run, PATIENT, OPEN_TERMS, later(3 * 1440))
    assert names(turn) == ["confirmation", "text-1", "email-2"]
    assert why(turn.run, "call-1") == "opted_out"


def test_nobody_calls_or_texts_a_wrong_number_where_the_playbook_goes_on() -> None:
    playbook = replace_stop(PATIENT, ("contacted",))
    run = told(run_of(playbook), DispositionSet(disposition="wrong_number", at=NOW))
    turn = advance(run, playbook, OPEN_TERMS, later(3 * 1440))
    assert names(turn, playbook) == ["confirmation", "email-2"]
    assert {why(turn.run, name, playbook) for name in ("call-1", "call-2", "text-1")} == {"wrong_number"}


def replace_stop(playbook: Playbook, stop: Any) -> Playbook:
    return book(*playbook.steps, stop=stop)


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (AttemptMade(channel="call", automatic=False, began_at=later(1), live=True), "contacted"),
        (AttemptMade(channel="text", automatic=True, began_at=later(1), live=True), "contacted"),
        (DispositionSet(disposition="converted", at=later(1)), "converted"),
        (DispositionSet(disposition="not_interested", at=later(1)), "not_interested"),
        (DispositionSet(disposition="wrong_number", at=later(1)), "wrong_number"),
        (DispositionSet(disposition="do_not_contact", at=later(1)), "do_not_contact"),
        (DispositionSet(disposition="callback", at=later(1)), "contacted"),
        (OptedOut(scope="all", at=later(1)), "opted_out"),
        (Returned(at=later(1)), "returned"),
        (Forgotten(at=later(1)), "forgotten"),
    ],
)
def test_what_stops_a_run(fact: Fact, reason: str) -> None:
    run = told(advance(run_of(), PATIENT, OPEN_TERMS, NOW).run, fact)
    assert (run.state, run.stopped_by, run.ended_at) == ("stopped", reason, later(1))
    assert advance(run, PATIENT, OPEN_TERMS, later(99_999)) == Turn(run, (), None)


@pytest.mark.parametrize(
    "fact",
    [
        attempt(later(1)),
        AttemptMade(channel="email", automatic=True, began_at=later(1), live=False),
        DispositionSet(disposition="no_answer", at=later(1)),
        OptedOut(scope="text", at=later(1)),
    ],
)
def test_what_does_not_stop_a_run(fact: Fact) -> None:
    assert told(advance(run_of(), PATIENT, OPEN_TERMS, NOW).run, fact).state == "running"


def test_the_latest_word_counts_whatever_came_first() -> None:
    facts = [
        DispositionSet(disposition="voicemail", at=later(5)),
        DispositionSet(disposition="no_answer", at=later(2)),
    ]
    for order in (facts, facts[::-1]):
        run = run_of()
        for fact in order:
            run = told(run, fact)
        assert run.disposition == "voicemail"


def test_held_back_leads_are_confirmed_at_once_and_called_later() -> None:
    run = run_of(arm="held_back", delay_seconds=3600)
    turn = advance(run, PATIENT, OPEN_TERMS, later(59))
    assert names(turn) == ["confirmation", "text-1"]
    turn = advance(turn.run, PATIENT, OPEN_TERMS, later(60))
    assert names(turn) == ["call-1"]
    after = told(turn.run, attempt(later(61)))
    assert due_of(after, PATIENT, 2) == later(91), "what counts from a call has waited with it"
    assert names(advance(run_of(arm="at_once", delay_seconds=3600), PATIENT, OPEN_TERMS, NOW)) == [
        "confirmation",
        "call-1",
    ]


CHANNELS = st.sampled_from(["email", "text", "call"])


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    steps = []
    for place in range(draw(st.integers(1, 6))):
        channel: Any = draw(CHANNELS)
        conditions = st.sampled_from(
            [Condition(), UNANSWERED, Condition(forms=("short",)), Condition(dispositions=("voicemail",))]
        )
        steps.append(
            Step(
                name=f"s{place}",
                channel=channel,
                template=None if channel == "call" else "t",
                after=f"{draw(st.integers(0, 90))}m",
                since=draw(st.sampled_from(["bought", "previous"])) if place else "bought",
                when=draw(conditions),
            )
        )
    return book(*steps, stop=("contacted", "converted"))


MINUTES = st.integers(0, 400)
FACTS = st.one_of(
    st.builds(lambda m, live: attempt(later(m), live=live), MINUTES, st.booleans()),
    st.builds(
        lambda m, said: DispositionSet(disposition=said, at=later(m)),
        MINUTES,
        st.sampled_from(["no_answer", "voicemail", "converted", "wrong_number"]),
    ),
    st.builds(
        lambda m, scope: OptedOut(scope=scope, at=later(m)), MINUTES, st.sampled_from(["all", "call", "text", "email"])
    ),
)
EVENTS = st.lists(st.one_of(MINUTES, FACTS), max_size=25)


def holds(when: Condition, run: Run) -> bool:
    """A condition as the catalog's reference says it."""
    return (
        (when.answered is None or when.answered == run.answered)
        and (not when.dispositions or run.disposition in when.dispositions)
        and (not when.forms or run.kind.form in when.forms)
    )


@given(playbooks(), EVENTS)
def test_no_step_is_opened_twice_no_two_calls_at_once_and_a_stop_stops(
    playbook: Playbook, events: list[int | Fact]
) -> None:
    run, now, opened = run_of(playbook), NOW, Counter[int]()
    for event in events:
        if isinstance(event, int):
            # Time only goes on; looks may come as late as they like.
            now = max(now, later(event))
            before = run
            turn = advance(run, playbook, OPEN_TERMS, now)
            run = turn.run
            opened.update(turn.opened)
            for position in turn.opened:
                assert before.state == "running"
                assert playbook.steps[position].channel not in run.opted_out
                assert holds(playbook.steps[position].when, run)
                assert run.steps[position].due_at <= now
            assert sum(playbook.steps[position].channel == "call" for position in turn.opened) <= 1
            assert turn.due_at is None or (run.state == "running" and turn.due_at > now)
            assert advance(run, playbook, OPEN_TERMS, now) == Turn(run, (), turn.due_at), "a second look brings nothing"
        else:
            was = run
            run = told(run, event)
            assert was.state == "running" or run == was, "what is over stays as it ended"
            assert told(run, event) == run, "told twice, it counts once"
    assert all(times == 1 for times in opened.values())


@given(playbooks())
def test_a_run_whose_calls_are_made_comes_to_its_end(playbook: Playbook) -> None:
    run, at, looks = run_of(playbook), NOW, 0
    while run.state == "running":
        turn = advance(run, playbook, OPEN_TERMS, at)
        run = turn.run
        if waits_for_call(run):
            run = told(run, attempt(at))
            turn = advance(run, playbook, OPEN_TERMS, at)
            run = turn.run
        looks += 1
        assert looks <= 2 * len(playbook.steps) + 2
        at = turn.due_at or at
    assert set(run.steps) == set(range(len(playbook.steps)))
    assert run.state == "finished"


def test_whoever_wants_to_be_left_alone_is_whatever_the_playbook_says() -> None:
    assert set(ALWAYS_STOPS) <= book(CONFIRMATION, stop=()).stops
    assert later(1) - NOW == timedelta(minutes=1)
    assert replace(run_of(), state="finished", ended_at=NOW) == told(
        replace(run_of(), state="finished", ended_at=NOW), Returned(at=later(1))
    )
