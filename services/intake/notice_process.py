"""notices' composition root: sellers are told by webhook, in a process of its own.

    python -m services.intake.notice_process

It shares intake's code, schema and role, and neither its event loop nor its processor time: a receiver that hangs must
never slow a decision down. Nor must those who work on leads that are bought already: their questions are answered here.
"""

from __future__ import annotations

import asyncio

from leadline.intake.v1.record_service_pb2_grpc import add_RecordServiceServicer_to_server
from services.intake.books.statement_store import StatementStore
from services.intake.catalog.directory import Directory
from services.intake.catalog.store import CatalogStore
from services.intake.marks_store import MarkStore
from services.intake.notices.store import NoticeStore
from services.intake.notices.worker import NoticeWorker
from services.intake.record_service import RecordService
from services.intake.returns.disposition_events import propose
from services.intake.returns.store import ReturnStore
from services.intake.settings import NoticeSettings
from services.intake.store import LeadStore
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OutboxConsumer
from shared.db.pool import open_pool
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start
from shared.webhook.courier import open_courier

#: Whose outbox messages are intake's.
CONSUMER = "intake"


class Unrung:
    """A bell that nobody rings."""

    async def wait(self, timeout: float) -> bool:
        """Rest."""
        await asyncio.sleep(timeout)
        return False


async def main(process: Process) -> None:
    """Start the worker. Serve RecordService."""
    settings, clock = load(NoticeSettings), SystemClock()
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_intake", name="notices"))
    directory = Directory(CatalogStore(pool), CatalogReader(pool), clock)
    process.work("directory", directory.run)
    courier = await process.enter(open_courier(loopback=settings.telemetry.environment == "development"))
    store = NoticeStore(pool)
    worker = NoticeWorker(store, directory, courier, clock, metrics, idle_seconds=settings.idle_seconds)
    # A receiver has ten seconds; better to wait for it than to send twice.
    process.work("notices", worker.run, grace_seconds=15.0)
    # By itself, without a bell: nobody waits for a proposal.
    agents = OutboxConsumer(pool, CONSUMER, propose, Unrung(), idle_seconds=settings.idle_seconds, metrics=metrics)
    process.work("proposals", agents.run)
    records = RecordService(LeadStore(pool), MarkStore(pool), StatementStore(pool), ReturnStore(pool))
    server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
    server.add(add_RecordServiceServicer_to_server, records, "leadline.intake.v1.RecordService")
    await process.serve(server)


if __name__ == "__main__":
    run("notices", main)
