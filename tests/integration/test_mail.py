"""Handing one message over: every failure is an outcome, and says whether the message or the server is at fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.routing.delivery.delivery import HandedOff, Outcome, Postponed, Refused
from services.routing.messages.mail import Mailer, SmtpServer
from tests.clock import FakeClock
from tests.integration.smtp_server import MailServer

MESSAGE = b"Subject: hello\r\n\r\n.leading dot\r\n"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    opened = MailServer()
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def mailer(server: MailServer, clock: FakeClock) -> AsyncIterator[Mailer]:
    made = Mailer(SmtpServer.parse(server.url), clock, sessions=2, timeout_seconds=0.3, total_seconds=1.0)
    yield made
    await made.close()


async def send(mailer: Mailer, *, begin_before: float = 10.0) -> Outcome:
    return await mailer.send("a@bank.example", "b@mail.example", MESSAGE, begin_before=begin_before)


async def test_a_message_arrives_as_it_was(mailer: Mailer, server: MailServer, clock: FakeClock) -> None:
    assert await send(mailer) == HandedOff(clock.now())
    assert server.taken[0].get_content().strip() == ".leading dot"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("450 later", Postponed("rcpt: 450")),
        ("421 closing", Postponed("rcpt: 421", outage=True)),
        ("550 no", Refused("rcpt: 550")),
        ("554 never", Refused("rcpt: 554")),
    ],
)
async def test_the_servers_answer_decides(mailer: Mailer, server: MailServer, answer: str, outcome: Outcome) -> None:
    server.rcpt_answers = [answer]
    assert await send(mailer) == outcome
    assert isinstance(await send(mailer), HandedOff)


async def test_a_server_that_turns_everybody_away_is_out_not_the_message_bad(clock: FakeClock) -> None:
    gone = asyncio.Event()

    async def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service here\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(turn_away, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        mailer = Mailer(SmtpServer.parse(f"smtp://127.0.0.1:{port}"), clock)
        assert await send(mailer) == Postponed("connect: 554", outage=True)
        await gone.wait()


async def test_a_refused_password_is_an_outage_and_kills_no_message(server: MailServer, clock: FakeClock) -> None:
    # The server offers no AUTH at all, which is the rudest way to refuse.
    mailer = Mailer(SmtpServer.parse(server.url.replace("smtp://", "smtp://me:secret@")), clock)
    outcome = await send(mailer)
    assert isinstance(outcome, Postponed)
    assert outcome.outage
    assert "secret" not in outcome.error


async def test_a_server_that_falls_silent_is_given_up_in_bounded_time(clock: FakeClock) -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        mailer = Mailer(SmtpServer.parse(f"smtp://127.0.0.1:{port}"), clock, timeout_seconds=0.2)
        async with asyncio.timeout(5):
            assert await send(mailer) == Postponed("connect: timeout", outage=True)
            await gone.wait()


async def test_a_message_is_not_begun_when_its_lease_would_not_last(
    mailer: Mailer, server: MailServer, clock: FakeClock
) -> None:
    clock.advance(11)
    assert await send(mailer, begin_before=10.0) == Postponed("connect: no session free", outage=True)
    assert server.sessions == 0


async def test_an_idle_session_is_not_trusted_for_long(mailer: Mailer, server: MailServer, clock: FakeClock) -> None:
    await send(mailer)
    await send(mailer)
    assert server.sessions == 1
    clock.advance(31)
    await send(mailer, begin_before=100.0)
    assert server.sessions == 2


async def test_a_cancelled_dialogue_leaves_no_session_behind(mailer: Mailer, server: MailServer) -> None:
    begun = asyncio.Event()

    async def hang(*_: object) -> str:
        begun.set()
        await asyncio.sleep(3600)
        return "250 OK"

    original, server.handle_DATA = server.handle_DATA, hang  # type: ignore[method-assign, assignment]
    sending = asyncio.create_task(send(mailer))
    await begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    server.handle_DATA = original  # type: ignore[method-assign]
    assert isinstance(await send(mailer), HandedOff)
    assert len(server.taken) == 1
