"""Notices to sellers on a real Postgres and a real HTTP receiver: signed, at least once, and never astray."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import ThreadedResolver, web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer

from leadline.intake.v1 import notice_service_pb2 as pb
from services.intake.catalog.diff import plan
from services.intake.catalog.store import Approval, CatalogStore
from services.intake.notice_service import NoticeService
from services.intake.notices.store import OVERLAP, NoticeStore
from services.intake.notices.worker import KEPT, WAITS, NoticeWorker
from services.intake.returns.desk import Asked, ReturnDesk
from services.intake.returns.judgement import Claim
from services.intake.returns.store import ReturnStore
from shared.catalog.returning import ReturnTerms
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import NotFound
from shared.telemetry.metrics import Metrics
from shared.webhook import signing
from shared.webhook.courier import Courier, Guard, open_courier
from tests.clock import FakeClock
from tests.integration.intake_world import BUYER, World, intake_world

SELLER, ORDER = "marco", "marco-auto-2026"
NO_CONTEXT: Any = None


@dataclass
class Receiver:
    """A seller's web server, which answers as it is told."""

    server: TestServer = field(init=False)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[], Awaitable[web.Response]] = field(init=False)

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.read()))
        return await self.answer()

    def says(self, status: int, **headers: str) -> None:
        async def answer() -> web.Response:
            return web.Response(status=status, headers=headers)

        self.answer = answer

    def url(self, path: str = "/hook") -> str:
        return str(self.server.make_url(path))


@dataclass
class Office:
    """Returns, notices, and a seller that listens."""

    world: World
    store: NoticeStore
    service: NoticeService
    worker: NoticeWorker
    receiver: Receiver
    secret: bytes = b""
    sold: int = 0

    async def seller(self, webhook_url: str, slug: str = SELLER) -> None:
        """Have the catalog say where the seller listens."""
        store = CatalogStore(self.world.pool)
        now = self.world.clock.now()
        catalog = await store.current(BUYER, now)
        assert catalog is not None
        sellers = tuple(
            msgspec.structs.replace(one, webhook_url=webhook_url) if one.slug == slug else one
            for one in catalog.sellers
        )
        terms = ReturnTerms(reasons=("disconnected",), decided_by="seller")
        orders = tuple(msgspec.structs.replace(one, returns=terms) for one in catalog.orders)
        wanted = msgspec.structs.replace(catalog, sellers=sellers, orders=orders)
        await store.apply(BUYER, Approval("tracey", "notices", now), lambda before: plan(before, wanted))
        await self.world.directory.refresh()

    async def new_secret(self) -> bytes:
        request = pb.CreateWebhookSecretRequest(seller=SELLER)
        made = await self.service.CreateWebhookSecret(request, NO_CONTEXT)
        return base64.b64decode(made.secret.removeprefix(signing.PREFIX))

    async def ask_back(self) -> str:
        """Ask a newly bought lead of the seller back; returns the return's id."""
        self.sold += 1
        await self.world.directory.refresh()
        item = self.world.item(
            external_id=f"m-{self.sold}", phone=f"+1512472{self.sold:04d}", email=f"a{self.sold}@gmail.com"
        )
        (result,) = await self.world.submit(item)
        desk = ReturnDesk(
            ReturnStore(self.world.pool), CatalogReader(self.world.pool), self.world.clock, ring=lambda: None
        )
        claim = Claim(reason="disconnected", asked_at=self.world.clock.now())
        asked = Asked(lead_id=result.answer.lead_id, claim=claim, evidence=[], note="")
        return (await desk.request(BUYER, asked, "tracey")).return_id

    async def send(self) -> int:
        """Everything that is due now, once."""
        await self.world.directory.refresh()
        sent = await self.worker.step()
        await self.worker.rest()
        return sent

    async def notices(self) -> list[pb.Notice]:
        return list((await self.service.ListNotices(pb.ListNoticesRequest(), NO_CONTEXT)).notices)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    one.says(204)
    app = web.Application()
    app.router.add_post("/{tail:.*}", one.hear)
    one.server = TestServer(app)
    async with one.server:
        yield one


