"""Plays leads through the gateway, as sellers would, and keeps what they were told."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import aiohttp

from deploy.demo.bodies import body_of
from deploy.demo.lead import DemoLead

_ANSWER_SECONDS = 30.0
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What a seller was told of one lead."""

    lead: DemoLead
    #: 0 where no answer came.
    http_status: int
    #: `accepted`, `rejected`, `pending`, or `refused` for anything that is no decision.
    outcome: str
    lead_id: str = ""
    price_minor: int = 0
    reasons: tuple[str, ...] = ()
    decision_ms: float = 0.0
    #: The problem document's text, where it was refused.
    problem: str = ""


@dataclass(slots=True)
class Played:
    """A whole run."""

    told: list[Told] = field(default_factory=list)
    seconds: float = 0.0


async def play(
    leads: Sequence[DemoLead],
    *,
    gateway_url: str,
    keys: Mapping[str, str],
    connections: int,
    on_answer: Callable[[Told], None],
) -> Played:
    """Post every lead, turn by turn; within a turn `connections` sellers' connections post at once.

    Args:
        leads: sorted by turn.
        gateway_url: where the seller API is.
        keys: access key of each seller.
        connections: how many posts are under way at once.
        on_answer: told of each answer, for a progress bar.
    """
    played = Played()
    began = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(gateway_url, timeout=timeout, connector=connector) as session:
        for _, turn in groupby(leads, key=lambda lead: lead.turn):
            waiting = deque(turn)

            async def seller(waiting: deque[DemoLead] = waiting) -> None:
                while waiting:
                    lead = waiting.popleft()
                    told = await _settled(session, lead, keys[lead.seller])
                    played.told.append(told)
                    on_answer(told)

            await asyncio.gather(*[seller() for _ in range(connections)])
    played.seconds = time.monotonic() - began
    return played


async def _settled(session: aiohttp.ClientSession, lead: DemoLead, key: str) -> Told:
    """Post one lead; a lead that is pending is asked for until it is decided."""
    told = await _post(session, lead, key)
    waited = 0.1
    while told.outcome == "pending" and waited < _ANSWER_SECONDS:
        await asyncio.sleep(waited)
        waited *= 2
        async with session.get(f"/v1/leads/{told.lead_id}", headers=_authorization(key)) as response:
            told = _told(lead, response.status, await response.json(content_type=None))
    return told


async def _post(session: aiohttp.ClientSession, lead: DemoLead, key: str) -> Told:
    body = body_of(lead, datetime.now(UTC))
    headers = {"Content-Type": body.content_type, **_authorization(key)}
    for attempt in range(_TRIES):
        try:
            async with session.post(body.path, data=body.content, headers=headers) as response:
                if response.status in (429, 503) and attempt + 1 < _TRIES:
                    await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
                    continue
                return _told(lead, response.status, await response.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError):
            # The same external_id identifies the submission, so sending again is safe.
            await asyncio.sleep(0.2 * 2**attempt)
    return Told(lead, 0, "refused", problem="no answer")


def _authorization(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _told(lead: DemoLead, status: int, answer: Any) -> Told:
    # A Meta envelope answers for several leads; a single lead answers for itself.
    if not isinstance(answer, dict) or answer.get("outcome") not in ("accepted", "rejected", "pending"):
        detail = answer.get("detail", "") if isinstance(answer, dict) else ""
        return Told(lead, status, "refused", problem=str(detail))
    whole, _, cents = answer["price"]["amount"].partition(".")
    return Told(
        lead,
        status,
        answer["outcome"],
        lead_id=answer["lead_id"],
        price_minor=int(whole) * 100 + int(cents or 0),
        reasons=tuple(reason["code"] for reason in answer["reasons"]),
        decision_ms=float(answer.get("decision_ms") or 0.0),
    )
