"""Carries one message to one address on the open net: resolved once, no redirects, little time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from socket import AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.webhook.address import allowed

#: How long a receiver has, from resolving its name to the status of its answer.
DEADLINE_SECONDS = 10.0


class _ForbiddenError(OSError):
    """The name stands for an address that nothing is sent to."""


class Guard(AbstractResolver):
    """Resolves names, and refuses those that lead anywhere but to the open net.

    The connection is made to exactly the addresses that were looked at: asked a second time, a name could lead
    elsewhere.
    """

    def __init__(self, inner: AbstractResolver, *, loopback: bool) -> None:
        self._inner = inner
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """As the inner one. Raises OSError."""
        found = await self._inner.resolve(host, port, family)
        if not all(allowed(one["host"], loopback=self._loopback) for one in found):
            raise _ForbiddenError
        return found

    async def close(self) -> None:
        """Close the inner one."""
        await self._inner.close()


class Courier:
    """Delivers messages. Every failure is told in words that quote nothing of what was received."""

    def __init__(
        self, session: aiohttp.ClientSession, *, loopback: bool, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._session = session
        self._loopback = loopback
        self._deadline = deadline_seconds

    async def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        """Send it once; why it was not taken, or an empty text: a status of 200 to 299 came."""
        try:
            target = URL(url)
        except ValueError:
            return "the catalog's webhook_url is none"
        if not self._may(target):
            return "the address is not one of the open net"
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._session.post(target, data=body, headers=headers, allow_redirects=False) as response,
            ):
                status = response.status
        except TimeoutError:
            return f"no answer within {self._deadline:g} seconds"
        except aiohttp.InvalidURL:
            return "the catalog's webhook_url is none"
        except aiohttp.ClientConnectorDNSError as error:
            forbidden = isinstance(error.os_error, _ForbiddenError)
            return "the address is not one of the open net" if forbidden else "the name cannot be resolved"
        except aiohttp.ClientSSLError:
            return "the certificate is not good"
        except aiohttp.ClientConnectorError:
            return "no connection"
        except (aiohttp.ClientError, OSError, ValueError):
            return "the connection broke, or what came was not HTTP"
        if 200 <= status < 300:
            return ""
        return f"it answered {status}" + (", and redirects are not followed" if 300 <= status < 400 else "")

    def _may(self, target: URL) -> bool:
        """What no resolver is asked about: addresses written as numbers, and the scheme."""
        host = target.host or ""
        if target.scheme != "https" and not (self._loopback and target.scheme == "http"):
            return False
        try:
            ip_address(host)
        except ValueError:
            return bool(host)
        return allowed(host, loopback=self._loopback)


@asynccontextmanager
async def open_courier(*, loopback: bool) -> AsyncIterator[Courier]:
    """A courier with a client of its own: it takes no proxy from the environment and keeps no connection or cookie."""
    connector = aiohttp.TCPConnector(
        resolver=Guard(aiohttp.ThreadedResolver(), loopback=loopback), use_dns_cache=False, force_close=True, limit=0
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Content-Type": "application/json", "User-Agent": "Leadline"},
        skip_auto_headers=("Accept-Encoding",),
    ) as session:
        yield Courier(session, loopback=loopback)
