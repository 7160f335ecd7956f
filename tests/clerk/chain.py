"""Leads posted to the whole suite over HTTP, as sellers post them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from deploy.demo.bodies import Body
from tests.clerk.corpus import LabelledLead
from tests.clerk.judged import Judged
from tests.e2e.market import Answer, Market, Poster, open_market


async def play(leads: Sequence[LabelledLead]) -> list[Judged]:
    """What the chain says of each lead, in the sequence of their turns."""
    judged = []
    with open_market() as market:
        async with Poster(market, connections=32) as poster:
            for turn in sorted({lead.turn for lead in leads}):
                posts = [_sell(poster, market, lead) for lead in leads if lead.turn == turn]
                judged += await asyncio.gather(*posts)
    return judged


async def _sell(poster: Poster, market: Market, lead: LabelledLead) -> Judged:
    body = Body("/v1/leads", "application/json", json.dumps(lead.at(datetime.now(UTC))).encode())
    return _judged(lead, await poster.post(body, market.keys[lead.seller]))


def _judged(lead: LabelledLead, answer: Answer) -> Judged:
    if answer.status != 200:
        return Judged(lead, False, frozenset({f"status {answer.status}"}), (answer.text,))
    told = tuple(f"{reason['code']} {reason.get('field')}: {reason['message']}" for reason in answer.body["reasons"])
    return Judged(lead, answer.body["outcome"] == "accepted", frozenset(answer.reasons), told)
