"""Calendar dates as Americans and systems write them.

The clerk's rules:
- Numbers alone are month, day, year, whatever parts them. Only where that cannot be (25/12/1985) is the
  day taken to come first; the receipt says so. Four digits in front are the year, as ISO 8601 has it.
- A two-digit year of birth is the one of an adult of at most 100 years; of any other date, the one nearest to
  today that is at most 20 years ahead.
- Digits without marks are a date only as YYYYMMDD or MMDDYYYY. Six of them, a time in Unix seconds, a date without
  its year or without its day are not read.
- A time and a zone are passed over: the day is the one that was written.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import NamedTuple

from rapidfuzz.distance import OSA

from services.validation.fieldtypes.plain import ascii_like

#: Years that a date of anybody's life and business can have.
FIRST_YEAR, LAST_YEAR = 1850, 2150
_AHEAD = 20
_ADULT, _OLD = 18, 100

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s?([-/.\\ ])\s?(\d{1,2})\s?\2\s?(\d{1,2})", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,2})\s?([-/.\\, ])\s?(\d{1,2})\s?\2\s?'?(\d{4}|\d{2})", re.ASCII)
_SHORT_YEAR_FIRST = re.compile(r"'?(\d{2})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_COMPACT_AMERICAN = re.compile(r"(\d\d)(\d\d)(\d{4})", re.ASCII)
_SIX = re.compile(r"(\d\d)(\d\d)(\d\d)", re.ASCII)
_NAME = r"([a-zé]{3,11})"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|º)?"
_YEAR = r"(\d{4}|\d{2})"
_MONTH_FIRST = re.compile(rf"{_NAME}\.?[-/ ,]{{0,2}}(?:the )?{_DAY}(?:[-/ ,.]+(?:of |de )?'?|'){_YEAR}")
_DAY_FIRST = re.compile(rf"(?:the )?{_DAY}[-/ .]*(?:of |de )?{_NAME}\.?,?[-/ ]*(?:of |de |del )?'?{_YEAR}")
_NAME_MIDDLE = re.compile(rf"(\d{{4}})[-/ ,]*{_NAME}\.?[-/ ]*{_DAY}")
_WEEKDAY = re.compile(r"(?:mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun)(?:day|nesday|rsday|sday|urday)?\.?,? +")
_TIME = re.compile(
    r"(?:t|[ ,]+(?:at )?)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,:]\d{1,9})?)? ?(?:[ap]\.?m\.?)? ?(?:z|utc|gmt|[ecmp][sd]?t)? ?"
    r"(?:[+-]\d\d:?\d\d|[+-]\d\d)?(?: ?\([^)]*\)| ?\[[^]]*\])?|t\d{6}z?",
    re.ASCII,
)
_MONTH_NAMES = (
    "january february march april may june july august september october november december",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
_MONTHS = {
    name[:length]: number
    for names in reversed(_MONTH_NAMES)
    for number, name in enumerate(names.split(), start=1)
    # Short forms are English ones; `mar`, `ago` and `dic` mean one thing in either tongue.
    for length in range(3 if names is _MONTH_NAMES[0] else len(name), len(name) + 1)
} | {"ene": 1, "abr": 4, "ago": 8, "dic": 12, "setiembre": 9}
#: What date pickers and databases hold before anybody has chosen.
_NOTHING = re.compile(
    r"[0/.\- ]*|0?1[-/.]0?1[-/.]0001|0001-01-01|[_/.\- ]+|(?:mm|dd|m|d)[-/. ](?:dd|mm|d|m)[-/. ](?:yyyy|yy)"
    r"|yyyy[-/. ]mm[-/. ]dd|invalid date|nat|select(?: a)? date|month day,? year"
)
#: What people write before a date that they copy.
_LABEL = re.compile(r"(?:d\.?o\.?b\.?|date of birth|birth ?date|birthday|born(?: on)?|date)\s*[:=-]?\s*(?=[\da-z])")
_UNIX = re.compile(r"-?\d{9,10}(?:\.\d+)?|-?\d{12,13}", re.ASCII)
_PARTIAL = (
    (re.compile(r"(\d{4})"), "MM/DD/{0}"),
    (re.compile(r"(\d{1,2})[-/. ](\d{1,2})"), "{0}/{1}/YYYY"),
    (re.compile(r"(\d{1,2})[-/. ](\d{4})"), "{0}/DD/{1}"),
    (re.compile(r"(\d{4})[-/. ](\d{1,2})"), "{0}-{1}-DD"),
    (re.compile(r"([a-z]{3,9})\.?[ ,-]*(\d{4})"), "{0} DD, {1}"),
    (re.compile(r"([a-z]{3,9})\.? ?(\d{1,2})(?:st|nd|rd|th)?"), "{0} {1}, YYYY"),
    (re.compile(r"(\d{1,2})(?:st|nd|rd|th)? ?([a-z]{3,9})"), "{1} {0}, YYYY"),
)

DAY_FIRST = "a date, day first"


class Day(NamedTuple):
    """A date, read; or why not."""

    day: date | None
    #: Written for people, such as `a date, day first`.
    note: str = "a date"
    expected: str = ""
    likely: str = ""
    missing: bool = False


def read_day(text: str, today: date | None = None, *, birth: bool = False) -> Day:
    """One date.

    Args:
        text: tidied.
        today: against which a two-digit year is read; None: it is not.
        birth: it is a date of birth.
    """
    if _ISO.fullmatch(text):
        with suppress(ValueError):
            day = date.fromisoformat(text)
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return Day(day)
    text = ascii_like(text).casefold().strip(" '\",;")
    if text[:1] in "bd" and (label := _LABEL.match(text)):
        text = text[label.end() :]
    text = _WEEKDAY.sub("", text, count=1) if text[:1] in "mtwfs" else text
    plain = _without_time(text)
    if plain is None:
        return _wrong("Expected a date whose time of day exists.")
    plain = plain.rstrip(" .,;")
    if _NOTHING.fullmatch(plain):
        return Day(None, missing=True)
    has_name = any(sign.isalpha() for sign in plain)
    return _of_words(plain, today, birth) if has_name else _of_numbers(plain, today, birth)


def age_on(born: date, day: date) -> int:
    """Whole years between two days, as people count them; below 0 before the birth."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _of_numbers(text: str, today: date | None, birth: bool) -> Day:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        if month > 12 >= day:
            return _wrong(likely=_iso(year, day, month))
        return _checked(year, month, day)
    match = _NUMBERS.fullmatch(text)
    if match is not None and (int(match[1]) <= 31 or len(match[4]) == 4):
        return _american(int(match[1]), int(match[3]), match[4], today, birth, commas=match[2] == ",")
    if match := _COMPACT.fullmatch(text):
        if _exists(int(match[1]), int(match[2]), int(match[3])):
            return _checked(int(match[1]), int(match[2]), int(match[3]))
        match = _COMPACT_AMERICAN.fullmatch(text)
        if match is not None and int(match[1]) <= 12:
            return _checked(int(match[3]), int(match[1]), int(match[2]))
        return _wrong(likely="" if match is None else _iso(int(match[3]), int(match[2]), int(match[1])))
    return _unread_numbers(text, today, birth)


