"""intake's composition root."""

from __future__ import annotations

import secrets

from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceStub
from leadline.intake.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from leadline.intake.v1.exclusivity_service_pb2_grpc import add_ExclusivityServiceServicer_to_server
from leadline.intake.v1.intake_service_pb2_grpc import add_IntakeServiceServicer_to_server
from leadline.intake.v1.ledger_service_pb2_grpc import add_LedgerServiceServicer_to_server
from leadline.intake.v1.notice_service_pb2_grpc import add_NoticeServiceServicer_to_server
from leadline.intake.v1.order_service_pb2_grpc import add_OrderServiceServicer_to_server
from leadline.intake.v1.ping_service_pb2_grpc import add_PingServiceServicer_to_server
from leadline.intake.v1.receipt_service_pb2_grpc import add_ReceiptServiceServicer_to_server
from leadline.intake.v1.return_service_pb2_grpc import add_ReturnServiceServicer_to_server
from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceStub
from services.intake.bells import Bells
from services.intake.books.proof_store import BooksProof
from services.intake.books.statement_store import StatementStore
from services.intake.catalog.directory import Directory
from services.intake.catalog.service import CatalogService
from services.intake.catalog.store import CatalogStore
from services.intake.chain import Chain
from services.intake.exclusivity_service import ExclusivityService
from services.intake.ledger_service import LedgerService
from services.intake.marks_store import MarkStore
from services.intake.notice_service import NoticeService
from services.intake.notices.store import NoticeStore
from services.intake.opening import Opening
from services.intake.order_service import OrderService
from services.intake.pending import PendingLeads, Sweeper
from services.intake.pings.bids import Bids
from services.intake.pings.desk import PingDesk
from services.intake.pings.service import PingService
from services.intake.pings.store import PingStore
from services.intake.pings.sweeper import HoldSweeper
from services.intake.pings.token import BidSigner
from services.intake.pipeline import Pipeline
from services.intake.rate_store import SharedLimits
from services.intake.receipt_service import ReceiptService
from services.intake.return_service import ReturnService
from services.intake.returns.desk import ReturnDesk
from services.intake.returns.store import ReturnStore
from services.intake.service import IntakeService
from services.intake.settings import Settings
from services.intake.settlement import Settlement
from services.intake.store import LeadStore
from services.intake.trace import LeadTraces
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OUTBOX_BELL
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.coalescer import Coalescer
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.runtime.shield import Shield
from shared.telemetry.start import start
from shared.wake import Doorbell


