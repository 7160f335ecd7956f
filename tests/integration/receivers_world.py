"""The buyer's systems, real: a raw HTTP server, a mail server, a folder; and the worker that hands them leads."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from leadline.intake.v1 import record_service_pb2_grpc as records_rpc
from leadline.routing.v1 import delivery_service_pb2 as pb
from leadline.routing.v1 import follow_up_service_pb2 as shown
from services.routing.contacts_client import IntakeContacts
from services.routing.delivery.adf_mail import AdfMailChannel
from services.routing.delivery.csv_channel import CsvChannel
from services.routing.delivery.delivery_service import DeliveryService
from services.routing.delivery.desk_store import DeskStore
from services.routing.delivery.post_channel import PostChannel
from services.routing.delivery.receivers import Receivers
from services.routing.delivery.secrets_folder import Secrets
from services.routing.delivery.worker import DeliveryWorker
from shared.catalog.receiving import Receiver
from shared.webhook.courier import open_courier
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER, OFFER, SilentBell, World, add_catalog, catalog, open_world
from tests.integration.http_receiver import HttpReceiver

NO_CONTEXT: Any = None
NEW_YORK = ZoneInfo("America/New_York")
SECRETS = {"crm-new": b"n" * 32, "crm-old": b"o" * 32}
DEAD, WAITING, TAKEN = shown.DELIVERY_STATE_DEAD, shown.DELIVERY_STATE_WAITING, shown.DELIVERY_STATE_HANDED_OFF


@dataclass
class Office:
    """The buyer's systems, and the worker that hands them leads."""

    world: World
    http: HttpReceiver
    new_worker: Callable[[], DeliveryWorker]
    service: DeliveryService
    folder: Path
    revision: int = 2

    def __post_init__(self) -> None:
        self.worker = self.new_worker()

    async def receivers(self, *receivers: Receiver) -> None:
        """Put a catalog in force whose order is handed over to all of these."""
        self.revision += 1
        document = catalog(self.revision, OFFER, call=False)
        terms = replace(document.orders[0].follow_up, deliver_to=tuple(one.slug for one in receivers))
        orders = (replace(document.orders[0], follow_up=terms),)
        await add_catalog(self.world.admin, replace(document, orders=orders, receivers=receivers))
        # Receivers are by the catalog in force, which is looked up now and then.
        self.world.clock.advance(2)

    def webhook(self, slug: str, path: str = "", **more: Any) -> Receiver:
        """A webhook of the test's server."""
        plain = Receiver(slug=slug, kind="webhook", url=self.http.url(path or f"/{slug}"), secrets=("crm-new",))
        return replace(plain, timeout_seconds=1, **more)

    async def buy(self, first_name: str = "Ann") -> str:
        """Buy one lead."""
        return await self.world.buy(first_name, revision=self.revision)

    async def send(self) -> None:
        """Schedule, and hand over what is due."""
        await self.world.send_due(self.worker)

    async def deliveries(self, **wanted: Any) -> dict[str, shown.Delivery]:
        """Deliveries to systems, by receiver."""
        request = pb.ListDeliveriesRequest(buyer_id=BUYER, **wanted)
        found = (await self.service.ListDeliveries(request, NO_CONTEXT)).deliveries
        return {one.receiver: one for one in found if one.receiver != "email"}

    async def tries(self, delivery_id: str) -> list[tuple[str, str]]:
        """What became of each try."""
        request = pb.GetDeliveryRequest(buyer_id=BUYER, delivery_id=delivery_id)
        return [(one.outcome, one.error) for one in (await self.service.GetDelivery(request, NO_CONTEXT)).tries]

    async def status(self, receiver: str) -> pb.ReceiverStatus:
        """How a receiver is."""
        answer = await self.service.ListReceivers(pb.ListReceiversRequest(buyer_id=BUYER), NO_CONTEXT)
        return next(one for one in answer.receivers if one.receiver == receiver)


@asynccontextmanager
async def open_office(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Office]:
    """Secrets are in `tmp_path`, files below it; answers come within a second or not at all."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(database_url, clock))
        http = HttpReceiver()
        await http.start()
        stack.push_async_callback(http.stop)
        for name, secret in SECRETS.items():
            (tmp_path / name).write_text("whsec_" + base64.b64encode(secret).decode() + "\n")
        courier = await stack.enter_async_context(open_courier(loopback=True, clock=clock))
        receivers = Receivers(world.store, world.catalogs, clock)
        post = PostChannel(courier, receivers, Secrets(tmp_path, {}), clock)
        mailer = world.mailer()
        stack.push_async_callback(mailer.close)

        def new_worker() -> DeliveryWorker:
            return DeliveryWorker(
                world.pool,
                world.store,
                IntakeContacts(records_rpc.RecordServiceStub(world.channel)),
                {"webhook": post, "adf_post": post, "adf_email": AdfMailChannel(mailer, receivers)},
                SilentBell(),
                world.telemetry,
                clock,
                jitter=lambda: 0.5,
                batches={"csv": CsvChannel(tmp_path / "files", mailer, receivers, clock)},
            )

        desk = DeliveryService(DeskStore(world.pool), world.store, world.catalogs, clock)
        yield Office(world, http, new_worker, desk, tmp_path / "files")
