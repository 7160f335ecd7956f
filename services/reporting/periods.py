"""How a period is put together from sums that are kept by hour, by day and by month, UTC. Pure.

A year is then a dozen sums and not 8,760: the reason why a report over ten million leads takes no longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Span = Literal["hour", "day", "month"]
SPANS: tuple[Span, ...] = ("hour", "day", "month")


class Window(NamedTuple):
    """Sums of one span that start in [start, end); None: no bound."""

    span: Span
    start: datetime | None
    end: datetime | None


def floor(instant: datetime, span: Span) -> datetime:
    """The start of the span that an instant (UTC) is in."""
    if span == "month":
        instant = instant.replace(day=1)
    if span != "hour":
        instant = instant.replace(hour=0)
    return instant.replace(minute=0, second=0, microsecond=0)


def ceiling(instant: datetime, span: Span) -> datetime:
    """The first start of a span at or after an instant (UTC)."""
    start = floor(instant, span)
    if start == instant:
        return start
    if span == "month":
        return floor(start + timedelta(days=31), span)
    return start + (timedelta(days=1) if span == "day" else timedelta(hours=1))


def windows(start: datetime | None, end: datetime | None) -> list[Window]:
    """Windows that cover a period exactly and do not overlap, with as many months and then days as fit.

    Args:
        start: Whole hour, UTC, inclusive; None: since the beginning.
        end: Whole hour, UTC, exclusive; None: for ever.
    """
    return [window for window in _cover(start, end, 2) if not _empty(window)]


def _cover(start: datetime | None, end: datetime | None, level: int) -> Iterator[Window]:
    span = SPANS[level]
    if level == 0:
        yield Window(span, start, end)
        return
    first = None if start is None else ceiling(start, span)
    last = None if end is None else floor(end, span)
    if first is not None and last is not None and first >= last:
        yield from _cover(start, end, level - 1)
        return
    if start is not None:
        yield from _cover(start, first, level - 1)
    yield Window(span, first, last)
    if end is not None:
        yield from _cover(last, end, level - 1)


def _empty(window: Window) -> bool:
    return window.start is not None and window.end is not None and window.start >= window.end
