"""Percentiles from buckets keep their promised error, whatever the values and however they were added up."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.projector import LONGEST
from services.reporting.sketch import ACCURACY, bucket_of, coarse, coarse_value, percentile, value_of

_LONGEST_US = int(LONGEST.total_seconds() * 1_000_000)
_durations = st.integers(min_value=0, max_value=_LONGEST_US)
_shares = st.one_of(st.sampled_from([0.5, 0.95, 0.99, 1.0]), st.floats(min_value=0.001, max_value=1.0))


@given(_durations)
def test_a_bucket_stands_for_its_values_within_the_promised_error(value: int) -> None:
    assert abs(value_of(bucket_of(value)) - value) <= ACCURACY * value


@given(_durations, _durations)
def test_buckets_keep_the_order_of_values(one: int, other: int) -> None:
    if one <= other:
        assert bucket_of(one) <= bucket_of(other)


@given(st.lists(_durations, min_size=1, max_size=200), _shares)
def test_a_percentile_is_within_the_promised_error_of_the_exact_one(values: list[int], share: float) -> None:
    exact = sorted(values)[math.ceil(share * len(values)) - 1]
    assert abs(percentile(Counter(map(bucket_of, values)), share) - exact) <= ACCURACY * exact


@given(st.lists(_durations, min_size=1), st.lists(_durations, min_size=1), _shares)
def test_sums_of_parts_answer_as_the_whole(left: list[int], right: list[int], share: float) -> None:
    parts = Counter(map(bucket_of, left)) + Counter(map(bucket_of, right))
    assert percentile(parts, share) == percentile(Counter(map(bucket_of, left + right)), share)


def test_all_durations_together_need_few_buckets() -> None:
    assert bucket_of(_LONGEST_US) < 1000


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="expected counts"):
        percentile({}, 0.5)


def test_a_negative_value_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        bucket_of(-1)


@given(_durations)
def test_a_coarse_bucket_stands_for_its_values_within_eight_percent(value: int) -> None:
    assert abs(coarse_value(coarse(bucket_of(value))) - value) <= 0.08 * value
