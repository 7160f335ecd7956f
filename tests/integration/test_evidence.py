"""Evidence of bought leads on a real Postgres: written once, in one chain, by nobody to be changed unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec
import pytest

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import intake_service_pb2 as intake
from leadline.validation.v1 import compliance_service_pb2 as pb
from services.intake.consent_record_service import consent_record_of
from services.intake.draft import Draft
from services.validation import compliance_service
from services.validation.compliance_service import ComplianceService
from services.validation.consent.certificate_client import CertificateClient, open_client
from services.validation.evidence_store import EvidenceStore
from services.validation.evidence_worker import EvidenceWorker
from services.validation.records_client import Person, RecordsAway
from services.validation.retention_store import RetentionStore
from services.validation.retention_worker import RetentionWorker
from services.validation.wordings_store import WordingStore
from shared.catalog.snapshot import CatalogReader, decode, encode
from shared.db.outbox import OutboxConsumer, OutboxRow, behind, put
from shared.db.pool import Pool, open_pool
from shared.rpc.errors import NotFound
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from tests.clock import FakeClock
from tests.integration.certificate_service import KEY, CertificateService, certificate_service
from tests.integration.intake_world import BUYER, World, intake_world

CONTEXT: Any = None
TOKEN = "2605ec3e321e1b3e41addf0bba1213505ef57985"
TEXT = "I agree that Big Bank may call me. Consent is not a condition of purchase."
PERSON = {"phone": "+15124728174", "email": "ann.lee@gmail.com"}


class SilentBell:
    async def wait(self, timeout: float) -> bool:
        return False


@dataclass
class Evidence:
    """Everything that keeps evidence, and the intake whose leads it is of."""

    world: World
    pool: Pool
    store: EvidenceStore
    compliance: ComplianceService
    service: CertificateService
    client: CertificateClient
    clock: FakeClock
    away: bool = False
    asked: list[list[str]] = field(default_factory=list)

    async def consent(self, buyer_id: str, lead_ids: Sequence[str]) -> list[intake.ConsentRecord]:
        self.asked.append(list(lead_ids))
        if self.away:
            raise RecordsAway("away")
        rows = await self.world.store.consent_records(buyer_id, lead_ids)
        found = {row["lead_id"]: consent_record_of(row) for row in rows}
        return [found.get(lead_id) or intake.ConsentRecord(lead_id=lead_id) for lead_id in lead_ids]

    async def person(self, buyer_id: str, lead_id: str) -> Person | None:
        return Person(**PERSON)

    def consumer(self) -> OutboxConsumer:
        worker = EvidenceWorker(self, self.store, RetentionStore(self.pool), CatalogReader(self.pool), self.clock)
        return OutboxConsumer(self.pool, "validation", worker.handle, SilentBell())

    async def buy(self, count: int = 1, *, certificate: str = "") -> list[str]:
        """Buy leads of different people; returns their ids."""
        items = []
        for _ in range(count):
            item = self.world.item(phone=f"+1{next(_PHONES)}")
            item.submission.fields["email"] = f"a{next(_PHONES)}@gmail.com"
            consent = item.submission.consent
            consent.text, consent.ip, consent.page_url = TEXT, "24.28.104.159", "https://best-auto-loans.example/apply"
            consent.certificate = certificate
            consent.captured_at.FromDatetime(self.clock.now() - timedelta(seconds=5))
            item.submission.payload = b"as it came"
            items.append(item)
        results = await self.world.submit(*items)
        assert {result.answer.outcome for result in results} == {intake.OUTCOME_ACCEPTED}
        return [result.answer.lead_id for result in results]

    async def kept(self, lead_id: str) -> list[dict[str, Any]]:
        answer = await self.compliance.GetEvidence(pb.GetEvidenceRequest(buyer_id=BUYER, lead_id=lead_id), CONTEXT)
        return [{**msgspec.json.decode(record.record), "text": record.text} for record in answer.records]

    async def faults(self, buyer_id: str = BUYER) -> list[tuple[int, str]]:
        """What a whole check finds, part by part."""
        request, found = pb.VerifyEvidenceRequest(buyer_id=buyer_id), []
        while True:
            answer = await self.compliance.VerifyEvidence(request, CONTEXT)
            found += [(fault.position, fault.message) for fault in answer.faults]
            if answer.complete:
                return found
            request.after_position, request.after_hash = answer.last_position, answer.last_hash


def _receipts(draft: Draft) -> None:
    """What validation would have written."""
    check = lead_pb2.Check(
        rule="consent.disclosure_approved", passed=True, observed="marco-tcpa-2026", order="marco-auto-2026"
    )
    assert draft.validated is not None
    draft.validated.receipt = lead_pb2.StageReceipt(stage="validation", checks=[check]).SerializeToString()


_PHONES = iter(range(5124720000, 5124729999))


@pytest.fixture
async def evidence(database_url: str, clock: FakeClock) -> AsyncIterator[Evidence]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(intake_world(database_url, clock))
        answer = world.stages._answer

        def with_receipt(draft: Draft) -> None:
            answer(draft)
            _receipts(draft)

        world.stages._answer = with_receipt  # type: ignore[method-assign]
        pool = await stack.enter_async_context(
            open_pool(DatabaseSettings(url=database_url), role="leadline_validation", name="test")
        )
        service = await stack.enter_async_context(certificate_service())
        client = await stack.enter_async_context(
            open_client(base=service.url, api_key=KEY, seconds=1.0, concurrency=4, clock=clock)
        )
        store = EvidenceStore(pool)
        compliance = ComplianceService(WordingStore(pool), store, clock)
        yield Evidence(world, pool, store, compliance, service, client, clock)


async def test_a_bought_leads_consent_is_kept_with_everything_that_proves_it(evidence: Evidence) -> None:
    (lead_id,) = await evidence.buy(certificate=f"https://cert.trustedform.com/{TOKEN}")
    await evidence.consumer().step()
    (kept,) = await evidence.kept(lead_id)
    row = await evidence.world.admin.fetchrow("SELECT submission, payload FROM intake.person")
    assert row is not None
    assert (
        kept
        | {
            "lead_id": lead_id,
            "seller": "marco",
            "source": "best-auto-loans.example",
            "order": "marco-auto-2026@1",
            "disclosure": "marco-tcpa-2026",
            "text_sha256": sha256(TEXT.encode()).hexdigest(),
            "text": TEXT,
            "captured_at": "2026-11-22T09:59:55Z",
            "ip": "24.28.104.159",
            "page_url": "https://best-auto-loans.example/apply",
            "certificate": f"https://cert.trustedform.com/{TOKEN}",
            "submission_sha256": sha256(row["submission"]).hexdigest(),
            "payload_sha256": sha256(b"as it came").hexdigest(),
        }
        == kept
    )
    assert len(kept["receipt_sha256"]) == 64
    # The person is in intake alone; what is here proves that nobody changed it there.
    assert not {"512472", "gmail"} & {word for word in ("512472", "gmail") if word in str(kept)}
    until = await evidence.world.admin.fetchval("SELECT keep_until FROM compliance.evidence")
    assert until.isoformat() == "2031-11-22"
    assert await evidence.faults() == []


async def test_every_bought_lead_is_in_the_chain_exactly_once(evidence: Evidence) -> None:
    lead_ids = await evidence.buy(7)
    await asyncio.gather(*[evidence.consumer().step() for _ in range(3)])
    # A second delivery of the same event changes nothing.
    payload = "SELECT payload FROM outbox.message WHERE consumer = 'reporting' LIMIT 1"
    again = OutboxRow(BUYER, "validation", "decided", await evidence.world.admin.fetchval(payload), uuid7())
    await put(evidence.world.admin, [again])
    await evidence.consumer().step()
    kept = await evidence.world.admin.fetch("SELECT position, lead_id::text FROM compliance.evidence ORDER BY position")
    assert [row["position"] for row in kept] == list(range(1, 8))
    assert {row["lead_id"] for row in kept} == set(lead_ids)
    assert (await behind(evidence.pool, "validation")).messages == 0
    assert await evidence.faults() == []


async def test_while_intake_is_away_messages_wait_untried(evidence: Evidence) -> None:
    (lead_id,) = await evidence.buy()
    evidence.away = True
    with pytest.raises(RecordsAway):
        await evidence.consumer().step()
    assert await evidence.world.admin.fetchval("SELECT attempts FROM outbox.message WHERE consumer = 'validation'") == 0
    evidence.away = False
    await evidence.consumer().step()
    assert len(await evidence.kept(lead_id)) == 1


async def test_rejected_leads_and_tests_leave_no_evidence(evidence: Evidence) -> None:
    await evidence.world.submit(evidence.world.item(test=True))
    await evidence.consumer().step()
    assert await evidence.world.count("compliance.evidence") == 0
    with pytest.raises(NotFound):
        await evidence.kept(uuid7())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE compliance.evidence SET record = '{}'",
        "DELETE FROM compliance.evidence",
        "TRUNCATE compliance.evidence",
        "INSERT INTO compliance.evidence SELECT * FROM compliance.evidence",
        "UPDATE compliance.presented SET text = 'x'",
        "DELETE FROM compliance.presented",
        "UPDATE compliance.chain SET position = 0",
        "DELETE FROM compliance.chain",
        "ALTER TABLE compliance.evidence DISABLE TRIGGER ALL",
        "DROP TRIGGER evidence_is_append_only ON compliance.evidence",
        "DROP TABLE compliance.evidence",
    ],
)
async def test_the_service_itself_cannot_change_what_it_wrote(evidence: Evidence, statement: str) -> None:
    await evidence.buy()
    await evidence.consumer().step()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await evidence.pool.execute(statement)


@pytest.mark.parametrize("table", ["evidence", "presented"])
async def test_not_even_a_superuser_changes_it_by_accident(evidence: Evidence, table: str) -> None:
    await evidence.buy()
    await evidence.consumer().step()
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await evidence.world.admin.execute(f"DELETE FROM compliance.{table}")


@pytest.mark.parametrize(
    ("statement", "position", "says"),
    [
        ("UPDATE compliance.evidence SET record = replace(record, '24.28', '24.29') WHERE position = 3", 3, "content"),
        ("UPDATE compliance.evidence SET lead_id = gen_random_uuid() WHERE position = 3", 3, "content"),
        ("UPDATE compliance.evidence SET keep_until = '2026-12-01' WHERE position = 3", 3, "content"),
        ("DELETE FROM compliance.evidence WHERE position = 3", 3, "1 record is missing"),
        ("DELETE FROM compliance.evidence WHERE position = 1", 1, "1 record is missing"),
        ("DELETE FROM compliance.evidence WHERE position >= 5", 5, "2 records are missing at the end"),
        ("DELETE FROM compliance.evidence", 1, "6 records are missing at the end"),
        (
            "DELETE FROM compliance.evidence WHERE position >= 5; UPDATE compliance.chain SET position = 4",
            4,
            "does not end where its head says",
        ),
        (
            "UPDATE compliance.evidence SET position = -2 WHERE position = 2; "
            "UPDATE compliance.evidence SET position = 2 WHERE position = 3; "
            "UPDATE compliance.evidence SET position = 3 WHERE position = -2",
            2,
            "",
        ),
        (
            "UPDATE compliance.evidence SET record = '{}', hash = compliance.evidence_hash(previous_hash, buyer_id, "
            "position, lead_id, kind, keep_until, '{}') WHERE position = 3",
            4,
            "does not follow",
        ),
        ("UPDATE compliance.presented SET text = 'I agree to everything'", 1, "was changed"),
        ("DELETE FROM compliance.presented", 1, "is missing"),
    ],
)
async def test_whatever_is_done_to_the_chain_shows(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch, statement: str, position: int, says: str
) -> None:
    # Parts of two, so that ends of parts are seen as well.
    monkeypatch.setattr(compliance_service, "VERIFIED_AT_ONCE", 2)
    await evidence.buy(6)
    await evidence.consumer().step()
    assert await evidence.faults() == []
    admin = evidence.world.admin
    await admin.execute("SET session_replication_role = replica")
    await admin.execute("ALTER TABLE compliance.evidence DROP CONSTRAINT evidence_position_check")
    await admin.execute(statement)
    faults = await evidence.faults()
    assert faults
    assert any(at == position and says in message for at, message in faults), faults


async def test_a_chain_forged_as_a_whole_does_not_end_in_the_hash_that_was_noted(evidence: Evidence) -> None:
    await evidence.buy(3)
    await evidence.consumer().step()
    request = pb.VerifyEvidenceRequest(buyer_id=BUYER)
    noted = (await evidence.compliance.VerifyEvidence(request, CONTEXT)).last_hash
    admin = evidence.world.admin
    await admin.execute("SET session_replication_role = replica")
    rows = await admin.fetch("SELECT lead_id, kind, keep_until, record FROM compliance.evidence ORDER BY position")
    await admin.execute("DELETE FROM compliance.evidence; DELETE FROM compliance.chain")
    forged = [row["record"].replace("24.28", "99.99") for row in rows]
    columns = [[row[name] for row in rows] for name in ("lead_id", "kind", "keep_until")]
    await admin.execute("SELECT compliance.append_evidence($1, $2, $3, $4, $5)", BUYER, *columns, forged)
    answer = await evidence.compliance.VerifyEvidence(request, CONTEXT)
    assert (len(answer.faults), answer.last_position) == (0, 3)
    assert answer.last_hash != noted


async def test_chains_of_buyers_are_apart(evidence: Evidence) -> None:
    await evidence.buy(2)
    await evidence.consumer().step()
    assert await evidence.faults("small-bank") == []


# --- certificates


async def _retaining(evidence: Evidence) -> None:
    """Have every order's certificates kept from now on."""
    admin = evidence.world.admin
    catalog = decode(await admin.fetchval("SELECT document FROM catalog.snapshot"))
    replace = msgspec.structs.replace
    orders = tuple(replace(order, consent=replace(order.consent, retain_certificate=True)) for order in catalog.orders)
    await admin.execute("UPDATE catalog.snapshot SET document = $1", encode(replace(catalog, orders=orders)))


