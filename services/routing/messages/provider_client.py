"""Asks a provider of texts or calls to do one thing, over HTTP. What it is asked and answers: README.md of this folder.

A yes is a status of 200 to 299 with a JSON object, and nothing else: a login page that answers 200 has sent no text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import msgspec

from services.routing.delivery.delivery import HandedOff, Outcome, Postponed, Refused
from shared.runtime.clock import Clock

#: From opening a connection to the end of the answer; well inside a delivery's lease.
DEADLINE_SECONDS = 10.0
_ANSWER_BYTES: Final = 64 * 1024
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: The request may be as good as any: it is tried again.
_LATER: Final = frozenset({408, 409, 423, 425})
#: The provider as a whole does not serve us: too much, away, or our secret is not its.
_OUTAGE: Final = frozenset({401, 402, 403, 407, 429, 502, 503, 504})
_LONGEST_WAIT_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider is, and the secret that it knows us by."""

    url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuses addresses at which the secret and the message would travel in the clear.

        Raises:
            ValueError: it is not https, or http to this very computer.
        """
        parts = urlsplit(self.url)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise ValueError("expected an https:// address")


class ProviderClient:
    """Posts requests of one kind to one provider; keeps connections for the next ones.

    Args:
        session: made by `open_session`.
        what: `text` or `call`, with which errors begin.
        deadline_seconds: for one request, its answer included.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        provider: Provider,
        what: str,
        clock: Clock,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._session = session
        self._provider = provider
        self._what = what
        self._clock = clock
        self._deadline = deadline_seconds

    async def ask(self, key: UUID, body: Mapping[str, object]) -> Outcome:
        """Post one request. Every failure is an outcome, in words that quote nothing of what was sent or received.

        Args:
            key: the same for the same thing, so that the provider does it once however often it is asked.
        """
        headers = {
            "Authorization": f"Bearer {self._provider.secret}",
            "Idempotency-Key": str(key),
            "Content-Type": "application/json",
        }
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._session.post(
                    self._provider.url, data=msgspec.json.encode(body), headers=headers, allow_redirects=False
                ) as response,
            ):
                return self._outcome(response.status, response.headers, await _read(response))
        except TimeoutError:
            return self._postponed("timeout", outage=True)
        except aiohttp.ClientConnectorError:
            return self._postponed("unreachable", outage=True)
        except (aiohttp.ClientError, OSError, ValueError):
            return self._postponed("disconnected")

    def _outcome(self, status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
        if 200 <= status < 300:
            return HandedOff(self._clock.now()) if _is_object(answer) else self._postponed("answer not understood")
        if 300 <= status < 400:
            return self._postponed(f"{status}, redirects are not followed", outage=True)
        if status in _OUTAGE:
            return self._postponed(str(status), outage=True, wait=self._wait(headers.get("Retry-After", "")))
        if status >= 500 or status in _LATER:
            return self._postponed(str(status), wait=self._wait(headers.get("Retry-After", "")))
        return Refused(f"{self._what}: {status}")

    def _postponed(self, error: str, *, outage: bool = False, wait: float = 0.0) -> Postponed:
        return Postponed(f"{self._what}: {error}", outage=outage, retry_after_seconds=wait)

    def _wait(self, told: str) -> float:
        """Seconds of a Retry-After; 0 where there is none that can be read."""
        if told.isdecimal() and len(told) < 10:
            return min(float(told), _LONGEST_WAIT_SECONDS)
        try:
            seconds = (parsedate_to_datetime(told) - self._clock.now()).total_seconds()
        except (ValueError, TypeError):
            return 0.0
        return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)


def open_session(connections: int = 8) -> aiohttp.ClientSession:
    """A session that takes no proxy from the environment and keeps no cookie; to be closed by the caller."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Leadline"},
        skip_auto_headers=("Accept-Encoding",),
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """As much of an answer as can be one; a longer one is none."""
    parts, size = [], 0
    async for part in response.content.iter_chunked(8192):
        size += len(part)
        if size > _ANSWER_BYTES:
            response.close()
            return b""
        parts.append(part)
    return b"".join(parts)


def _is_object(answer: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(answer), dict)
    except (msgspec.DecodeError, RecursionError):
        return False
