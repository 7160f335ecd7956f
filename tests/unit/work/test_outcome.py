from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.routing.work.outcome import CLOSING, WORDS, Disposition, standing, task_end
from shared.catalog.following import Disposition as DispositionWord
from tests.unit.work.samples import START

LEAD, TASK, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def said(word: DispositionWord, minute: int, task_id: UUID | None = TASK, agreed: int = 60) -> Disposition:
    return Disposition(
        disposition_id=UUID(int=1000 + minute),
        lead_id=LEAD,
        task_id=task_id,
        disposition=word,
        at=START + timedelta(minutes=minute),
        agent="ann",
        agreed_for=START + timedelta(minutes=agreed) if word in ("callback", "appointment") else None,
    )


histories = st.lists(
    st.builds(said, st.sampled_from(sorted(WORDS)), st.integers(1, 999), st.sampled_from([None, TASK, OTHER])),
    max_size=8,
    unique_by=lambda one: one.disposition_id,
)


@given(histories, st.randoms())
def test_the_order_in_which_it_is_told_makes_no_difference(history: list[Disposition], random: Random) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    assert standing(shuffled) == standing(history)
    assert task_end(TASK, START, shuffled) == task_end(TASK, START, history)


@given(histories)
def test_nobody_calls_on_whom_asked_to_be_left_alone(history: list[Disposition]) -> None:
    history = [*history, said("do_not_contact", 500, OTHER)]
    assert standing(history).closed_by == "do_not_contact"
    end = task_end(TASK, START, history)
    assert end is not None
    assert end.state == "done" or (end.state, end.ended_by) == ("cancelled", "do_not_contact")


def test_nothing_said_changes_nothing() -> None:
    assert standing([]).latest is None
    assert task_end(TASK, START, []) is None
    assert task_end(TASK, START, [said("no_answer", 1, OTHER)]) is None


def test_a_later_word_replaces_an_earlier_one() -> None:
    history = [said("not_interested", 5), said("callback", 9)]
    assert standing(history).closed_by == ""
    assert standing(history).callback_at == START + timedelta(minutes=60)
    end = task_end(TASK, START, history)
    assert end is not None
    assert (end.state, end.promised_by) == ("waiting", "ann")


def test_what_closes_the_lead_ends_its_other_tasks_too() -> None:
    for word in CLOSING:
        end = task_end(TASK, START, [said(word, 5, OTHER)])
        assert end is not None
        assert (end.state, end.ended_by) == ("cancelled", word)


def test_a_task_of_later_is_not_ended_by_what_was_said_before_it() -> None:
    assert task_end(TASK, START + timedelta(minutes=9), [said("not_interested", 5, OTHER)]) is None


def test_an_appointment_stays_known_after_later_words() -> None:
    history = [said("appointment", 5, agreed=90), said("qualified", 7)]
    assert standing(history).appointment_at == START + timedelta(minutes=90)
