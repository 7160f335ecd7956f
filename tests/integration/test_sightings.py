"""What is counted in a real Valkey, and that nothing happens without it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from deploy.local.valkey import EmbeddedValkey
from leadline.common.v1 import lead_pb2 as common
from leadline.validation.v1.validation_service_pb2 import Observations, ValidateLeadsResponse
from services.validation.lead import Lead
from services.validation.service import ValidationService
from services.validation.velocity.sightings import NOT_KNOWN, Sightings
from services.validation.velocity.store import BUDGET_SECONDS, SightingStore
from services.validation.velocity.traces import Tracer
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.redis import open_redis
from shared.runtime.clock import SystemClock
from shared.runtime.settings import RedisSettings
from tests.unit.validation.messages import request_of
from tests.unit.validation.terms import GOOD, NOW, catalog, desks

HOME = "73.162.1.2"


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[SightingStore]:
    async with open_redis(RedisSettings(url=url)) as redis:
        yield SightingStore(redis, Tracer("secret"), SystemClock())


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[SightingStore]:
    async with _store(redis_url) as made:
        assert await made.reach()
        yield made


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server that a test may kill."""
    with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server


def _person(number: int, **changes: Any) -> Lead:
    """One of many people; `changes` of the fields, or of `ip`, `device_id`, `seconds`, `received_at`, `seller`."""
    fields = {
        "first_name": "Ann" + "abcdefghij"[number % 10],
        "last_name": f"Lee{'abcdefghij'[number // 10 % 10]}{'abcdefghij'[number // 100 % 10]}",
        "email": f"p{number}@gmail.com",
        "phone": f"512627{number:04}",
    }
    signals = replace(
        GOOD.signals, device_id=changes.pop("device_id", ""), seconds_on_form=changes.pop("seconds", 30 + number * 1.37)
    )
    consent = replace(GOOD.consent, ip=changes.pop("ip", ""))
    received_at = changes.pop("received_at", NOW)
    return replace(
        GOOD,
        seller=changes.pop("seller", "marco"),
        test=changes.pop("test", False),
        submitted_at=received_at - number * 15,
        received_at=received_at,
        signals=signals,
        consent=consent,
        fields={**GOOD.fields, "loan_amount": str(9000 + number), **fields, **changes},
    )


async def _last(store: SightingStore, leads: list[Lead]) -> Sightings:
    return (await store.look("big-bank", leads))[-1]


async def test_people_with_one_phone_are_counted_and_one_person_is_one_however_often_and_by_whom(
    store: SightingStore,
) -> None:
    same = [_person(1), replace(_person(1), seller="other"), replace(_person(1), received_at=NOW + 60)]
    assert (await _last(store, same)).phone_day == 1
    assert (await _last(store, [_person(n, phone="512-627-0001") for n in range(2, 9)])).phone_day == 8
    assert (await _last(store, [_person(9)])).phone_day == 1


async def test_people_with_one_email_address_device_and_home_are_counted(store: SightingStore) -> None:
    leads = [_person(n, email="x@gmail.com", device_id="d", ip=HOME) for n in range(12)]
    seen = await store.look("big-bank", leads)
    assert [one.email_day for one in seen] == list(range(1, 13))
    assert [one.device_day for one in seen] == list(range(1, 13))
    assert [(one.ip_hour, one.ip_day) for one in seen] == [(n, n) for n in range(1, 13)]


async def test_windows_slide(store: SightingStore) -> None:
    day = 86_400
    await store.look("big-bank", [_person(n, email="x@gmail.com", ip=HOME) for n in range(5)])
    later = await _last(store, [_person(5, email="x@gmail.com", ip=HOME, received_at=NOW + 3_601)])
    assert (later.email_day, later.ip_hour, later.ip_day) == (6, 1, 6)
    next_day = await _last(store, [_person(6, email="x@gmail.com", ip=HOME, received_at=NOW + day + 1)])
    assert (next_day.email_day, next_day.ip_day) == (2, 2)


async def test_a_lead_that_is_decided_again_counts_no_second_time_even_much_later(store: SightingStore) -> None:
    leads = [_person(n, phone="5126270001") for n in range(3)]
    first, again = await store.look("big-bank", leads), await store.look("big-bank", leads)
    assert [one.phone_day for one in first] == [1, 2, 3]
    assert [one.phone_day for one in again] == [3, 3, 3]


async def test_a_source_whose_people_answer_alike_in_the_same_time_and_all_at_once_shows(store: SightingStore) -> None:
    alike = [
        replace(_person(n, loan_amount="25000", employer="Acme", seconds=42.5), submitted_at=NOW) for n in range(40)
    ]
    seen = await _last(store, alike)
    assert (seen.source, seen.same_answers, seen.same_seconds, seen.burst) == (32, 32, 32, 32)
    apart = await _last(store, [_person(n, employer="Acme", seller="other") for n in reversed(range(40))])
    assert (apart.source, apart.same_answers, apart.same_seconds) == (32, 1, 1)
    assert apart.burst < 5


async def test_buyers_and_sellers_sources_are_counted_apart(store: SightingStore) -> None:
    await store.look("big-bank", [_person(n, phone="5126270001") for n in range(5)])
    assert (await store.look("small-bank", [_person(6, phone="5126270001")]))[0].phone_day == 1


