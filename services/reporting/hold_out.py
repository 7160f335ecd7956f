"""What a hold-out shows: two rates, their difference and their ratio, and whether one may say so yet. Pure.

Which interval for what follows M. W. Fagerland, S. Lydersen, P. Laake: "Recommended confidence intervals for two
independent binomial proportions", Statistical Methods in Medical Research 24 (2015) 224-254.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, NamedTuple

#: Every interval leaves out the truth this often.
ALPHA = 0.05
#: How surely the detectable difference is to be found where there is one.
POWER = 0.80
_Z = NormalDist().inv_cdf(1 - ALPHA / 2)
_Z_POWER = NormalDist().inv_cdf(POWER)
#: Leads at which the interval that holds at any time is tightest. Chosen beforehand: chosen from the data, it would
#: hold no more.
TUNED_FOR = 2000
#: With fewer of either kind in an arm, a normal approximation is none.
FEWEST = 10

Verdict = Literal["too_early", "at_once_is_better", "held_back_is_better", "no_difference_shown"]


class Arm(NamedTuple):
    """Leads, and those of them with the outcome."""

    leads: int
    reached: int

    @property
    def rate(self) -> float:
        """Their share; 0 for no leads."""
        return self.reached / self.leads if self.leads else 0.0


class Estimate(NamedTuple):
    """A number and its bounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two arms show. `difference`: rate at once less rate held back. None, or 0, where that is not known."""

    difference: Estimate | None
    ratio: Estimate | None
    always_valid: Estimate | None
    needed_at_once: int
    needed_held_back: int
    enough: bool
    verdict: Verdict


def compare(at_once: Arm, held_back: Arm, detectable: float) -> Comparison:
    """Compare two arms.

    Args:
        at_once: Leads that were followed up at once.
        held_back: Leads that were held back at random.
        detectable: The difference that should be told from none; above 0, below 1.
    """
    both = at_once.leads > 0 and held_back.leads > 0
    share = held_back.leads / at_once.leads if both else 1.0
    needed, needed_held = needed_leads(at_once.rate, detectable, share) if at_once.leads else (0, 0)
    enough = both and at_once.leads >= needed and held_back.leads >= needed_held
    sure = always_valid(at_once, held_back)
    return Comparison(
        difference=difference(at_once, held_back) if both else None,
        ratio=ratio(at_once, held_back) if both and at_once.reached + held_back.reached else None,
        always_valid=sure,
        needed_at_once=needed,
        needed_held_back=needed_held,
        enough=enough,
        verdict=_verdict(sure, enough=enough),
    )


def rate(arm: Arm) -> Estimate:
    """A rate with its score interval.

    E. B. Wilson: "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212:
    (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n).

    Raises:
        ZeroDivisionError: there are no leads.
    """
    n, p = arm.leads, arm.reached / arm.leads
    middle, spread = p + _Z**2 / (2 * n), _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    shrink = 1 + _Z**2 / n
    return Estimate(p, max(0.0, (middle - spread) / shrink), min(1.0, (middle + spread) / shrink))


def difference(one: Arm, other: Arm) -> Estimate:
    """Difference of two rates with its hybrid score interval.

    R. G. Newcombe: "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998) 873-890, method 10: with (l, u) Wilson's bounds of each rate,
    d - √((p1-l1)² + (u2-p2)²) to d + √((u1-p1)² + (p2-l2)²).

    Raises:
        ZeroDivisionError: an arm has no leads.
    """
    first, second = rate(one), rate(other)
    apart = first.value - second.value
    return Estimate(
        apart,
        apart - math.hypot(first.value - first.low, second.high - second.value),
        apart + math.hypot(first.high - first.value, second.value - second.low),
    )


def ratio(one: Arm, other: Arm) -> Estimate:
    """Ratio of two rates with its adjusted log interval, which is defined for arms without the outcome, too.

    S. D. Walter: "The distribution of Levin's measure of attributable risk", Biometrika 62 (1975) 371-374, as
    recommended by Fagerland et al.: with ½ added to every count, exp(log φ ± z·√(1/a - 1/n + 1/b - 1/m)).
    """
    a, n, b, m = one.reached + 0.5, one.leads + 0.5, other.reached + 0.5, other.leads + 0.5
    middle = math.log(a / n) - math.log(b / m)
    spread = _Z * math.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    plain = one.rate / other.rate if one.reached and other.reached else math.exp(middle)
    return Estimate(plain, math.exp(middle - spread), math.exp(middle + spread))


def always_valid(one: Arm, other: Arm) -> Estimate | None:
    """Difference of two rates with an interval that holds however often, and whenever, it is looked at.

    I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas: "Time-uniform central limit theory and asymptotic
    confidence sequences", Annals of Statistics 52 (2024) 2613-2640, theorem 2.2: after t observations
    d ± se·√(2(tρ² + 1)/(tρ²) · log(√(tρ² + 1)/α)), with se the standard error of the difference and ρ fixed
    beforehand, here so that it is tightest at `TUNED_FOR`. It is wider than one that is read once: that is the price.

    Returns:
        None while an arm has fewer than `FEWEST` leads with, or without, the outcome: the theorem speaks of many.
    """
    if min(one.reached, other.reached, one.leads - one.reached, other.leads - other.reached) < FEWEST:
        return None
    p, q = one.rate, other.rate
    error = math.sqrt(p * (1 - p) / one.leads + q * (1 - q) / other.leads)
    doubled = -2 * math.log(ALPHA)
    grown = (one.leads + other.leads) * (doubled + math.log(doubled + 1)) / TUNED_FOR
    width = error * math.sqrt(2 * (grown + 1) / grown * math.log(math.sqrt(grown + 1) / ALPHA))
    return Estimate(p - q, p - q - width, p - q + width)


def needed_leads(base: float, detectable: float, share: float = 1.0) -> tuple[int, int]:
    """Leads that either arm needs to tell a difference from none with 80 % power at the 5 % level, read once.

    J. L. Fleiss, B. Levin, M. C. Paik: Statistical Methods for Rates and Proportions, 3rd ed. (2003), section 4.3,
    without continuity correction: n = (z_α·√((r+1)·p̄·q̄) + z_β·√(r·p1·q1 + p2·q2))² / (r·δ²).

    Args:
        base: Rate of the first arm; the other is taken to be lower by the difference, higher where it cannot be lower.
        detectable: The difference δ; above 0.
        share: r, leads of the second arm for each of the first; above 0.

    Returns:
        Leads of the first arm and of the second.
    """
    other = base - detectable if base > detectable else min(1.0, base + detectable)
    pooled = (base + share * other) / (1 + share)
    unequal = math.sqrt(share * base * (1 - base) + other * (1 - other))
    root = _Z * math.sqrt((share + 1) * pooled * (1 - pooled)) + _Z_POWER * unequal
    first = root**2 / (share * detectable**2)
    return math.ceil(first), math.ceil(share * first)


def _verdict(sure: Estimate | None, *, enough: bool) -> Verdict:
    if sure is not None and sure.low > 0:
        return "at_once_is_better"
    if sure is not None and sure.high < 0:
        return "held_back_is_better"
    return "no_difference_shown" if enough else "too_early"


#: How to read the intervals.
READING = (
    "The interval of the difference is read once, when both arms have the leads they need; looked at again and again "
    "until it pleases, it is wrong far more often than 1 time in 20. The interval marked 'at any time' may be looked "
    "at every day: whatever is said here about which is better rests on it alone. Leads count once they are old "
    "enough for the outcome, in both arms alike, whether or not anybody tried to reach them."
)
