"""Mail domains, asked of a real name server on this machine: what is told, remembered, and never guessed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from services.validation.mail_client import REFUSES_SECONDS, TAKES_SECONDS, UNKNOWN_SECONDS, MailDomains
from tests.clock import FakeClock

#: What the server has: records by name and kind; a name without any exists and is empty.
ZONE: dict[str, dict[str, str]] = {
    "mail.test": {"MX": "10 mx.mail.test."},
    "null.test": {"MX": "0 ."},
    "plain.test": {"A": "192.0.2.1"},
    "six.test": {"AAAA": "2001:db8::1"},
    "empty.test": {"TXT": '"nothing here"'},
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from ZONE; `mute`: not at all; `failing`: that it cannot."""

    def __init__(self) -> None:
        self.mute = self.failing = False
        self.asked: Counter[str] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked[f"{name} {kind}"] += 1
        if self.mute:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in ZONE:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif kind in ZONE[name]:
            answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, ZONE[name][kind]))
        self._transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]


@asynccontextmanager
async def asking(clock: FakeClock, *, wait_seconds: float = 5) -> AsyncIterator[tuple[NameServer, MailDomains]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    domains = MailDomains([("127.0.0.1", port)], clock, wait_seconds=wait_seconds)
    try:
        yield server, domains
    finally:
        await domains.close()
        transport.close()


@pytest.mark.parametrize(
    ("domain", "facts"),
    [
        ("mail.test", "takes"),
        ("plain.test", "takes"),
        ("six.test", "takes"),
        ("null.test", "refuses"),
        ("empty.test", "refuses"),
        ("nowhere.test", "refuses"),
    ],
)
async def test_what_the_dns_says_of_a_domain(domain: str, facts: str, clock: FakeClock) -> None:
    async with asking(clock) as (_, domains):
        assert await domains.look([domain]) == {domain: facts}


async def test_a_server_that_fails_says_nothing_of_a_domain(clock: FakeClock) -> None:
    async with asking(clock) as (server, domains):
        server.failing = True
        assert await domains.look(["mail.test"]) == {"mail.test": ""}
        server.failing = False
        clock.advance(UNKNOWN_SECONDS)
        assert await domains.look(["mail.test"]) == {"mail.test": "takes"}


async def test_a_batch_does_not_wait_for_a_silent_server(clock: FakeClock) -> None:
    async with asking(clock, wait_seconds=0.01) as (server, domains):
        server.mute = True
        assert await domains.look(["mail.test", "nowhere.test"]) == {"mail.test": "", "nowhere.test": ""}


async def test_an_answer_that_came_too_late_for_one_batch_is_there_for_the_next(clock: FakeClock) -> None:
    async with asking(clock, wait_seconds=0) as (_, domains):
        async with asyncio.timeout(5):
            while (await domains.look(["mail.test"]))["mail.test"] != "takes":  # noqa: ASYNC110 - another question is what brings the answer
                await asyncio.sleep(0.001)


async def test_a_domain_is_asked_about_once_for_all_that_come_together_and_after(clock: FakeClock) -> None:
    async with asking(clock) as (server, domains):
        await asyncio.gather(*(domains.look(["mail.test"]) for _ in range(20)))
        clock.advance(TAKES_SECONDS - 1)
        await domains.look(["mail.test"])
        assert server.asked == {"mail.test MX": 1}
        clock.advance(2)
        await domains.look(["mail.test"])
        assert server.asked == {"mail.test MX": 2}


async def test_a_domain_that_takes_no_mail_is_asked_about_again_within_the_hour(clock: FakeClock) -> None:
    async with asking(clock) as (server, domains):
        await domains.look(["nowhere.test"])
        clock.advance(REFUSES_SECONDS)
        await domains.look(["nowhere.test"])
        assert server.asked == {"nowhere.test MX": 2}


async def test_with_no_server_in_reach_nothing_is_known(clock: FakeClock) -> None:
    domains = MailDomains([("127.0.0.1", 1)], clock, wait_seconds=0.2)
    assert await domains.look(["gmail.com"]) == {"gmail.com": ""}
    await domains.close()
