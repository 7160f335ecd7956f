"""The periods that statements are about. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

#: Before any money moved.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant, inclusive, to another, exclusive; both UTC."""

    starts_at: datetime
    ends_at: datetime


def month(text: str, zone: ZoneInfo) -> Period:
    """A calendar month of a time zone.

    Args:
        text: Such as `2026-11`.
        zone: Whose midnights begin and end it.

    Raises:
        ValueError: The text is no month of the years 1971 to 9998.
    """
    found = _MONTH.fullmatch(text)
    year, number = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1971 <= year <= 9998 and 1 <= number <= 12):
        raise ValueError("expected a month such as 2026-11")
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return Period(_midnight(year, number, zone), _midnight(*after, zone))


def month_of(instant: datetime, zone: ZoneInfo) -> Period:
    """The month that an instant is in."""
    return month(f"{instant.astimezone(zone):%Y-%m}", zone)


def _midnight(year: int, number: int, zone: ZoneInfo) -> datetime:
    return datetime(year, number, 1, tzinfo=zone).astimezone(UTC)
