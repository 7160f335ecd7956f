"""Dead letters as people see them: looked at, put right, replayed, put away."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path
from uuid import UUID

import grpc
import pytest

from leadline.routing.v1 import delivery_service_pb2 as pb
from leadline.routing.v1 import delivery_service_pb2_grpc as rpc
from shared.rpc.errors import Malformed, NotFound
from tests.clock import FakeClock
from tests.integration.follow_up_world import BUYER
from tests.integration.http_receiver import status
from tests.integration.receivers_world import DEAD, NO_CONTEXT, Office, open_office


@pytest.fixture
async def office(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, clock, tmp_path) as opened:
        yield opened


async def test_a_person_sees_what_is_dead_puts_it_right_and_has_it_sent_under_the_same_id(office: Office) -> None:
    office.http.answers["/old"] = status(404)
    await office.receivers(office.webhook("crm", "/old"))
    leads = [await office.buy() for _ in range(3)]
    await office.send()
    dead = await office.service.ListDeliveries(pb.ListDeliveriesRequest(buyer_id=BUYER, state=DEAD), NO_CONTEXT)
    assert [one.lead_id for one in dead.deliveries] == leads[::-1]
    first, second, third = (one.delivery_id for one in dead.deliveries)
    assert await office.tries(first) == [("refused", "it answered 404")]

    await office.receivers(office.webhook("crm", "/new"))
    asked = pb.ReplayDeliveriesRequest(buyer_id=BUYER, delivery_ids=[first, str(UUID(int=7))])
    assert list((await office.service.ReplayDeliveries(asked, NO_CONTEXT)).delivery_ids) == [first]
    await office.send()
    assert office.http.ids("/new") == [first]
    assert await office.tries(first) == [("refused", "it answered 404"), ("handed_off", "")]
    # What is handed over is not sent again, whoever asks.
    assert not (await office.service.ReplayDeliveries(asked, NO_CONTEXT)).delivery_ids

    away = pb.DiscardDeliveriesRequest(buyer_id=BUYER, delivery_ids=[second])
    assert list((await office.service.DiscardDeliveries(away, NO_CONTEXT)).delivery_ids) == [second]
    rest = pb.ReplayDeliveriesRequest(buyer_id=BUYER, receiver="crm")
    assert list((await office.service.ReplayDeliveries(rest, NO_CONTEXT)).delivery_ids) == [third]
    await office.send()
    assert office.http.ids("/new") == [first, third]
    assert not await office.deliveries(state=DEAD)


async def test_a_replayed_delivery_has_its_quick_tries_and_its_three_days_again(office: Office) -> None:
    office.http.answers["/crm"] = status(500)
    await office.receivers(office.webhook("crm"))
    await office.buy()
    for _ in range(6):
        await office.send()
        office.world.clock.advance(700)
    await office.world.admin.execute("UPDATE routing.delivery SET state = 'dead' WHERE purpose = 'lead'")
    one = (await office.deliveries())["crm"]
    asked = pb.ReplayDeliveriesRequest(buyer_id=BUYER, delivery_ids=[one.delivery_id])
    await office.service.ReplayDeliveries(asked, NO_CONTEXT)
    office.world.clock.advance(301)
    await office.send()
    again = (await office.deliveries())["crm"]
    assert again.attempts == one.attempts + 1
    assert again.due_time.ToDatetime(UTC) == office.world.clock.now() + timedelta(seconds=1)


async def test_pages_of_deliveries_follow_each_other_without_gap_or_overlap(office: Office) -> None:
    office.http.answers["/crm"] = status(404)
    await office.receivers(office.webhook("crm"))
    for _ in range(5):
        await office.buy()
    await office.send()
    request = pb.ListDeliveriesRequest(buyer_id=BUYER, state=DEAD, receiver="crm", page_size=2)
    seen: list[str] = []
    while True:
        page = await office.service.ListDeliveries(request, NO_CONTEXT)
        seen += [one.delivery_id for one in page.deliveries]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


async def test_what_is_asked_wrongly_is_told_by_field(office: Office) -> None:
    with pytest.raises(NotFound):
        await office.tries(str(UUID(int=1)))
    with pytest.raises(Malformed, match="delivery_ids"):
        await office.service.ReplayDeliveries(pb.ReplayDeliveriesRequest(buyer_id=BUYER), NO_CONTEXT)
    with pytest.raises(Malformed, match="page_token"):
        await office.deliveries(page_token="later")
    with pytest.raises(Malformed, match="buyer_id"):
        await office.service.ListReceivers(pb.ListReceiversRequest(), NO_CONTEXT)


@pytest.fixture
async def target(office: Office) -> AsyncIterator[str]:
    """DeliveryService behind a port."""
    server = grpc.aio.server()
    rpc.add_DeliveryServiceServicer_to_server(office.service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def leadline(target: str, *arguments: str) -> str:
    """What `leadline deliveries` prints."""
    more = {"PYTHONPATH": os.pathsep.join(sys.path), "LEADLINE_ROUTING_TARGET": target, "COLUMNS": "300"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "deliveries", *arguments),
        env={**os.environ, **more},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_the_command_line_lists_shows_and_replays(office: Office, target: str) -> None:
    office.http.answers["/crm"] = status(404)
    await office.receivers(office.webhook("crm"))
    lead_id = await office.buy()
    await office.send()
    listed = await leadline(target, "--dead", "--receiver", "crm", "--buyer", BUYER, "--json")
    (dead,) = json.loads(listed)
    assert (dead["lead_id"], dead["state"], dead["last_error"]) == (lead_id, "dead", "it answered 404")
    shown = await leadline(target, "show", dead["delivery_id"], "--buyer", BUYER)
    assert "refused" in shown
    office.http.answers.clear()
    assert "1 is tried again" in await leadline(target, "replay", dead["delivery_id"], "--buyer", BUYER)
    await office.send()
    assert office.http.ids("/crm")[-1] == dead["delivery_id"]
    assert "webhook" in await leadline(target, "receivers", "--buyer", BUYER)
