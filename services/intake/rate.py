"""How fast a key may send: the generic cell rate algorithm (ITU-T I.371), one instant per key. Pure.

The instant is when the key's allowance will be whole again. Each lead moves it on by the emission interval, 60 s over
the leads a minute; a lead that would move it further ahead of now than `burst` intervals is refused. So an idle key
may send `burst` leads at once, and a busy one its rate, with no window at whose edge twice as many would pass.
"""

from __future__ import annotations

from typing import NamedTuple

MINUTE_US = 60_000_000


class Rate(NamedTuple):
    """What a key may send. `per_minute`: leads on average; `burst`: at once after a pause. Both 1 or more."""

    per_minute: int
    burst: int

    @property
    def interval_us(self) -> int:
        """Microseconds from one lead to the next at a steady pace, rounded down in the sender's favour."""
        return MINUTE_US // self.per_minute


class Admission(NamedTuple):
    """How many leads of those that came may go on, and in how many seconds one more may."""

    admitted: int
    retry_after_seconds: float


def admit(whole_at_us: int, now_us: int, leads: int, rate: Rate) -> tuple[int, Admission]:
    """Let as many of `leads` through as the rate allows. Returns the new instant as well; times in microseconds."""
    start = max(whole_at_us, now_us)
    interval = rate.interval_us
    room = max(0, rate.burst * interval - (start - now_us)) // interval
    admitted = min(leads, room)
    whole_at_us = start + admitted * interval
    wait_us = 0 if admitted == leads else whole_at_us - now_us - (rate.burst - 1) * interval
    return whole_at_us, Admission(admitted, max(0, wait_us) / 1e6)
