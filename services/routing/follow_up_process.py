"""follow-up's composition root: what routing's events lead to, in a process of its own.

    python -m services.routing.follow_up_process

It shares routing's code, schema and role, and neither its event loop nor its processor time: a backlog of mail must
never slow a decision down.
"""

from __future__ import annotations

from leadline.intake.v1.record_service_pb2_grpc import RecordServiceStub
from services.routing.bell import Bell, Peal
from services.routing.contacts_client import IntakeContacts
from services.routing.delivery.adf_mail import AdfMailChannel
from services.routing.delivery.channel import Channel
from services.routing.delivery.csv_channel import CsvChannel
from services.routing.delivery.delivery import ChannelName
from services.routing.delivery.post_channel import PostChannel
from services.routing.delivery.receivers import Receivers
from services.routing.delivery.store import DeliveryStore
from services.routing.delivery.worker import DeliveryWorker
from services.routing.follow_up_telemetry import FollowUpTelemetry
from services.routing.gate.assembly import open_gate
from services.routing.gate.digests import Digests
from services.routing.messages.bad_address_store import BadAddresses
from services.routing.messages.email_channel import EmailChannel
from services.routing.messages.mail import Mailer
from services.routing.messages.provider_client import ProviderClient, open_session
from services.routing.messages.text_channel import TextChannel
from services.routing.messages.texted_store import TextedStore
from services.routing.messages.unsubscribe import UnsubscribeLinks
from services.routing.messages.writing import Writer
from services.routing.playbook.lawful import PeoplesHours
from services.routing.playbook.run_store import RunStore
from services.routing.playbook.runner import PlaybookRunner
from services.routing.scheduler import FollowUpScheduler
from services.routing.settings import FollowUpSettings
from services.routing.sla.alert_channels import AlertMailChannel, AlertPostChannel, Notices
from services.routing.sla.desk_store import TaskDesk
from services.routing.sla.pager import Pager
from services.routing.sla.store import SlaStore
from services.routing.sla.worker import SlaWorker
from services.routing.work.contact_hours import ContactHours
from services.routing.work.dispatcher import Dispatcher
from services.routing.work.team_store import TeamReader
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OUTBOX_BELL, OutboxConsumer
from shared.db.pool import open_pool
from shared.redis import open_redis
from shared.rpc.client import open_channel
from shared.rpc.server import RpcServer
from shared.runtime.clock import SystemClock
from shared.runtime.lifecycle import Process, run
from shared.runtime.settings import load
from shared.telemetry.start import start
from shared.wake import Doorbell
from shared.webhook.courier import open_courier

#: Whose outbox messages are follow-up's.
CONSUMER = "routing"


async def main(process: Process) -> None:
    """Start the two workers: one schedules what was bought, one hands messages over. Serve health only."""
    settings = load(FollowUpSettings)
    smtp, texts, key, clock = settings.smtp, settings.texts, settings.gate.identity_key, SystemClock()
    metrics = await start(process, settings.telemetry, settings.rpc)
    pool = await process.enter(open_pool(settings.database, role="leadline_routing", name="follow_up"))
    redis = await process.enter(open_redis(settings.redis))
    records = await process.enter(open_channel(settings.records_target))
    store, catalogs, telemetry = DeliveryStore(pool), CatalogReader(pool), FollowUpTelemetry(metrics)

    # What one process schedules it delivers; what it leaves, others find when they look by themselves.
    decided, people, systems = Doorbell(redis, OUTBOX_BELL), Bell(), Bell()
    due = Peal(people, systems)
    scheduler = FollowUpScheduler(store, catalogs, telemetry, clock)
    mailer = Mailer(smtp, clock, sessions=settings.smtp_sessions)
    contacts = IntakeContacts(RecordServiceStub(records))
    writer = Writer(catalogs, UnsubscribeLinks(key), settings.public_url)
    mailboxes = BadAddresses(pool, Digests(key))
    provider = ProviderClient(await process.enter(open_session()), texts, "text", clock) if texts else None
    channels: dict[ChannelName, Channel] = {
        "email": EmailChannel(mailer, writer, mailboxes),
        "text": TextChannel(writer, provider, TextedStore(pool), clock),
    }
    contact = await process.enter(open_gate(settings.gate, settings.database, pool, catalogs, contacts, clock))
    worker = DeliveryWorker(pool, store, contacts, channels, people, telemetry, clock, gate=contact.gate)
    receivers, files = Receivers(store, catalogs, clock), Mailer(smtp, clock, sessions=settings.systems.smtp_sessions)
    local = settings.telemetry.environment == "development"
    courier = await process.enter(open_courier(loopback=local, networks=settings.systems.networks, clock=clock))
    post = PostChannel(courier, receivers, settings.systems.secrets, clock)
    by_mail, clock_store = AdfMailChannel(files, receivers), SlaStore(pool)
    notices = Notices(clock_store, store, catalogs)
    handovers = DeliveryWorker(
        pool,
        store,
        contacts,
        {
            "webhook": post,
            "adf_post": post,
            "adf_email": by_mail,
            "alert_email": AlertMailChannel(files, notices),
            "alert_webhook": AlertPostChannel(courier, notices, settings.systems.secrets, clock),
        },
        systems,
        telemetry,
        clock,
        batches={"csv": CsvChannel(settings.systems.folder, files, receivers, clock)},
    )
    dispatcher = Dispatcher(pool, TeamReader(pool, catalogs, clock), ContactHours(contacts), metrics, clock)
    runner = PlaybookRunner(pool, RunStore(pool), catalogs, PeoplesHours(contacts), due, telemetry, clock)
    clocks = SlaWorker(pool, clock_store, catalogs, TaskDesk(), Pager(catalogs), clock, metrics)
    consumer = OutboxConsumer(
        pool,
        CONSUMER,
        scheduler.handle,
        decided,
        # A backlog is taken in small bites: between two of them, what is being sent goes on.
        batch=50,
        rest_seconds=settings.rest_seconds,
        committed=due.ring,
        metrics=metrics,
    )
    for close in (decided.close, mailer.close, files.close, mailboxes.close):
        process.stack.push_async_callback(close)
    # A message that is being sent may take 15 s; better to wait than to send it twice.
    process.work("deliveries", worker.run, grace_seconds=20.0)
    process.work("handovers", handovers.run, grace_seconds=20.0)
    process.work("scheduling", consumer.run)
    process.work("playbooks", runner.run)
    process.work("clocks", clocks.run)
    process.work("work", dispatcher.run)
    await process.serve(RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics))


if __name__ == "__main__":
    run("follow_up", main)
