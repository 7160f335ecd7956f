"""The duplicate window: when it ends, what it matches on, and what it tells whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.dedup.duplicates import Seen, judge, summary
from shared.catalog.terms import DuplicateTerms

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TERMS = DuplicateTerms(window_days=30)


def seen(*, days: float = 3, seller: str = "polo", own: bool = False) -> Seen:
    return Seen(seller, own, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("earlier", "reason"),
    [
        (seen(seller="polo"), "duplicate_other_seller"),
        (seen(seller="marco"), "duplicate_same_seller"),
        (seen(seller="own-site", own=True), "existing_customer"),
    ],
)
def test_the_reason_says_whose_the_earlier_lead_was(earlier: Seen, reason: str) -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": earlier}, NOW)
    assert [finding.reason for finding in verdict.findings] == [reason]
    assert [check.reason for check in verdict.checks] == [reason]


def test_the_message_tells_when_and_by_what_and_never_who() -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": seen(seller="polo-leads"), "email": None}, NOW)
    (finding,) = verdict.findings
    assert finding.message == (
        "Bought from another seller 3 days ago, with the same phone. The order's duplicate window is 30 days."
    )
    assert finding.field == "phone"
    assert "polo" not in repr(verdict)


def test_two_identities_of_one_earlier_lead_are_one_finding() -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": seen(days=9), "email": seen(days=1)}, NOW)
    (finding,) = verdict.findings
    assert "1 day ago, with the same phone and e-mail" in finding.message
    assert finding.field == ""
    assert [check.passed for check in verdict.checks] == [False, False]


def test_two_earlier_leads_of_different_owners_are_two_findings() -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": seen(seller="marco"), "email": seen(own=True)}, NOW)
    assert {(finding.reason, finding.field) for finding in verdict.findings} == {
        ("duplicate_same_seller", "phone"),
        ("existing_customer", "email"),
    }


@pytest.mark.parametrize(
    ("age", "duplicate"),
    [
        (timedelta(days=30) - timedelta(microseconds=1), True),
        (timedelta(days=30), False),
        (timedelta(0), True),
        (timedelta(seconds=-5), True),
    ],
)
def test_the_window_ends_to_the_microsecond(age: timedelta, duplicate: bool) -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": Seen("polo", False, NOW - age)}, NOW)
    assert bool(verdict.findings) is duplicate
    (check,) = verdict.checks
    assert check.passed is not duplicate


def test_a_kind_that_the_order_does_not_match_on_is_left_alone() -> None:
    verdict = judge("auto", DuplicateTerms(window_days=30, match=("email",)), "marco", {"phone": seen()}, NOW)
    assert verdict == ((), ())


def test_zero_days_switch_the_check_off() -> None:
    assert judge("auto", DuplicateTerms(window_days=0), "marco", {"phone": seen(days=0)}, NOW) == ((), ())


def test_the_receipt_tells_what_was_seen_even_outside_the_window() -> None:
    (check,) = judge("auto", TERMS, "marco", {"phone": seen(days=45)}, NOW).checks
    assert (check.observed, check.expected) == ("phone seen 45 days ago", "not bought within 30 days")
    assert check.order == "auto"


@pytest.mark.parametrize(
    ("known", "findings", "words"),
    [
        ({}, 0, "Neither phone nor e-mail"),
        ({"phone": None}, 0, "not bought before"),
        ({"phone": seen(days=45)}, 0, "outside every window"),
        ({"phone": seen()}, 1, "was bought before."),
    ],
)
def test_the_summary_is_one_plain_sentence(known: dict[str, Seen | None], findings: int, words: str) -> None:
    assert words in summary(known, findings)
