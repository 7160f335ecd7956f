"""Texts and calls through providers that work, fail in every way, or are not there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.routing.delivery.delivery import Delivery, HandedOff, Outcome, Postponed, Refused
from services.routing.gate.person import Person
from services.routing.messages.call_bridge import Bridge, CallBridge
from services.routing.messages.provider_client import Provider, ProviderClient, open_session
from services.routing.messages.segments import size_of
from services.routing.messages.text_channel import TextChannel
from services.routing.messages.unsubscribe import UnsubscribeLinks
from services.routing.messages.writing import Writer
from shared.catalog.following import Template
from shared.catalog.snapshot import CatalogView
from tests.clock import FakeClock
from tests.integration.follow_up_world import OFFER, ORDER, catalog
from tests.integration.provider import ProviderServer, answer, provider_server
from tests.integration.smtp_server import free_port
from tests.unit.follow_up.samples import LEAD_ID, NOW, accepted

PHONE = "+12025550123"
PERSON = Person(lead_id=LEAD_ID, decided_at=NOW, first_name="Ann", phone=PHONE)
DELIVERY = Delivery(
    delivery_id=UUID("01926f3e-0000-7000-8000-00000000000a"),
    lead=replace(accepted(), order=ORDER),
    channel="text",
    receiver="text",
    purpose="follow_up",
    template="hello",
    created_at=NOW,
)


class Catalogs:
    """One revision, with these templates and terms of the buyer."""

    def __init__(self, words: str = "Hi {first_name}, {offer}.", **buyer: str) -> None:
        terms = {"text_from": "+18005550100", "public_url": "https://mail.bigbank.example", **buyer}
        document = catalog(1, OFFER)
        self._view = CatalogView(
            msgspec.structs.replace(
                document,
                buyer=msgspec.structs.replace(document.buyer, **terms),
                templates=(*document.templates, Template(slug="hello", text=words)),
            )
        )

    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        return self._view


class Texted:
    """Nobody had a text before, until told."""

    def __init__(self) -> None:
        self.yes = False

    async def before(self, buyer_id: str, lead_id: UUID) -> bool:
        return self.yes


@pytest.fixture(name="provider")
async def provider_fixture() -> AsyncIterator[ProviderServer]:
    async with provider_server() as made:
        yield made


@pytest.fixture(name="client")
async def client_fixture(provider: ProviderServer, clock: FakeClock) -> AsyncIterator[ProviderClient]:
    async with open_session() as session:
        yield ProviderClient(session, Provider(provider.url, "s3cret"), "text", clock, deadline_seconds=0.3)


def channel(client: ProviderClient | None, clock: FakeClock, catalogs: Catalogs | None = None) -> TextChannel:
    return TextChannel(Writer(catalogs or Catalogs(), UnsubscribeLinks(b"k" * 32)), client, Texted(), clock)


async def send(channel: TextChannel, person: Person = PERSON) -> Outcome:
    return await channel.send(DELIVERY, person, begin_before=10.0)


async def test_a_text_arrives_once_with_all_that_the_rules_ask(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock
) -> None:
    assert await send(channel(client, clock)) == HandedOff(clock.now())

    (asked,) = provider.asked
    assert asked.headers["authorization"] == "Bearer s3cret"
    assert asked.headers["idempotency-key"] == str(DELIVERY.delivery_id)
    said = asked.body.pop("text")
    assert said.startswith(f"Big Bank: Hi Ann, {OFFER}.")
    assert "Reply HELP for help, STOP to opt out." in said
    assert asked.body == {
        "id": str(DELIVERY.delivery_id),
        "from": "+18005550100",
        "to": PHONE,
        "encoding": "gsm-7",
        "segments": size_of(said).segments,
        "callback_url": "https://mail.bigbank.example/v1/inbound/text",
    }


async def test_every_try_of_one_text_has_the_same_key(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock
) -> None:
    provider.answers = [answer(500)]
    texts = channel(client, clock)
    assert isinstance(await send(texts), Postponed)
    assert isinstance(await send(texts), HandedOff)
    assert len({asked.headers["idempotency-key"] for asked in provider.asked}) == 1


LOGIN = answer(200, b"<html>Please log in</html>")
MOVED = answer(302, b"", "location: https://elsewhere.example/")
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n" + b'{"a":"' + b"x" * 100_000


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(202, b"{}"), HandedOff(NOW)),
        (LOGIN, Postponed("text: answer not understood")),
        (answer(200, b""), Postponed("text: answer not understood")),
        (answer(200, b"[" * 5000), Postponed("text: answer not understood")),
        (ENDLESS, Postponed("text: answer not understood")),
        (b"SSH-2.0-OpenSSH_9.9\r\n", Postponed("text: disconnected")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", Postponed("text: timeout", outage=True)),
        (None, Postponed("text: disconnected")),
        (MOVED, Postponed("text: 302, redirects are not followed", outage=True)),
        (answer(400), Refused("text: 400")),
        (answer(404), Refused("text: 404")),
        (answer(410), Refused("text: 410")),
        (answer(422), Refused("text: 422")),
        (answer(401), Postponed("text: 401", outage=True)),
        (answer(403), Postponed("text: 403", outage=True)),
        (answer(408), Postponed("text: 408")),
        (answer(429, b"", "retry-after: 7"), Postponed("text: 429", outage=True, retry_after_seconds=7)),
        (answer(429, b"", "retry-after: 999999"), Postponed("text: 429", outage=True, retry_after_seconds=3600)),
        (answer(429, b"", "retry-after: soon"), Postponed("text: 429", outage=True)),
        (answer(500), Postponed("text: 500")),
        (answer(503, b"", "retry-after: 3"), Postponed("text: 503", outage=True, retry_after_seconds=3)),
    ],
)  # fmt: skip
async def test_the_providers_answer_decides(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock, said: bytes | None, outcome: Outcome
) -> None:
    provider.answers = [said]
    got = await send(channel(client, clock))
    if isinstance(outcome, HandedOff):
        outcome = HandedOff(clock.now())
    assert got == outcome
    # What failed once does not spoil the next one.
    assert isinstance(await send(channel(client, clock)), HandedOff)


async def test_a_date_to_come_back_at_is_understood(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock
) -> None:
    at = (clock.now() + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    provider.answers = [answer(503, b"", f"retry-after: {at}")]
    outcome = await send(channel(client, clock))
    assert isinstance(outcome, Postponed)
    assert outcome.retry_after_seconds == pytest.approx(90, abs=1)


async def test_a_provider_that_says_nothing_costs_a_bounded_time(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock
) -> None:
    silent = asyncio.Event()
    provider.answers = [silent]
    assert await send(channel(client, clock)) == Postponed("text: timeout", outage=True)
    silent.set()


async def test_a_provider_that_is_away_is_out_not_the_text_bad(clock: FakeClock) -> None:
    async with open_session() as session:
        client = ProviderClient(session, Provider(f"http://127.0.0.1:{free_port()}/", "s"), "text", clock)
        assert await send(channel(client, clock)) == Postponed("text: unreachable", outage=True)


async def test_without_a_provider_a_text_is_refused_and_says_why(clock: FakeClock) -> None:
    outcome = await send(channel(None, clock))
    assert outcome == Refused("text: no provider is set up, see LEADLINE_TEXT_URL")


@pytest.mark.parametrize(
    ("catalogs", "error"),
    [
        (Catalogs(text_from=""), "compose: the buyer has no number that texts are sent from (text_from)"),
        (Catalogs("long " * 200), "compose: the text takes 8 segments, at most 4"),
    ],
)
async def test_what_cannot_be_texted_is_not_asked_for(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock, catalogs: Catalogs, error: str
) -> None:
    outcome = await send(channel(client, clock, catalogs))
    assert isinstance(outcome, Refused)
    assert re.sub(r"\d segments", "8 segments", outcome.error) == error
    assert provider.asked == []


async def test_a_person_without_a_phone_is_not_texted(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock
) -> None:
    assert await send(channel(client, clock), replace(PERSON, phone="")) == Refused("contact: no phone")
    assert provider.asked == []


async def test_no_failure_quotes_the_person_or_the_provider(
    provider: ProviderServer, client: ProviderClient, clock: FakeClock
) -> None:
    for status in (400, 403, 429, 500, 503):
        provider.answers = [answer(status)]
        outcome = await send(channel(client, clock))
        assert "Ann" not in repr(outcome)
        assert "555" not in repr(outcome)
    assert "Ann" not in repr(PERSON)
    assert "s3cret" not in repr(Provider("https://x.example", "s3cret"))


@pytest.mark.parametrize("url", ["http://texts.example/", "ftp://texts.example/", "texts.example", "https://", ""])
def test_a_secret_does_not_travel_in_the_clear(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Provider(url, "s")


# -- calls


def bridge(**changed: Any) -> Bridge:
    terms = {
        "attempt_id": DELIVERY.delivery_id,
        "agent": "ann-b",
        "phone": PHONE,
        "caller_id": "+18005550100",
        "caller_name": "Big Bank",
        "callback_url": "https://mail.bigbank.example/v1/inbound/call-status",
    }
    return Bridge(**{**terms, **changed})


async def test_a_call_is_set_up_for_an_agent_and_shows_the_buyers_number(
    provider: ProviderServer, client: ProviderClient
) -> None:
    assert isinstance(await CallBridge(client).connect(bridge()), HandedOff)
    (asked,) = provider.asked
    assert asked.body == {
        "id": str(DELIVERY.delivery_id),
        "agent": "ann-b",
        "to": PHONE,
        "caller_id": "+18005550100",
        "caller_name": "Big Bank",
        "callback_url": "https://mail.bigbank.example/v1/inbound/call-status",
    }


async def test_nothing_is_dialled_without_an_agent_or_a_number_to_show(
    provider: ProviderServer, client: ProviderClient
) -> None:
    assert isinstance(await CallBridge(client).connect(bridge(agent="")), Refused)
    assert isinstance(await CallBridge(client).connect(bridge(caller_id="")), Refused)
    assert isinstance(await CallBridge(None).connect(bridge()), Refused)
    assert provider.asked == []
