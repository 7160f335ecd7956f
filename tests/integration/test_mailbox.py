"""The development mailbox over real connections: what is sent is what is kept, and nonsense is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiosmtplib
import pytest

from deploy.local.mailbox import MAX_BYTES, Conversation, Store
from tests.integration.smtp_server import free_port

HEAD = b"X-MailFrom: a@bank.example\r\nX-RcptTo: b@mail.example\r\n"


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    number, store = free_port(), Store(tmp_path / "mail")
    async with await asyncio.get_running_loop().create_server(lambda: Conversation(store), "127.0.0.1", number):
        yield number


def kept(tmp_path: Path) -> list[bytes]:
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []
    return [path.read_bytes() for path in sorted((tmp_path / "mail" / "new").iterdir())]


async def talk(port: int, *pieces: bytes) -> list[bytes]:
    """Send pieces, say goodbye, and return the first word of each answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in (*pieces, b"QUIT\r\n"):
        writer.write(piece)
        await writer.drain()
    answers = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return [line[:3] for line in answers.splitlines()]


async def test_messages_of_one_connection_are_kept_byte_for_byte(port: int, tmp_path: Path) -> None:
    messages = [b"Subject: 1\r\n\r\n.\r\n..dots\r\n. \r\n", b"Subject: 2\r\n\r\n" + 4000 * b"0123456789\r\n", b".x\r\n"]
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        for message in messages:
            await client.mail("a@bank.example")
            await client.rcpt("b@mail.example")
            await client.data(message)

    assert kept(tmp_path) == [HEAD + message for message in messages]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_commands_may_come_all_at_once_or_in_crumbs(port: int, tmp_path: Path, size: int) -> None:
    mail = b"MAIL FROM:<a@bank.example> SIZE=9\r\nrcpt to: <b@mail.example>\r\nDATA\r\n"
    whole = b"EHLO me\r\n" + mail + b"one\r\n.\r\n" + mail + b".\r\n"
    answers = await talk(port, *(whole[at : at + size] for at in range(0, len(whole), size)))

    assert answers == [b"220", *[b"250"] * 5, *[b"250", b"250", b"354", b"250"] * 2, b"221"]
    assert kept(tmp_path) == [HEAD + b"one\r\n", HEAD]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"RCPT TO:<b@mail.example>", b"503"),
        (b"DATA", b"503"),
        (b"MAIL FROM: a@bank.example", b"501"),
        (b"MAIL FROM:<a@x>\r\nMAIL FROM:<a@x>", b"503"),
        (b"MAIL FROM:<a@x>\r\nRCPT TO:<>", b"501"),
        (b"MAIL FROM:<a@x>\r\nRSET\r\nRCPT TO:<b@x>", b"503"),
        (b"STARTTLS", b"500"),
        (b"", b"500"),
    ],
)
async def test_what_is_out_of_turn_or_unknown_is_refused_and_the_connection_lives(
    port: int, command: bytes, code: bytes
) -> None:
    answers = await talk(port, command + b"\r\nNOOP\r\n")
    assert answers[-3:] == [code, b"250", b"221"]


async def test_more_than_fits_is_refused_and_not_kept(port: int, tmp_path: Path) -> None:
    with pytest.raises(aiosmtplib.SMTPException):
        await aiosmtplib.send(
            (MAX_BYTES + 1) * b"x", sender="a@x.example", recipients=["b@x.example"], hostname="127.0.0.1", port=port
        )
    assert kept(tmp_path) == []


async def test_a_message_that_cannot_be_stored_is_answered_so(port: int, tmp_path: Path) -> None:
    (tmp_path / "mail" / "new").rmdir()
    answers = await talk(port, b"MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\none\r\n.\r\n")
    assert answers == [b"220", b"250", b"250", b"354", b"451", b"221"]
