"""The duplicate window: when it ends, what it matches on, and what it tells whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.dedup.duplicates import Seen, Window, WindowVerdict, summary
from services.dedup.duplicates import judge as judge_window
from shared.catalog.recognition import DuplicateScope
from shared.catalog.terms import DuplicateTerms
from tests.unit.routing.terms import order

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TERMS = DuplicateTerms(window_days=30)


def seen(*, days: float = 3, seller: str = "polo", own: bool = False, product: str = "auto-loan") -> Seen:
    return Seen("lead-9", seller, own, product, NOW - timedelta(days=days))


def judge(name: str, terms: DuplicateTerms, seller: str, found: dict[str, Seen | None], now: datetime) -> WindowVerdict:
    window = Window.of(order(name, duplicates=terms))
    return judge_window(window, seller, {kind: [one] if one else [] for kind, one in found.items()}, now)


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


def test_of_another_sellers_lead_is_told_by_what_it_was_known_and_nothing_else() -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": seen(seller="polo-leads"), "email": None}, NOW)
    (finding,) = verdict.findings
    assert finding.message == (
        "Bought from another seller within the window, with the same phone. The order's duplicate window is 30 days."
    )
    assert finding.field == "phone"
    for secret in ("polo", "lead-9", "3 days", "2026-11-19"):
        assert secret not in repr(verdict)


def test_of_ones_own_lead_is_told_which_and_when() -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": seen(seller="marco")}, NOW)
    assert "Bought from you on 2026-11-19 as lead lead-9, with the same phone." in verdict.findings[0].message
    assert verdict.checks[0].observed == "phone seen 3 days ago"


@pytest.mark.parametrize(
    ("scope", "earlier", "duplicate"),
    [
        ("seller", seen(seller="marco"), True),
        ("seller", seen(seller="polo"), False),
        ("seller", seen(seller="own-site", own=True), True),
        ("product", seen(), True),
        ("product", seen(product="home-loan"), False),
        ("buyer", seen(product="home-loan"), True),
    ],
)
def test_the_scope_says_whose_purchases_count(scope: DuplicateScope, earlier: Seen, duplicate: bool) -> None:
    terms = DuplicateTerms(window_days=30, scope=scope)
    assert bool(judge("auto", terms, "marco", {"phone": earlier}, NOW).findings) is duplicate


def test_the_newest_purchase_in_scope_counts_whatever_is_newer() -> None:
    window = Window.of(order("auto", duplicates=DuplicateTerms(window_days=30, scope="seller")))
    earlier = [seen(days=1), seen(days=2, seller="marco"), seen(days=3, seller="marco")]
    verdict = judge_window(window, "marco", {"phone": earlier}, NOW)
    assert "on 2026-11-20" in verdict.findings[0].message


def test_two_identities_of_one_earlier_lead_are_one_finding() -> None:
    verdict = judge("auto", TERMS, "marco", {"phone": seen(days=9), "email": seen(days=1)}, NOW)
    (finding,) = verdict.findings
    assert "with the same phone and e-mail" in finding.message
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
    verdict = judge("auto", TERMS, "marco", {"phone": seen(days=age / timedelta(days=1))}, NOW)
    assert bool(verdict.findings) is duplicate
    (check,) = verdict.checks
    assert check.passed is not duplicate


def test_a_kind_that_the_order_does_not_match_on_is_left_alone() -> None:
    verdict = judge("auto", DuplicateTerms(window_days=30, match=("email",)), "marco", {"phone": seen()}, NOW)
    assert verdict == ((), ())


def test_zero_days_switch_the_check_off() -> None:
    assert judge("auto", DuplicateTerms(window_days=0), "marco", {"phone": seen(days=0)}, NOW) == ((), ())


def test_joined_details_are_matched_in_any_spelling_of_the_order() -> None:
    terms = DuplicateTerms(window_days=30, match=("date_of_birth+name",))
    verdict = judge("auto", terms, "marco", {"name+date_of_birth": seen()}, NOW)
    assert "with the same name and date of birth" in verdict.findings[0].message
    assert verdict.findings[0].field == ""


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
    assert words in summary({kind: [one] if one else [] for kind, one in known.items()}, findings)
