"""The whole suite: leads posted over HTTP as sellers post them, values asked by the command line as people ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from tempfile import NamedTemporaryFile

from deploy.demo.bodies import Body
from tests.clerk.corpus import Case, LabelledLead
from tests.clerk.fields import answered
from tests.clerk.judged import Judged
from tests.e2e.market import Answer, Market, Poster, leadline, open_market


async def play(leads: Sequence[LabelledLead], cases: Sequence[Case]) -> tuple[list[Judged], list[str]]:
    """What the chain says of each lead, in the sequence of their turns; and values that people are told otherwise."""
    judged = []
    with open_market() as market:
        differing = await _asked(market, cases)
        async with Poster(market, connections=32) as poster:
            for turn in sorted({lead.turn for lead in leads}):
                posts = [_sell(poster, market, lead) for lead in leads if lead.turn == turn]
                judged += await asyncio.gather(*posts)
    return judged, differing


async def _sell(poster: Poster, market: Market, lead: LabelledLead) -> Judged:
    body = Body("/v1/leads", "application/json", json.dumps(lead.at(datetime.now(UTC))).encode())
    return _judged(lead, await poster.post(body, market.keys[lead.seller]))


async def _asked(market: Market, cases: Sequence[Case]) -> list[str]:
    """Cases of which `leadline field` says something else than the readers say here."""
    with NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps({"type": case.type, "value": case.value, "choices": case.choices}) + "\n")
        file.flush()
        _, told, errors = await leadline(market, "field", "--file", file.name, "--json")
    lines = [json.loads(line) for line in told.split("\n") if line]
    assert len(lines) == len(cases), errors
    return [
        str(one)
        for one, line in zip(answered(list(cases)), lines, strict=True)
        if (line["valid"], line["missing"]) != (one.answer.valid, one.answer.missing)
    ]


def _judged(lead: LabelledLead, answer: Answer) -> Judged:
    if answer.status != 200:
        return Judged(lead, False, frozenset({f"status {answer.status}"}), (answer.text,))
    told = tuple(f"{reason['code']} {reason.get('field')}: {reason['message']}" for reason in answer.body["reasons"])
    return Judged(lead, answer.body["outcome"] == "accepted", frozenset(answer.reasons), told)
