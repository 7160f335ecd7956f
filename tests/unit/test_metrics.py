from __future__ import annotations

import asyncio
import time
from typing import get_args

import aiohttp
import pytest

from shared.runtime.clock import SystemClock
from shared.telemetry.lag import LoopLag
from shared.telemetry.metrics import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    CounterName,
    GaugeName,
    HistogramName,
    Metrics,
    StageName,
)
from shared.telemetry.page import serve_page


def test_every_name_is_declared_once_and_says_what_it_means() -> None:
    assert set(COUNTERS) == set(get_args(CounterName))
    assert set(GAUGES) == set(get_args(GaugeName))
    assert set(HISTOGRAMS) == set(get_args(HistogramName))
    names: list[str] = [*COUNTERS, *GAUGES, *HISTOGRAMS]
    assert len(set(names)) == len(names)
    assert all(metric.help for table in (COUNTERS, GAUGES, HISTOGRAMS) for metric in table.values())
    assert all(name.endswith("_total") for name in COUNTERS)


def test_buckets_rise() -> None:
    assert all(list(metric.buckets) == sorted(set(metric.buckets)) for metric in HISTOGRAMS.values())


def test_counting_shows_in_the_exposition() -> None:
    metrics = Metrics()
    metrics.counter("leadline_leads_total", outcome="accepted").inc(2)
    metrics.stages()["dedup"].observe(0.003)
    text = metrics.exposition().decode()
    assert 'leadline_leads_total{outcome="accepted"} 2.0' in text
    assert 'leadline_stage_seconds_bucket{le="0.004",stage="dedup"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text


def test_labels_are_exactly_the_declared_ones() -> None:
    with pytest.raises(ValueError, match="label"):
        Metrics().counter("leadline_leads_total", seller="x")


def test_every_stage_has_its_handle() -> None:
    assert set(Metrics().stages()) == set(get_args(StageName))


def test_two_processes_of_one_test_do_not_share_counts() -> None:
    one, other = Metrics(), Metrics()
    one.counter("leadline_leads_total", outcome="accepted").inc()
    assert other.value("leadline_leads_total", outcome="accepted") == 0


async def test_a_blocked_event_loop_shows_as_lag() -> None:
    metrics, stop = Metrics(), asyncio.Event()
    watching = asyncio.create_task(LoopLag(metrics, SystemClock(), every_seconds=0.01).run(stop))
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - the fault that is to be seen
    async with asyncio.timeout(5):
        while not metrics.value("leadline_event_loop_lag_seconds_count"):  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.005)
    stop.set()
    await watching
    assert metrics.value("leadline_event_loop_lag_seconds_sum") >= 0.08


async def test_the_page_serves_metrics_and_probes() -> None:
    ready = False
    metrics = Metrics()
    async with serve_page("127.0.0.1", 0, metrics, lambda: ready) as port, aiohttp.ClientSession() as http:

        async def get(path: str, method: str = "GET") -> tuple[int, str]:
            async with http.request(method, f"http://127.0.0.1:{port}{path}") as response:
                return response.status, await response.text()

        assert await get("/healthz") == (200, "alive\n")
        assert (await get("/readyz"))[0] == 503
        ready = True
        assert (await get("/readyz?verbose"))[0] == 200
        status, text = await get("/metrics")
        assert status == 200
        assert "leadline_serving" in text
        assert (await get("/other"))[0] == 404
        assert (await get("/metrics", "POST"))[0] == 405


async def test_a_visitor_that_sends_something_else_disturbs_nobody() -> None:
    async with serve_page("127.0.0.1", 0, Metrics(), lambda: True) as port:
        for sent in (b"", b"\r\n\r\n", b"\x00\xff" * 50 + b"\r\n\r\n", b"x" * 200_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            writer.write_eof()
            await asyncio.wait_for(_drained(reader), 5)
            writer.close()
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as response:
            assert response.status == 200


async def _drained(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(4096):
            pass
    except ConnectionError:
        pass
