"""Pacing: how many of the day's leads an order may have bought by now, and when it takes its next one.

Even pacing, from first principles: with a cap of C leads a day, T seconds of the day's window in which the schedule
is open, and E of them elapsed at a lead's receipt, at most C * E // T + 1 leads are bought by then, and never more
than C. So the share that has elapsed is never passed by more than the one lead that begins it, a day that opens does
not wait for its first lead, and what was not bought in a quiet hour can still be bought later. Whole numbers only.
"""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from services.routing.windows import is_open, window_start

if TYPE_CHECKING:
    from services.routing.plan import OrderPlan

_MINUTE = timedelta(minutes=1)


def allowed(ready: OrderPlan, cap: int, at: datetime) -> int:
    """How many leads of the day's `cap` may have been bought once a lead of this instant is."""
    starts_at = window_start("day", at, ready.capacity_zone)
    opened = _open_minutes(ready, starts_at)
    total = opened[-1] * 60
    if not total:
        # It never opens on this day, which the schedule says.
        return cap
    seconds = int((at - starts_at).total_seconds())
    minute = min(seconds // 60, len(opened) - 2)
    elapsed = opened[minute] * 60 + (opened[minute + 1] - opened[minute]) * (seconds % 60)
    return min(cap, cap * elapsed // total + 1)


@lru_cache(maxsize=512)
def _open_minutes(ready: OrderPlan, starts_at: datetime) -> array[int]:
    """Open minutes of a day before its first, second … minute, and last of the whole day, of 23 to 25 hours."""
    ends_at = window_start("day", starts_at + timedelta(hours=36), ready.capacity_zone)
    before = array("i", [0])
    at = starts_at
    while at < ends_at:
        before.append(before[-1] + is_open(ready.openings, at.astimezone(ready.zone), ready.closed))
        at += _MINUTE
    return before
