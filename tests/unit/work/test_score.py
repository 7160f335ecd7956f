from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.work.score import CONTACT_ODDS, Waiting, contact_odds, score
from tests.unit.work.samples import START


def waiting(age: float, *, sla: float = 5, value: int = 3200, promised: float | None = None) -> Waiting:
    """Bought so many minutes ago; a call was promised so many minutes from then."""
    started_at = START - timedelta(minutes=age)
    return Waiting(
        started_at=started_at,
        due_at=started_at + timedelta(minutes=sla),
        promised_at=None if promised is None else START + timedelta(minutes=promised),
        value_minor=value,
    )


def total(task: Waiting) -> float:
    return score(task, START).total


@pytest.mark.parametrize(("minutes", "odds"), CONTACT_ODDS)
def test_the_curve_goes_through_what_is_known(minutes: float, odds: float) -> None:
    assert contact_odds(minutes) == pytest.approx(odds)


@given(st.floats(0, 20_000), st.floats(0, 20_000))
def test_odds_only_fall_with_age(one: float, other: float) -> None:
    younger, older = sorted((one, other))
    assert 1 >= contact_odds(younger) >= contact_odds(older) > 0


def test_a_promise_that_is_due_comes_before_everything() -> None:
    assert total(waiting(5000, promised=-1)) > total(waiting(4.9, value=1_000_000))


def test_a_promise_that_is_not_due_counts_for_nothing() -> None:
    assert total(waiting(30, promised=10)) == total(waiting(30))


def test_of_two_promises_the_older_is_kept_first() -> None:
    assert total(waiting(60, promised=-9)) > total(waiting(60, promised=-2))


def test_of_two_fresh_leads_the_dearer_is_called_first() -> None:
    assert total(waiting(1, value=6000)) > total(waiting(1, value=1500))


def test_of_two_leads_the_one_that_runs_out_sooner_is_called_first() -> None:
    assert total(waiting(4)) > total(waiting(3))


def test_what_can_still_be_kept_comes_before_what_was_just_broken() -> None:
    assert total(waiting(4.8)) > total(waiting(6))


def test_what_has_waited_for_hours_comes_before_what_is_fresh() -> None:
    assert total(waiting(300)) > total(waiting(0.5))


@given(st.floats(0, 5000), st.integers(0, 100_000), st.one_of(st.none(), st.floats(-500, 500)))
def test_a_score_is_the_sum_of_its_parts_and_each_is_told_in_words(
    age: float, value: int, promised: float | None
) -> None:
    found = score(waiting(age, value=value, promised=promised), START)
    assert found.total == pytest.approx(sum(part.points for part in found.parts))
    assert all(part.points > 0 and part.why for part in found.parts)
    assert [part.points for part in found.parts] == sorted((part.points for part in found.parts), reverse=True)
