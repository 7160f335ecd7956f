"""Orders as people look after them, over gRPC on real Postgres: what is left, who changed what, stop and go."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadline.intake.v1 import catalog_service_pb2 as catalog_pb
from leadline.intake.v1 import order_service_pb2 as pb
from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceStub, add_CatalogServiceServicer_to_server
from leadline.intake.v1.order_service_pb2_grpc import OrderServiceStub, add_OrderServiceServicer_to_server
from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceStub, add_RoutingServiceServicer_to_server
from services.intake.catalog.directory import Directory
from services.intake.catalog.service import CatalogService
from services.intake.catalog.store import CatalogStore
from services.intake.order_service import OrderService
from services.routing.service import RoutingService
from services.routing.store import CapacityStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import Pool, open_pool
from shared.rpc.client import call, open_channel
from shared.rpc.errors import KeyScope, Malformed, NotFound, WrongState
from shared.rpc.server import RpcServer
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock

ROOT = Path(__file__).parents[2]
CATALOG = (ROOT / "tests/big_bank.yaml").read_text()
#: Two caps, a price that depends on the loan, a pace, a site with a cap of its own.
PILOT = CATALOG.replace(
    "    caps:\n      - {window: day, leads: 5}\n",
    '    caps:\n      - {window: day, leads: 5}\n      - {window: total, spend: "600.00"}\n'
    "    pacing: {minimum_seconds: 60, even: true}\n"
    '    price_rules: [{name: big, field: loan_amount, minimum: 20000, add: "2.50"}]\n',
).replace(
    "sources: [drive-today.example]",
    "sources: [{site: drive-today.example, caps: [{window: hour, leads: 2}]}]",
)
AMENDED = PILOT.replace("{window: day, leads: 5}", "{window: day, leads: 10}")
SECONDS = 10.0

if TYPE_CHECKING:
    from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub
    from leadline.intake.v1.order_service_pb2_grpc import OrderServiceAsyncStub


@dataclass
class Desk:
    """intake's services about orders, with routing behind them."""

    orders: OrderServiceAsyncStub
    catalog: CatalogServiceAsyncStub
    directory: Directory
    pool: Pool
    clock: FakeClock
    port: int

    async def leadline(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        """Run one command to its end: status, output, errors."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *arguments),
            cwd=ROOT,
            env=os.environ | {"LEADLINE_INTAKE_TARGET": f"127.0.0.1:{self.port}"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def amend(self, state: str, order: str = "marco-pilot-2026") -> pb.AmendOrderResponse:
        request = pb.AmendOrderRequest(order=order, state=state, approved_by="tracey", note="the desk is full")
        return await call(self.orders.AmendOrder, request, timeout=SECONDS)

    async def apply(self, text: str, *, in_days: float = 0, supersede: bool = False) -> catalog_pb.ApplyCatalogResponse:
        request = catalog_pb.ApplyCatalogRequest(
            document=text, approved_by="joe", note="as agreed", supersede_waiting=supersede
        )
        if in_days:
            request.effective_time.FromDatetime(self.clock.now() + timedelta(days=in_days))
        return await call(self.catalog.ApplyCatalog, request, timeout=SECONDS)

    async def another_directory(self) -> Directory:
        """What another process would know that begins now."""
        directory = Directory(CatalogStore(self.pool), CatalogReader(self.pool), self.clock)
        await directory.refresh()
        return directory

    async def key(self, **words: object) -> str:
        request = catalog_pb.CreateAccessKeyRequest(**{"seller": "marco", **words})  # type: ignore[arg-type]
        return (await call(self.catalog.CreateAccessKey, request, timeout=SECONDS)).access_key

    async def listed(self, access_key: str = "") -> dict[str, pb.OrderInForce]:
        answer = await call(self.orders.ListOrders, pb.ListOrdersRequest(access_key=access_key), timeout=SECONDS)
        return {order.order.order: order for order in answer.orders}

    async def history(self, order: str = "marco-pilot-2026") -> list[pb.OrderVersion]:
        request = pb.ListOrderVersionsRequest(order=order)
        return list((await call(self.orders.ListOrderVersions, request, timeout=SECONDS)).versions)


@pytest.fixture
async def desk(database_url: str, clock: FakeClock) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        settings = DatabaseSettings(url=database_url)
        intake = await stack.enter_async_context(open_pool(settings, role="leadline_intake", name="i"))
        routing = await stack.enter_async_context(open_pool(settings, role="leadline_routing", name="r"))
        store, reader = CatalogStore(intake), CatalogReader(intake)
        directory = Directory(store, reader, clock)
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        server.add(
            add_RoutingServiceServicer_to_server,
            RoutingService(CatalogReader(routing), CapacityStore(routing)),
            "leadline.routing.v1.RoutingService",
        )
        behind = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        await stack.enter_async_context(server)
        to_routing = await stack.enter_async_context(open_channel(f"127.0.0.1:{server.port}"))
        behind.add(
            add_OrderServiceServicer_to_server,
            OrderService(store=store, directory=directory, routing=RoutingServiceStub(to_routing), clock=clock),
            "leadline.intake.v1.OrderService",
        )
        behind.add(
            add_CatalogServiceServicer_to_server,
            CatalogService(store, clock, directory=directory, random_bytes=secrets.token_bytes),
            "leadline.intake.v1.CatalogService",
        )
        await stack.enter_async_context(behind)
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{behind.port}"))
        desk = Desk(OrderServiceStub(channel), CatalogServiceStub(channel), directory, intake, clock, behind.port)
        await desk.apply(PILOT)
        yield desk


async def test_an_order_tells_what_it_pays_and_what_is_left_of_each_cap(desk: Desk) -> None:
    order = (await desk.listed())["marco-pilot-2026"]
    assert (order.order.version, order.seller, order.state) == (1, "marco", "active")
    assert list(order.capacity.prices) == [
        "12.00: every lead",
        "+ 2.50: loan_amount at least 20000 (big)",
        "at least 0.01",
    ]
    assert order.capacity.open
    told = [(one.window, one.source, one.used_leads, one.max_leads) for one in order.capacity.windows]
    assert told == [("day", "", 0, 5), ("total", "", 0, 0), ("hour", "drive-today.example", 0, 2)]
    day, total, hour = order.capacity.windows
    assert 1 <= day.paced_leads <= 5
    assert (total.HasField("max_leads"), total.max_spend_minor, total.HasField("ends_at")) == (False, 60_000, False)
    assert hour.ends_at.ToDatetime(UTC) - desk.clock.now() <= timedelta(hours=1)
    assert not order.capacity.HasField("next_turn")


async def test_what_is_bought_is_used(desk: Desk) -> None:
    now = desk.clock.now()
    day = (await desk.listed())["marco-pilot-2026"].capacity.windows[0].ends_at.ToDatetime(UTC) - timedelta(days=1)
    refused = await desk.pool.fetch(
        "SELECT * FROM routing.consume('big-bank', '{1,1}', '{marco-pilot-2026,marco-pilot-2026}', '{day,pace}',"
        " $1, '{5,60}', '{null,null}', '{1200,1200}')",
        [day, now],
    )
    assert refused == []
    capacity = (await desk.listed())["marco-pilot-2026"].capacity
    assert (capacity.windows[0].used_leads, capacity.windows[0].used_spend_minor) == (1, 1200)
    assert capacity.next_turn.ToDatetime(UTC) == now + timedelta(seconds=60)


async def test_a_seller_sees_its_own_active_orders_by_a_key_that_may_read(desk: Desk) -> None:
    everything = set(await desk.listed(await desk.key()))
    assert everything == {"marco-auto-2026", "marco-pilot-2026"}
    assert set(await desk.listed(await desk.key(orders=["marco-pilot-2026"]))) == {"marco-pilot-2026"}
    with pytest.raises(KeyScope):
        await desk.listed(await desk.key(scopes=["post"]))
    await desk.amend("paused")
    assert set(await desk.listed(await desk.key(label="again"))) == {"marco-auto-2026"}


async def test_an_order_can_be_paused_resumed_and_ended_and_history_tells_by_whom_and_why(desk: Desk) -> None:
    made = [await desk.amend(state) for state in ("paused", "active", "active", "ended")]
    assert [(one.order.version, one.changed) for one in made] == [(2, True), (3, True), (3, False), (4, True)]
    assert desk.directory.current("big-bank").order("marco-pilot-2026").state == "ended"  # type: ignore[union-attr]
    history = await desk.history()
    assert [(one.version, one.state, one.approved_by) for one in history] == [
        (1, "active", "joe"),
        (2, "paused", "tracey"),
        (3, "active", "tracey"),
        (4, "ended", "tracey"),
    ]
    assert list(history[1].changes) == ["state: active -> paused"]
    assert history[1].note == "the desk is full"
    with pytest.raises(WrongState, match="never comes back"):
        await desk.amend("active")


async def test_a_pause_holds_although_an_amendment_waits(desk: Desk) -> None:
    desk.clock.advance(1)
    waiting = await desk.apply(PILOT.replace("{window: day, leads: 5}", "{window: day, leads: 50}"), in_days=3)
    assert waiting.revision == 2
    await desk.amend("paused")
    assert desk.directory.current("big-bank").order("marco-pilot-2026").state == "paused"  # type: ignore[union-attr]
    desk.clock.advance(3 * 86_400)
    await desk.directory.refresh()
    order = desk.directory.current("big-bank").order("marco-pilot-2026")
    assert order is not None
    # The amendment came, and the order is still paused; every version has a number of its own.
    assert (order.state, order.caps[0].leads, order.version) == ("paused", 50, 4)
    assert [(one.version, one.superseded) for one in await desk.history()] == [
        (1, False), (2, True), (3, False), (4, False),
    ]  # fmt: skip


async def test_a_change_may_wait_for_its_instant_and_takes_effect_exactly_then(desk: Desk) -> None:
    then, another = desk.clock.now() + timedelta(days=9), await desk.another_directory()
    answer = await desk.apply(AMENDED, in_days=9)
    assert (answer.revision, answer.effective_time.ToDatetime(UTC)) == (2, then)
    await another.refresh()
    for directory in (desk.directory, another):
        assert directory.current("big-bank").revision == 1
        assert directory.current("big-bank", then - timedelta(microseconds=1)).revision == 1
        assert directory.current("big-bank", then).revision == 2
    desk.clock.advance(9 * 86_400)
    # The instant alone brings it into force: nothing is told to anybody.
    await another.refresh()
    assert another.current("big-bank").revision == 2
    # A lead that was received just before and arrives just after is decided by the terms of its receipt.
    assert (await desk.another_directory()).current("big-bank", then - timedelta(seconds=1)).revision == 1
    got = await call(desk.catalog.GetCatalog, catalog_pb.GetCatalogRequest(), timeout=SECONDS)
    assert got.revision == 2


async def test_a_change_before_a_waiting_one_is_refused_unless_it_supersedes_it(desk: Desk) -> None:
    await desk.apply(AMENDED, in_days=1)
    other = PILOT.replace("{window: day, leads: 5}", "{window: day, leads: 7}")
    with pytest.raises(WrongState, match="revision 2 takes effect at"):
        await desk.apply(other)
    # What is in force already may be applied at any time: nothing changes.
    assert (await desk.apply(PILOT)).revision == 1
    answer = await desk.apply(other, supersede=True)
    # Version 2 was made and never came into force; its number is not used again.
    assert (answer.revision, answer.changes[0].version) == (3, 3)
    desk.clock.advance(2 * 86_400)
    assert desk.directory.current("big-bank").revision == 3


async def test_an_effective_instant_in_the_past_is_malformed(desk: Desk) -> None:
    with pytest.raises(Malformed, match="effective_time"):
        await desk.apply(AMENDED, in_days=-1)


@pytest.mark.parametrize(("before", "after"), [("ended", "active"), ("ended", "paused"), ("active", "draft")])
async def test_states_go_forward_only(desk: Desk, before: str, after: str) -> None:
    revision = (
        await desk.apply(PILOT.replace("    priority: 900", f"    priority: 900\n    state: {before}"))
    ).revision
    answer = await desk.apply(PILOT.replace("    priority: 900", f"    priority: 900\n    state: {after}"))
    assert [error.field for error in answer.errors] == ["orders[1].state"]
    assert answer.revision == revision


async def test_the_command_line_shows_amends_and_tells_history(desk: Desk) -> None:
    status, out, _ = await desk.leadline("orders", "--seller", "marco")
    assert status == 0
    told = next(line.split() for line in out.splitlines() if "marco-pilot-2026@1" in line)
    assert told[:3] == ["marco-pilot-2026@1", "marco", "active"]
    # The even spread leaves fewer by now than the day does.
    assert told[told.index("day") + 1 :][:3] == ["0", "5", "leads"]
    assert told[-4:-2] == ["now,", "5"]
    assert "hour of drive-today.example" in out
    status, out, _ = await desk.leadline("orders", "pause", "marco-pilot-2026", "--by", "tracey", "--note", "full")
    assert (status, out) == (0, "marco-pilot-2026@2 is paused.\n")
    status, out, _ = await desk.leadline("orders", "history", "marco-pilot-2026")
    assert status == 0
    assert out.splitlines()[2:] == [
        f"marco-pilot-2026@2  paused, from {desk.clock.now():%Y-%m-%d %H:%M:%S}.000Z by tracey",
        "    full",
        "    state: active -> paused",
    ]


async def test_the_command_line_lets_a_file_wait_and_never_guesses_a_zone(desk: Desk) -> None:
    then = (desk.clock.now() + timedelta(days=2)).isoformat()
    status, out, _ = await desk.leadline("apply", "-f", "-", "--effective", then, stdin=AMENDED)
    assert status == 0
    assert out.splitlines()[-1].startswith("Revision 2 of big-bank takes effect at ")
    status, _, err = await desk.leadline("apply", "-f", "-", "--effective", "2026-12-01", stdin=AMENDED)
    assert (status, "expected a time with its offset" in err) == (1, True)
    status, _, err = await desk.leadline("apply", "-f", "-", stdin=CATALOG)
    assert (status, "takes effect at" in err) == (1, True)


async def test_what_cannot_be_meant_is_refused(desk: Desk) -> None:
    with pytest.raises(Malformed, match="state"):
        await desk.amend("draft")
    with pytest.raises(NotFound):
        await desk.amend("paused", "marco-boats")
    with pytest.raises(NotFound):
        await desk.history("marco-boats")
