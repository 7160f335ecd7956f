"""Intervals equal those of other people's programs and papers; looking often does not make a difference appear."""

from __future__ import annotations

from random import Random

import pytest

from services.reporting.hold_out import Arm, always_valid, compare, difference, needed_leads, rate, ratio

# statsmodels 0.15.0: confint_proportions_2indep(method="newcomb", compare="diff"), (method="log-adjusted",
# compare="ratio") and proportion_confint(method="wilson"). The first four differences are those of Newcombe's paper,
# table II, method 10.
_KNOWN = [
    ((56, 70, 48, 80), (0.05243147, 0.33387265), (1.07596715, 1.64447748), (0.69183356, 0.87695261)),
    ((9, 10, 3, 10), (0.17052272, 0.80901797), (1.12852174, 6.52831639), (0.59584997, 0.98212379)),
    ((5, 56, 0, 29), (-0.03813715, 0.19256001), (0.32871091, 100.35023254), (0.03874215, 0.19256001)),
    ((10, 10, 0, 20), (0.67908604, 1.0), (2.65322430, 633.56874975), (0.72246720, 1.0)),
    ((612, 1800, 251, 900), (0.02403409, 0.09709094), (1.07698487, 1.37755132), (0.31847757, 0.36220390)),
    ((41, 3826, 22, 1900), (-0.00738832, 0.00458866), (0.55000737, 1.52579070), (0.00790930, 0.01450455)),
]


@pytest.mark.parametrize(("counts", "apart", "times", "alone"), _KNOWN)
def test_intervals_are_those_of_an_independent_program(
    counts: tuple[int, int, int, int],
    apart: tuple[float, float],
    times: tuple[float, float],
    alone: tuple[float, float],
) -> None:
    reached, leads, other_reached, other_leads = counts
    one, other = Arm(leads, reached), Arm(other_leads, other_reached)
    assert difference(one, other)[1:] == pytest.approx(apart, abs=1e-7)
    assert ratio(one, other)[1:] == pytest.approx(times, rel=1e-7)
    assert rate(one)[1:] == pytest.approx(alone, abs=1e-7)


def test_telling_two_percent_from_three_needs_3826_leads_an_arm() -> None:
    assert needed_leads(0.03, 0.01) == (3826, 3826)


def test_an_uneven_split_needs_more_leads_in_all() -> None:
    even, uneven = needed_leads(0.3, 0.05), needed_leads(0.3, 0.05, share=1 / 9)
    assert sum(uneven) > 2 * sum(even)
    assert uneven[0] == pytest.approx(9 * uneven[1], rel=0.01)


def test_a_small_sample_is_called_small_however_large_its_difference_looks() -> None:
    told = compare(Arm(10, 9), Arm(10, 3), 0.05)
    assert told.difference is not None
    assert told.difference.low > 0, "an interval that is read as if nobody had looked before"
    assert (told.verdict, told.enough, told.always_valid) == ("too_early", False, None)


def test_a_plain_difference_is_told_before_the_sample_is_complete() -> None:
    told = compare(Arm(900, 540), Arm(300, 120), 0.05)
    assert (told.verdict, told.enough) == ("at_once_is_better", False)
    assert compare(Arm(300, 120), Arm(900, 540), 0.05).verdict == "held_back_is_better"


def test_a_complete_sample_without_a_difference_says_so() -> None:
    told = compare(Arm(2000, 800), Arm(2000, 790), 0.05)
    assert (told.verdict, told.enough) == ("no_difference_shown", True)


def test_nothing_is_compared_with_an_empty_arm() -> None:
    told = compare(Arm(0, 0), Arm(5, 1), 0.05)
    assert (told.difference, told.ratio, told.always_valid, told.verdict) == (None, None, None, "too_early")


def test_looking_every_day_finds_no_difference_where_there_is_none() -> None:
    random, runs = Random(5), 150
    fooled_once, fooled_ever = 0, 0
    for _ in range(runs):
        reached, leads = [0, 0], [0, 0]
        fixed = sure = False
        for seen in range(1, 2001):
            arm = random.random() < 0.5
            leads[arm] += 1
            reached[arm] += random.random() < 0.3
            if seen % 50 == 0:
                one, other = Arm(leads[0], reached[0]), Arm(leads[1], reached[1])
                apart, at_any_time = difference(one, other), always_valid(one, other)
                fixed |= not apart.low <= 0 <= apart.high
                sure |= at_any_time is not None and not at_any_time.low <= 0 <= at_any_time.high
        fooled_once += fixed
        fooled_ever += sure
    assert fooled_once / runs > 0.2, "what peeking does to an interval that is to be read once"
    assert fooled_ever / runs <= 0.05
