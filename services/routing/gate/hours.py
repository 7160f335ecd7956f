"""When a person may lawfully be called or texted: by every rule, at every place where the person may be. Pure.

The rules are data, `rules/hours.yaml`. An opening hour is lawful from its first instant, and its closing hour is not:
"8 a.m. to 9 p.m." is read as [08:00, 21:00). E-mail has no hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from services.routing.gate.places import Place, Places, places_of
from services.routing.gate.rules import Channel, HoursRule, rules

__all__ = ["Place", "Places", "lawful", "lawful_seconds", "next_lawful", "places_of", "rules_at"]

#: How far a lawful instant is looked for. The longest row of closed days in the data is four.
HORIZON_DAYS: Final = 15

_DAY: Final = 86_400
_ONE_DAY: Final = timedelta(days=1)
_EPOCH: Final = date(1970, 1, 1)

#: From the first second to the last, exclusive; seconds since the epoch.
Span = tuple[int, int]


def lawful(places: Places, channel: Channel, at: datetime, *, automatic: bool = False) -> bool:
    """Whether a person may be reached over the channel at an instant.

    Args:
        places: where the person may be.
        channel: `call`, `text` or `email`.
        at: aware.
        automatic: a program dials, or speaks; some states give it fewer hours.
    """
    instant = at.timestamp()
    return any(start <= instant < end for start, end in _spans(places, channel, automatic, int(instant // _DAY)))


def next_lawful(places: Places, channel: Channel, after: datetime, *, automatic: bool = False) -> datetime | None:
    """The first lawful instant that is not before `after`; None: there is none within `HORIZON_DAYS`."""
    instant = after.timestamp()
    first = int(instant // _DAY)
    for day in range(first, first + HORIZON_DAYS):
        for start, end in _spans(places, channel, automatic, day):
            if instant < end:
                return after.astimezone(UTC) if start <= instant else datetime.fromtimestamp(start, UTC)
    return None


def lawful_seconds(
    places: Places, channel: Channel, start: datetime, end: datetime, *, automatic: bool = False
) -> float:
    """Seconds between two instants in which the person may be reached; 0 where the end is not after the start."""
    begins, ends = start.timestamp(), end.timestamp()
    if ends <= begins:
        return 0.0
    return sum(
        max(0.0, min(ends, closes) - max(begins, opens))
        for day in range(int(begins // _DAY), int(ends // _DAY) + 1)
        for opens, closes in _spans(places, channel, automatic, day)
    )


def rules_at(places: Places, channel: Channel, at: datetime, *, automatic: bool = False) -> tuple[str, ...]:
    """The rules that close an instant, by id, sorted; empty: it is lawful, or the place is abroad."""
    closing = set()
    for place in places.all:
        local = at.astimezone(ZoneInfo(place.zone))
        minute = local.hour * 60 + local.minute
        for rule in _rules_for(place.state, channel, automatic):
            if rule.in_force(local.date()):
                window = rule.window(local.date())
                if window is None or not window[0] <= minute < window[1]:
                    closing.add(rule.id)
    return tuple(sorted(closing))


@lru_cache(maxsize=65_536)
def _spans(places: Places, channel: Channel, automatic: bool, day: int) -> tuple[Span, ...]:
    """The lawful parts of one day of UTC."""
    whole = (day * _DAY, (day + 1) * _DAY)
    if channel == "email":
        return (whole,)
    if not places.all:
        return ()
    spans: list[Span] = [whole]
    for place in places.all:
        there = list(_around(place, channel, automatic, day))
        spans = [
            (max(start, opens), min(end, closes))
            for start, end in spans
            for opens, closes in there
            if max(start, opens) < min(end, closes)
        ]
        if not spans:
            break
    return tuple(spans)


def _around(place: Place, channel: Channel, automatic: bool, day: int) -> Iterator[Span]:
    """What is open at one place on the days there that touch a day of UTC."""
    middle = _EPOCH + timedelta(days=day)
    for local in (middle - _ONE_DAY, middle, middle + _ONE_DAY):
        span = _open_on(place, channel, automatic, local)
        if span is not None:
            yield span


@lru_cache(maxsize=65_536)
def _open_on(place: Place, channel: Channel, automatic: bool, day: date) -> Span | None:
    """What is open at one place on one day there; None: nothing."""
    opens, closes = 0, 24 * 60
    for rule in _rules_for(place.state, channel, automatic):
        if rule.in_force(day):
            window = rule.window(day)
            if window is None:
                return None
            opens, closes = max(opens, window[0]), min(closes, window[1])
    if opens >= closes:
        return None
    # Where the clock shows a time twice, the later one opens and the earlier one closes.
    return _instant(place.zone, day, opens, fold=1), _instant(place.zone, day, closes, fold=0)


def _instant(zone: str, day: date, minute: int, *, fold: int) -> int:
    day, minute = day + timedelta(days=minute // 1440), minute % 1440
    local = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), ZoneInfo(zone))
    return int(local.timestamp())


@lru_cache(maxsize=1024)
def _rules_for(state: str, channel: Channel, automatic: bool) -> tuple[HoursRule, ...]:
    return tuple(rule for rule in rules().hours if rule.binds(state, channel, automatic))
