"""Carries one message to one address on the open net: resolved once, no redirects, little time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from socket import AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.runtime.clock import Clock, SystemClock
from shared.webhook.address import Network, allowed

#: How long a receiver has, from resolving its name to the status of its answer.
DEADLINE_SECONDS = 10.0
#: A receiver that asks for more peace than this is asked again after it anyway.
LONGEST_RETRY_AFTER = 86_400.0
#: Answers of 400 to 499 that say "not now": too slow, too early, too much (RFC 9110, RFC 8470, RFC 6585).
_NOT_NOW = frozenset((408, 425, 429))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt, in words that quote nothing of what was received."""

    #: Empty: it was taken, a status of 200 to 299 came.
    failure: str = ""
    #: True where the same attempt cannot succeed later.
    final: bool = False
    #: What the receiver asked for; 0: nothing.
    retry_after_seconds: float = 0.0


_Key = tuple[str, int, AddressFamily]
_TAKEN = Answer()
_FORBIDDEN = Answer("the address is not one of the open net", final=True)


class _ForbiddenError(OSError):
    """The name stands for an address that nothing is sent to."""


class Guard(AbstractResolver):
    """Resolves names, and refuses those that lead anywhere but to the open net.

    The connection is made to exactly the addresses that were looked at: asked a second time, a name could lead
    elsewhere. A name is looked up once at a time: one whose servers are slow keeps one thread waiting, not all.
    """

    def __init__(self, inner: AbstractResolver, *, loopback: bool, networks: Sequence[Network] = ()) -> None:
        self._inner = inner
        self._loopback = loopback
        self._networks = networks
        self._under_way: dict[_Key, asyncio.Task[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """As the inner one. Raises OSError."""
        key = (host, port, family)
        look_up = self._under_way.get(key)
        if look_up is None:
            look_up = self._under_way[key] = asyncio.create_task(self._inner.resolve(host, port, family))
            look_up.add_done_callback(lambda ended: self._ended(key, ended))
        # Whoever gives up waiting must not end what others wait for.
        await asyncio.wait({look_up})
        found = look_up.result()
        if not all(allowed(one["host"], loopback=self._loopback, networks=self._networks) for one in found):
            raise _ForbiddenError
        return found

    def _ended(self, key: _Key, look_up: asyncio.Task[list[ResolveResult]]) -> None:
        del self._under_way[key]
        if not look_up.cancelled():
            # Told to those who still wait; to Python, where nobody does.
            look_up.exception()

    async def close(self) -> None:
        """Close the inner one."""
        for look_up in self._under_way.values():
            look_up.cancel()
        await self._inner.close()


class Courier:
    """Delivers messages."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        loopback: bool,
        networks: Sequence[Network] = (),
        deadline_seconds: float = DEADLINE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._session = session
        self._loopback = loopback
        self._networks = networks
        self._deadline = deadline_seconds
        self._clock = clock or SystemClock()

    async def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        """Send it once; why it was not taken, or an empty text: a status of 200 to 299 came."""
        return (await self.send(url, headers, body)).failure

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, deadline_seconds: float | None = None
    ) -> Answer:
        """Send it once. Nothing of the answer but its status line and headers is read."""
        deadline = deadline_seconds or self._deadline
        try:
            target = URL(url)
        except ValueError:
            return Answer("the catalog's URL is none", final=True)
        if not self._may(target):
            return _FORBIDDEN
        try:
            async with (
                asyncio.timeout(deadline),
                self._session.post(target, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return self._read(response.status, response.headers.get("Retry-After", ""))
        except TimeoutError:
            return Answer(f"no answer within {deadline:g} seconds")
        except aiohttp.InvalidURL:
            return Answer("the catalog's URL is none", final=True)
        except aiohttp.ClientConnectorDNSError as error:
            return _FORBIDDEN if isinstance(error.os_error, _ForbiddenError) else Answer("the name cannot be resolved")
        except aiohttp.ClientSSLError:
            return Answer("the certificate is not good")
        except aiohttp.ClientConnectorError:
            return Answer("no connection")
        except (aiohttp.ClientError, OSError, ValueError):
            return Answer("the connection broke, or what came was not HTTP")

    def _read(self, status: int, retry_after: str) -> Answer:
        if 200 <= status < 300:
            return _TAKEN
        told = f"it answered {status}"
        if 300 <= status < 400:
            return Answer(f"{told}, and redirects are not followed", final=True)
        return Answer(told, status < 500 and status not in _NOT_NOW, _seconds(retry_after, self._clock.now()))

    def _may(self, target: URL) -> bool:
        """What no resolver is asked about: addresses written as numbers, and the scheme."""
        host = target.host or ""
        if target.scheme != "https" and not (self._loopback and target.scheme == "http"):
            return False
        try:
            ip_address(host)
        except ValueError:
            return bool(host)
        return allowed(host, loopback=self._loopback, networks=self._networks)


def _seconds(retry_after: str, now: datetime) -> float:
    """The header `Retry-After` (RFC 9110, 10.2.3), seconds or a date, as seconds; 0 where it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return 0.0
    return min(max((until - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


@asynccontextmanager
async def open_courier(
    *, loopback: bool, networks: Sequence[Network] = (), clock: Clock | None = None
) -> AsyncIterator[Courier]:
    """A courier with a client of its own: it takes no proxy from the environment and keeps no connection or cookie.

    Args:
        loopback: also to this very computer, and there without TLS, for development.
        networks: what is allowed besides the open net.
        clock: what dates in answers are held against.
    """
    connector = aiohttp.TCPConnector(
        resolver=Guard(aiohttp.ThreadedResolver(), loopback=loopback, networks=networks),
        use_dns_cache=False,
        force_close=True,
        limit=0,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Content-Type": "application/json", "User-Agent": "Leadline"},
        skip_auto_headers=("Accept-Encoding",),
    ) as session:
        yield Courier(session, loopback=loopback, networks=networks, clock=clock)
