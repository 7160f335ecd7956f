"""Laws of statements: however time is cut into periods, nothing is lost, doubled or moved between accounts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.books.period import month, month_of
from services.intake.books.statement import Balance, Sums, moved, together
from services.intake.books.transfer import Kind, Movement, Place, Posting, raises_payable, transfer_id

_AT = datetime(2026, 11, 22, tzinfo=UTC)
_PLACE = Place(seller="marco", order="auto", order_version=1, currency="USD")
_KINDS: list[Kind] = list(get_args(Kind))

movements = st.builds(
    Movement,
    kind=st.sampled_from(_KINDS),
    amount_minor=st.integers(1, 10**12),
    cause=st.just("x"),
    who=st.just("x"),
    why=st.just("x"),
    to_seller=st.booleans(),
)


def _sums(one: Movement) -> Sums:
    posting = Posting(one, _PLACE, _AT)
    return moved(one.kind, one.amount_minor, to_seller=posting.to_seller)


@given(st.lists(st.lists(movements, max_size=8), max_size=6))
def test_periods_one_after_the_other_end_where_one_long_period_ends(periods: list[list[Movement]]) -> None:
    stepped = Balance()
    for period in periods:
        stepped = stepped.after(together(map(_sums, period)))
    assert stepped == Balance().after(together(_sums(one) for period in periods for one in period))


@given(st.lists(movements), st.randoms())
def test_the_order_of_transfers_does_not_matter(posted: list[Movement], random: Random) -> None:
    shuffled = list(posted)
    random.shuffle(shuffled)
    assert together(map(_sums, shuffled)) == together(map(_sums, posted))


@given(st.lists(movements))
def test_a_statement_says_what_the_accounts_hold_and_the_accounts_sum_to_zero(posted: list[Movement]) -> None:
    accounts: Counter[str] = Counter()
    for one in posted:
        debit, credit = Posting(one, _PLACE, _AT).accounts
        accounts[debit] -= one.amount_minor
        accounts[credit] += one.amount_minor
    stands = Balance().after(together(map(_sums, posted)))
    assert (stands.payable, stands.held) == (accounts["payable:marco"], accounts["held:marco"])
    assert sum(accounts.values()) == 0


@pytest.mark.parametrize("kind", [kind for kind in _KINDS if kind != "adjustment"])
def test_only_an_adjustment_goes_either_way(kind: Kind) -> None:
    assert raises_payable(kind, to_seller=True) == raises_payable(kind, to_seller=False)
    assert raises_payable("adjustment", to_seller=True) != raises_payable("adjustment", to_seller=False)


def test_an_id_is_of_its_kind_and_cause_and_never_changes() -> None:
    # Transfers that are written have it: another scheme would post every cause once more.
    assert transfer_id("credit", "return:1") == "d019662e-e193-549e-baaa-02560e2b837d"
    assert transfer_id("credit", "return:2") != transfer_id("credit", "return:1") != transfer_id("fee", "return:1")


@given(
    st.integers(5 * 365 * 86_400, 900 * 365 * 86_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC", "Australia/Lord_Howe"]),
)
def test_every_instant_is_in_one_month_and_months_leave_no_gap(instant: datetime, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    period = month_of(instant, zone)
    assert period.starts_at <= instant < period.ends_at
    assert month_of(period.ends_at, zone).starts_at == period.ends_at


def test_months_begin_at_the_buyers_midnight() -> None:
    zone = ZoneInfo("America/New_York")
    november = month("2026-11", zone)
    # Summer time ends on 1 November: the month is an hour longer.
    assert november.starts_at == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert november.ends_at == datetime(2026, 12, 1, 5, tzinfo=UTC)
    names = [f"2026-{number:02d}" for number in range(1, 13)] + ["2027-01"]
    assert all(month(one, zone).ends_at == month(other, zone).starts_at for one, other in pairwise(names))


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "26-11", "2026-11-01", "９０２６-11", "9999-12"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a month such as 2026-11"):
        month(text, ZoneInfo("UTC"))
