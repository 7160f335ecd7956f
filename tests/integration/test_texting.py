"""A text from the queue to the provider, and the STOP that comes back: nothing is begun once it was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from services.routing.bell import Bell
from services.routing.delivery.delivery import Delivery
from services.routing.delivery.store import add_deliveries
from services.routing.delivery.worker import DeliveryWorker
from services.routing.gate.person import Person
from services.routing.messages.provider_client import Provider, ProviderClient, open_session
from services.routing.messages.text_channel import TextChannel
from services.routing.messages.texted_store import TextedStore
from shared.runtime.ids import uuid7
from tests.integration.follow_up_world import ORDER
from tests.integration.inbound_world import NOON, InboundWorld, inbound_world
from tests.integration.provider import TAKEN, ProviderServer, answer, provider_server
from tests.unit.follow_up.samples import accepted

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Texting:
    """The world, with a worker that sends texts to a provider."""

    world: InboundWorld
    provider: ProviderServer
    worker: DeliveryWorker

    async def queued(self, person: Person) -> UUID:
        """A text to somebody, due now."""
        delivery = Delivery(
            delivery_id=UUID(uuid7()),
            lead=replace(accepted(lead_id=person.lead_id), order=ORDER, catalog_revision=3),
            channel="text",
            receiver="text",
            purpose="follow_up",
            template="hello",
            created_at=NOON,
        )
        async with self.world.admin.transaction():
            await add_deliveries(self.world.admin, [delivery])
        return delivery.delivery_id

    async def work(self) -> None:
        """Send what is due."""
        while await self.worker.begin_due():
            await self.worker.finish()
        await self.worker.finish()

    async def row(self, delivery_id: UUID) -> asyncpg.Record:
        """A delivery as stored."""
        row = await self.world.admin.fetchrow("SELECT * FROM routing.delivery WHERE delivery_id = $1", delivery_id)
        assert row is not None
        return row


@pytest_asyncio.fixture(name="texting", scope="module", loop_scope="module")
async def texting_fixture(shared_database_url: str) -> AsyncIterator[Texting]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(inbound_world(shared_database_url))
        provider = await stack.enter_async_context(provider_server())
        session = await stack.enter_async_context(open_session())
        base = world.base
        client = ProviderClient(session, Provider(provider.url, "s3cret"), "text", base.clock, deadline_seconds=5)
        channel = TextChannel(world.writer, client, TextedStore(base.pool), base.clock)
        worker = DeliveryWorker(
            base.pool, base.store, world.people, {"text": channel}, Bell(), base.telemetry, base.clock,
            jitter=lambda: 0.5, gate=world.gate,
        )  # fmt: skip
        yield Texting(world, provider, worker)


def said(texting: Texting, person: Person) -> list[str]:
    """What the provider was asked to text to somebody."""
    return [asked.body["text"] for asked in texting.provider.asked if asked.body["to"] == person.phone]


async def test_the_first_text_says_how_to_end_them_and_the_next_one_does_not(texting: Texting) -> None:
    ann = await texting.world.bought()
    for _ in range(2):
        await texting.queued(ann)
        await texting.work()
    first, second = said(texting, ann)
    assert "STOP" in first
    assert "STOP" not in second
    assert second.startswith("Big Bank: Hi Ann")


async def test_once_stop_was_acknowledged_no_text_begins(texting: Texting) -> None:
    ann = await texting.world.bought()
    await texting.queued(ann)
    await texting.work()
    assert (await texting.world.text(ann, "Stop texting me"))["outcome"] == "opted_out"
    late = await texting.queued(ann)
    await texting.work()
    assert len(said(texting, ann)) == 1
    row = await texting.row(late)
    assert (row["state"], row["last_error"]) == ("blocked", "gate: opted_out")


async def test_a_stop_is_acknowledged_only_when_a_text_under_way_is_over(texting: Texting) -> None:
    ann = await texting.world.bought()
    under_way, reached = asyncio.Event(), len(texting.provider.asked)
    texting.provider.answers = [under_way]
    sent = await texting.queued(ann)
    sending = asyncio.create_task(texting.work())
    async with asyncio.timeout(5):
        while len(texting.provider.asked) == reached:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.005)
    stopping = asyncio.create_task(texting.world.text(ann, "STOP"))
    done, _ = await asyncio.wait({stopping}, timeout=0.3)
    assert not done
    under_way.set()
    assert (await stopping)["outcome"] == "opted_out"
    await sending
    # The provider hung up, so whether it was sent is not known: tried again, it is blocked.
    texting.world.base.clock.advance(60)
    await texting.work()
    assert (await texting.row(sent))["state"] == "blocked"
    assert len(said(texting, ann)) == 1


async def test_a_text_that_the_provider_would_not_take_is_tried_again_under_the_same_key(texting: Texting) -> None:
    ann = await texting.world.bought()
    texting.provider.answers = [answer(500), TAKEN]
    sent = await texting.queued(ann)
    await texting.work()
    assert (await texting.row(sent))["last_error"] == "text: 500"
    texting.world.base.clock.advance(60)
    await texting.work()
    row = await texting.row(sent)
    assert (row["state"], row["attempts"]) == ("handed_off", 2)
    keys = {asked.headers["idempotency-key"] for asked in texting.provider.asked if asked.body["to"] == ann.phone}
    assert keys == {str(sent)}
