"""Numerals as Americans write them.

The rule for marks is the American one: a comma or a space parts groups of three, a
point begins the decimals. Where a numeral keeps to another country's rule, or breaks
off between two rules, it is not read; what it probably meant is told instead.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from services.validation.fieldtypes.plain import ascii_like

#: Most digits before the point: beyond, it is an account number or a slip.
MOST_DIGITS = 15

_FAST = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,20})?", re.ASCII)
_SCALES = {
    "": 1,
    **dict.fromkeys(("hundred",), 100),
    **dict.fromkeys(("k", "thousand", "thousands", "grand"), 1000),
    **dict.fromkeys(("m", "mm", "mn", "mln", "million", "millions"), 1_000_000),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 1_000_000_000),
}
_SCALE = "|".join(sorted(filter(None, _SCALES), key=len, reverse=True))
_NUMERAL = re.compile(
    r"(?P<sign>[+-]?)\s?"
    r"(?P<whole>\d{1,15}|\d{1,3}(?:(?P<gap>[, '])\d{3})(?:(?P=gap)\d{3}){0,3}|(?=\.\d))"
    rf"(?:\.(?P<part>\d{{0,20}}))?\s?(?P<scale>{_SCALE}|)",
    re.ASCII,
)
#: 25.000 is twenty-five thousand to half the world; 0.350 is not, and neither is 2019.000.
_TWO_WAYS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_EUROPEAN = re.compile(r"([+-]?\d{1,3}(?:\.\d{3})+)(?:,(\d*))?|([+-]?\d+),(\d{1,2})", re.ASCII)
_MISGROUPED = re.compile(r"[+-]?\d[\d,_ ]*(?:\.\d+)?", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d{1,15}(?:\.\d{0,15})?e[+-]?\d{1,2}", re.ASCII)
_FRACTION = re.compile(r"(?P<sign>[+-]?)(?:(?P<whole>\d{1,6})[ -])?(?P<top>\d{1,3})\s?/\s?(?P<bottom>2|4|5|8|10|16)",
                       re.ASCII)  # fmt: skip
_ANY = re.compile(rf"\d[\d,]*(?:\.\d+)?(?:\s?(?:{_SCALE})\b)?", re.ASCII)
_VULGAR = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅕": "1/5", "⅖": "2/5",
           "⅗": "3/5", "⅘": "4/5"}  # fmt: skip
_VULGAR_SIGN = re.compile(f"[{''.join(_VULGAR)}]")

_UNITS = {
    word: number
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_BIG = {"thousand": 1000, "grand": 1000, "million": 1_000_000}


class Numeral(NamedTuple):
    """A numeral, read; or what it probably meant."""

    value: Decimal | None
    likely: Decimal | None = None


UNREADABLE = Numeral(None)


def read_numeral(text: str, *, point_groups: bool) -> Numeral:
    """Read `25,000`, `25 000`, `25k`, `1.5 million`, `(3.25)`, `2 1/2`, `ten`.

    Args:
        text: tidied.
        point_groups: three digits after a point may be a group of thousands, so that `25.000` is read in neither
            way. That holds for amounts and whole numbers; a number of any kind may well have three decimals.
    """
    if _FAST.fullmatch(text):
        return _two_ways(text) if point_groups and _TWO_WAYS.fullmatch(text) else Numeral(Decimal(text))
    text = plain_numeral(text)
    bracketed = text.startswith("(") and text.endswith(")")
    if bracketed:
        # Accountants write losses so.
        text = text[1:-1].strip()
    found = _read(text, point_groups)
    if bracketed:
        found = Numeral(*(None if amount is None else -abs(amount) for amount in found))
    return found


def plain_numeral(text: str) -> str:
    """A numeral in ASCII and small letters, without the quotes and commas that files leave around it."""
    text = ascii_like(text).casefold()
    text = _VULGAR_SIGN.sub(lambda sign: f" {_VULGAR[sign[0]]}", text).replace("  ", " ")
    return text.strip(" '\"").rstrip(" ,;")


def written(amount: Decimal) -> str:
    """The one way in which a number is written: no exponent, no needless zeros."""
    if amount == amount.to_integral_value():
        return str(int(amount))
    return format(amount.normalize(), "f")


def _read(text: str, point_groups: bool) -> Numeral:
    match = _NUMERAL.fullmatch(text)
    if match is not None:
        if point_groups and not match["scale"] and _TWO_WAYS.fullmatch(text):
            return _two_ways(text)
        digits = re.sub(r"\D", "", match["whole"]) or "0"
        amount = Decimal(f"{match['sign']}{digits}.{match['part'] or '0'}") * _SCALES[match["scale"]]
        return Numeral(amount) if amount < 10**MOST_DIGITS else UNREADABLE
    fraction = _FRACTION.fullmatch(text)
    if fraction is not None:
        part = Decimal(fraction["top"]) / Decimal(fraction["bottom"])
        amount = Decimal(fraction["whole"] or 0) + part
        if part < 1 or not fraction["whole"]:
            return Numeral(-amount if fraction["sign"] == "-" else amount)
        return UNREADABLE
    amount_in_words = _in_words(text)
    if amount_in_words is not None:
        return Numeral(Decimal(amount_in_words))
    return Numeral(None, _likely(text))


def _two_ways(text: str) -> Numeral:
    """Grouped by a point, as abroad: nobody writes three decimals of an amount or of a whole number."""
    return Numeral(None, Decimal(text.replace(".", "")))


def _likely(text: str) -> Decimal | None:
    """What a numeral that keeps to no rule of ours probably meant; None: nothing, or more than one thing."""
    if european := _EUROPEAN.fullmatch(text):
        whole, part = (european[1], european[2]) if european[1] else (european[3], european[4])
        return Decimal(f"{whole.replace('.', '')}.{part or 0}")
    if _SCIENTIFIC.fullmatch(text):
        # A spreadsheet that shortens so has dropped digits.
        amount = Decimal(text)
        return amount if abs(amount) < 10**MOST_DIGITS else None
    if _MISGROUPED.fullmatch(text):
        amount = Decimal(re.sub(r"[,_ ]", "", text))
        return amount if abs(amount) < 10**MOST_DIGITS else None
    found = _ANY.findall(text)
    if len(found) != 1:
        return None
    only = _NUMERAL.fullmatch(found[0].strip())
    if only is None:
        return None
    digits = re.sub(r"\D", "", only["whole"]) or "0"
    return Decimal(f"{digits}.{only['part'] or 0}") * _SCALES[only["scale"]]


def _in_words(text: str) -> int | None:
    """`twenty-five thousand`; None: other words."""
    words = text.replace("-", " ").split()
    if not words or len(words) > 12 or words[0] not in _UNITS | _TENS:
        return None
    total = group = last = 0
    for word in words:
        if word == "and" and last >= 100:
            continue
        if word in _UNITS:
            # After a ten, a unit; after a hundred or a thousand, anything; `ten five` is nothing.
            if last and not (last >= 100 or (last >= 20 and 0 < _UNITS[word] < 10)):
                return None
            group += _UNITS[word]
            last = _UNITS[word] or 1
        elif word in _TENS and (not last or last >= 100):
            group += _TENS[word]
            last = _TENS[word]
        elif word == "hundred" and 0 < group < 100:
            group *= 100
            last = 100
        elif word in _BIG and 0 < group < 1000:
            total += group * _BIG[word]
            group, last = 0, _BIG[word]
        else:
            return None
    return total + group
