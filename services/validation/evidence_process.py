"""evidence's composition root: what is kept of bought leads' consent and handed over, in a process of its own.

    python -m services.validation.evidence_process

It shares validation's code and role, and neither its event loop nor its processor time: a decision never waits for it.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from leadline.intake.v1.record_service_pb2_grpc import RecordServiceStub
from leadline.routing.v1.contact_record_service_pb2_grpc import ContactRecordServiceStub
from leadline.validation.v1.pack_service_pb2_grpc import add_PackServiceServicer_to_server
from services.validation.evidence_store import EvidenceStore
from services.validation.evidence_worker import EvidenceWorker
from services.validation.pack.maker import PackMaker
from services.validation.pack.sources_client import RemoteSources
from services.validation.pack_service import PackService
from services.validation.records_client import IntakeRecords
from services.validation.retention_store import RetentionStore
from services.validation.settings import EvidenceSettings
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OutboxConsumer
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start
from shared.wake import Doorbell

#: Whose outbox messages are evidence's: the role's that it shares.
CONSUMER = "validation"


async def main(process: Process) -> None:
    """Start the worker that writes evidence and, with an issuer's key, the one that has certificates kept."""
    settings, clock = load(EvidenceSettings), SystemClock()
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_validation", name="evidence"))
    redis = await process.enter(open_redis(settings.redis))
    records_stub = RecordServiceStub(await process.enter(open_channel(settings.records_target)))
    routing = await process.enter(open_channel(settings.routing_target))
    records = IntakeRecords(records_stub)
    store, of = EvidenceStore(pool), settings.certificates
    retention = RetentionStore(pool) if of.api_key is not None else None
    decided = Doorbell(redis, f"outbox:{CONSUMER}")
    process.stack.push_async_callback(decided.close)
    consumer = OutboxConsumer(
        pool,
        CONSUMER,
        EvidenceWorker(records, store, retention, CatalogReader(pool), clock).handle,
        decided,
        idle_seconds=settings.idle_seconds,
        rest_seconds=settings.rest_seconds,
        metrics=metrics,
    )
    if retention is not None and of.api_key is not None:
        # Only who asks the issuer needs an HTTP client in memory.
        from services.validation.consent.certificate_client import open_client
        from services.validation.retention_worker import RetentionWorker

        client = await process.enter(
            open_client(base=of.base, api_key=of.api_key, seconds=10.0, concurrency=of.concurrency, clock=clock)
        )
        process.work("retention", RetentionWorker(client, records, retention, store, clock).run, grace_seconds=15.0)
    process.work("evidence", consumer.run)
    key = Ed25519PrivateKey.from_private_bytes(settings.pack_key)
    maker = PackMaker(RemoteSources(records_stub, ContactRecordServiceStub(routing)), store, key, clock)
    server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
    server.add(add_PackServiceServicer_to_server, PackService(maker), "leadline.validation.v1.PackService")
    await process.serve(server)


if __name__ == "__main__":
    run("evidence", main)
