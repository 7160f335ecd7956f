"""Sightings in Redis: counted in one round trip a batch, and never waited for.

Redis is a hint here as everywhere: what it cannot tell in time is not known, and a lead is decided without it. Nothing
personal is kept, only digests under the install's key, each for a day after it was last seen. A detail keeps at most
some hundred people and a lead has five details, so a lead takes up less than a kilobyte for a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from hashlib import sha1

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from services.validation.lead import Lead
from services.validation.velocity.sightings import BURST_SECONDS, LAST_PEOPLE, NOT_KNOWN, Sightings
from services.validation.velocity.traces import Trace, Tracer
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure

#: Longest that a batch waits, in seconds.
BUDGET_SECONDS = 0.02
#: Rest after a look that failed; each further failure doubles it.
_FIRST_REST, _LONGEST_REST = 0.25, 5.0
#: For connecting, which is done beside the leads and never for one of them.
_CONNECT_SECONDS = 1.0

_DAY, _HOUR = 86_400, 3_600
#: Most people kept of a detail; the terms of an order ask for no more.
_PEOPLE, _PEOPLE_OF_ADDRESS = 64, 512

# For each key: kind, time, person. A person seen again is the same member, so nothing counts twice.
_SCRIPT = f"""
local found, n = {{}}, 0
for i = 1, #KEYS do
  local key, kind, at, person = KEYS[i], ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), ARGV[3 * i]
  local span, most = {_DAY}, {_PEOPLE}
  if kind == 'h' then most = {_PEOPLE_OF_ADDRESS} elseif kind == 'l' then span, most = {_HOUR}, {LAST_PEOPLE} end
  redis.call('ZADD', key, 'GT', at, person)
  redis.call('EXPIRE', key, span)
  local size = redis.call('ZCARD', key)
  if size > 1 then
    size = size - redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. (at - span))
    if size > most then
      redis.call('ZREMRANGEBYRANK', key, 0, size - most - 1)
      size = most
    end
  end
  n = n + 1
  found[n] = size
  if kind == 'h' then
    n = n + 1
    found[n] = size > 1 and redis.call('ZCOUNT', key, at - {_HOUR}, '+inf') or size
  elseif kind == 'l' then
    local answers, seconds, burst = 0, 0, 0
    if size > 1 then
      local mine, time = string.sub(person, 15, 20), string.sub(person, 7, 14)
      if mine == string.rep('\\0', 6) then mine = false end
      if time == string.rep('\\0', 8) then time = false end
      for _, other in ipairs(redis.call('ZRANGE', key, 0, -1)) do
        if mine and string.sub(other, 15, 20) == mine then answers = answers + 1 end
        if time and string.sub(other, 7, 14) == time then seconds = seconds + 1 end
      end
      burst = redis.call('ZCOUNT', key, at - {BURST_SECONDS}, at + {BURST_SECONDS})
    end
    found[n + 1], found[n + 2], found[n + 3] = answers, seconds, burst
    n = n + 3
  end
end
return found
"""
_SHA = sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()

log = structlog.get_logger()


class SightingStore:
    """Counts the people of each detail of the leads that come by.

    Args:
        redis: A client of the server that all replicas share.
        tracer: Makes the digests.
        clock: For the rests between failures.
    """

    def __init__(self, redis: Redis, tracer: Tracer, clock: Clock) -> None:
        self._redis = redis
        self._tracer = tracer
        self._clock = clock
        #: False: no look is worth its time until `run` has reached Redis again.
        self._reachable = False
        self._lost = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Reaches for Redis at the start and whenever a look has failed, until told to stop."""
        rest = _FIRST_REST
        while not stop.is_set():
            if await self.reach():
                reached_at = self._clock.monotonic()
                await _either(stop, self._lost)
                if self._clock.monotonic() - reached_at > _LONGEST_REST:
                    rest = _FIRST_REST
            await _either(stop, timeout=rest)
            rest = min(rest * 2, _LONGEST_REST)

    async def reach(self) -> bool:
        """Connects and hands over the script; whether Redis then answers in time. Takes a second at most."""
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._redis.script_load(_SCRIPT)
            async with asyncio.timeout(BUDGET_SECONDS):
                await self._redis.ping()
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("sightings are not known", **failure(error))
            return False
        self._lost.clear()
        self._reachable = True
        return True

    async def look(self, buyer_id: str, leads: Sequence[Lead]) -> list[Sightings]:
        """Counts the leads and tells what was seen of each; takes BUDGET_SECONDS at most and never fails.

        Leads that are tests are not counted, and nothing is known of them.
        """
        if not self._reachable:
            return [NOT_KNOWN] * len(leads)
        traces = [[] if lead.test else list(self._tracer.traces(lead)) for lead in leads]
        keys: list[bytes | str] = []
        arguments: list[bytes | int] = []
        # One hash slot for a buyer, so that a cluster takes the script, too.
        prefix = f"leadline:seen:{{{buyer_id}}}:".encode()
        for trace in (trace for of_lead in traces for trace in of_lead):
            keys.append(prefix + trace.key)
            arguments += (trace.kind, trace.at, trace.person)
        if not keys:
            return [NOT_KNOWN] * len(leads)
        counts = await self._count(keys, arguments)
        if counts is None:
            return [NOT_KNOWN] * len(leads)
        numbers = iter(counts)
        return [_sightings(of_lead, numbers) for of_lead in traces]

    async def _count(self, keys: list[bytes | str], arguments: list[bytes | int]) -> list[int] | None:
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                counts: list[int] = await self._redis.evalsha(_SHA, len(keys), *keys, *arguments)
        except NoScriptError:
            # Redis began anew: `run` hands the script over again.
            pass
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("sightings are not known", **failure(error))
        else:
            return counts
        self._reachable = False
        self._lost.set()
        return None


def _sightings(traces: Sequence[Trace], numbers: Iterator[int]) -> Sightings:
    if not traces:
        return NOT_KNOWN
    days = {"phone": 0, "email": 0, "device": 0}
    ip = (0, 0)
    last = (0, 0, 0, 0)
    for trace in traces:
        if trace.detail == "ip":
            ip = (next(numbers), next(numbers))
        elif trace.detail == "source":
            last = (next(numbers), next(numbers), next(numbers), next(numbers))
        else:
            days[trace.detail] = next(numbers)
    return Sightings(True, days["phone"], days["email"], days["device"], ip[1], ip[0], *last)


async def _either(*events: asyncio.Event, timeout: float | None = None) -> None:
    """Waits until one of the events is set or the time is over."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
