"""Asks name servers whether mail domains take mail: remembered, bounded in time, and never wrong for want of an answer.

A batch waits for a short while only. What is not known by then is not known for its leads; the question goes on, so
that the next lead of the domain has its answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from services.validation.fieldtypes.mail_facts import MailFacts
from shared.runtime.clock import Clock

#: Domains remembered; a million leads know some tens of thousands.
KEPT = 50_000
#: Seconds for which an answer is believed: a domain that takes mail seldom stops, one that does not may be new.
TAKES_SECONDS, REFUSES_SECONDS, UNKNOWN_SECONDS = 86_400.0, 3_600.0, 30.0
#: Questions under way at once; further domains are not known for now.
MOST_ASKED = 64
#: How long one question may take, answers of several servers included.
QUESTION_SECONDS = 3.0
PORT = 53


class MailDomains:
    """What is known of mail domains."""

    def __init__(self, servers: Sequence[tuple[str, int]], clock: Clock, *, wait_seconds: float) -> None:
        """`servers`: addresses and ports of name servers. `wait_seconds`: how long a batch waits at most."""
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
        self._resolver.lifetime = QUESTION_SECONDS
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._known: OrderedDict[str, tuple[float, MailFacts]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[None]] = {}

    async def look(self, domains: Iterable[str]) -> dict[str, MailFacts]:
        """What is known of each domain. Waits for those that are new; never raises."""
        wanted = {domain for domain in domains if domain}
        asked = [task for domain in wanted if (task := self._ask(domain)) is not None]
        if asked:
            await asyncio.wait(asked, timeout=self._wait_seconds)
        now = self._clock.monotonic()
        return {domain: self._fresh(domain, now) or "" for domain in wanted}

    async def close(self) -> None:
        """Give up the questions under way."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, domain: str) -> asyncio.Task[None] | None:
        if self._fresh(domain, self._clock.monotonic()) is not None:
            return None
        task = self._asked.get(domain)
        if task is None and len(self._asked) < MOST_ASKED:
            task = self._asked[domain] = asyncio.create_task(self._find_out(domain))
            task.add_done_callback(lambda _: self._asked.pop(domain, None))
        return task

    def _fresh(self, domain: str, now: float) -> MailFacts | None:
        """What is known; None: nothing, or nothing that is still believed."""
        until, facts = self._known.get(domain, (0.0, ""))
        return facts if now < until else None

    async def _find_out(self, domain: str) -> None:
        facts = await self._facts(domain)
        seconds = {"takes": TAKES_SECONDS, "refuses": REFUSES_SECONDS, "": UNKNOWN_SECONDS}[facts]
        self._known[domain] = (self._clock.monotonic() + seconds, facts)
        self._known.move_to_end(domain)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    async def _facts(self, domain: str) -> MailFacts:
        try:
            exchangers = await self._resolver.resolve(domain, dns.rdatatype.MX)
        except dns.resolver.NXDOMAIN:
            return "refuses"
        except dns.resolver.NoAnswer:
            return await self._by_address(domain)
        except (dns.exception.DNSException, OSError):
            return ""
        null = all(str(record.exchange) == "." for record in exchangers)
        return "refuses" if null else "takes"

    async def _by_address(self, domain: str) -> MailFacts:
        """Without a mail exchanger, mail goes to the domain's own address."""
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                await self._resolver.resolve(domain, kind)
            except dns.resolver.NoAnswer:
                continue
            except dns.resolver.NXDOMAIN:
                return "refuses"
            except (dns.exception.DNSException, OSError):
                return ""
            return "takes"
        return "refuses"
