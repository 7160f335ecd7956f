"""An honest seller: posts distinct leads at a bounded rate, and sends again what was not answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from deploy.demo.bodies import body_of
from deploy.demo.lead import DemoLead
from tests.chaos.history import DECIDED, Attempt, Sent

#: Answers that say: not now, send it again.
AGAIN = frozenset({0, 429, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_REQUEST_SECONDS = 20.0


class SellerClient:
    """Posts leads through the gateway and keeps what it was told.

    Args:
        gateway_url: Where the seller API is.
        keys: Access key of each seller.
        rate: Posts begun a second, first attempts only.
        connections: Posts under way at once, at most.
        retries: False: every lead is posted once, whatever comes back.
        patience: Seconds after which a lead that is not decided is given up.
        seed: Of the jitter.
    """

    def __init__(
        self,
        gateway_url: str,
        keys: Mapping[str, str],
        *,
        rate: float = 80.0,
        connections: int = 200,
        retries: bool = True,
        patience: float = 60.0,
        seed: int = 0,
    ) -> None:
        self._url = gateway_url
        self._keys = keys
        self._rate = rate
        self._connections = connections
        self._retries = retries
        self._patience = patience
        self._rng = random.Random(seed)
        self._changed = asyncio.Condition()
        self._posted = 0
        self.history: list[Sent] = []

    @property
    def posted(self) -> int:
        """Leads whose first attempt has ended."""
        return self._posted

    async def more(self, posts: int) -> None:
        """Wait until so many more leads have had their first attempt.

        Raises:
            TimeoutError: they had not within the client's patience.
        """
        wanted = self.posted + posts
        async with asyncio.timeout(self._patience), self._changed:
            await self._changed.wait_for(lambda: self.posted >= wanted)

    async def sell(self, leads: Iterable[DemoLead]) -> list[Sent]:
        """Post all leads; returns when every one is decided, refused for good, or given up."""
        began = time.monotonic()
        waiting = iter(enumerate(leads))
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(self._url, connector=connector, timeout=timeout) as session:

            async def connection() -> None:
                for n, lead in waiting:
                    await asyncio.sleep(max(0.0, began + n / self._rate - time.monotonic()))
                    await self._sell_one(session, lead)

            await asyncio.gather(*[connection() for _ in range(self._connections)])
        return self.history

    async def _sell_one(self, session: aiohttp.ClientSession, lead: DemoLead) -> None:
        sent = Sent(lead, body_of(lead, datetime.now(UTC)))
        self.history.append(sent)
        headers = {"Content-Type": sent.body.content_type, "Authorization": f"Bearer {self._keys[lead.seller]}"}
        give_up = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            await self._attempt(sent, sent.posts, session.post(sent.body.path, data=sent.body.content, headers=headers))
            if len(sent.posts) == 1:
                self._posted += 1
                async with self._changed:
                    self._changed.notify_all()
            if sent.posts[-1].status not in AGAIN or not self._retries or time.monotonic() > give_up:
                break
            await asyncio.sleep(pause * self._rng.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)
        await self._wait_for_decision(session, sent, headers, give_up)

    async def _wait_for_decision(
        self, session: aiohttp.ClientSession, sent: Sent, headers: Mapping[str, str], give_up: float
    ) -> None:
        """Ask for a lead that is pending until it is decided."""
        pause = _FIRST_PAUSE
        while sent.acknowledged and sent.final is None and time.monotonic() < give_up:
            await asyncio.sleep(pause * self._rng.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)
            path = f"/v1/leads/{sent.answers[0]['lead_id']}"
            await self._attempt(sent, sent.looks, session.get(path, headers=headers))

    async def _attempt(self, sent: Sent, attempts: list[Attempt], request: Any) -> None:
        began = time.monotonic()
        answer: Any = None
        fault = ""
        try:
            async with request as response:
                status = response.status
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            status, fault = 0, type(error).__name__
        if isinstance(answer, dict) and answer.get("outcome") in {*DECIDED, "pending"}:
            sent.answers.append(answer)
        elif isinstance(answer, dict):
            fault = str(answer.get("code", ""))
        attempts.append(Attempt(status, time.monotonic() - began, fault))
