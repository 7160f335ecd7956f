"""A seller's statement over HTTP: as JSON, as a table that no spreadsheet runs, and as a page."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from leadline.common.v1 import lead_pb2, transfer_pb2
from leadline.intake.v1 import ledger_service_pb2 as ledger_pb
from services.gateway import statement_service as statements
from services.gateway.statement_service import wanted
from tests.integration.gateway_suite import Suite, running


@pytest.fixture(name="suite")
async def suite_fixture() -> AsyncIterator[Suite]:
    async with running() as suite:
        yield suite


def entry(n: int, amount_minor: int = -1200, external_id: str = "m-1", why: str = "agreed") -> ledger_pb.StatementEntry:
    made = ledger_pb.StatementEntry(
        transfer_id=f"t-{n}", kind=transfer_pb2.TRANSFER_KIND_CREDIT, lead_id=f"lead-{n}", external_id=external_id,
        amount=lead_pb2.Money(amount_minor=amount_minor, currency="USD"), cause=f"return:{n}", why=why,
        order=lead_pb2.OrderRef(order="auto", version=3),
    )  # fmt: skip
    made.posted_at.FromJsonString("2026-11-05T10:00:00.250Z")
    return made


async def test_a_statement_tells_balances_lines_and_every_entry(suite: Suite) -> None:
    suite.rules.entries = [entry(1)]
    status, _, told = await suite.get("/v1/statement?from=2026-11-01&to=2026-12-01T00:00:00%2B00:00")
    zero = {"amount": "0.00", "currency": ""}

    def usd(amount: str) -> dict[str, str]:
        return {"amount": amount, "currency": "USD"}

    assert status == 200
    assert told == {
        "seller": "marco", "from": "2026-11-01T00:00:00.000Z", "to": "2026-12-01T00:00:00.000Z",
        "time_zone": "America/New_York", "number": None, "digest": None, "opening": usd("1.00"), "opening_held": zero,
        "lines": [{
            "order": "0-since-1793491200-to-1796083200@2", "leads": 2, "charged": usd("64.00"),
            "credited": usd("96.05"), "reversed": zero, "fees": zero, "adjusted": zero, "held": zero,
            "released": zero, "total": usd("-32.05"),
        }],
        "total": usd("-32.05"), "closing": usd("-31.05"), "closing_held": usd("0.50"),
        "entries": [{
            "id": "t-1", "posted_at": "2026-11-05T10:00:00.250Z", "kind": "credit", "amount": usd("-12.00"),
            "lead_id": "lead-1", "external_id": "m-1", "order": "auto@3", "cause": "return:1", "why": "agreed",
        }],
    }  # fmt: skip


async def test_pages_of_entries_are_of_exactly_what_was_answered(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "PAGE_ENTRIES", 3)
    suite.rules.entries = [entry(n) for n in range(8)]
    _, _, told = await suite.get("/v1/statement?from=2026-11-01&to=2026-12-01")
    assert [one["id"] for one in told["entries"]] == [f"t-{n}" for n in range(8)]
    assert [(page.page_token, page.statement.to.seconds) for page in suite.rules.paged] == [
        ("", 1796083200), ("3", 1796083200), ("6", 1796083200),
    ]  # fmt: skip
    await suite.get("/v1/statement?number=4")
    assert suite.rules.paged[-1].statement.number == 4


async def test_a_closed_statement_tells_its_number_and_digest(suite: Suite) -> None:
    _, _, told = await suite.get("/v1/statement?number=4")
    assert (told["number"], told["digest"]) == (4, "ab" * 32)
    assert told["lines"][0]["order"].startswith("4-since")
    _, _, month = await suite.get("/v1/statement?month=2026-11")
    assert month["lines"][0]["order"].startswith("2026-11-since")


_HOSTILE = ["=1+1", "+15124728174", "-5", "@SUM(A1)", "\t=1", "\r=1", " =1", '"=1', "a,b", "a\r\nb", "＝1", "m-1", ""]


async def test_a_table_adds_up_and_no_cell_of_it_runs(suite: Suite) -> None:
    suite.rules.entries = [entry(n, -100 * n - 5, hostile, hostile) for n, hostile in enumerate(_HOSTILE)]
    status, headers, body = await suite.get("/v1/statement?from=2026-11-01&to=2026-12-01", Accept="text/csv")
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert headers["content-disposition"] == 'attachment; filename="statement-marco-2026-12-01.csv"'
    text = body if isinstance(body, str) else body.decode()
    head, opening, *lines, closing = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert head[0] == "posted_at"
    cells = [dict(zip(head, line, strict=True)) for line in lines]
    assert [cell["external_id"].removeprefix("'") for cell in cells] == _HOSTILE
    for line in [opening, *lines, closing]:
        for name, cell in zip(head, line, strict=True):
            if name in ("amount", "balance"):
                assert cell == "" or Decimal(cell) is not None
            else:
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
                assert not cell.startswith(("\t", "\r", "\n"))
    amounts = [Decimal(cell["amount"]) for cell in cells]
    assert amounts[0] == Decimal("-0.05")
    assert Decimal(opening[8]) + sum(amounts) == Decimal(closing[8]) == Decimal(cells[-1]["balance"])
    assert text.endswith("\r\n")


async def test_a_page_shows_it_to_people_and_runs_nothing_of_it(suite: Suite) -> None:
    suite.rules.entries = [entry(1, external_id="<script>alert(1)</script>")]
    status, headers, page = await suite.get(
        "/v1/statement?number=4", Accept="text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    )
    text = page if isinstance(page, str) else page.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "<script>" not in text
    for seen in ("Statement of marco", "Closed as number 4", "ab" * 32, "-31.05", "return:1 (agreed)", "-12.00"):
        assert seen in text


async def test_a_page_of_many_entries_says_where_the_rest_is(suite: Suite) -> None:
    suite.rules.entries = [entry(n) for n in range(statements.SHOWN_ENTRIES + 1)]
    _, _, page = await suite.get("/v1/statement?format=html")
    text = page if isinstance(page, str) else page.decode()
    assert "The first 500 of more" in text
    assert f"return:{statements.SHOWN_ENTRIES - 1} " in text
    assert f"return:{statements.SHOWN_ENTRIES} " not in text


@pytest.mark.parametrize(
    "query",
    ["from=soon", "to=2026-13-01", "from=2026-02-01&to=2026-01-01", "since=2026-01-01", "format=pdf", "number=x"],
)
async def test_what_cannot_be_meant_is_refused(suite: Suite, query: str) -> None:
    assert (await suite.get(f"/v1/statement?{query}"))[0] == 400


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"), ("*/*", "json"), ("text/csv", "csv"), ("TEXT/HTML", "html"), ("image/png", "json"),
        ("text/csv;q=0.5, application/json;q=0.4", "csv"), ("text/csv;q=0, application/json", "json"),
        ("text/csv;q=x, text/html", "html"),
    ],
)  # fmt: skip
def test_the_accept_header_chooses(accept: str, form: str) -> None:
    assert wanted(accept) == form
