"""`leadline` as a person runs it: a process, its exit status and what it prints, against real gRPC servers."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as intake
from leadline.intake.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer, add_IntakeServiceServicer_to_server
from leadline.intake.v1.ledger_service_pb2_grpc import add_LedgerServiceServicer_to_server
from leadline.reporting.v1 import reporting_service_pb2 as reporting
from leadline.reporting.v1.reporting_service_pb2_grpc import (
    ReportingServiceServicer,
    add_ReportingServiceServicer_to_server,
)
from services.intake.catalog.directory import Directory
from services.intake.catalog.service import CatalogService
from services.intake.catalog.store import CatalogStore
from shared.catalog.snapshot import CatalogReader
from shared.db.pool import open_pool
from shared.rpc.errors import KeyInvalid, NotFound, Unavailable, to_refusal
from shared.rpc.server import RpcServer
from shared.runtime.settings import DatabaseSettings, RpcSettings
from shared.telemetry.metrics import Metrics
from tests.clock import FakeClock
from tests.integration.stand_in_ledger import LEAD_ID, USD_32, Ledger

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "tests" / "big_bank.yaml"


async def unasked(self: Any, request: Any, context: Any) -> Any:
    """A method that no command calls."""
    raise AssertionError("no command calls this")


class Intake(IntakeServiceServicer):
    """Buys a lead where its phone is even, and knows the one lead LEAD_ID."""

    def __init__(self) -> None:
        self.calls = 0
        self.away_for = 0
        self.seen: list[lead_pb2.Submission] = []

    async def SubmitLeads(self, request: intake.SubmitLeadsRequest, context: Any) -> intake.SubmitLeadsResponse:
        self.calls += 1
        if self.calls <= self.away_for:
            raise Unavailable("intake is away", retry_after_seconds=0.01)
        self.seen += [item.submission for item in request.items]
        return intake.SubmitLeadsResponse(results=[self._decide(item) for item in request.items])

    def _decide(self, item: intake.SubmitLeadItem) -> intake.SubmitLeadResult:
        if item.access_key != "ll_live_good":
            return intake.SubmitLeadResult(refusal=to_refusal(KeyInvalid("there is no such access key")))
        good = int(item.submission.fields["phone"]) % 2 == 0
        finding = reason_pb2.Finding(reason=reason_pb2.REASON_PHONE_FAKE, field="phone", message="a real phone")
        answer = intake.LeadAnswer(
            lead_id=LEAD_ID,
            outcome=intake.OUTCOME_ACCEPTED if good else intake.OUTCOME_REJECTED,
            price=USD_32 if good else lead_pb2.Money(currency="USD"),
            reasons=[] if good else [finding],
        )
        return intake.SubmitLeadResult(answer=answer)

    async def GetLead(self, request: intake.GetLeadRequest, context: Any) -> intake.GetLeadResponse:
        if (request.buyer_id, request.lead_id) != ("big-bank", LEAD_ID):
            raise NotFound("no such lead")
        check = lead_pb2.Check(rule="phone.exists", passed=True, observed="+1512*****74", expected="E.164")
        lead = intake.GetLeadResponse(
            answer=intake.LeadAnswer(lead_id=LEAD_ID, outcome=intake.OUTCOME_ACCEPTED, price=USD_32),
            seller="marco",
            source="steer\x1b[31m.example",
            receipt=[lead_pb2.StageReceipt(stage="validation", checks=[check], summary="Nothing is wrong.")],
        )
        lead.clock.received_at.FromJsonString("2026-11-22T10:00:00.250Z")
        return lead

    async def ListLeads(self, request: intake.ListLeadsRequest, context: Any) -> intake.ListLeadsResponse:
        page = int(request.page_token or 0)
        leads = [
            intake.LeadSummary(answer=intake.LeadAnswer(lead_id=f"lead-{page}-{number}"), seller=request.seller)
            for number in range(request.page_size)
        ]
        return intake.ListLeadsResponse(leads=leads, next_page_token=str(page + 1))


class Reporting(ReportingServiceServicer):
    """One source; remembers the scope that it was asked about."""

    GetRejectReasons = GetSpeedToLead = GetSellerStatement = unasked

    def __init__(self) -> None:
        self.scope = reporting.ReportScope()

    async def GetFunnel(self, request: reporting.GetFunnelRequest, context: Any) -> reporting.GetFunnelResponse:
        self.scope = request.scope
        row = reporting.FunnelRow(
            seller="marco", source="cars.example", submitted=8, accepted=6, rejected=2, spend=USD_32
        )
        return reporting.GetFunnelResponse(rows=[row])

    async def GetFreshness(self, request: Any, context: Any) -> reporting.GetFreshnessResponse:
        return reporting.GetFreshnessResponse(events_behind=3, seconds_behind=1.5)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


@dataclass
class Suite:
    """The servers behind the command line."""

    port: int
    intake: Intake = field(default_factory=Intake)
    ledger: Ledger = field(default_factory=Ledger)
    reporting: Reporting = field(default_factory=Reporting)

    async def leadline(self, *arguments: str | Path, stdin: str = "", **environ: str) -> Ran:
        """Run one command to its end."""
        target = f"127.0.0.1:{self.port}"
        targets = {f"LEADLINE_{name}_TARGET": target for name in ("INTAKE", "ROUTING", "REPORTING")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *map(str, arguments)),
            cwd=ROOT,
            env={**os.environ, **targets, **environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return Ran(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def suite(database_url: str, clock: FakeClock) -> AsyncIterator[Suite]:
    async with AsyncExitStack() as stack:
        database = DatabaseSettings(url=database_url)
        pool = await stack.enter_async_context(open_pool(database, role="leadline_intake", name="test"))
        store = CatalogStore(pool)
        directory = Directory(store, CatalogReader(pool), clock)
        catalog = CatalogService(store, clock, directory=directory, random_bytes=secrets.token_bytes)
        server = RpcServer(RpcSettings(port=0, metrics_port=0, drain_wait_seconds=0), checks={}, metrics=Metrics())
        suite = Suite(port=0)
        package = "leadline.intake.v1"
        server.add(add_CatalogServiceServicer_to_server, catalog, f"{package}.CatalogService")
        server.add(add_IntakeServiceServicer_to_server, suite.intake, f"{package}.IntakeService")
        server.add(add_LedgerServiceServicer_to_server, suite.ledger, f"{package}.LedgerService")
        server.add(add_ReportingServiceServicer_to_server, suite.reporting, "leadline.reporting.v1.ReportingService")
        await stack.enter_async_context(server)
        suite.port = server.port
        yield suite


async def test_a_catalog_is_shown_applied_and_amended(suite: Suite, tmp_path: Path) -> None:
    shown = await suite.leadline("diff", "-f", CATALOG)
    assert shown.status == 0
    assert "+ order marco-auto-2026 (version 1)" in shown.out
    assert "nothing was changed" in shown.out
    applied = await suite.leadline("apply", "-f", CATALOG, "--by", "tracey", "--json")
    assert (applied.status, applied.json["revision"], applied.json["errors"]) == (0, 1, [])
    amended = CATALOG.read_text().replace("{window: day, leads: 5}", "{window: day, leads: 10}")
    again = await suite.leadline("apply", "-f", "-", "--by", "tracey", stdin=amended)
    assert again.status == 0
    assert again.out.splitlines() == [
        "~ order marco-pilot-2026 (version 2)",
        "    caps.day.leads: 5 -> 10",
        "Revision 2 of big-bank is in force.",
    ]


async def test_every_error_of_a_catalog_is_a_line_that_an_editor_can_jump_to(suite: Suite, tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(
        CATALOG.read_text().replace("priority: 900", "priorty: 900").replace("currency: USD", "currency: XYZ")
    )
    lines = file.read_text().splitlines()
    ran = await suite.leadline("apply", "-f", file)
    assert (ran.status, ran.out) == (1, "")
    currency, order, summary = ran.err.splitlines()
    at = lines.index("  currency: XYZ") + 1
    assert currency == f"{file}:{at}:13: buyer.currency: expected one of CAD, EUR, GBP, USD"
    at = lines.index("    priorty: 900") + 1
    assert order == f"{file}:{at}:5: orders[1].priorty: unknown word; did you mean `priority`?"
    assert summary == "2 errors; nothing was changed"
    as_json = await suite.leadline("diff", "-f", file, "--json")
    assert as_json.status == 1
    assert [error["field"] for error in as_json.json["errors"]] == ["buyer.currency", "orders[1].priorty"]


async def test_a_key_is_printed_alone_listed_without_its_secret_and_revoked(suite: Suite) -> None:
    await suite.leadline("apply", "-f", CATALOG, "--by", "tracey")
    made = await suite.leadline("keys", "create", "marco", "--order", "marco-auto-2026", "--days", "30")
    key = made.out.strip()
    assert made.status == 0
    assert key.startswith("ll_live_")
    listed = await suite.leadline("keys", "list")
    assert key.split("_")[2] in listed.out
    assert key not in listed.out
    revoked = await suite.leadline("keys", "revoke", key)
    assert revoked.status == 0
    assert "is revoked since 2026-11-22" in revoked.out
    after = await suite.leadline("keys", "list", "--json")
    assert [one["revoke_time"] for one in after.json] == ["2026-11-22T10:00:00Z"]
    wrong = await suite.leadline("keys", "create", "nobody")
    assert (wrong.status, wrong.out) == (1, "")
    assert "expected a seller of the catalog: marco" in wrong.err


async def test_a_file_of_leads_is_sent_in_batches_and_added_up(suite: Suite, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Phone,tcpa_text\n" + "".join(f"{number},I agree\n" for number in range(300)))
    suite.intake.away_for = 1
    ran = await suite.leadline("submit", file, "--order", "marco-auto-2026", LEADLINE_ACCESS_KEY="ll_live_good")
    assert ran.status == 0, ran.err
    assert "Spend: 4,800.00 USD" in ran.out
    assert [line.split() for line in ran.out.splitlines() if "fake" in line] == [["phone_fake", "150"]]
    assert suite.intake.calls == 4
    assert sorted(int(sent.fields["phone"]) for sent in suite.intake.seen) == list(range(300))
    assert {(sent.order, sent.consent.text) for sent in suite.intake.seen} == {("marco-auto-2026", "I agree")}
    assert all(sent.HasField("received_at") for sent in suite.intake.seen)


async def test_rows_that_were_not_taken_are_told_by_line_and_fail_the_command(suite: Suite, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("phone,submitted_at\n2,\n4,yesterday\n")
    ran = await suite.leadline("submit", file, "--key", "ll_live_good", "--json")
    assert ran.status == 1
    assert [(one["row"], one["outcome"], one["price"]) for one in ran.json["results"]] == [(2, "accepted", "32.00 USD")]
    assert [one["row"] for one in ran.json["refused"]] == [3]
    refused = await suite.leadline("submit", file, "--key", "ll_live_bad")
    assert refused.status == 1
    assert f"{file}:2: there is no such access key" in refused.err
    missing = await suite.leadline("submit", file, LEADLINE_ACCESS_KEY="")
    assert missing.status == 1
    assert "LEADLINE_ACCESS_KEY" in missing.err


async def test_a_lead_is_shown_with_its_receipt_and_cannot_steer_the_terminal(suite: Suite) -> None:
    await suite.leadline("apply", "-f", CATALOG, "--by", "tracey")
    shown = await suite.leadline("lead", LEAD_ID)
    assert shown.status == 0
    assert "32.00 USD" in shown.out
    assert "2026-11-22 10:00:00.250Z" in shown.out
    assert "phone.exists" in shown.out
    assert "\x1b" not in shown.out
    assert "routing did not answer" in shown.err
    as_json = await suite.leadline("lead", LEAD_ID, "--json")
    assert as_json.json["answer"]["price"] == {"amount": "32.00", "currency": "USD"}
    assert as_json.json["answer"]["outcome"] == "accepted"
    unknown = await suite.leadline("lead", "nope")
    assert (unknown.status, unknown.out, unknown.err) == (1, "", "leadline: no such lead\n")


async def test_a_list_of_leads_goes_over_pages_up_to_its_limit(suite: Suite) -> None:
    ran = await suite.leadline("leads", "--buyer", "big-bank", "--seller", "marco", "--limit", "501", "--json")
    assert len(ran.json) == 501
    assert ran.json[-1]["answer"]["lead_id"] == "lead-1-0"
    assert {one["seller"] for one in ran.json} == {"marco"}


async def test_reports_show_rows_and_say_when_they_are_behind(suite: Suite) -> None:
    ran = await suite.leadline("report", "funnel", "--buyer", "big-bank", "--from", "2026-11-01", "--seller", "marco")
    assert ran.status == 0
    row = ran.out.splitlines()[-2].split()
    assert row == ["marco", "cars.example", "8", "6", "2", "75.0", "%", "32.00", "USD", "0.00", "0.00"]
    assert "3 events (1.5 s) behind" in ran.err
    assert getattr(suite.reporting.scope, "from").ToJsonString() == "2026-11-01T00:00:00Z"
    assert suite.reporting.scope.seller == "marco"
    statement = await suite.leadline("report", "statement", "marco", "--buyer", "big-bank", "--json")
    assert statement.json["lines"][0]["order"] == {"order": "marco-auto-2026", "version": 3}


async def test_a_statement_is_shown_listed_and_closed(suite: Suite) -> None:
    shown = await suite.leadline("statement", "marco", "--month", "2026-11", "--leads")
    assert "marco-auto-2026@3" in shown.out
    assert shown.out.count(LEAD_ID) == 2
    table = await suite.leadline("statement", "marco", "--csv")
    head, _opening, *entries, closing = table.out.splitlines()
    assert head.startswith("posted_at,kind,lead_id")
    assert [entry.split(",")[3] for entry in entries] == ["'=1", "'=1"]
    assert closing.split(",")[8] == "64.00"
    both = (await suite.leadline("statement", "show", "marco", "--json")).json
    assert [entry["transfer_id"] for entry in both["entries"]] == ["t-0", "t-1"]

    closed = await suite.leadline("statement", "close", "marco", "--month", "2026-10", "--by", "fin")
    assert "Statement 3 of marco is closed" in closed.out
    (asked,) = suite.ledger.asked
    assert (asked.seller, asked.month, asked.closed_by) == ("marco", "2026-10", "fin")
    listed = await suite.leadline("statement", "list", "--json")
    assert [one["number"] for one in listed.json] == [3]
    assert (await suite.leadline("statement", "close", "marco")).status == 2


async def test_an_adjustment_says_who_and_why(suite: Suite) -> None:
    ran = await suite.leadline(
        "books", "adjust", "12.50", "--to", "buyer", "--order", "marco-auto-2026", "--why", "counted", "--by", "tracey"
    )
    assert (ran.status, "marco can now be paid 32.00 USD" in ran.out) == (0, True)
    (asked,) = suite.ledger.asked
    assert (asked.amount_minor, asked.to_seller, asked.who, asked.why) == (1250, False, "tracey", "counted")
    assert asked.key
    for wrong in (["--to", "me"], ["--to", "buyer", "--lead", LEAD_ID]):
        call = ["books", "adjust", "12.50", *wrong, "--order", "o", "--why", "w"]
        assert (await suite.leadline(*call)).status == 2
    assert (await suite.leadline("books", "adjust", "1.234", "--to", "buyer", "--order", "o", "--why", "w")).status == 2


async def test_books_that_are_not_whole_fail_the_command(suite: Suite) -> None:
    assert (await suite.leadline("books")).status == 0
    suite.ledger.defects = ["charge 7 has no lead"]
    ran = await suite.leadline("books")
    assert ran.status == 1
    assert "NOT whole" in ran.out
    assert "charge 7 has no lead" in ran.err
    assert (await suite.leadline("books", "--json")).json["balanced"] is False


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["apply"], ["lead"], ["report", "funnel", "--by", "moon"], ["leads", "--outcome", "good"]],
)
async def test_a_call_that_cannot_be_meant_is_a_usage_error(arguments: list[str]) -> None:
    ran = await Suite(port=1).leadline(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert "Error" in ran.err


async def test_a_service_that_is_away_is_one_clear_line() -> None:
    ran = await Suite(port=1).leadline("books")
    assert (ran.status, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("leadline: a service that this needs is away; `leadline up`")
