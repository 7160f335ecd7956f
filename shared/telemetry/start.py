"""Logs, traces, metrics and the page of a process, in one call of its composition root."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process
from shared.runtime.settings import RpcSettings, TelemetrySettings
from shared.telemetry import logging, tracing
from shared.telemetry.lag import LoopLag
from shared.telemetry.metrics import Metrics
from shared.telemetry.page import serve_page

log = structlog.get_logger()


async def start(
    process: Process, settings: TelemetrySettings, rpc: RpcSettings, *, ready: Callable[[], bool] | None = None
) -> Metrics:
    """Configures logging, starts tracing, serves the page, and gives the process's metrics.

    Call it first, so that it is closed last and reports the rest. `ready` answers /readyz; by default it follows the
    gauge `leadline_serving`, which an RpcServer sets.
    """
    logging.configure(process.service, settings)
    tracing.start(process.stack, process.service, settings)
    metrics = Metrics()
    port = await process.enter(
        serve_page(
            rpc.host,
            rpc.metrics_port,
            metrics,
            ready if ready is not None else lambda: metrics.value("leadline_serving") == 1.0,
        )
    )
    process.work("loop lag", LoopLag(metrics, SystemClock()).run)
    log.info("metrics served", host=rpc.host, metrics_port=port)
    return metrics
