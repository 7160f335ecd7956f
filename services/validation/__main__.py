"""validation's composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.validation.v1.compliance_service_pb2_grpc import add_ComplianceServiceServicer_to_server
from leadline.validation.v1.list_service_pb2_grpc import add_ListServiceServicer_to_server
from leadline.validation.v1.validation_service_pb2_grpc import add_ValidationServiceServicer_to_server
from services.validation.compliance_service import ComplianceService
from services.validation.consent.issuer import CertificateDesk
from services.validation.consent.new_wordings import NewWordings
from services.validation.consent.seen import SeenWordings
from services.validation.desk import Desks
from services.validation.evidence_store import EvidenceStore
from services.validation.list_service import ListService
from services.validation.lists.shelf import Shelf
from services.validation.service import ValidationService
from services.validation.settings import Settings
from services.validation.velocity.store import SightingStore
from services.validation.velocity.traces import Tracer
from services.validation.wordings_store import WordingRecorder, WordingStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start

if TYPE_CHECKING:
    from services.validation.mail_client import MailDomains


async def main(process: Process) -> None:
    """Build validation and serve until told to stop."""
    settings = load(Settings)
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_validation", name="validation"))
    clock = SystemClock()
    shelf = Shelf(settings.lists_dir)
    desks = Desks(shelf)
    process.work("lists", desks.watch)
    redis = await process.enter(open_redis(settings.redis))
    sightings = SightingStore(redis, Tracer(settings.identity_key), SystemClock())
    process.work("sightings", sightings.run)
    seen, wordings = SeenWordings(), WordingStore(pool)
    process.work("wordings", WordingRecorder(seen, wordings).run)
    # No check on Postgres: a revision that was read once is decided by for ever, database or not.
    # None on Redis either: what it would have told is not known then, and leads are decided without.
    server = RpcServer(settings.rpc, checks={}, metrics=metrics)
    server.add(
        add_ValidationServiceServicer_to_server,
        ValidationService(
            CatalogReader(pool),
            desks,
            sightings,
            certificates=await _certificates(process, settings),
            wordings=NewWordings(seen),
            mail=_mail_domains(process, settings),
        ),
        "leadline.validation.v1.ValidationService",
    )
    server.add(
        add_ListServiceServicer_to_server,
        ListService(shelf, desks, clock),
        "leadline.validation.v1.ListService",
    )
    server.add(
        add_ComplianceServiceServicer_to_server,
        ComplianceService(wordings, EvidenceStore(pool), clock),
        "leadline.validation.v1.ComplianceService",
    )
    await process.serve(server)


def _mail_domains(process: Process, settings: Settings) -> MailDomains | None:
    if not settings.mail.addresses:
        return None
    # Only who asks name servers needs a resolver in memory.
    from services.validation.mail_client import MailDomains

    domains = MailDomains(settings.mail.addresses, SystemClock(), wait_seconds=settings.mail.wait_seconds)
    process.stack.push_async_callback(domains.close)
    return domains


async def _certificates(process: Process, settings: Settings) -> CertificateDesk | None:
    of = settings.certificates
    if of.api_key is None:
        return None
    # Only who asks the issuer needs an HTTP client in memory.
    from services.validation.consent.certificate_client import open_client

    clock = SystemClock()
    client = await process.enter(
        open_client(base=of.base, api_key=of.api_key, seconds=of.seconds, concurrency=of.concurrency, clock=clock)
    )
    return CertificateDesk(client, clock, seconds=of.seconds)


if __name__ == "__main__":
    run("validation", main)
