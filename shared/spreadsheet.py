"""Rows of CSV (RFC 4180) that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

#: A text that begins with one of these is a formula to some spreadsheet, or becomes one once that character is dropped
#: (OWASP, CSV Injection); the wide ones are what East Asian keyboards type for the first four.
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def row(cells: Iterable[str | int | Decimal]) -> str:
    """One row with its line end.

    Numbers stay numbers, signs included. A text that a spreadsheet could run gets an apostrophe before it, which
    spreadsheets read as "this is text".
    """
    out = io.StringIO()
    csv.writer(out).writerow([_inert(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def amount(minor: int) -> Decimal:
    """Minor units as the number that people calculate with: -3205 is -32.05."""
    return Decimal(minor).scaleb(-2).quantize(Decimal("0.01"))


def _inert(text: str) -> str:
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_BEGINNINGS) else text
