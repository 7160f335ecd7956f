"""Percentiles from counts in logarithmic buckets: any number of hours adds up, and the error keeps its bound. Pure.

The scheme is DDSketch's (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
Relative-Error Guarantees", PVLDB 12, 2019, section 2): bucket i holds the values in (γ^(i-1), γ^i] with
γ = (1 + α) / (1 - α), and is read as 2γ^i / (γ + 1), which is within α of everything in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

#: Promised: a percentile is within this share of the exact value.
ACCURACY = 0.02
# A little better than promised, for the rounding of logarithms at a bucket's edge.
_ALPHA = 0.0199
_GAMMA = (1 + _ALPHA) / (1 - _ALPHA)
_LOG_GAMMA = math.log(_GAMMA)
#: The bucket of 0, below that of 1.
_ZERO = 0


def bucket_of(value: int) -> int:
    """The bucket of a value.

    Args:
        value: A whole number, 0 or more; here microseconds.

    Raises:
        ValueError: it is negative.
    """
    if value < 0:
        raise ValueError("value: expected 0 or more")
    return _ZERO if value == 0 else 1 + math.ceil(math.log(value) / _LOG_GAMMA)


def value_of(bucket: int) -> float:
    """What a bucket stands for, within `ACCURACY` of every value in it."""
    return 0.0 if bucket == _ZERO else 2 * math.exp((bucket - 1) * _LOG_GAMMA) / (_GAMMA + 1)


def percentile(counts: Mapping[int, int], share: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `share` of all values do not exceed.

    Args:
        counts: Values by bucket.
        share: Above 0, at most 1, such as 0.95.

    Returns:
        It, within `ACCURACY`.

    Raises:
        ValueError: nothing was counted, or the share is out of range.
    """
    total = sum(counts.values())
    if total == 0 or not 0 < share <= 1:
        raise ValueError("expected counts, and a share above 0 and at most 1")
    rank, seen = math.ceil(share * total), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            return value_of(bucket)
    raise AssertionError("the ranks of all values add up to their number")


#: Buckets of the sketch that are one coarse bucket: durations are then within 8 %, and need a quarter of the room.
_COARSE = 4


def coarse(bucket: int) -> int:
    """The coarse bucket that a bucket is in."""
    return _ZERO if bucket == _ZERO else 1 + math.ceil((bucket - 1) / _COARSE)


def coarse_value(bucket: int) -> float:
    """What a coarse bucket stands for, within 8 % of every value in it."""
    wide = _COARSE * _LOG_GAMMA
    return 0.0 if bucket == _ZERO else 2 * math.exp((bucket - 1) * wide) / (math.exp(wide) + 1)