@pytest.fixture
async def office(database_url: str, clock: FakeClock, receiver: Receiver) -> AsyncIterator[Office]:
    async with intake_world(database_url, clock) as world, open_courier(loopback=True) as courier:
        store = NoticeStore(world.pool)
        service = NoticeService(store, world.directory, clock, random_bytes=secrets.token_bytes)
        worker = NoticeWorker(store, world.directory, courier, clock, Metrics(), idle_seconds=0.05)
        office = Office(world, store, service, worker, receiver)
        await office.seller(receiver.url())
        office.secret = await office.new_secret()
        yield office


def signed(headers: dict[str, str], body: bytes, secret: bytes) -> bool:
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()
    return expected in headers["webhook-signature"].split(" ")


async def test_a_seller_is_told_of_a_return_once_and_can_check_who_said_it(office: Office) -> None:
    return_id = await office.ask_back()
    assert [await office.send(), await office.send()] == [1, 0]
    ((headers, body),) = office.receiver.heard
    told = json.loads(body)
    assert (told["type"], told["data"]["id"]) == ("return.requested", return_id)
    assert "answer_by" in told["data"]
    assert signed(headers, body, office.secret)
    assert not signed(headers, body + b" ", office.secret)
    assert headers["content-type"] == "application/json"
    (one,) = await office.notices()
    assert (one.notice_id, one.state, one.attempts, one.failure) == (headers["webhook-id"], "delivered", 1, "")


async def test_what_is_not_taken_is_sent_again_with_the_same_id_until_it_is(office: Office) -> None:
    await office.ask_back()
    office.receiver.says(500)
    assert await office.send() == 1
    (one,) = await office.notices()
    assert (one.state, one.failure) == ("waiting", "it answered 500")
    office.world.clock.advance(WAITS[0] - 1)
    assert await office.send() == 0
    office.world.clock.advance(1)
    office.receiver.says(200)
    assert await office.send() == 1
    first, second = office.receiver.heard
    assert (first[0]["webhook-id"], first[1]) == (second[0]["webhook-id"], second[1])
    assert first[0]["webhook-timestamp"] != second[0]["webhook-timestamp"]
    assert (await office.notices())[0].state == "delivered"


async def test_after_three_days_it_is_dead_for_all_to_see_and_can_be_sent_again(office: Office) -> None:
    await office.ask_back()
    office.receiver.says(503)
    for wait in (*WAITS, 0):
        assert await office.send() == 1
        office.world.clock.advance(wait)
    (one,) = await office.notices()
    assert (one.state, one.attempts, one.failure) == ("dead", len(WAITS) + 1, "it answered 503")
    office.world.clock.advance(86_400)
    assert await office.send() == 0
    office.receiver.says(200)
    again = await office.service.ResendNotices(pb.ResendNoticesRequest(seller=SELLER), NO_CONTEXT)
    assert (again.resent, await office.send(), (await office.notices())[0].state) == (1, 1, "delivered")


async def test_what_was_delivered_is_forgotten_in_time_and_what_was_not_never(office: Office) -> None:
    await office.ask_back()
    await office.send()
    office.receiver.says(500)
    await office.ask_back()
    office.world.clock.advance(KEPT.total_seconds())
    await office.send()
    assert len(await office.notices()) == 2
    office.world.clock.advance(120)
    await office.send()
    assert [one.state for one in await office.notices()] == ["waiting"]


async def test_redirects_are_not_followed(office: Office) -> None:
    await office.ask_back()
    office.receiver.says(307, Location=office.receiver.url("/elsewhere"))
    await office.send()
    assert len(office.receiver.heard) == 1
    assert (await office.notices())[0].failure == "it answered 307, and redirects are not followed"


async def test_a_receiver_that_hangs_is_left_in_time(receiver: Receiver) -> None:
    held = asyncio.Event()

    async def hang() -> web.Response:
        await held.wait()
        return web.Response()

    receiver.answer = hang
    async with open_courier(loopback=True) as courier:
        hasty = Courier(courier._session, loopback=True, deadline_seconds=0.2)
        assert await hasty.deliver(receiver.url(), {}, b"{}") == "no answer within 0.2 seconds"
    held.set()