async def test_tests_are_not_counted(store: SightingStore) -> None:
    leads = [_person(n, phone="5126270001", test=n < 5) for n in range(6)]
    seen = await store.look("big-bank", leads)
    assert seen[:5] == [NOT_KNOWN] * 5
    assert seen[5].phone_day == 1


async def test_redis_keeps_nothing_personal_nor_for_ever_nor_without_bound(
    store: SightingStore, redis_url: str
) -> None:
    for start in range(0, 700, 100):
        await store.look("big-bank", [_person(n, ip=HOME, device_id="device-7") for n in range(start, start + 100)])
    redis = Redis.from_url(redis_url)
    kept = b""
    async for key in redis.scan_iter("*", count=1000):
        assert 0 < await redis.ttl(key) <= 86_400
        people = cast(bytes, await redis.get(key))
        assert len(people) <= 512 * 10
        kept += key + people
    await redis.aclose()
    assert len(kept) > 10_000
    for secret in (b"512627", b"@gmail", b"Ann", b"Lee", b"73.162", b"device-7", b"marco"):
        assert secret not in kept


async def test_an_emptied_redis_knows_nobody_and_that_is_no_fault(store: SightingStore, redis_url: str) -> None:
    await store.look("big-bank", [_person(n, phone="5126270001") for n in range(5)])
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    await redis.script_flush()
    await redis.aclose()
    assert (await store.look("big-bank", [_person(6, phone="5126270001")])) == [NOT_KNOWN]
    assert await store.reach()
    assert (await store.look("big-bank", [_person(6, phone="5126270001")]))[0].phone_day == 1


async def test_a_dead_redis_costs_nothing_and_is_found_again_when_it_lives(own_valkey: EmbeddedValkey) -> None:
    async with _store(own_valkey.url) as store:
        stop = asyncio.Event()
        running = asyncio.create_task(store.run(stop))
        await _until(store, known=True)
        own_valkey.kill()
        assert await store.look("big-bank", [_person(1)]) == [NOT_KNOWN]
        started = time.perf_counter()
        for _ in range(200):
            assert await store.look("big-bank", [_person(1)]) == [NOT_KNOWN]
        assert time.perf_counter() - started < 200 * BUDGET_SECONDS / 4
        own_valkey.start()
        await _until(store, known=True)
        stop.set()
        await asyncio.wait_for(running, 5)


async def test_a_redis_that_was_never_there_holds_nothing_up() -> None:
    async with _store("redis://127.0.0.1:1/0") as store:
        assert not await store.reach()
        assert await store.look("big-bank", [_person(1)]) == [NOT_KNOWN]


async def test_a_silent_redis_is_waited_for_once_and_briefly(own_valkey: EmbeddedValkey) -> None:
    async with _store(own_valkey.url) as store:
        assert await store.reach()
        redis = Redis.from_url(own_valkey.url)
        await redis.client_pause(300, all=True)
        started = time.perf_counter()
        assert await store.look("big-bank", [_person(1)]) == [NOT_KNOWN]
        assert await store.look("big-bank", [_person(1)]) == [NOT_KNOWN]
        assert time.perf_counter() - started < BUDGET_SECONDS * 5
        await redis.aclose()


async def _until(store: SightingStore, *, known: bool) -> None:
    async with asyncio.timeout(20):
        while (await store.look("big-bank", [_person(1)]))[0].known is not known:  # noqa: ASYNC110 - nobody else tells
            await asyncio.sleep(0.01)


class _Catalog:
    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        """The one snapshot there is."""
        return CatalogView(catalog())


async def _validate(service: ValidationService, *leads: Lead, seen: bytes = b"") -> ValidateLeadsResponse:
    request = request_of(*leads)
    if seen:
        request.leads[0].observations.CopyFrom(Observations.FromString(seen))
    return await service.ValidateLeads(request, cast(Any, None))


async def test_the_seventh_person_on_a_phone_is_rejected_and_the_receipt_can_be_made_again(
    store: SightingStore,
) -> None:
    service = ValidationService(cast(CatalogReader, _Catalog()), desks(), store)
    leads = [_person(n, phone="512-627-4199") for n in range(7)]
    answer = await _validate(service, *leads)
    reasons = [[finding.field for finding in result.candidates[0].findings] for result in answer.results]
    assert reasons == [[], [], [], [], [], ["phone"], ["phone"]]
    receipt = answer.results[6].receipt
    observed = common.StageReceipt.FromString(receipt).observations
    assert Observations.FromString(observed).sightings.phone_day == 7
    again = await _validate(service, leads[6], seen=observed)
    assert again.results[0].receipt == receipt
    assert (await _validate(service, leads[6])).results[0].receipt == receipt


async def test_without_redis_the_receipt_says_not_known() -> None:
    async with _store("redis://127.0.0.1:1/0") as store:
        service = ValidationService(cast(CatalogReader, _Catalog()), desks(), store)
        answer = await _validate(service, GOOD)
        checks = {check.rule: check for check in common.StageReceipt.FromString(answer.results[0].receipt).checks}
        assert checks["velocity.known"].observed == "not known"
        assert not answer.results[0].candidates[0].findings