def _worker(evidence: Evidence) -> RetentionWorker:
    return RetentionWorker(
        evidence.client, evidence, RetentionStore(evidence.pool), evidence.store, evidence.clock, idle_seconds=0.01
    )


async def test_a_bought_leads_certificate_is_retained_once_and_becomes_evidence(evidence: Evidence) -> None:
    await _retaining(evidence)
    evidence.service.certificates[TOKEN] = (PERSON["email"], "5124728174")
    (lead_id,) = await evidence.buy(certificate=f"https://cert.trustedform.com/{TOKEN}")
    assert evidence.service.requests == []
    await evidence.consumer().step()
    assert await asyncio.gather(*[_worker(evidence).step() for _ in range(3)]) in ([1, 0, 0], [0, 1, 0], [0, 0, 1])
    assert await _worker(evidence).step() == 0
    (asked,) = evidence.service.requests
    assert asked["body"]["retain"] == {"reference": lead_id, "vendor": "marco"}
    assert asked["body"]["match_lead"] == {"email": PERSON["email"], "phone": "5124728174"}
    _, kept = await evidence.kept(lead_id)
    assert (kept["outcome"], kept["expires_at"]) == ("retained", "2031-11-22T10:00:00.000Z")
    assert await evidence.faults() == []


async def test_an_issuer_that_is_away_is_asked_again_until_the_certificate_is_gone(evidence: Evidence) -> None:
    await _retaining(evidence)
    evidence.service.status = 503
    (lead_id,) = await evidence.buy(certificate=f"https://cert.trustedform.com/{TOKEN}")
    await evidence.consumer().step()
    assert await _worker(evidence).step() == 1
    assert await _worker(evidence).step() == 0
    evidence.clock.advance(6)
    assert await _worker(evidence).step() == 1
    assert len(await evidence.kept(lead_id)) == 1
    evidence.clock.advance(91 * 86_400)
    assert await _worker(evidence).step() == 1
    assert (await evidence.kept(lead_id))[1]["outcome"] == "gone"


async def test_a_worker_that_died_in_between_leaves_its_certificate_to_another(evidence: Evidence) -> None:
    await _retaining(evidence)
    evidence.service.certificates[TOKEN] = None
    evidence.service.retained.add(TOKEN)
    (lead_id,) = await evidence.buy(certificate=f"https://cert.trustedform.com/{TOKEN}")
    await evidence.consumer().step()
    # Claimed, the issuer asked, and then gone before it was written down.
    assert await RetentionStore(evidence.pool).claim(evidence.clock.now(), timedelta(seconds=120), 20)
    assert await _worker(evidence).step() == 0
    evidence.clock.advance(121)
    assert await _worker(evidence).step() == 1
    assert (await evidence.kept(lead_id))[1]["previously_retained"] is True


async def test_nothing_is_retained_that_no_order_asks_for(evidence: Evidence) -> None:
    await evidence.buy(certificate=f"https://cert.trustedform.com/{TOKEN}")
    await evidence.consumer().step()
    await _retaining(evidence)
    await evidence.buy(certificate="EC2A0C2E-1C9C-4B5C-9C0D-0123456789AB")
    await evidence.buy()
    await evidence.consumer().step()
    assert await evidence.world.count("compliance.retention") == 0
