"""dedup's composition root."""

from __future__ import annotations

from leadline.dedup.v1.dedup_service_pb2_grpc import add_DedupServiceServicer_to_server
from leadline.dedup.v1.person_service_pb2_grpc import add_PersonServiceServicer_to_server
from leadline.dedup.v1.suppression_service_pb2_grpc import add_SuppressionServiceServicer_to_server
from services.dedup.fingerprint import Fingerprints
from services.dedup.likeness_store import LikenessStore
from services.dedup.person_service import PersonService
from services.dedup.service import DedupService
from services.dedup.settings import Settings
from services.dedup.similar import SimilarPeople
from services.dedup.store import ClaimStore
from services.dedup.suppression import Suppressions
from services.dedup.suppression_service import SuppressionService
from services.dedup.suppression_store import SuppressionStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start


async def main(process: Process) -> None:
    """Build dedup and serve until told to stop."""
    settings = load(Settings)
    fingerprints = Fingerprints(settings.identity_key)
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_dedup", name="dedup"))
    store = ClaimStore(pool)
    server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
    server.add(
        add_DedupServiceServicer_to_server,
        DedupService(
            catalogs=CatalogReader(pool),
            store=store,
            people=SimilarPeople(LikenessStore(pool), fingerprints),
            fingerprints=fingerprints,
            clock=SystemClock(),
        ),
        "leadline.dedup.v1.DedupService",
    )
    server.add(add_PersonServiceServicer_to_server, PersonService(), "leadline.dedup.v1.PersonService")
    server.add(
        add_SuppressionServiceServicer_to_server,
        SuppressionService(SuppressionStore(pool), Suppressions(fingerprints), SystemClock()),
        "leadline.dedup.v1.SuppressionService",
    )
    await process.serve(server)


if __name__ == "__main__":
    run("dedup", main)
