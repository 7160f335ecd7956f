"""validation's composition root."""

from __future__ import annotations

from leadline.validation.v1.list_service_pb2_grpc import add_ListServiceServicer_to_server
from leadline.validation.v1.validation_service_pb2_grpc import add_ValidationServiceServicer_to_server
from services.validation.desk import Desks
from services.validation.list_service import ListService
from services.validation.lists.shelf import Shelf
from services.validation.service import ValidationService
from services.validation.settings import Settings
from services.validation.velocity.store import SightingStore
from services.validation.velocity.traces import Tracer
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start


async def main(process: Process) -> None:
    """Build validation and serve until told to stop."""
    settings = load(Settings)
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_validation", name="validation"))
    shelf = Shelf(settings.lists_dir)
    desks = Desks(shelf)
    process.work("lists", desks.watch)
    redis = await process.enter(open_redis(settings.redis))
    sightings = SightingStore(redis, Tracer(settings.identity_key), SystemClock())
    process.work("sightings", sightings.run)
    # No check on Postgres: a revision that was read once is decided by for ever, database or not.
    # None on Redis either: what it would have told is not known then, and leads are decided without.
    server = RpcServer(settings.rpc, checks={}, metrics=metrics)
    server.add(
        add_ValidationServiceServicer_to_server,
        ValidationService(CatalogReader(pool), desks, sightings),
        "leadline.validation.v1.ValidationService",
    )
    server.add(
        add_ListServiceServicer_to_server,
        ListService(shelf, desks, SystemClock()),
        "leadline.validation.v1.ListService",
    )
    await process.serve(server)


if __name__ == "__main__":
    run("validation", main)
