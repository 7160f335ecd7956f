"""Dates and dates of birth: the readers, and who can have been born when."""

from __future__ import annotations

from datetime import UTC, date, datetime

from services.validation.fieldtypes.dates import Day, age_on, read_day
from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.plain import NOTHING, Read, plain_reader, wrong

__all__ = ["age_on", "birth_reader", "date_reader", "day_of", "midnight_of", "read_birth", "read_date"]

_RULE, _BIRTH_RULE = "date.readable", "date_of_birth.possible"
#: The oldest person ever was 122; a form does not meet the next one.
OLDEST = 120
#: Whoever fills in a form is at least so old; a site may not even ask a younger child (COPPA, 16 CFR 312.5).
YOUNGEST = 13
#: Days that databases and date pickers put in for an unknown birth, and all ones, which people type to get on.
_PLACEHOLDERS = frozenset({date(1900, 1, 1), date(1901, 1, 1), date(1911, 11, 11)})
_FIRST = date(1900, 1, 1)


def read_date(text: str, today: date | None = None) -> Read:
    """Any date. Parts: `year`, `month`, `day`."""
    found = read_day(text, today)
    if found.day in (_FIRST, date(1899, 12, 30), date(1899, 12, 31)):
        # Day zero or one of spreadsheets and databases.
        return wrong("Expected a real date: this one is a system's placeholder.")
    return _told(found)


def read_birth(text: str, today: date | None = None) -> Read:
    """A date of birth. Parts: those of a date, and with `today` the `age` in whole years and `adult`.

    A person under 18 is read: which ages an order buys is the order's matter.
    """
    found = read_day(text, today, birth=True)
    if found.day in _PLACEHOLDERS:
        return wrong("Expected a real date of birth: this one is a placeholder.")
    read = _told(found)
    if found.day is None or today is None:
        return read
    age = age_on(found.day, today)
    if age < 0:
        return wrong("Expected a date of birth in the past.")
    if age > OLDEST:
        return wrong(f"Expected a date of birth at most {OLDEST} years ago.")
    if age < YOUNGEST:
        return wrong(f"Expected the date of birth of somebody of {YOUNGEST} years or more.")
    parts = {**read.parts, "age": str(age), "adult": "true" if age >= 18 else "false"}
    return Read(read.value, parts, observed=read.observed)


def date_reader(field: str, today: date | None) -> Reader:
    """A reader of dates; without `today`, two-digit years are not read."""
    return plain_reader(field, _RULE, "a date", lambda text: read_date(text, today))


def birth_reader(field: str, today: date | None) -> Reader:
    """A reader of dates of birth; without `today`, neither age nor two-digit years are judged."""
    noun = "a possible date of birth"
    return plain_reader(field, _BIRTH_RULE, noun, lambda text: read_birth(text, today), personal=True)


def day_of(seconds: float) -> date:
    """The UTC day of a time in Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).date()


def midnight_of(seconds: float) -> datetime:
    """The beginning of the UTC day of a time in Unix seconds."""
    return datetime.fromtimestamp(seconds // 86400 * 86400, UTC)


def _told(found: Day) -> Read:
    if found.missing:
        return NOTHING
    if found.day is None:
        return wrong(found.expected, found.likely)
    iso = found.day.isoformat()
    return Read(iso, {"year": iso[:4], "month": iso[5:7], "day": iso[8:]}, observed=found.note)
