"""Whether a return is within the order's terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.returns.judgement import Bought, Claim, cap_window, faults, return_window
from shared.catalog.returning import ReturnTerms

NEW_YORK = ZoneInfo("America/New_York")
BOUGHT_AT = datetime(2026, 11, 10, 15, tzinfo=UTC)
TERMS = ReturnTerms(
    reasons=("disconnected", "no_contact"),
    minimum_age_hours=24,
    maximum_age_days=10,
    attempts={"no_contact": 6},
    evidence={"no_contact": ("call_log", "recording")},
    cap_percent=20,
)


def claim(**words: Any) -> Claim:
    return Claim(**{"reason": "disconnected", "asked_at": BOUGHT_AT + timedelta(days=2), **words})


def bought(**words: Any) -> Bought:
    usual = {"bought_at": BOUGHT_AT, "left_minor": 3200, "window_bought": 50, "window_returned": 0, "zone": NEW_YORK}
    return Bought(**{**usual, **words})


def told(one: Claim, lead: Bought, terms: ReturnTerms = TERMS) -> list[str]:
    return [fault.term for fault in faults(one, lead, terms)]


def test_a_claim_within_all_terms_has_no_fault() -> None:
    assert told(claim(), bought()) == []


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ({"reason": "fraud"}, ["reason"]),
        ({"asked_at": BOUGHT_AT + timedelta(hours=24) - timedelta(seconds=1)}, ["too_early"]),
        ({"asked_at": BOUGHT_AT + timedelta(hours=24)}, []),
        ({"asked_at": BOUGHT_AT + timedelta(days=10) - timedelta(seconds=1)}, []),
        ({"asked_at": BOUGHT_AT + timedelta(days=10)}, ["too_late"]),
        ({"reason": "no_contact", "attempts": 5, "evidence": ("call_log",)}, ["attempts", "evidence"]),
        ({"reason": "no_contact", "attempts": 6, "evidence": ("recording", "call_log")}, []),
        ({"amount_minor": 3200}, []),
        ({"amount_minor": 3201}, ["amount"]),
        ({"amount_minor": 1}, []),
    ],
)
def test_each_term_is_held_at_its_edge(words: dict[str, Any], terms: list[str]) -> None:
    assert told(claim(**words), bought()) == terms


def test_all_faults_are_told_at_once() -> None:
    late = claim(reason="fraud", asked_at=BOUGHT_AT + timedelta(days=40), amount_minor=9999)
    assert told(late, bought(window_returned=10)) == ["reason", "too_late", "amount", "cap"]


def test_an_order_without_reasons_takes_nothing_back() -> None:
    assert told(claim(), bought(), ReturnTerms()) == ["reason"]


@pytest.mark.parametrize(("returned", "terms"), [(9, []), (10, ["cap"])])
def test_the_cap_counts_those_taken_back_before(returned: int, terms: list[str]) -> None:
    assert told(claim(), bought(window_returned=returned)) == terms


def test_a_lead_whose_price_is_given_back_cannot_be_asked_back_again() -> None:
    assert told(claim(), bought(left_minor=0)) == ["amount"]


@pytest.mark.parametrize(
    ("bought_at", "closes_at"),
    [
        # The fifth of the following month in New York is over at its midnight, 05:00 UTC in winter.
        (datetime(2026, 11, 10, 15, tzinfo=UTC), datetime(2026, 12, 6, 5, tzinfo=UTC)),
        # In New York it is still October.
        (datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 11, 6, 5, tzinfo=UTC)),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 2, 6, 5, tzinfo=UTC)),
    ],
)
def test_a_cut_off_day_is_in_the_month_after_by_the_buyers_clock(bought_at: datetime, closes_at: datetime) -> None:
    terms = ReturnTerms(maximum_age_days=None, cut_off_day=5)
    assert return_window(bought_at, terms, NEW_YORK).closes_at == closes_at


@given(at=st.floats(9.5e8, 3.7e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
@pytest.mark.parametrize("window", ["week", "month", "total"])
def test_a_purchase_is_within_its_own_cap_window(window: str, at: datetime) -> None:
    starts_at, ends_at = cap_window(window, at, NEW_YORK)
    assert starts_at <= at < ends_at
    assert starts_at.astimezone(NEW_YORK).hour == 0 or window == "total"
