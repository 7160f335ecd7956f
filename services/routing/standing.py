"""Where an order stands at an instant: what is used and left of its caps, and when it buys next. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from services.routing.capacity import CapacityKey, Demand, Reading, Used, demands
from services.routing.plan import OrderPlan
from services.routing.windows import is_open, next_opening, window_start
from shared.catalog.words import WindowKind

#: More than a window lasts, and less than two of them.
_INTO_THE_NEXT: dict[str, timedelta] = {
    "hour": timedelta(minutes=90),
    "day": timedelta(hours=36),
    "week": timedelta(days=10),
    "month": timedelta(days=40),
}


class WindowStanding(NamedTuple):
    """One cap. `paced`: what an even spread allows by now; None: it is not spread. `ends_at`: None for `total`."""

    demand: Demand
    used: Used
    ends_at: datetime | None
    max_leads: int | None
    paced: int | None


class Standing(NamedTuple):
    """An order at an instant. `next_turn`: when its pace allows the next lead; None: at any time."""

    open: bool
    next_opening: datetime | None
    windows: tuple[WindowStanding, ...]
    next_turn: datetime | None


def keys_of(ready: OrderPlan, at: datetime) -> set[CapacityKey]:
    """The rows that its standing is read from."""
    return {demand.key for demand in _demands(ready, at)}


def standing(ready: OrderPlan, at: datetime, reading: Reading) -> Standing:
    """Where an order stands."""
    local = at.astimezone(ready.zone)
    opened = is_open(ready.openings, local, ready.closed)
    windows = [_window(ready, each, reading) for each in _demands(ready, at) if each.at is None]
    turn = next((each for each in _demands(ready, at) if each.at is not None), None)
    return Standing(
        open=opened,
        next_opening=None if opened else next_opening(ready.openings, local, ready.closed),
        windows=tuple(windows),
        next_turn=_next_turn(turn, reading, at) if turn is not None else None,
    )


def _demands(ready: OrderPlan, at: datetime) -> Iterable[Demand]:
    yield from demands(ready, at)
    for site in ready.source_caps:
        yield from (demand for demand in demands(ready, at, site) if demand.key.of_source)


def _window(ready: OrderPlan, demand: Demand, reading: Reading) -> WindowStanding:
    spread = demand.key.window == "day" and not demand.key.of_source and ready.even_cap is not None
    return WindowStanding(
        demand=demand,
        used=reading.used(demand.key),
        ends_at=_end(ready, demand.key),
        max_leads=ready.even_cap if spread else demand.max_leads,
        paced=demand.max_leads if spread else None,
    )


def _end(ready: OrderPlan, key: CapacityKey) -> datetime | None:
    if key.window == "total" or key.window == "pace":
        return None
    kind: WindowKind = key.window
    return window_start(kind, key.starts_at + _INTO_THE_NEXT[kind], ready.capacity_zone)


def _next_turn(turn: Demand, reading: Reading, at: datetime) -> datetime | None:
    last_at = reading.used(turn.key).last_at
    if last_at is None:
        return None
    again = last_at + timedelta(seconds=turn.max_leads or 0)
    return again if again > at else None
