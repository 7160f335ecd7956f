"""Whatever stands in a table for spreadsheets comes back as it was, and none of it runs."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spreadsheet import amount, row

_hostile = st.one_of(st.text(), st.from_regex(r"\A[ \u00a0]*[=+\-@\t\r\n＝＋－＠'\",;].*\Z"))


@given(st.lists(st.one_of(_hostile, st.integers(-(10**15), 10**15).map(amount)), min_size=1, max_size=8))
def test_a_row_reads_back_with_nothing_but_an_apostrophe_before_what_could_run(cells: list[str | Decimal]) -> None:
    text = row(cells)
    assert text.endswith("\r\n")
    (read,) = csv.reader(io.StringIO(text, newline=""), strict=True)
    for cell, back in zip(cells, read, strict=True):
        if isinstance(cell, Decimal):
            assert Decimal(back) == cell
            assert back == f"{cell:.2f}"
        else:
            assert back in (cell, f"'{cell}")
            assert not back.strip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    ("minor", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-3205, "-32.05"), (10**15, "10000000000000.00")]
)
def test_minor_units_become_numbers_with_two_decimals(minor: int, text: str) -> None:
    assert str(amount(minor)) == text
