"""Writes the evidence of every bought lead's consent, from the outbox: the sale never waits for it.

Records, and what else they lead to, are written in the transaction that takes the messages away: each exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Protocol

import structlog
from google.protobuf.message import Message

from leadline.events.v1.lead_event_pb2 import LeadEvent
from leadline.intake.v1 import intake_service_pb2 as pb
from services.validation.consent.certificate import TRUSTED_FORM_DAYS, read_certificate
from services.validation.evidence import ConsentFacts, kept_until, written
from services.validation.evidence_store import Entry, EvidenceStore
from services.validation.records_client import MOST_LEADS
from services.validation.retention_store import Due, RetentionStore
from shared.catalog.snapshot import CatalogReader
from shared.db.outbox import OutboxMessage
from shared.db.pool import Connection
from shared.runtime.clock import Clock

_log = structlog.get_logger(__name__)

_DISCLOSURE, _ISSUER = "consent.disclosure_approved", "consent.certificate_match"


class Records(Protocol):
    """Where consent records come from; see `IntakeRecords`."""

    async def consent(self, buyer_id: str, lead_ids: Sequence[str]) -> list[pb.ConsentRecord]:
        """One per lead, by index."""
        ...


class UnknownLeadError(Exception):
    """An event is about a lead that intake does not know."""


class EvidenceWorker:
    """Acts on the messages of bought leads."""

    def __init__(
        self,
        records: Records,
        store: EvidenceStore,
        retention: RetentionStore | None,
        catalogs: CatalogReader,
        clock: Clock,
    ) -> None:
        """`retention`: None: no issuer can be asked to keep a certificate."""
        self._records = records
        self._store = store
        self._retention = retention
        self._catalogs = catalogs
        self._clock = clock

    async def handle(self, connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        """Write the evidence of a batch, inside the transaction that took its messages.

        Raises:
            RecordsAway: intake does not answer; the outbox waits.
            UnknownLeadError: intake knows nothing of a lead.
        """
        events = [LeadEvent.FromString(message.payload) for message in messages]
        bought = sorted(
            (event for event in events if event.decided.accepted), key=lambda event: (event.buyer_id, event.lead_id)
        )
        for buyer_id, group in groupby(bought, key=lambda event: event.buyer_id):
            lead_ids = [event.lead_id for event in group]
            for start in range(0, len(lead_ids), MOST_LEADS):
                await self._keep(connection, buyer_id, lead_ids[start : start + MOST_LEADS])

    async def _keep(self, connection: Connection, buyer_id: str, lead_ids: Sequence[str]) -> None:
        records = await self._records.consent(buyer_id, lead_ids)
        if not all(record.found for record in records):
            raise UnknownLeadError("intake knows nothing of a bought lead")
        now = self._clock.now()
        texts = {sha256(text.encode()).digest(): text for record in records if (text := record.consent.text)}
        entries = [
            Entry(record.lead_id, "consent", kept_until(_instant(record).date()), written(_facts(record, now)))
            for record in records
        ]
        done = await self._store.append(connection, buyer_id, entries, texts)
        if self._retention is not None:
            due = [due for record in records if (due := await self._due(buyer_id, record, now)) is not None]
            await self._retention.add(connection, due)
        # Told outside of the database as well: who forged the chain as a whole would have to forge this, too.
        _log.info("evidence kept", buyer_id=buyer_id, count=done.added, position=done.position, hash=done.hash.hex())

    async def _due(self, buyer_id: str, record: pb.ConsentRecord, now: datetime) -> Due | None:
        certificate = read_certificate(record.consent.certificate)
        if certificate is None or certificate.kind != "TrustedForm" or not record.order.order:
            return None
        view = await self._catalogs.get(buyer_id, record.catalog_revision)
        order = view.order(record.order.order)
        if order is None or not order.consent.retain_certificate:
            return None
        give_up_at = _instant(record) + timedelta(days=TRUSTED_FORM_DAYS)
        return Due(buyer_id, record.lead_id, certificate.token, record.seller, now, give_up_at)


def _facts(record: pb.ConsentRecord, now: datetime) -> ConsentFacts:
    consent = record.consent
    seen = {check.rule: check for check in record.checks}
    approved, issuer = seen.get(_DISCLOSURE), seen.get(_ISSUER)
    return ConsentFacts(
        lead_id=record.lead_id,
        seller=record.seller,
        source=record.source,
        order=f"{record.order.order}@{record.order.version}" if record.order.order else "",
        catalog_revision=record.catalog_revision,
        disclosure=approved.observed if approved is not None and approved.passed else "",
        text_sha256=sha256(consent.text.encode()).hexdigest() if consent.text else "",
        captured_at=_text(consent, "captured_at"),
        shown_at=_text(consent, "shown_at"),
        submitted_at=_text(record, "submitted_at"),
        received_at=_text(record, "received_at"),
        decided_at=_text(record, "decided_at"),
        ip=consent.ip,
        page_url=consent.page_url,
        certificate=consent.certificate,
        certificate_outcome=issuer.observed if issuer is not None else "",
        phone=consent.phone,
        submission_sha256=record.submission_sha256.hex(),
        payload_sha256=record.payload_sha256.hex(),
        receipt_sha256=record.receipt_sha256.hex(),
        recorded_at=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )


def _instant(record: pb.ConsentRecord) -> datetime:
    return record.decided_at.ToDatetime(tzinfo=UTC)


def _text(message: Message, field: str) -> str:
    return str(getattr(message, field).ToJsonString()) if message.HasField(field) else ""
