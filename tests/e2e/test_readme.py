"""What the README and /docs show, done as they show it: the demo catalog buys, and says what they say it says."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.demo.bodies import Body
from deploy.local.child import ROOT
from services.gateway import examples
from services.gateway.examples import Example
from tests.e2e.market import Answer, Market, Poster, leadline, open_market

pytestmark = pytest.mark.timeout(180)

SECTION = re.search(r"^## Sell it a lead$(.*?)^## ", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)[1]  # type: ignore[index]
#: The README's lines for a shell, and what it shows of the answer.
SETTING, LINE = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
SHOWN: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)[0])
#: Rows of its table of rejects: (field, code, message).
#: What it shows of the receipts of these rejects, in the same order.
RECEIPTS = re.findall(r"```text\n(.*?)\n```", SECTION, re.DOTALL)
REJECTS = re.findall(r"^\|.*\| `([\w.]+)` \| `(\w+)` \| ([^|`]+) \|$", SECTION, re.MULTILINE)

PHONE = "(512) 478-2365"
_KEY_FILE = "$(cat .leadline/demo.key)"
_HOST = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market() as opened:
        yield opened


def bash(market: Market, *lines: str) -> list[dict[str, Any]]:
    """What the lines print, run against the market instead of `make up`."""
    script = "\n".join([SETTING, *lines])
    assert _KEY_FILE in script
    script = script.replace(_KEY_FILE, market.keys["marco"]).replace(_HOST, market.suite.gateway_url)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=60)
    decoder, printed, answers = json.JSONDecoder(), done.stdout, []
    while printed.strip():
        answer, end = decoder.raw_decode(printed)
        answers.append(answer)
        printed = printed[end:].lstrip()
    return answers


def test_the_line_of_the_readme_buys_a_lead_once_and_its_answer_is_the_one_shown(market: Market) -> None:
    first, second = bash(market, LINE, LINE)

    assert (first["replayed"], second["replayed"]) == (False, True), first
    varying = {"lead_id", "trace_id", "decision_ms"}
    assert list(first) == list(SHOWN)
    assert [first[name] for name in SHOWN if name not in varying] == [
        SHOWN[name] for name in SHOWN if name not in varying
    ]
    assert {**second, "replayed": False} == first


async def test_the_rejects_of_the_readme_are_told_as_it_shows_them(market: Market) -> None:
    sold = next(lead for lead in market.good(71, seller="quickquote") if lead.order == "quickquote-shared-2026")
    async with Poster(market) as poster:
        assert (await poster.sell(sold)).body["outcome"] == "accepted"
    changes = {
        "phone_fake": {PHONE: "(512) 555-0143"},
        "disclosure_mismatch": {PHONE: "(512) 478-2366", " Reply STOP to opt out.": ""},
        "duplicate_other_seller": {PHONE: sold.fields["phone"]},
    }

    assert [code for _, code, _ in REJECTS] == list(changes)
    for (field, code, message), receipt in zip(REJECTS, RECEIPTS, strict=True):
        line = LINE
        for old, new in {**changes[code], "m-123": f"m-{code}", "maria.lopez": code}.items():
            assert old in line
            line = line.replace(old, new)
        (answer,) = await asyncio.to_thread(bash, market, line)
        assert (answer["outcome"], answer["price"]["amount"]) == ("rejected", "0.00")
        told = [(reason["field"], reason["code"], reason["message"]) for reason in answer["reasons"]]
        assert told == [(field, code, message)]

        status, shown, _ = await leadline(market, "lead", answer["lead_id"])
        assert status == 0
        assert shown.partition("Why it was rejected\n\n")[2].startswith(f"{receipt}\n\nTimeline")
        async with Poster(market) as poster:
            (rule,) = (await poster.get(f"/v1/leads/{answer['lead_id']}", market.keys["marco"])).body["receipt"]
        assert (rule["code"], rule["field"]) == (code, field)
        for words in (rule["asked"], rule["rule"], rule["seen"], rule["expected"]):
            assert words in " ".join(receipt.split())


@pytest.mark.parametrize("example", examples.ALL, ids=lambda example: example.title)
async def test_every_example_of_the_docs_is_bought_once_at_the_time_it_is_shown(
    market: Market, example: Example
) -> None:
    content = examples.at(example.body, datetime.now(UTC)).encode()
    body = Body(example.path, example.media_type, content)

    async with Poster(market) as poster:
        first = await poster.post(body, market.keys[example.seller])
        again = await poster.post(body, market.keys[example.seller])

    leads = 2 if example is examples.NDJSON else 1
    assert decided(first) == [("accepted", [], False)] * leads, first.text
    assert decided(again) == [("accepted", [], True)] * leads, again.text


async def test_the_ping_of_the_docs_is_bid_on_and_its_post_is_bought_at_the_bid(market: Market) -> None:
    async with Poster(market) as poster:

        async def post(example: Example, token: str = "") -> dict[str, Any]:
            content = examples.at(example.body, datetime.now(UTC)).encode()
            headers = {"X-Bid-Token": token} if token else {}
            body = Body(example.path, example.media_type, content)
            return dict((await poster.post(body, market.keys[example.seller], **headers)).body)

        bid = await post(examples.PING)
        assert (bid["outcome"], bid["reasons"], bid["replayed"]) == ("bid", [], False)
        assert (await post(examples.PING))["bid_token"] == bid["bid_token"]
        bought = await post(examples.POST_OF_PING, bid["bid_token"])
        assert (bought["outcome"], bought["reasons"]) == ("accepted", [])
        assert (bought["price"], bought["order"]) == (bid["price"], bid["order"])


def decided(answer: Answer) -> list[tuple[str, list[Any], bool]]:
    """Outcome, reasons and whether replayed, of each lead of an answer."""
    leads = [json.loads(line) for line in answer.text.splitlines()]
    return [(lead["outcome"], lead["reasons"], lead["replayed"]) for lead in leads]
