"""Whole numbers, numbers and amounts of money."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.numerals import MOST_DIGITS, Numeral, plain_numeral, read_numeral, written
from services.validation.fieldtypes.plain import NOTHING, Read, plain_reader, wrong
from services.validation.verdict import Reading, refused

Kind = Literal["integer", "number", "money"]

_RULE, _BOUNDS = "field.readable", "field.in_bounds"
_NOUNS: dict[Kind, str] = {"integer": "a whole number", "number": "a number", "money": "an amount in dollars"}

#: Dollars before or after a numeral; what tells them from other dollars stands in `_FOREIGN`.
_DOLLARS = re.compile(
    r"(?P<sign>[+-]?)\s?(?:u\.?s\.?d?\.?\s?\$|\$\s?usd?|usd?|\$)?\s?(?P<numeral>.*?)"
    r"\s?(?:u\.?s\.?\s?\$|usd\.?|u\.?s\.? dollars?|american dollars?|dollars?|d[oó]lares|bucks|\$)?"
)
_FOREIGN = re.compile(
    r"(?P<eur>€|\beur(?:os?)?\b)|(?P<gbp>£|\bgbp\b|\bpounds?\b|\bquid\b)|(?P<jpy>¥|\bjpy\b|\byen\b)"
    r"|(?P<inr>₹|\binr\b|\brs\b|\brupees?\b)|(?P<cad>\bcad?\b\s?\$?|\bc\$|\bcanadian)|(?P<aud>\ba(?:u|ud)?\b\s?\$|\baud\b)"
    r"|(?P<mxn>\bmxn?\b\s?\$?|\bmex\$|\bpesos?\b)|(?P<chf>\bchf\b|\bfrancs?\b)|(?P<cny>\bcny\b|\brmb\b|\byuan\b)"
    r"|(?P<other>[₩₽₱₦₫₪₺₴₿฿]|\br\$|\bbtc\b|\bbitcoins?\b|\bnzd?\b\s?\$|\bhkd?\b\s?\$|\bsgd\b|\bbrl\b|\bkrw\b)"
)
_CURRENCY_NAMES = {
    "eur": "euros", "gbp": "pounds sterling", "jpy": "yen", "inr": "rupees", "cad": "Canadian dollars",
    "aud": "Australian dollars", "mxn": "pesos", "chf": "francs", "cny": "yuan", "other": "another currency",
}  # fmt: skip
#: Letters that a currency can be told by; without any of them, nobody needs to look.
_ODD = re.compile(r"[^0-9$.,+ km-]")


def read_number(text: str) -> Read:
    """A number of any kind."""
    return _told(read_numeral(text, point_groups=False), "Expected a number such as 12.5.")


def read_integer(text: str) -> Read:
    """A number without a fraction; `3.0` is one."""
    read = _told(read_numeral(text, point_groups=True), "Expected a whole number such as 12.")
    return wrong("Expected a whole number, without a fraction.") if read.value and "." in read.value else read


def read_money(text: str) -> Read:
    """An amount in US dollars, in whole units with at most two decimals; never negative."""
    if text == "$":
        # The form's prefix, with nothing typed after it.
        return NOTHING
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        value = written(Decimal(text))
        return Read(value, observed=value)
    numeral, foreign = bare_amount(text)
    if foreign:
        return wrong(f"Expected an amount in dollars, not in {foreign}.")
    found = read_numeral(numeral, point_groups=True)
    amount = found.value
    if amount is not None:
        if amount < 0:
            return wrong("Expected an amount in dollars of zero or more.")
        if amount != round(amount, 2):
            return wrong("Expected an amount in dollars with at most two decimals.", written(round(amount, 2)))
    return _told(found, "Expected one amount in dollars such as 12000 or $12,000.00.")


def bare_amount(text: str) -> tuple[str, str]:
    """The numeral without its dollar sign, and the name of another currency where it has one."""
    numeral = plain_numeral(text)
    if _ODD.search(numeral) and (foreign := _FOREIGN.search(numeral)) is not None:
        return "", _CURRENCY_NAMES[str(foreign.lastgroup)]
    inner, bracketed = numeral, numeral.startswith("(") and numeral.endswith(")")
    if bracketed:
        inner = numeral[1:-1].strip()
    match = _DOLLARS.fullmatch(inner)
    if match is None:
        return numeral, ""
    inner = f"{match['sign']}{match['numeral'].strip()}"
    return (f"({inner})" if bracketed else inner), ""


def number_reader(
    field: str, kind: Kind, minimum: float | None = None, maximum: float | None = None
) -> Callable[[str], Reading]:
    """A reader of an integer, number or money field within its bounds, both inclusive."""
    read = plain_reader(field, _RULE, _NOUNS[kind], {"integer": read_integer, "number": read_number,
                                                      "money": read_money}[kind])  # fmt: skip
    return bounded_reader(field, read, _NOUNS[kind], minimum, maximum, grouped=kind != "integer")


def bounded_reader(
    field: str, read: Reader, noun: str, minimum: float | None, maximum: float | None, *, grouped: bool
) -> Reader:
    """A reader whose number must lie within bounds. `grouped`: bounds are told with commas."""
    if minimum is None and maximum is None:
        return read
    expected = f"Expected {noun}{bounds(minimum, maximum, grouped=grouped)}."
    lowest = None if minimum is None else Decimal(str(minimum))
    highest = None if maximum is None else Decimal(str(maximum))

    def read_bounded(text: str) -> Reading:
        reading = read(text)
        if reading.value is None:
            return reading
        amount = Decimal(reading.value)
        if (lowest is not None and amount < lowest) or (highest is not None and amount > highest):
            return refused(_BOUNDS, field, expected, observed=reading.value)
        return reading

    return read_bounded


def bounds(minimum: float | None, maximum: float | None, *, grouped: bool) -> str:
    """Bounds in words, with a blank before them; empty without any."""
    comma = "," if grouped else ""
    low = "" if minimum is None else f"{minimum:{comma}.15g}"
    high = "" if maximum is None else f"{maximum:{comma}.15g}"
    if low and high:
        return f" from {low} to {high}"
    return f" of at least {low}" if low else f" of at most {high}" if high else ""


def _told(found: Numeral, expected: str) -> Read:
    if found.value is None:
        # A share may be meant as 35 or as 0.35; whoever sends it must say which.
        return wrong(expected, "" if found.likely is None else written(found.likely))
    value = written(found.value)
    return Read(value, observed=value)
