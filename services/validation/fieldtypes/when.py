"""Calendar dates in the forms that Americans and systems write."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from services.validation.verdict import Reading, accepted, refused

_RULE = "date.readable"
_ISO = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[T ][0-9:.]{2,18}(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_AMERICAN = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4})(?: [0-9:]{4,8}(?: ?[AaPp][Mm])?)?", re.ASCII)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -](?:of )?([A-Za-z]{3,9})\.?,?[ -](\d{4})", re.ASCII)
_MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), start=1
    )
    for length in range(3, len(name) + 1)
}
_EXPECTED = "Expected a date such as 1980-12-31 or 12/31/1980."
_EXPECTED_BIRTH = "Expected a date of birth in the past, at most 120 years ago."


def parse_date(text: str) -> date | None:
    """A date written ISO, month/day/year, or with the month's name; None: none of these, or no such day.

    A two-digit year is never guessed at, and neither is day/month: `13/01/1980` is no date.
    """
    try:
        if match := _ISO.fullmatch(text):
            # Without separators, both month and day need their two digits.
            if not match[2] and len(match[3] + match[4]) != 4:
                return None
            return date(int(match[1]), int(match[3]), int(match[4]))
        if match := _AMERICAN.fullmatch(text):
            return date(int(match[4]), int(match[1]), int(match[3]))
        if match := _MONTH_FIRST.fullmatch(text):
            return date(int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
        if match := _DAY_FIRST.fullmatch(text):
            return date(int(match[3]), _MONTHS[match[2].lower()], int(match[1]))
    except (ValueError, KeyError):
        return None
    return None


def date_reader(field: str) -> Callable[[str], Reading]:
    """A reader of a product's date field."""

    def read_date(text: str) -> Reading:
        day = parse_date(text)
        if day is None:
            return refused(_RULE, field, _EXPECTED)
        return accepted(day.isoformat(), _RULE, field, "a date", "a date")

    return read_date


def day_of(seconds: float) -> date:
    """The UTC day of a time in Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).date()


def midnight_of(seconds: float) -> datetime:
    """The beginning of the UTC day of a time in Unix seconds."""
    return datetime.fromtimestamp(seconds // 86400 * 86400, UTC)


def age_on(born: date, day: date) -> int:
    """Whole years between two days, as people count them; below 0 before the birth."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def judge_birth(born: str, day: date) -> Reading:
    """Holds a date of birth (ISO) against the day on which the lead came."""
    age = age_on(date.fromisoformat(born), day)
    if 0 <= age <= 120:
        return accepted(born, "date_of_birth.possible", "date_of_birth", "", "0 to 120 years")
    return refused("date_of_birth.possible", "date_of_birth", _EXPECTED_BIRTH, observed="no possible age")
