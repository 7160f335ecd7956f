"""reporting's composition root."""

from __future__ import annotations

from leadline.reporting.v1.reporting_service_pb2_grpc import add_ReportingServiceServicer_to_server
from leadline.reporting.v1.response_service_pb2_grpc import add_ResponseServiceServicer_to_server
from services.reporting.projection import Projection
from services.reporting.response_service import ResponseService
from services.reporting.response_store import ResponseStore
from services.reporting.service import ReportingService
from services.reporting.settings import Settings
from services.reporting.store import CONSUMER, Store
from services.reporting.story_store import StoryStore
from services.reporting.telemetry import ResponseTelemetry
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OUTBOX_BELL, OutboxConsumer
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start
from shared.wake import Doorbell


async def main(process: Process) -> None:
    """Build reporting and serve until told to stop."""
    settings = load(Settings)
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_reporting", name="reporting"))
    redis = await process.enter(open_redis(settings.redis))
    store = Store(pool)

    doorbell = Doorbell(redis, OUTBOX_BELL)
    process.stack.push_async_callback(doorbell.close)
    stories = StoryStore(pool)
    projection = Projection(store, stories, ResponseTelemetry(metrics))
    consumer = OutboxConsumer(
        pool,
        CONSUMER,
        projection.handle,
        doorbell,
        batch=settings.batch,
        idle_seconds=settings.idle_seconds,
        rest_seconds=settings.rest_seconds,
        committed=projection.committed,
        metrics=metrics,
    )
    process.work("projection", consumer.run)

    server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
    server.add(
        add_ReportingServiceServicer_to_server, ReportingService(store), "leadline.reporting.v1.ReportingService"
    )
    response = ResponseService(ResponseStore(pool), stories, CatalogReader(pool), SystemClock())
    server.add(add_ResponseServiceServicer_to_server, response, "leadline.reporting.v1.ResponseService")
    await process.serve(server)


if __name__ == "__main__":
    run("reporting", main)
