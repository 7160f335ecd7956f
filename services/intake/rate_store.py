"""Rates of access keys, counted by Redis for all replicas together, and by each alone while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.intake.rate import Admission, Rate, admit
from shared.runtime.clock import Clock

#: Longest that a batch waits for Redis, in seconds.
ANSWER_SECONDS = 0.05
#: How long a Redis that did not answer is left alone, so that its absence costs nothing.
REST_SECONDS = 1.0

# As `rate.admit`, for every key of a batch. By the clock of Redis, which all replicas share.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local told = {}
for n, key in ipairs(KEYS) do
  local leads, interval, burst = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1]), tonumber(ARGV[3 * n])
  local start = math.max(tonumber(redis.call('GET', key) or 0), now)
  local room = math.floor(math.max(0, burst * interval - (start - now)) / interval)
  local admitted = math.min(leads, room)
  local whole = start + admitted * interval
  if admitted > 0 then
    redis.call('SET', key, string.format('%d', whole), 'PX', math.ceil((whole - now) / 1000))
  end
  local wait = 0
  if admitted < leads then
    wait = math.max(0, whole - now - (burst - 1) * interval)
  end
  told[2 * n - 1], told[2 * n] = admitted, wait
end
return told
"""

Wanted = Mapping[str, tuple[Rate, int]]


class RateLimits(Protocol):
    """Lets leads through by the rate of their key."""

    async def admit(self, wanted: Wanted) -> dict[str, Admission]:
        """How many leads of each key may go on. `wanted`: rate and number of leads by key id."""
        ...


class LocalLimits:
    """Counts in this process alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._whole_at: dict[str, int] = {}

    async def admit(self, wanted: Wanted) -> dict[str, Admission]:
        """As `RateLimits` says."""
        now = round(self._clock.monotonic() * 1e6)
        told = {}
        for key_id, (rate, leads) in wanted.items():
            self._whole_at[key_id], told[key_id] = admit(self._whole_at.get(key_id, 0), now, leads, rate)
        return told


class SharedLimits:
    """Counts in Redis; in this process for as long as Redis does not answer."""

    def __init__(self, redis: Redis, clock: Clock, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`answer_seconds`: how long a batch waits for Redis at most."""
        self._answer_seconds = answer_seconds
        self._script: Any = redis.register_script(_SCRIPT)
        self._clock = clock
        self._alone = LocalLimits(clock)
        self._rests_until = float("-inf")

    async def admit(self, wanted: Wanted) -> dict[str, Admission]:
        """As `RateLimits` says. Never raises, and waits for Redis no longer than it was told."""
        # Counted here as well, so that a Redis that goes away leaves no gap in which a key may send twice as much.
        alone = await self._alone.admit(wanted)
        if self._clock.monotonic() < self._rests_until:
            return alone
        numbers = [number for rate, leads in wanted.values() for number in (leads, rate.interval_us, rate.burst)]
        try:
            async with asyncio.timeout(self._answer_seconds):
                told = await self._script(keys=[f"leadline:rate:{key_id}" for key_id in wanted], args=numbers)
        except (RedisError, OSError, TimeoutError):
            self._rests_until = self._clock.monotonic() + REST_SECONDS
            return alone
        return {key_id: Admission(int(told[2 * n]), int(told[2 * n + 1]) / 1e6) for n, key_id in enumerate(wanted)}
