"""What every way of counting a key's rate has to do: by one process alone, and by Redis for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.intake.rate import Admission, Rate
from services.intake.rate_store import REST_SECONDS, LocalLimits, RateLimits, SharedLimits
from shared.redis import open_redis
from shared.runtime.settings import RedisSettings
from tests.clock import FakeClock

#: A busy machine is not what these are about.
PATIENT = 5.0
SLOW = Rate(per_minute=1, burst=4)


@pytest.fixture(params=["alone", "shared"])
async def limits(request: pytest.FixtureRequest, redis_url: str, clock: FakeClock) -> AsyncIterator[RateLimits]:
    async with open_redis(RedisSettings(url=redis_url)) as redis:
        yield LocalLimits(clock) if request.param == "alone" else SharedLimits(redis, clock, answer_seconds=PATIENT)


async def test_the_first_that_come_go_through_and_the_rest_is_told_when(limits: RateLimits) -> None:
    told = await limits.admit({"one": (SLOW, 3), "other": (SLOW, 9)})
    assert told["one"] == Admission(3, 0.0)
    assert told["other"].admitted == 4
    assert 58 < told["other"].retry_after_seconds <= 60


async def test_what_was_sent_before_counts(limits: RateLimits) -> None:
    await limits.admit({"one": (SLOW, 3)})
    assert (await limits.admit({"one": (SLOW, 3)}))["one"].admitted == 1
    assert (await limits.admit({"one": (SLOW, 3)}))["one"].admitted == 0


async def test_two_processes_share_one_allowance(redis_url: str, clock: FakeClock) -> None:
    async with open_redis(RedisSettings(url=redis_url)) as redis:
        one, other = (
            SharedLimits(redis, clock, answer_seconds=PATIENT),
            SharedLimits(redis, clock, answer_seconds=PATIENT),
        )
        assert (await one.admit({"key": (SLOW, 3)}))["key"].admitted == 3
        assert (await other.admit({"key": (SLOW, 3)}))["key"].admitted == 1


async def test_without_redis_each_process_holds_the_rate_by_itself(clock: FakeClock) -> None:
    async with open_redis(RedisSettings(url="redis://127.0.0.1:1/0")) as redis:
        limits = SharedLimits(redis, clock, answer_seconds=PATIENT)
        assert (await limits.admit({"key": (SLOW, 3)}))["key"].admitted == 3
        clock.advance(REST_SECONDS)
        assert (await limits.admit({"key": (SLOW, 3)}))["key"].admitted == 1
