"""Numbers, amounts, yes and no, and choices: the types of a product's own fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from services.validation.fieldtypes.text import is_missing, tidy
from services.validation.verdict import MISSING, Reading, accepted, refused
from shared.catalog.terms import ProductField

_RULE = "field.readable"
#: Digits, alone or in groups of three parted by commas, spaces or apostrophes.
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)"
    r"(?P<whole>\d{1,15}|\d{1,3}(?:(?P<gap>[, '’])\d{3})(?:(?P=gap)\d{3}){0,3})"
    r"(?:\.(?P<part>\d{0,9}))?\s?(?P<scale>[kKmM]?)",
    re.ASCII,
)
_CURRENCY = re.compile(r"(?:US ?)?\$\s?|USD\s?|\s?(?:USD|US dollars|dollars)$", re.IGNORECASE)
_SCALE = {"": 1, "k": 1000, "m": 1_000_000}
_YES = frozenset({"yes", "y", "true", "t", "1", "on", "checked", "si", "sí", "yeah", "yep"})
_NO = frozenset({"no", "n", "false", "f", "0", "off", "unchecked", "nope"})


def parse_number(text: str) -> Decimal | None:
    """`25,000`, `25 000`, `25k`, `1.5m`, `-3.25`; None: no number, or one that can be read in two ways."""
    if text.isascii() and text.isdigit():
        return Decimal(text) if len(text) <= 15 else None
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits = re.sub(r"\D", "", match["whole"])
    amount = Decimal(f"{match['sign']}{digits}.{match['part'] or '0'}")
    return amount * _SCALE[match["scale"].lower()]


def parse_money(text: str) -> Decimal | None:
    """A number with or without a dollar sign, in whole units with at most two decimals; never negative."""
    amount = parse_number(_CURRENCY.sub("", text, count=1).strip())
    if amount is None or amount < 0 or amount != round(amount, 2):
        return None
    return amount


def written(amount: Decimal) -> str:
    """The one way in which a number is written: no exponent, no needless zeros."""
    if amount == amount.to_integral_value():
        return str(int(amount))
    return format(amount.normalize(), "f")


def number_reader(spec: ProductField) -> Callable[[str], Reading]:
    """A reader of an integer, number or money field within its bounds."""
    parse = parse_money if spec.type == "money" else parse_number
    noun = {"integer": "a whole number", "number": "a number", "money": "an amount in dollars"}[spec.type]
    expected = f"Expected {noun}{_bounds(spec)}."
    lowest = None if spec.minimum is None else Decimal(str(spec.minimum))
    highest = None if spec.maximum is None else Decimal(str(spec.maximum))
    whole = spec.type == "integer"

    def read_number(text: str) -> Reading:
        amount = parse(text)
        if amount is None or (whole and amount != amount.to_integral_value()):
            return refused(_RULE, spec.name, expected)
        value = written(amount)
        if (lowest is not None and amount < lowest) or (highest is not None and amount > highest):
            return refused("field.in_bounds", spec.name, expected, observed=value)
        return accepted(value, _RULE, spec.name, value, noun)

    return read_number


def boolean_reader(field: str) -> Callable[[str], Reading]:
    """A reader of yes and no."""

    def read_boolean(text: str) -> Reading:
        word = text.casefold().rstrip(".!")
        if word in _YES or word in _NO:
            value = "true" if word in _YES else "false"
            return accepted(value, _RULE, field, value, "yes or no")
        return refused(_RULE, field, "Expected yes or no.")

    return read_boolean


def choice_reader(field: str, choices: tuple[str, ...], also: dict[str, str] | None = None) -> Callable[[str], Reading]:
    """A reader of one of `choices`, whatever the case and punctuation; `also`: other words (folded) for them.

    It looks before it asks whether the text stands for nothing: `none` may well be a choice.
    """
    exact = {choice.casefold(): choice for choice in choices}
    loose: dict[str, str | None] = dict(also or {})
    for choice in choices:
        # Two choices that differ in punctuation alone (C+ and C-) must be written as declared.
        loose[_loose(choice)] = choice if _loose(choice) not in loose else None
    expected = f"Expected one of: {', '.join(choices)}." if len(choices) <= 12 else "Expected one of the listed values."

    def read_choice(raw: str) -> Reading:
        text = tidy(raw)
        value = exact.get(text.casefold()) or loose.get(_loose(text))
        if value is not None:
            return accepted(value, _RULE, field, value, "a listed value")
        return MISSING if is_missing(text) else refused(_RULE, field, expected)

    return read_choice


def _loose(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _bounds(spec: ProductField) -> str:
    low = "" if spec.minimum is None else f"{spec.minimum:,.15g}"
    high = "" if spec.maximum is None else f"{spec.maximum:,.15g}"
    if spec.type == "integer":
        low, high = low.replace(",", ""), high.replace(",", "")
    if low and high:
        return f" from {low} to {high}"
    return f" of at least {low}" if low else f" of at most {high}" if high else ""
