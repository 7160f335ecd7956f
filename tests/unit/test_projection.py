"""What events add to the read model: each stage between its own two clock points, and sums that no order changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.projector import (
    LONGEST,
    ClockPoints,
    Decided,
    Event,
    FunnelKey,
    Increments,
    project,
)

_HOUR = datetime(2026, 11, 22, 10, tzinfo=UTC)
_T0 = int(_HOUR.timestamp() + 3599) * 1_000_000


def _at(milliseconds: float) -> int:
    return _T0 + round(milliseconds * 1000)


_CLOCK = ClockPoints(
    submitted=_at(-3000), received=_at(0), intake=_at(1), validated=_at(3), deduplicated=_at(6), routed=_at(10),
    decided=_at(15),
)  # fmt: skip
_BOUGHT = Decided(
    buyer_id="big-bank", occurred_at=_at(15), accepted=True, seller="marco", source="best.example", sub_source="fb-7",
    order="auto", order_version=3, price_minor=3200, currency="USD", reasons=(), clock=_CLOCK,
)  # fmt: skip
_REFUSED = _BOUGHT._replace(accepted=False, price_minor=0, reasons=("phone_fake", "email_invalid"))


def _milliseconds(increments: Increments) -> dict[str, float]:
    return {key.stage: counts.total_us / 1000 for key, counts in increments.speed.items()}


def test_each_stage_is_measured_between_its_own_points() -> None:
    assert _milliseconds(project([_BOUGHT])) == {
        "seller": 3000, "gateway": 1, "validation": 2, "dedup": 3, "routing": 4, "settlement": 5, "decision": 15,
    }  # fmt: skip


def test_a_stage_with_an_untold_end_is_not_measured() -> None:
    measured = _milliseconds(project([_BOUGHT._replace(clock=_CLOCK._replace(submitted=None, deduplicated=None))]))
    assert set(measured) == {"gateway", "validation", "settlement", "decision"}


def test_a_sellers_clock_ahead_of_ours_counts_as_no_delay_and_is_told() -> None:
    ahead = _BOUGHT._replace(clock=_CLOCK._replace(submitted=_at(5000)))
    (counts,) = [counts for key, counts in project([ahead]).speed.items() if key.stage == "seller"]
    assert (counts.leads, counts.total_us, counts.skewed) == (1, 0, 1)


def test_a_clock_that_is_wrong_by_years_measures_nothing() -> None:
    wild = _BOUGHT._replace(
        clock=_CLOCK._replace(submitted=_T0 - (LONGEST + timedelta(seconds=1)) // timedelta(microseconds=1))
    )
    assert "seller" not in _milliseconds(project([wild]))


def test_a_decision_counts_in_its_hour_under_all_its_names() -> None:
    increments = project([_BOUGHT, _REFUSED, _BOUGHT])
    ((key, counts),) = increments.funnel.items()
    assert key == FunnelKey("big-bank", _HOUR, "marco", "best.example", "fb-7", "auto", 3, "USD")
    assert (counts.submitted, counts.accepted, counts.charged, counts.spend_minor) == (3, 2, 2, 6400)


def test_an_own_lead_is_accepted_and_never_charged() -> None:
    (counts,) = project([_BOUGHT._replace(price_minor=0)]).funnel.values()
    assert (counts.accepted, counts.charged, counts.spend_minor) == (1, 0, 0)


def test_every_reason_of_a_lead_counts() -> None:
    counted = project([_REFUSED, _REFUSED._replace(reasons=("phone_fake",))]).reasons
    assert {key.code: counts.leads for key, counts in counted.items()} == {"phone_fake": 2, "email_invalid": 1}


_offsets = st.floats(min_value=-1e7, max_value=1e7).map(_at)
_events: st.SearchStrategy[Event] = st.builds(
    lambda at, seller, bought: (_BOUGHT if bought else _REFUSED)._replace(occurred_at=at, seller=seller),
    _offsets, st.sampled_from(["marco", "polo"]), st.booleans(),
)  # fmt: skip


@given(st.lists(_events, max_size=30), st.randoms(use_true_random=False), st.integers(min_value=0, max_value=30))
def test_no_order_and_no_division_into_batches_changes_the_sums(events: list[Event], random: object, cut: int) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's Random
    whole, first, second = project(events), project(shuffled[:cut]), project(shuffled[cut:])
    assert _sums(whole) == _added(_sums(first), _sums(second))


def _sums(increments: Increments) -> dict[tuple[object, ...], tuple[int, ...]]:
    return {
        **{key: (c.submitted, c.accepted, c.charged, c.spend_minor) for key, c in increments.funnel.items()},
        **{key: (counts.leads,) for key, counts in increments.reasons.items()},
        **{key: (c.leads, c.total_us, c.skewed) for key, c in increments.speed.items()},
        **{(key, at): (leads,) for key, c in increments.speed.items() for at, leads in c.buckets.items()},
    }


def _added(
    one: dict[tuple[object, ...], tuple[int, ...]], other: dict[tuple[object, ...], tuple[int, ...]]
) -> dict[tuple[object, ...], tuple[int, ...]]:
    none = (0, 0, 0, 0)
    return {
        key: tuple(a + b for a, b in zip(one.get(key, none), other.get(key, none), strict=False))
        for key in one.keys() | other.keys()
    }
