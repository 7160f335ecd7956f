"""routing's composition root."""

from __future__ import annotations

from dataclasses import replace

from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from leadline.routing.v1.follow_up_service_pb2_grpc import add_FollowUpServiceServicer_to_server
from leadline.routing.v1.routing_service_pb2_grpc import add_RoutingServiceServicer_to_server
from services.routing.contacts_client import IntakeContacts
from services.routing.follow_up_service import FollowUpService
from services.routing.follow_up_store import FollowUpStore
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.mail import Mailer, SmtpServer
from services.routing.scheduler import FollowUpScheduler, OnwardBell
from services.routing.service import RoutingService
from services.routing.settings import Settings
from services.routing.store import CapacityStore
from services.routing.worker import DeliveryWorker
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OutboxConsumer
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.metrics import Metrics
from shared.telemetry.start import start
from shared.wake import Doorbell

#: Whose outbox messages are follow-up's.
CONSUMER = "routing"


async def main(process: Process) -> None:
    """Build routing and serve until told to stop."""
    settings = load(Settings)
    smtp = settings.smtp
    clock = SystemClock()
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_routing", name="routing"))
    catalogs, store = CatalogReader(pool), CapacityStore(pool)
    server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
    server.add(
        add_RoutingServiceServicer_to_server,
        RoutingService(catalogs, store),
        "leadline.routing.v1.RoutingService",
    )
    server.add(
        add_FollowUpServiceServicer_to_server,
        FollowUpService(await follow_up(process, settings, smtp, metrics, clock)),
        "leadline.routing.v1.FollowUpService",
    )
    await process.serve(server)


async def follow_up(
    process: Process, settings: Settings, smtp: SmtpServer, metrics: Metrics, clock: Clock
) -> FollowUpStore:
    """Start the two workers of follow-up: one schedules what was bought, one hands messages over."""
    database = replace(settings.database, pool_size=settings.follow_up_pool_size)
    pool = await process.enter(open_pool(database, role="leadline_routing", name="routing follow-up"))
    redis = await process.enter(open_redis(settings.redis))
    intake = await process.enter(open_channel(settings.intake_target))
    store, catalogs, telemetry = FollowUpStore(pool), CatalogReader(pool), FollowUpTelemetry(metrics)

    decided, due = Doorbell(redis, f"outbox:{CONSUMER}"), Doorbell(redis, "deliveries")
    bell = OnwardBell(decided, onward=due)
    scheduler = FollowUpScheduler(store, catalogs, telemetry, clock, bell.scheduled)
    mailer = Mailer(smtp, clock, sessions=settings.smtp_sessions)
    worker = DeliveryWorker(
        pool, store, IntakeContacts(IntakeServiceStub(intake)), catalogs, mailer, due, telemetry, clock
    )
    for close in (decided.close, due.close, mailer.close):
        process.stack.push_async_callback(close)
    # A message that is being sent may take 15 s; better to wait than to send it twice.
    process.work("deliveries", worker.run, grace_seconds=20.0)
    process.work(CONSUMER, OutboxConsumer(pool, CONSUMER, scheduler.handle, bell, metrics=metrics).run)
    return store


if __name__ == "__main__":
    run("routing", main)