def _unread_numbers(text: str, today: date | None, birth: bool) -> Day:
    if (match := _SHORT_YEAR_FIRST.fullmatch(text)) or (match := _SIX.fullmatch(text)):
        groups = [int(group) for group in match.groups() if group.isdigit()]
        first_is_year = groups[0] > 12
        year, month, day = groups if first_is_year else (groups[2], groups[0], groups[1])
        full = _full_year(year, month, day, today, birth)
        return _wrong("Expected a date with marks and a year of four digits, such as 1980-12-31.",
                      _iso(full, month, day) if full else "")  # fmt: skip
    if _UNIX.fullmatch(text):
        seconds = float(text) / (1000 if len(text.lstrip("-")) > 11 else 1)
        likely = datetime.fromtimestamp(seconds, UTC).date().isoformat() if abs(seconds) < 5e9 else ""
        return _wrong("Expected a date such as 1980-12-31, not a count of seconds.", likely)
    return _partial(text)


def _of_words(text: str, today: date | None, birth: bool) -> Day:
    if match := _MONTH_FIRST.fullmatch(text):
        name, day, year = match[1], match[2], match[3]
    elif match := _DAY_FIRST.fullmatch(text):
        name, day, year = match[2], match[1], match[3]
    elif match := _NAME_MIDDLE.fullmatch(text):
        name, day, year = match[2], match[3], match[1]
    else:
        return _partial(text)
    month = _MONTHS.get(name)
    if month is None:
        meant = [number for known, number in _MONTHS.items() if len(known) > 3 and OSA.distance(name, known) <= 2]
        alone = len(set(meant)) == 1
        return _wrong("Expected a date with the month's name spelt out, such as March 4, 1980.",
                      _iso(int(year), meant[0], int(day)) if alone and len(year) == 4 else "")  # fmt: skip
    full = int(year) if len(year) == 4 else _full_year(int(year), month, int(day), today, birth)
    return _checked(full, month, int(day)) if full else _short_year()


