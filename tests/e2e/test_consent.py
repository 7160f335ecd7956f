"""Consent from outside: a new wording is seen and approved, a certificate asked about and kept, evidence verified."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.demo.bodies import Body, body_of
from deploy.demo.lead import DemoLead
from deploy.local.up import CATALOG
from tests.e2e.market import Market, Poster, environ, open_market
from tests.integration.certificate_service import KEY, CertificateService, certificate_service

pytestmark = pytest.mark.timeout(180)

SEED = 977
TOKEN = "2605ec3e321e1b3e41addf0bba1213505ef57985"


@pytest.fixture(scope="module")
def issuer() -> Iterator[CertificateService]:
    """The certificates' issuer, in a thread of its own: the tests come and go in loops of their own."""
    with _in_a_thread() as service:
        yield service


@pytest.fixture(scope="module")
def market(issuer: CertificateService) -> Iterator[Market]:
    with open_market(LEADLINE_TRUSTEDFORM_API_KEY=KEY, LEADLINE_TRUSTEDFORM_URL=issuer.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def crowd(market: Market) -> Iterator[DemoLead]:
    """Good leads as structured JSON, whose fields the tests may change."""
    return (lead for lead in market.good(SEED) if lead.format == "json")


@pytest.fixture
async def poster(market: Market) -> AsyncIterator[Poster]:
    async with Poster(market) as opened:
        yield opened


@contextmanager
def _in_a_thread() -> Iterator[CertificateService]:
    ready, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    running: list[CertificateService] = []

    async def serve() -> None:
        async with certificate_service() as service:
            running.append(service)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield running[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def leadline(market: Market, *arguments: str, status: int = 0) -> Any:
    """Run a command as a person does; its JSON."""
    targets = {
        f"LEADLINE_{name.upper()}_TARGET": market.suite.target(name) for name in ("intake", "validation", "evidence")
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments, "--json"],
        capture_output=True, text=True, check=False, timeout=60, env=environ(**targets),
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


async def _until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What comes of asking again and again until there is something."""
    for _ in range(int(seconds / 0.25)):
        found = await asyncio.to_thread(what)
        if found:
            return found
        await asyncio.sleep(0.25)
    raise AssertionError(f"not within {seconds} s")


async def test_a_new_wording_is_queued_approved_and_bought_by(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    lead = next(crowd)
    lead.consent_text = lead.consent_text.replace("about auto loans", "about car loans")

    refused = await poster.sell(lead)

    assert refused.reasons == {"disclosure_mismatch"}
    (reason,) = refused.body["reasons"]
    assert 'instead of "auto": "car"' in reason["message"]

    (wording,) = await _until(lambda: leadline(market, "disclosures", "seen", "marco"))
    assert (wording["nearest"], wording["difference"]) == ("marco-tcpa-2026", 'instead of "auto": "car"')
    assert not {value for value in lead.fields.values() if len(value) > 4 and value in wording["text"]}

    approve = ("disclosures", "approve", wording["wording_id"], "--slug", "marco-tcpa-2027", "--by", "kim")
    made = leadline(market, *approve, "--every-site", "--text", lead.consent_text)
    assert {change["name"] for change in made["changes"]} >= {"marco-tcpa-2027", "marco-auto-2026"}
    assert leadline(market, "disclosures", "seen", "marco") == []
    assert leadline(market, "disclosures", "seen", "marco", "--state", "approved")[0]["decided_by"] == "kim"

    again = next(crowd)
    again.consent_text = lead.consent_text
    again.order = "marco-auto-2026"

    async def bought() -> bool:
        sold = await poster.sell(again)
        again.external_id += "x"
        return bool(sold.body["outcome"] == "accepted")

    # The new revision is in force everywhere within a second or so.
    assert any([await bought() or await asyncio.sleep(0.5, False) for _ in range(6)])


async def test_a_certificate_is_held_against_the_person_and_kept_after_the_sale(
    market: Market, poster: Poster, issuer: CertificateService, crowd: Iterator[DemoLead]
) -> None:
    wanted = "consent: {required: true, certificate: match, retain_certificate: true, disclosures: [marco-tcpa-2026]"
    market.apply(CATALOG.read_text().replace("consent: {required: true, disclosures: [marco-tcpa-2026]", wanted))
    first, second = next(crowd), next(crowd)
    first.order = second.order = "marco-auto-2026"
    digits = "".join(filter(str.isdigit, first.fields["phone"]))[-10:]
    issuer.certificates[TOKEN] = (first.fields["email"].lower(), digits)

    sold, refused = [await poster.post(_certified(lead), market.keys[lead.seller]) for lead in (first, second)]

    assert sold.body["outcome"] == "accepted", sold.text
    assert refused.reasons == {"certificate_mismatch"}, refused.text
    assert all("retain" not in asked["body"] for asked in issuer.requests[:2])

    await _evidence(market, [sold.body["lead_id"]], 2)
    consent, certificate = leadline(market, "evidence", "show", sold.body["lead_id"])
    assert consent["record"]["certificate_outcome"] == "matched"
    assert consent["text"] == first.consent_text
    assert certificate["record"]["outcome"] == "retained"
    assert [asked["body"]["retain"]["reference"] for asked in issuer.requests if "retain" in asked["body"]] == [
        sold.body["lead_id"]
    ]


async def test_evidence_is_verified_and_whoever_touches_it_is_found_out(
    market: Market, poster: Poster, crowd: Iterator[DemoLead]
) -> None:
    market.apply(CATALOG.read_text())
    sold = [await poster.sell(next(crowd)) for _ in range(3)]
    await _evidence(market, [answer.body["lead_id"] for answer in sold], 3)
    before = leadline(market, "evidence", "verify")
    assert before["faults"] == []
    noted = f"{before['last_position']}:{before['last_hash']}"
    assert leadline(market, "evidence", "verify", "--expect", noted)["faults"] == []

    forged = "SET session_replication_role = replica; UPDATE compliance.evidence SET record = '{}' WHERE position = 2"
    await _execute(market, forged)
    found = leadline(market, "evidence", "verify", status=1)
    assert found["faults"] == [{"position": 2, "message": "its content is not what was recorded"}]


async def _evidence(market: Market, lead_ids: list[str], records: int) -> None:
    """Wait until so many records of these leads are written."""
    count = "SELECT count(*) FROM compliance.evidence WHERE lead_id = ANY ($1::uuid[])"
    async with asyncio.timeout(20):
        while (await market.rows(count, lead_ids))[0][0] < records:  # noqa: ASYNC110 - rows, not events
            await asyncio.sleep(0.1)


def _certified(lead: DemoLead) -> Body:
    body = body_of(lead, datetime.now(UTC))
    content = json.loads(body.content)
    content["consent"]["certificate"] = f"https://cert.trustedform.com/{TOKEN}"
    return replace(body, content=json.dumps(content).encode())


async def _execute(market: Market, sql: str) -> None:
    connection = await asyncpg.connect(market.suite.postgres_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_a_pack_holds_everything_of_a_lead_and_is_checked_without_leadline(
    market: Market, poster: Poster, crowd: Iterator[DemoLead], tmp_path: Path
) -> None:
    lead = next(crowd)
    sold = await poster.sell(lead)
    lead_id = sold.body["lead_id"]
    await _evidence(market, [lead_id], 1)
    await _until(lambda: _handed_over(market, lead_id))
    file = tmp_path / "pack.zip"

    made = leadline(market, "evidence", "pack", lead_id, "-o", str(file), "--by", "Cara", "--why", "complaint 7")

    key = leadline(market, "evidence", "key")["key"]
    assert made["key"] == key
    checked = _verify_alone(file, "--key", key)
    assert checked["holds"]
    assert (checked["lead_id"], checked["asked_by"], checked["why"]) == (lead_id, "Cara", "complaint 7")
    assert checked["parts"] == [
        "consent.json", "contact.json", "lead.json", "money.json", "payload.json", "receipt.json", "returns.json",
        "submission.json",
    ]  # fmt: skip
    with zipfile.ZipFile(file) as pack:
        parts = {name: pack.read(f"parts/{name}") for name in checked["parts"]}
    assert lead.fields["email"] in parts["payload.json"].decode()
    assert json.loads(parts["submission.json"])["decided_on"]["email"] == lead.fields["email"].lower()
    assert json.loads(parts["lead.json"])["answer"]["outcome"] == "OUTCOME_ACCEPTED"
    stages = [stage["stage"] for stage in json.loads(parts["receipt.json"])["stages"]]
    assert stages[:2] == ["validation", "dedup"]
    assert lead.consent_text in json.loads(parts["consent.json"])["texts"].values()
    assert [entry["kind"] for entry in json.loads(parts["money.json"])["entries"]] == ["TRANSFER_KIND_CHARGE"]
    contacts = json.loads(parts["contact.json"])["entries"]
    assert {"decision", "delivery", "task", "try"} <= {entry["kind"] for entry in contacts}
    (allowed,) = [entry["record"] for entry in contacts if entry["kind"] == "decision"]
    assert (allowed["channel"], allowed["allowed"]) == ("email", True)

    with zipfile.ZipFile(file) as pack, zipfile.ZipFile(tmp_path / "forged.zip", "w") as forged:
        for name in pack.namelist():
            forged.writestr(name, pack.read(name).replace(b"OUTCOME_ACCEPTED", b"OUTCOME_REJECTED"))
    found = _verify_alone(tmp_path / "forged.zip", "--key", key, status=1)
    assert found["faults"] == ["lead.json was changed"]


def test_no_pack_is_made_of_a_lead_that_is_not_there(market: Market, tmp_path: Path) -> None:
    targets = {f"LEADLINE_{name.upper()}_TARGET": market.suite.target(name) for name in ("intake", "evidence")}
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "evidence", "pack", "01a20000-0000-7000-8000-000000000001"],
        capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
        env=environ(**targets) | {"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "no such lead" in done.stderr
    assert list(tmp_path.iterdir()) == []


def _handed_over(market: Market, lead_id: str) -> bool:
    async def count() -> int:
        connection = await asyncpg.connect(market.suite.postgres_url)
        try:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM routing.delivery WHERE lead_id = $1::uuid AND state = 'handed_off'", lead_id
                )
            )
        finally:
            await connection.close()

    return asyncio.run(count()) > 0


def _verify_alone(file: Path, *options: str, status: int = 0) -> Any:
    """As whoever got it does, far from any Leadline."""
    nowhere = {f"LEADLINE_{name}_TARGET": "127.0.0.1:1" for name in ("INTAKE", "VALIDATION", "EVIDENCE", "ROUTING")}
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "verify", str(file), *options, "--json"],
        capture_output=True, text=True, check=False, timeout=60, env=environ(**nowhere),
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)
