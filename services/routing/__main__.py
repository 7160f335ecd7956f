"""routing's composition root."""

from __future__ import annotations

from dataclasses import replace

from leadline.intake.v1.record_service_pb2_grpc import RecordServiceStub
from leadline.routing.v1.contact_record_service_pb2_grpc import add_ContactRecordServiceServicer_to_server
from leadline.routing.v1.delivery_service_pb2_grpc import add_DeliveryServiceServicer_to_server
from leadline.routing.v1.follow_up_service_pb2_grpc import add_FollowUpServiceServicer_to_server
from leadline.routing.v1.gate_service_pb2_grpc import add_GateServiceServicer_to_server
from leadline.routing.v1.inbound_service_pb2_grpc import add_InboundServiceServicer_to_server
from leadline.routing.v1.message_service_pb2_grpc import add_MessageServiceServicer_to_server
from leadline.routing.v1.playbook_service_pb2_grpc import add_PlaybookServiceServicer_to_server
from leadline.routing.v1.routing_service_pb2_grpc import add_RoutingServiceServicer_to_server
from leadline.routing.v1.sla_service_pb2_grpc import add_SlaServiceServicer_to_server
from leadline.routing.v1.work_service_pb2_grpc import add_WorkServiceServicer_to_server
from services.routing.contact_record_service import ContactRecordService
from services.routing.contact_record_store import ContactRecordStore
from services.routing.contacts_client import IntakeContacts
from services.routing.delivery.delivery_service import DeliveryService
from services.routing.delivery.desk_store import DeskStore
from services.routing.delivery.store import DeliveryStore
from services.routing.follow_up_service import FollowUpService
from services.routing.gate.assembly import open_gate
from services.routing.messages.assembly import assemble_inbound, dialler, message_service
from services.routing.messages.provider_client import ProviderClient, open_session
from services.routing.playbook.run_store import RunStore
from services.routing.playbook.service import PlaybookService
from services.routing.service import RoutingService
from services.routing.settings import Settings
from services.routing.sla.report_store import SlaReports
from services.routing.sla.service import SlaService
from services.routing.sla.store import SlaStore
from services.routing.store import CapacityStore
from services.routing.work.assembly import assemble_work
from services.routing.work.task_store import TaskStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start

ROLE = "leadline_routing"


async def main(process: Process) -> None:
    """Build routing and serve until told to stop."""
    settings = load(Settings)
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role=ROLE, name="routing"))
    # Of its own, so that people who look at tasks never keep a lead waiting for a connection.
    shown = replace(settings.database, pool_size=settings.follow_up_pool_size)
    people = await process.enter(open_pool(shown, role=ROLE, name="routing follow-up"))
    catalogs, store = CatalogReader(pool), CapacityStore(pool)
    server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
    server.add(
        add_RoutingServiceServicer_to_server,
        RoutingService(catalogs, store),
        "leadline.routing.v1.RoutingService",
    )
    server.add(
        add_FollowUpServiceServicer_to_server,
        FollowUpService(TaskStore(people), DeliveryStore(people)),
        "leadline.routing.v1.FollowUpService",
    )
    server.add(
        add_DeliveryServiceServicer_to_server,
        DeliveryService(DeskStore(people), DeliveryStore(people), catalogs, SystemClock()),
        "leadline.routing.v1.DeliveryService",
    )
    server.add(
        add_ContactRecordServiceServicer_to_server,
        ContactRecordService(ContactRecordStore(people)),
        "leadline.routing.v1.ContactRecordService",
    )
    server.add(
        add_SlaServiceServicer_to_server,
        SlaService(SlaStore(people), SlaReports(people, catalogs), SystemClock()),
        "leadline.routing.v1.SlaService",
    )
    contacts = IntakeContacts(RecordServiceStub(await process.enter(open_channel(settings.records_target))))
    server.add(
        add_PlaybookServiceServicer_to_server,
        PlaybookService(RunStore(people), catalogs, contacts, SystemClock()),
        "leadline.routing.v1.PlaybookService",
    )
    gate = await process.enter(open_gate(settings.gate, settings.database, people, catalogs, contacts, SystemClock()))
    server.add(add_GateServiceServicer_to_server, gate.service, "leadline.routing.v1.GateService")
    key, provider = settings.gate.identity_key, settings.calls
    asked = ProviderClient(await process.enter(open_session()), provider, "call", SystemClock()) if provider else None
    calls = dialler(people, catalogs, key, settings.public_url, asked)
    server.add(
        add_WorkServiceServicer_to_server,
        assemble_work(people, catalogs, contacts, gate, SystemClock(), calls),
        "leadline.routing.v1.WorkService",
    )
    server.add(
        add_InboundServiceServicer_to_server,
        assemble_inbound(people, catalogs, contacts, gate, key, metrics, SystemClock()),
        "leadline.routing.v1.InboundService",
    )
    server.add(
        add_MessageServiceServicer_to_server,
        message_service(people, catalogs, contacts, key, settings.public_url),
        "leadline.routing.v1.MessageService",
    )
    await process.serve(server)


if __name__ == "__main__":
    run("routing", main)
