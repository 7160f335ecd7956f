"""Ranges: `$20k–25k`, `under 5,000`, `100,000+`.

Canonical: `low-high` with both ends as plain numbers, `low-` without an upper end
and `-high` without a lower one. A single number is a range of that number alone.
Whether an open end includes its number is not kept: forms are not that exact.
"""

from __future__ import annotations

import re
from decimal import Decimal

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.number import bare_amount, bounds
from services.validation.fieldtypes.numerals import Numeral, plain_numeral, read_numeral, written
from services.validation.fieldtypes.plain import Read, plain_reader, wrong
from services.validation.verdict import Reading, refused

_RULE = "field.readable"
_EXPECTED = "Expected a range such as 20000-25000, 100000- or -5000."
_ORDER = "Expected a range whose lower end comes first."

_UP_TO = re.compile(
    r"(?:<=?|≤|under|below|beneath|less th[ae]n(?: or equal to)?|lower than|up to|at most|no more than|not more than"
    r"|not over|max(?:imum)?(?: of)?:?|to|until|fewer than)\s*(?P<a>.+)"
    r"|(?P<b>.+?)\s*(?:(?:or|and|&) (?:less|under|below|fewer|lower)|max(?:imum)?|at most)"
)
_FROM = re.compile(
    r"(?:>=?|≥|over|above|more than|greater than(?: or equal to)?|at least|no less than|not less than|from|starting at"
    r"|min(?:imum)?(?: of)?:?|higher than|exceeding)\s*(?P<a>.+)"
    r"|(?P<b>.+?)\s*(?:\+|(?:or|and|&) (?:more|up|above|over|greater|higher|older|beyond)|plus|min(?:imum)?)"
)
_BETWEEN = re.compile(r"(?:between|from)\s+(?P<low>.+?)\s+(?:and|to|-|through|thru)\s+(?P<high>.+)")
_PARTED = re.compile(r"(?P<low>.*?\S)\s*(?:-{1,2}|\.{2,3}|~|\bto\b|\bthrough\b|\bthru\b)\s*(?P<high>\S.*)")
_OPEN = re.compile(r"(?P<low>.+?)\s*-")
_CLOSED = re.compile(r"-\s*(?P<high>[^-].*)")
#: What the numbers count; kept as a part, since the form's label says it too.
_UNIT = re.compile(
    r"(?<=[\dkm+ )])\s*(?P<unit>%|percent|years? old|years?|yrs?|months?|mos?|weeks?|days?|hours?|hrs?|minutes?|mins?"
    r"|miles?|sq\.? ?ft\.?|square feet|acres?|employees|people)(?P<after>\s*\+|\s+(?:or|and|&) \w+|)\.?$"
)
_UNIT_NAMES = {
    "%": "percent", "yr": "year", "mo": "month", "hr": "hour", "min": "minute", "year old": "year",
    "sq ft": "square foot", "sqft": "square foot", "square feet": "square foot", "people": "person",
}  # fmt: skip
_SCALE_AT_END = re.compile(r"(?<=\d)\s?(k|m|mm|thousand|million|grand)$")


def read_range(text: str) -> Read:
    """A range of numbers or dollars."""
    plain, unit = _without_unit(plain_numeral(text).replace("≧", "≥").replace("≦", "≤"))
    low_text, high_text = _ends(plain)
    low, low_likely, foreign = _amount(low_text)
    high, high_likely, also_foreign = _amount(high_text)
    if foreign or also_foreign:
        return wrong(f"Expected a range in dollars, not in {foreign or also_foreign}.")
    if (low is None and low_text) or (high is None and high_text):
        likely = ""
        if (low_likely is not None or not low_text) and (high_likely is not None or not high_text):
            likely = _canonical(low_likely, high_likely)
        return wrong(_EXPECTED, likely)
    if low is None and high is None:
        # Nothing but a quotation mark, say.
        return wrong(_EXPECTED)
    if low is not None and high is not None and low > high:
        return wrong(_ORDER, _canonical(high, low))
    value = _canonical(low, high)
    parts = {"low": "" if low is None else written(low), "high": "" if high is None else written(high), "unit": unit}
    return Read(value, {name: part for name, part in parts.items() if part}, observed=value)


def range_reader(field: str, minimum: float | None = None, maximum: float | None = None) -> Reader:
    """A reader of ranges; with bounds, both ends that are given must lie within."""
    read = plain_reader(field, _RULE, "a range", read_range)
    if minimum is None and maximum is None:
        return read
    expected = f"Expected a range of numbers{bounds(minimum, maximum, grouped=True)}."

    def read_bounded(text: str) -> Reading:
        reading = read(text)
        ends = [Decimal(reading.parts[end]) for end in ("low", "high") if end in reading.parts]
        if any((minimum is not None and end < minimum) or (maximum is not None and end > maximum) for end in ends):
            return refused("field.in_bounds", field, expected, observed=reading.value or "")
        return reading

    return read_bounded


def _ends(text: str) -> tuple[str, str]:
    """Both ends as written; empty: open."""
    if "-" in text and not any(sign.isdigit() for sign in text) and _amount(text)[0] is not None:
        # `twenty-five` is one number.
        return text, text
    if match := _BETWEEN.fullmatch(text):
        return _scaled(match["low"], match["high"])
    if match := _UP_TO.fullmatch(text):
        return "", match["a"] or match["b"]
    if match := _FROM.fullmatch(text):
        return match["a"] or match["b"], ""
    if match := _CLOSED.fullmatch(text):
        return "", match["high"]
    if match := _OPEN.fullmatch(text):
        return match["low"], ""
    if match := _PARTED.fullmatch(text):
        return _scaled(match["low"], match["high"])
    return text, text


def _scaled(low: str, high: str) -> tuple[str, str]:
    """`20-25k` means thousands twice; `500-1k` does not: the lower end takes the scale only where it is the lower."""
    scale = _SCALE_AT_END.search(high)
    if scale is None or _SCALE_AT_END.search(low):
        return low, high
    first, _, _ = _amount(low)
    second, _, _ = _amount(high[: scale.start()])
    if first is not None and second is not None and first < second:
        low += scale[1]
    return low, high


def _amount(text: str) -> tuple[Decimal | None, Decimal | None, str]:
    """A number of zero or more; what it may have meant; another currency's name."""
    if not text:
        return None, None, ""
    numeral, foreign = bare_amount(text)
    found = Numeral(None) if foreign else read_numeral(numeral, point_groups=True)
    value = found.value if found.value is not None and found.value >= 0 else None
    return value, value if value is not None else found.likely, foreign


def _canonical(low: Decimal | None, high: Decimal | None) -> str:
    return f"{'' if low is None else written(low)}-{'' if high is None else written(high)}"


def _without_unit(text: str) -> tuple[str, str]:
    match = _UNIT.search(text)
    if match is None:
        return text, ""
    unit = match["unit"].replace(".", "").strip()
    name = _UNIT_NAMES.get(unit) or _UNIT_NAMES.get(unit.removesuffix("s")) or unit.removesuffix("s")
    rest = text[: match.start()]
    if name == "percent":
        # 10%-20% says it twice.
        rest = re.sub(r"\s?%", "", rest)
    return f"{rest}{match['after']}".strip(), name