def _american(first: int, second: int, year: str, today: date | None, birth: bool, *, commas: bool) -> Day:
    day_first = first > 12 >= second
    month, day = (second, first) if day_first else (first, second)
    full = int(year) if len(year) == 4 else _full_year(int(year), month, day, today, birth)
    if full is None:
        return _short_year() if _exists(2000, month, day) else _wrong("Expected a day that exists.")
    if commas:
        return _wrong(likely=_iso(full, month, day))
    found = _checked(full, month, day)
    return found._replace(note=DAY_FIRST) if day_first and found.day else found


def _full_year(short: int, month: int, day: int, today: date | None, birth: bool) -> int | None:
    """The full year of a two-digit one; None: no year is plain."""
    if today is None:
        return None
    this = today.year - today.year % 100 + short
    if not birth:
        return this - 100 if this > today.year + _AHEAD else this + 100 if this <= today.year + _AHEAD - 100 else this
    for year in (this, this - 100):
        if _ADULT <= today.year - year - ((today.month, today.day) < (month, day)) <= _OLD:
            return year
    return None


def _short_year() -> Day:
    return _wrong("Expected a year of four digits.", "MM/DD/YYYY")


def _checked(year: int, month: int, day: int) -> Day:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _wrong(f"Expected a year from {FIRST_YEAR} to {LAST_YEAR}.")
    if not _exists(year, month, day):
        return _wrong("Expected a day that exists.")
    return Day(date(year, month, day))


def _exists(year: int, month: int, day: int) -> bool:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _iso(year: int, month: int, day: int) -> str:
    return date(year, month, day).isoformat() if _exists(year, month, day) else ""


def _partial(text: str) -> Day:
    for pattern, shown in _PARTIAL:
        match = pattern.fullmatch(text)
        if match is not None and all(part in _MONTHS for part in match.groups() if not part.isdigit()):
            likely = shown.format(*(part if part.isdigit() else part.capitalize() for part in match.groups()))
            return _wrong("Expected the day, the month and the year.", likely)
    return _wrong()


def _wrong(expected: str = "Expected a date such as 1980-12-31 or 12/31/1980.", likely: str = "") -> Day:
    return Day(None, "", expected, likely)


def _without_time(text: str) -> str | None:
    """The text up to its time of day; None: there is no such time."""
    if ":" not in text and "t" not in text[8:9]:
        return text
    for match in _TIME.finditer(text):
        if match.end() == len(text):
            clock = [int(part) for part in match.groups() if part]
            # A day may end at 24:00, and a minute at a leap second.
            possible = not clock or (clock[0] <= 24 and clock[1] <= 59 and (len(clock) < 3 or clock[2] <= 60))
            return text[: match.start()] if possible else None
    return text
