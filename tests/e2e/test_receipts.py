"""Receipts of the whole chain: made again from what is stored, byte for byte, also after the lists have moved on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.common.v1.lead_pb2 import Submission
from leadline.intake.v1 import receipt_service_pb2 as receipts_pb
from leadline.intake.v1.receipt_service_pb2_grpc import ReceiptServiceStub
from tests.e2e.market import BUYER, CALL_SECONDS, Market, Poster, leadline, open_market

pytestmark = pytest.mark.timeout(240)

NAME = "throw-away-domains"


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with open_market() as opened:
        yield opened


def replay(market: Market, stub: ReceiptServiceStub, lead_id: str) -> receipts_pb.ReplayDecisionResponse:
    request = receipts_pb.ReplayDecisionRequest(lead_id=lead_id, buyer_id=BUYER)
    answer = stub.ReplayDecision(request, timeout=CALL_SECONDS)
    assert isinstance(answer, receipts_pb.ReplayDecisionResponse)
    return answer


async def test_every_receipt_can_be_made_again_also_by_lists_that_are_not_in_use_any_more(
    market: Market, tmp_path: Path
) -> None:
    async with Poster(market) as poster:
        answers = [await poster.sell(lead) for lead in market.stream(5)[:150]]
    decided = [answer.body["lead_id"] for answer in answers if answer.body and answer.body.get("outcome") != "pending"]
    assert len(decided) > 120
    stub = ReceiptServiceStub(market.channel)
    for lead_id in decided:
        again = replay(market, stub, lead_id)
        assert again.same, (lead_id, again.differences)
        assert again.stored_sha256 == again.repeated_sha256
        assert again.checks > 10

    # A newer list, under which one of these leads would be told something else.
    kept = market.suite.directory.path / "lists"
    listed = next(kept.glob(f"{NAME}-*.txt.gz"))
    lines = [*_lines(listed), "fresh-mail.example"]
    file = tmp_path / f"{NAME}.txt"
    file.write_text("\n".join(lines))
    status, out, err = await leadline(market, "lists", "refresh", "--from", file)
    assert (status, err) == (0, ""), out

    lead = next(market.good(6))
    lead.fields["email"] = lead.fields["email"].partition("@")[0] + "@fresh-mail.example"
    async with Poster(market) as poster:
        now = await poster.sell(lead)
    assert now.reasons == {"email_disposable"}
    for lead_id in (*decided[:20], now.body["lead_id"]):
        assert replay(market, stub, lead_id).same

    status, out, _ = await leadline(market, "lead", decided[0], "--replay")
    assert status == 0
    assert out.startswith("The same receipt again, byte for byte: ")
    status, out, _ = await leadline(market, "lead", now.body["lead_id"], "--replay", "--json")
    assert f"file {NAME}.txt of " in json.loads(out)["lists"][NAME]


def _lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()[1:]


async def test_a_receipt_that_comes_out_another_is_told_with_what_differs(market: Market) -> None:
    async with Poster(market) as poster:
        sold = await poster.sell(next(market.good(7)))
    lead_id = sold.body["lead_id"]
    (row,) = await market.rows("SELECT submission FROM intake.person WHERE lead_id = $1", lead_id)
    # Somebody changes what is stored.
    submission = Submission.FromString(row["submission"])
    submission.fields["phone"] = "123-456-7890"
    changed = submission.SerializeToString()
    await market.rows("UPDATE intake.person SET submission = $2 WHERE lead_id = $1", lead_id, changed)

    status, out, _ = await leadline(market, "lead", lead_id, "--replay")

    assert status == 1
    assert out.startswith("Not the same receipt: ")
    assert "phone.made_up: phone_fake" in " ".join(out.split())


async def test_what_was_never_decided_cannot_be_made_again(market: Market) -> None:
    status, _, err = await leadline(market, "lead", "019aa000-0000-7000-8000-000000000001", "--replay")
    assert (status, "no such lead" in err) == (1, True)
