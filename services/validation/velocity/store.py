"""Sightings in Redis: counted in one round trip a batch, and never waited for.

Redis is a hint here as everywhere: what it cannot tell in time is not known, and a lead is decided without it. Nothing
personal is kept, only digests under the install's key, each for a day after it was last seen. A detail keeps ten bytes
for each of its people, 512 at most, and a lead has four: it takes up some half a kilobyte for a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path
from string import Template

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from services.validation.lead import Lead
from services.validation.velocity.sightings import BURST_SECONDS, LAST_PEOPLE, NOT_KNOWN, Sightings
from services.validation.velocity.traces import KEY_BYTES, PERSON_BYTES, RECORD_BYTES, Tracer
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure

#: Longest that a batch waits, in seconds.
BUDGET_SECONDS = 0.02
#: Rest after a look that failed; each further failure doubles it.
_FIRST_REST, _LONGEST_REST = 0.25, 5.0
#: For connecting, which is done beside the leads and never for one of them.
_CONNECT_SECONDS = 1.0

#: Counts that the script gives for a lead: those of Sightings, in their sequence.
_COUNTS = len(Sightings._fields) - 1

_SCRIPT = Template(Path(__file__).with_name("count.lua").read_text()).substitute(
    key_bytes=KEY_BYTES,
    person_bytes=PERSON_BYTES,
    detail_bytes=KEY_BYTES + PERSON_BYTES,
    entry_bytes=PERSON_BYTES + 4,
    record_bytes=RECORD_BYTES,
    member_bytes=4 + PERSON_BYTES + 8 + PERSON_BYTES,
    day=86_400,
    hour=3_600,
    people=64,
    people_of_address=512,
    last_people=LAST_PEOPLE,
    burst_seconds=BURST_SECONDS,
)
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

        Tests and pings are not counted, and nothing is known of them.
        """
        if not self._reachable:
            return [NOT_KNOWN] * len(leads)
        record = self._tracer.record
        records = [record(lead) for lead in leads if lead.counted]
        if not records:
            return [NOT_KNOWN] * len(leads)
        # One hash slot for a buyer, so that a cluster takes the script, too.
        counts = await self._count(f"leadline:seen:{{{buyer_id}}}:", b"".join(records))
        if counts is None:
            return [NOT_KNOWN] * len(leads)
        told = (Sightings(True, *counts[at : at + _COUNTS]) for at in range(0, len(counts), _COUNTS))
        return [next(told) if lead.counted else NOT_KNOWN for lead in leads]

    async def _count(self, prefix: str, records: bytes) -> list[int] | None:
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                counts: list[int] = await self._redis.evalsha(_SHA, 1, prefix, records)
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


async def _either(*events: asyncio.Event, timeout: float | None = None) -> None:
    """Waits until one of the events is set or the time is over."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
