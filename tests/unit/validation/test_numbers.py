"""Numbers, amounts and ranges as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validation.fieldtypes.fieldtype import Context, parsed
from services.validation.fieldtypes.registry import FIELD_TYPES
from tests.unit.validation.asking import INVALID, MISSING, answer, ask, suggestion
from tests.unit.validation.terms import reference

#: Read alike as integer, number and amount.
WHOLE = {
    "0": "0", "7": "7", "007": "7", "25000": "25000", "25,000": "25000", "25 000": "25000",
    "25'000": "25000", "25’000": "25000", "25\u00a0000": "25000", "25\u202f000": "25000", "1,234,567": "1234567",
    "1 234 567": "1234567", "+25": "25", "+ 25": "25", "25.": "25", "25.0": "25", "25.00": "25", "2019.000": "2019",
    "25k": "25000", "25K": "25000", "25 k": "25000", "2.5k": "2500", "1.5M": "1500000", "1.5 million": "1500000",
    "1.5 Million": "1500000", "25 thousand": "25000", "25 grand": "25000", "2 hundred": "200", "1mm": "1000000",
    "２５０００": "25000", "２５，０００": "25000", '"25000"': "25000", "'25000": "25000", " 25,000 ": "25000",
    "25000,": "25000", "ten": "10", "Ten": "10", "zero": "0", "one": "1", "twenty": "20", "twenty-five": "25",
    "twenty five": "25", "one hundred": "100", "two hundred and fifty": "250", "ten thousand": "10000",
    "twenty-five thousand": "25000", "one million": "1000000", "0.5k": "500", ".5k": "500", "1,000.": "1000",
    "three hundred five": "305", "999999999999999": "999999999999999",
}  # fmt: skip
NUMBERS = {
    "3.14": "3.14", "-0": "0", ".5": "0.5", "0.5": "0.5", "0.350": "0.35", "1,234.5": "1234.5", "1.234": "1.234",
    "25.000": "25", "0.30000000000000004": "0.30000000000000004", "-3.25": "-3.25", "- 3.25": "-3.25",
    "−5": "-5", "–5": "-5", "(500)": "-500", "(1,234.50)": "-1234.5", "½": "0.5", "2½": "2.5", "2 1/2": "2.5",
    "2-1/2": "2.5", "1/2": "0.5", "3/4": "0.75", "2 ¾": "2.75", "1.50": "1.5",
}  # fmt: skip
NO_NUMBER = """
abc | yes | lots | 1.2.3 | 1,2,3 | 12,34 | 1,5 | 1.234,5 | 1.234.567 | 1,23,456 | 25,00 | 25,0000 | 1e5 | 1E+5
2.5e4
about 20 | ~20 | 20+ | 20ish | approx. 20 | 20-25 | 20 to 25 | 20 or 25 | 36 months | 5 years | $25 | 35%
35 percent
NaN5 | inf | Infinity | -inf | 0x1A | 1_000 | 10² | ² | 1/3 | 1/0 | 5/2/3 | --5 | +-5 | 5- | 500- | #5 | No. 5
12:30
2020-01-01 | 1 2 | 12 34 | 1 2345 | ten five | hundred | thousand | ten ten | a few | dozens | 9999999999999999
1k5 | k | m | .
25kk | 25 kg | 1000 thousand thousand | five point five | 1,000,00 | ,5 | Ⅳ | ①
"""
MONEY = {
    "$25,000": "25000", "$25000": "25000", "$ 25,000": "25000", "$25,000.00": "25000", "25000.00 USD": "25000",
    "25000 USD": "25000", "USD 25,000": "25000", "USD25000": "25000", "US$25,000": "25000", "US $25,000": "25000",
    "$25,000 USD": "25000", "$25k": "25000", "$25K": "25000", "$ 25k": "25000", "25k USD": "25000",
    "25k dollars": "25000", "$1.2m": "1200000", "$1.2M": "1200000", "$1.2 million": "1200000", "$1.2MM": "1200000",
    "25000 dollars": "25000", "25,000 US dollars": "25000", "25 thousand dollars": "25000",
    "ten thousand dollars": "10000",
    "500$": "500", "500 $": "500", "25 grand": "25000", "500 bucks": "500", "$25,000.50": "25000.5",
    "$25,000.5": "25000.5",
    "$.50": "0.5", "$0.50": "0.5", "$0": "0", "$0.00": "0", "usd 25000": "25000", "u.s. $25,000": "25000",
    "＄25,000": "25000", "$25 000": "25000", "$25'000": "25000", "25000.": "25000", '"$25,000"': "25000",
    "+$500": "500",
    "$12.345k": "12345", "25,000 dólares": "25000", "$": MISSING,
}  # fmt: skip
NO_MONEY = """
-500 | -$500 | $-500 | (500) | ($500.00) | −500 | 25.000 | $25.000 | 1.234 | $1.234 | 25.000,00 | 1.234,56
25,00 | 25000,50
$25,000.555 | 25.5555 | €20 | 20€ | 20 EUR | £20 | 20 pounds | ¥2000 | C$500 | CAD 500 | CA$500 | 500 pesos
A$20 | ₹500 | MX$500 | 20 euros
$20k-25k | $20,000 - $25,000 | 20-25k | $500 or $600 | $3,500/mo | $3500 per month | 3,500 monthly | $20/hr
about $500 | ~$500
up to 25k | under $5,000 | $50,000+ | 25k+ | 5% | free | lots | $$500 | 500$$ | $5oo | 5O0 | $1,00 | $12,34
1e5 | $abc | tbd
$25,000 $30,000 | 50¢ | 50 cents | BTC 1 | 25,000.00.00 | 9999999999999999
"""
LIKELY = {
    ("number", "1.234,5"): "1234.5", ("number", "1.234.567"): "1234567", ("number", "1,5"): "1.5",
    ("number", "1,23,456"): "123456", ("number", "about 20"): "20", ("number", "20+"): "20", ("number",
    "35%"): "35",
    ("number", "36 months"): "36", ("number", "1e5"): "100000", ("number", "20-25"): "", ("integer",
    "25.000"): "25000",
    ("number", "lots"): "", ("integer", "~1,500"): "1500", ("money", "25.000"): "25000", ("money",
    "$25.000"): "25000",
    ("money", "25.000,00"): "25000", ("money", "25000,50"): "25000.5", ("money", "$3,500/mo"): "3500",
    ("money", "25k+"): "25000", ("money", "about $500"): "500", ("money", "$25,000.555"): "25000.56",
    ("money", "€20"): "", ("money", "-500"): "", ("money", "20-25k"): "", ("range", "25-20"): "20-25",
    ("range", "20k-25"): "25-20000", ("range", "$25,000 - $20,000"): "20000-25000", ("range",
    "25.000-30.000"): "25000-30000",
    ("range", "about 20"): "20-20",
}  # fmt: skip
RANGES = {
    "20000-25000": "20000-25000", "$20k–25k": "20000-25000", "$20k-$25k": "20000-25000", "20-25k": "20000-25000",
    "$20-25k": "20000-25000", "20k - 25k": "20000-25000", "20,000 to 25,000": "20000-25000",
    "20k to 25k": "20000-25000",
    "$20,000 - $25,000": "20000-25000", "$20,000.00 - $24,999.99": "20000-24999.99",
    "$20,000—$25,000": "20000-25000",
    "20000 − 25000": "20000-25000", "from 20k to 25k": "20000-25000", "between 10 and 20": "10-20",
    "Between $10,000 and $20,000": "10000-20000", "between 20 and 25k": "20000-25000", "500-1000": "500-1000",
    "500-1k": "500-1000", "$500 - $1k": "500-1000", "1-2.5M": "1000000-2500000", "$1M - $2M": "1000000-2000000",
    "100k-250k": "100000-250000", "100-250k": "100000-250000", "20 thousand to 25 thousand": "20000-25000",
    "10..20": "10-20", "10...20": "10-20", "10~20": "10-20", "10 thru 20": "10-20", "10 through 20": "10-20",
    "0-5000": "0-5000", "$0 - $5,000": "0-5000", "1,000-1,999": "1000-1999", "620-680": "620-680",
    "18 - 24": "18-24",
    "2019-2020": "2019-2020", "0.5-1.5": "0.5-1.5",
    "under $5,000": "-5000", "Under 5k": "-5000", "less than 5000": "-5000", "Less than $5,000": "-5000",
    "below 5k": "-5000",
    "<5000": "-5000", "< $5,000": "-5000", "<=5000": "-5000", "≤ 5000": "-5000", "up to 5k": "-5000",
    "at most 5000": "-5000",
    "no more than $5,000": "-5000", "5000 or less": "-5000", "$5,000 or less": "-5000", "5k and under": "-5000",
    "5,000 & below": "-5000", "max 5000": "-5000", "maximum of 5000": "-5000", "-5000": "-5000",
    "fewer than 5": "-5",
    "over 100k": "100000-", "Over $100,000": "100000-", "more than 100k": "100000-", "above 100k": "100000-",
    "at least 100000": "100000-", ">100k": "100000-", "> $100,000": "100000-", ">=100k": "100000-", "≥ 720": "720-",
    "100k+": "100000-", "$100,000+": "100000-", "$100,000 +": "100000-", "100k or more": "100000-",
    "100k and up": "100000-",
    "$100,000 and above": "100000-", "100k & above": "100000-", "100000-": "100000-",
    "greater than 100k": "100000-",
    "65+": "65-", "65 and older": "65-", "min 5000": "5000-", "minimum of 5000": "5000-", "100k plus": "100000-",
    "25000": "25000-25000", "$25,000": "25000-25000", "25k": "25000-25000", "0": "0-0",
    "25000-25000": "25000-25000",
    "6-12 months": "6-12", "1-2 years": "1-2", "10-20%": "10-20", "10%-20%": "10-20", "5+ years": "5-",
    "2 years or more": "2-", "under 6 months": "-6", "100%": "100-100", "N/A": MISSING, "": MISSING,
}  # fmt: skip
NO_RANGE = """
25-20 | $25,000-$20,000 | 20k-25 | 10-20-30 | 20 or 25k | 20k/25k | abc | abc-def | 10-abc | under | over | +
<> | under 5k to 10k
€20-€25 | 20-25 EUR | 512-627-4199 | 2019-01-01 | 25.000-30.000 | 20,00-25,00 | about 20 | between 10
between 10 and | 10 and 20
-5--3 | --5 | a lot | -5-10 | 1,2-3,4
"""


def lines(text: str) -> list[str]:
    """Cases with bars between."""
    return [case.strip() for case in text.replace("\n", "|").split("|") if case.strip()]


@pytest.mark.parametrize("kind", ["integer", "number", "money", "range"])
@pytest.mark.parametrize(("text", "expected"), WHOLE.items())
def test_a_whole_number_is_read_whatever_the_type(kind: str, text: str, expected: str) -> None:
    assert answer(kind, text) == (f"{expected}-{expected}" if kind == "range" else expected)


@pytest.mark.parametrize(("text", "expected"), NUMBERS.items())
def test_a_number_is_read(text: str, expected: str) -> None:
    assert answer("number", text) == expected
    if "." in expected:
        assert answer("integer", text) == INVALID


@pytest.mark.parametrize("kind", ["number", "integer"])
@pytest.mark.parametrize("text", lines(NO_NUMBER))
def test_no_number_is_made_of_what_is_none_or_several(kind: str, text: str) -> None:
    assert answer(kind, text) in (INVALID, MISSING)


@pytest.mark.parametrize(("text", "expected"), MONEY.items())
def test_an_amount_is_read(text: str, expected: str) -> None:
    assert answer("money", text) == expected


@pytest.mark.parametrize("text", lines(NO_MONEY))
def test_no_amount_is_made_of_what_is_none_or_ambiguous(text: str) -> None:
    assert answer("money", text) == INVALID


@pytest.mark.parametrize(("asked", "expected"), LIKELY.items())
def test_what_was_probably_meant_is_told(asked: tuple[str, str], expected: str) -> None:
    assert suggestion(*asked) == expected


@pytest.mark.parametrize(
    ("text", "name"), [("€20", "euros"), ("20 pounds", "pounds sterling"), ("C$5", "Canadian dollars")]
)
def test_another_currency_is_named(text: str, name: str) -> None:
    assert ask("money", text).faults[0].message == f"Expected an amount in dollars, not in {name}."


@pytest.mark.parametrize(("text", "expected"), RANGES.items())
def test_a_range_is_read(text: str, expected: str) -> None:
    assert answer("range", text) == expected


@pytest.mark.parametrize("text", lines(NO_RANGE))
def test_no_range_is_made_of_what_is_none(text: str) -> None:
    assert answer("range", text) == INVALID


def test_the_ends_of_a_range_are_its_parts() -> None:
    assert ask("range", "$20k–25k").parts == {"low": "20000", "high": "25000"}
    assert ask("range", "$100,000+").parts == {"low": "100000"}
    assert ask("range", "6-12 months").parts == {"low": "6", "high": "12", "unit": "month"}


@pytest.mark.parametrize(
    ("text", "valid"), [("10-20", True), ("5-20", False), ("10-200", False), ("50+", True), ("<5", False)]
)
def test_both_ends_of_a_range_keep_to_its_bounds(text: str, valid: bool) -> None:
    read = FIELD_TYPES["range"].reader(Context(reference(), "amount", minimum=10, maximum=100))
    assert parsed(read(text)).valid is valid


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_an_amount_is_the_same_however_it_is_written(amount: Decimal) -> None:
    canonical = answer("money", f"{amount:f}")
    for text in (
        f"${amount:,.2f}",
        f"$ {amount:,.2f}",
        f"{amount:,.2f} USD",
        f"US${amount:f}",
        f"{amount:,.2f} dollars",
    ):
        assert answer("money", text) == canonical, text
    assert Decimal(canonical) == amount


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_of_any_two_numbers_is_read_alike(one: int, other: int) -> None:
    low, high = sorted((one, other))
    for text in (f"{low}-{high}", f"${low:,} – ${high:,}", f"{low:,} to {high:,}", f"between {low} and {high}"):
        assert answer("range", text) == f"{low}-{high}", text