async def test_a_hanging_receiver_delays_no_other_seller(office: Office) -> None:
    held = asyncio.Event()

    async def hang() -> web.Response:
        await held.wait()
        return web.Response()

    office.receiver.answer = hang
    await office.ask_back()
    await office.ask_back()
    assert await office.worker.step() == 1
    # One under way to this seller; its second waits, and everybody else's would go.
    assert await office.worker.step() == 0
    held.set()
    await office.worker.rest()
    assert await office.worker.step() == 1
    await office.worker.rest()
    assert [one.state for one in await office.notices()] == ["delivered", "delivered"]


async def test_what_a_dead_worker_held_is_sent_by_another(office: Office) -> None:
    await office.ask_back()
    now = office.world.clock.now()
    assert len(await office.store.claim(now, (), timedelta(seconds=60), 9)) == 1
    assert await office.send() == 0
    office.world.clock.advance(60)
    assert await office.send() == 1


async def test_two_workers_never_hold_the_same_notice(office: Office) -> None:
    for _ in range(3):
        await office.ask_back()
    now = office.world.clock.now()
    claims = await asyncio.gather(*(office.store.claim(now, (), timedelta(seconds=60), 9) for _ in range(8)))
    held = [one.notice_id for claimed in claims for one in claimed]
    assert len(held) == len(set(held)) >= 1


async def test_the_old_secret_signs_for_a_day_beside_the_new_one(office: Office) -> None:
    new = await office.new_secret()
    for expected in ((True, True), (True, False)):
        await office.ask_back()
        await office.send()
        headers, body = office.receiver.heard[-1]
        assert (signed(headers, body, new), signed(headers, body, office.secret)) == expected
        office.world.clock.advance(OVERLAP.total_seconds())


async def test_without_a_secret_nobody_is_told(office: Office) -> None:
    await office.world.admin.execute("DELETE FROM catalog.webhook_secret")
    await office.ask_back()
    assert await office.notices() == []
    with pytest.raises(NotFound):
        await office.service.CreateWebhookSecret(pb.CreateWebhookSecretRequest(seller="nobody"), NO_CONTEXT)


async def test_the_address_in_force_is_used_and_a_missing_one_is_told(office: Office) -> None:
    await office.ask_back()
    await office.seller("")
    await office.send()
    assert (await office.notices())[0].failure == "the catalog has no webhook_url for this seller"
    await office.seller(office.receiver.url("/moved"))
    office.world.clock.advance(WAITS[0])
    assert await office.send() == 1
    assert (await office.notices())[0].state == "delivered"


class Liar(AbstractResolver):
    """Says that every name is one address."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        return await self._inner.resolve(self._address, port, family)

    async def close(self) -> None:
        return None


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "127.0.0.1", "localhost"]
)
async def test_in_production_nothing_is_sent_inside(receiver: Receiver, host: str) -> None:
    async with open_courier(loopback=False) as courier:
        told = await courier.deliver(f"https://{host}:{receiver.server.port}/hook", {}, b"{}")
    assert told == "the address is not one of the open net"
    assert receiver.heard == []


async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent() -> None:
    guard = Guard(Liar("192.168.1.1"), loopback=True)
    with pytest.raises(OSError, match=r"^$"):
        await guard.resolve("hook.example", 443)


async def test_plain_http_is_for_development_only(receiver: Receiver) -> None:
    async with open_courier(loopback=False) as courier:
        assert await courier.deliver("http://93.184.216.34/hook", {}, b"{}") != ""
    async with open_courier(loopback=True) as courier:
        assert await courier.deliver(receiver.url(), {}, b"{}") == ""


async def test_the_worker_delivers_by_itself_until_it_is_told_to_stop(office: Office) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(office.worker.run(stop))
    for _ in range(3):
        await office.ask_back()
    async with asyncio.timeout(10):
        while [one.state for one in await office.notices()] != ["delivered"] * 3:  # noqa: ASYNC110 - Postgres tells nobody
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert len(office.receiver.heard) == 3
