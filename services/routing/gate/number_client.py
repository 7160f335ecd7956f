"""Registers of numbers that are asked over HTTP: people who sue over calls, and numbers that changed hands.

A provider takes `POST` with `{"phone": "+15125550123", "since": "2026-11-20"}` and answers 200 with
`{"answer": "no"}`, `"yes"` (it is on the register; it was reassigned since that day) or `"no_data"`. The day is that of
the consent, which is what the Reassigned Numbers Database must be asked with (47 CFR 64.1200(m)); only its `no` is a
defence. Everything else, and every failure, is `unknown`: nobody is called then.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import aiohttp
import structlog

from services.routing.gate.facts import Answer
from shared.telemetry.logging import failure

_log = structlog.get_logger(__name__)

_ANSWERS: Final[Mapping[str, Answer]] = {"no": "clear", "yes": "hit"}
_MOST_BYTES: Final = 4096
_SECONDS: Final = 3.0
_AT_ONCE: Final = 16


class NumberClient:
    """See `services.routing.gate.gate.Register`."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str, *, seconds: float = _SECONDS) -> None:
        """`secret`: sent as a bearer token; empty: none is."""
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def ask(self, phone: str, since: datetime) -> Answer:
        """What the register says; `unknown` for every failure."""
        try:
            async with self._session.post(
                self._url,
                json={"phone": phone, "since": since.date().isoformat()},
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    _log.warning("a register of numbers refused", http_status=response.status)
                    return "unknown"
                answer = json.loads(await response.content.read(_MOST_BYTES))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            _log.warning("a register of numbers did not answer", **failure(error))
            return "unknown"
        said = answer.get("answer") if isinstance(answer, dict) else None
        return _ANSWERS.get(said, "unknown") if isinstance(said, str) else "unknown"


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections of their own, without a proxy or a netrc of the environment."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_AT_ONCE), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        yield session