async def main(process: Process) -> None:
    """Build intake and serve until told to stop."""
    settings = load(Settings)
    clock = SystemClock()
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_intake", name="intake"))
    shield = await process.enter(Shield())
    redis = await process.enter(open_redis(settings.redis))
    validation, dedup, routing = [
        await process.enter(open_channel(target))
        for target in (settings.validation_target, settings.dedup_target, settings.routing_target)
    ]
    catalog_store = CatalogStore(pool)
    directory = Directory(catalog_store, CatalogReader(pool), clock)
    process.work("directory", directory.run)

    store = LeadStore(pool)
    doorbell = Doorbell(redis, OUTBOX_BELL)
    process.stack.push_async_callback(doorbell.close)
    bells = Bells(doorbell)
    chain = Chain(ValidationServiceStub(validation), DedupServiceStub(dedup), RoutingServiceStub(routing), clock)
    settlement = Settlement(store, clock, ring=bells.ring, stages=chain)
    traces = LeadTraces(metrics)
    catalogs = CatalogReader(pool)
    ping_store, signer = PingStore(pool), BidSigner(settings.bid_key)
    bids = Bids(ping_store, catalogs, signer, clock)
    holds = HoldSweeper(ping_store, clock, returned=metrics.counter("leadline_holds_returned_total").inc)
    process.work("holds", holds.run)
    sweeper = Sweeper(
        directory=directory,
        chain=chain,
        store=store,
        settlement=settlement,
        bids=bids,
        traces=traces,
        clock=clock,
        chain_seconds=settings.chain_seconds,
        idle_seconds=settings.sweep_seconds,
    )
    process.work("sweeper", sweeper.run)
    opening = Opening(directory, clock, trace_ratio=settings.telemetry.trace_ratio)
    limits = SharedLimits(redis, clock)
    pipeline = Pipeline(
        opening=opening,
        chain=chain,
        store=store,
        settlement=settlement,
        pending=PendingLeads(store, clock),
        limits=limits,
        bids=bids,
        traces=traces,
        clock=clock,
        chain_seconds=settings.chain_seconds,
    )
    coalescer = Coalescer(
        pipeline.submit,
        max_batch=settings.max_batch,
        max_in_flight=settings.max_in_flight,
        max_waiting=settings.max_waiting,
        on_batch=metrics.histogram("leadline_batch_leads", batch="intake").observe,
    )
    process.stack.push_async_callback(coalescer.close)

    marks = MarkStore(pool)
    server = RpcServer(settings.rpc, checks={"postgres": store.ping, "catalog": directory.check}, metrics=metrics)
    server.add(
        add_IntakeServiceServicer_to_server,
        IntakeService(
            pipeline=pipeline,
            coalescer=coalescer,
            directory=directory,
            store=store,
            marks=marks,
            shield=shield,
            clock=clock,
            max_batches=settings.max_in_flight,
        ),
        "leadline.intake.v1.IntakeService",
    )
    outcomes = {name: metrics.counter("leadline_pings_total", outcome=name) for name in ("bid", "no_bid", "test")}
    pings = PingDesk(
        opening=opening,
        chain=chain,
        store=ping_store,
        limits=limits,
        signer=signer,
        clock=clock,
        chain_seconds=settings.chain_seconds,
        count=lambda outcome: outcomes[outcome].inc(),
    )
    server.add(
        add_PingServiceServicer_to_server,
        PingService(pings, shield, max_batches=settings.max_in_flight),
        "leadline.intake.v1.PingService",
    )
    server.add(
        add_CatalogServiceServicer_to_server,
        CatalogService(catalog_store, clock, directory=directory, random_bytes=secrets.token_bytes),
        "leadline.intake.v1.CatalogService",
    )
    server.add(
        add_LedgerServiceServicer_to_server,
        LedgerService(
            statements=StatementStore(pool), proof=BooksProof(pool), directory=directory, clock=clock, ring=bells.ring
        ),
        "leadline.intake.v1.LedgerService",
    )
    returns = ReturnStore(pool)
    desk = ReturnDesk(returns, CatalogReader(pool), clock, ring=bells.ring)
    process.work("returns", lambda stop: desk.run(stop, settings.returns_seconds))
    server.add(
        add_ReturnServiceServicer_to_server,
        ReturnService(desk, returns, directory, clock),
        "leadline.intake.v1.ReturnService",
    )
    server.add(
        add_NoticeServiceServicer_to_server,
        NoticeService(NoticeStore(pool), directory, clock, random_bytes=secrets.token_bytes),
        "leadline.intake.v1.NoticeService",
    )
    server.add(
        add_ExclusivityServiceServicer_to_server,
        ExclusivityService(marks, directory),
        "leadline.intake.v1.ExclusivityService",
    )
    server.add(
        add_ReceiptServiceServicer_to_server,
        ReceiptService(store=store, directory=directory, validation=ValidationServiceStub(validation)),
        "leadline.intake.v1.ReceiptService",
    )
    server.add(
        add_OrderServiceServicer_to_server,
        OrderService(store=catalog_store, directory=directory, routing=RoutingServiceStub(routing), clock=clock),
        "leadline.intake.v1.OrderService",
    )
    await process.serve(server)


if __name__ == "__main__":
    run("intake", main)
