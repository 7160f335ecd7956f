"""A moment, in the forms in which systems write one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from services.validation.verdict import Reading, accepted
from shared.verdict import Check

_RULE = "date.readable"


def parse_moment(text: str) -> datetime | None:
    """A time written ISO 8601 or as Unix (milli)seconds. Without a zone it is UTC, without a time the day's end."""
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= 10:
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def moment_reader(field: str) -> Callable[[str], Reading]:
    """A reader of a time that only supports something else: one that cannot be read is noted and left out."""

    def read_moment(text: str) -> Reading:
        moment = parse_moment(text)
        if moment is None:
            return Reading(None, (Check(_RULE, True, field, "unreadable and not used", "a time"),))
        return accepted(moment.isoformat(), _RULE, field, "a time", "a time")

    return read_moment
