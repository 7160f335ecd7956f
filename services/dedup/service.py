"""DedupService: protobuf in, protobuf out; the rule is in `duplicates`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import grpc

from leadline.dedup.v1.dedup_service_pb2 import (
    CandidateCheck,
    CheckedLead,
    CheckLeadsRequest,
    CheckLeadsResponse,
    Identity,
    LeadToCheck,
)
from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceServicer
from services.dedup.duplicates import Seen, judge, summary
from services.dedup.fingerprint import Fingerprints
from services.dedup.store import ClaimStore
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.catalog.terms import DuplicateTerms
from shared.rpc.errors import Malformed
from shared.rpc.verdict import ReceiptWriter, finding_message
from shared.runtime.clock import Clock
from shared.verdict import Check

MOST_LEADS = 256
SECONDS_A_DAY = 86_400

_RECEIPTS = ReceiptWriter("dedup")

#: What an order that is not in the catalog says: nothing. Routing tells that it is not there.
_NO_WINDOW = DuplicateTerms(window_days=0, match=())


class DedupService(DedupServiceServicer):
    """Answers batches of leads of one buyer at one catalog revision."""

    def __init__(self, catalogs: CatalogReader, store: ClaimStore, fingerprints: Fingerprints, clock: Clock) -> None:
        self._catalogs = catalogs
        self._store = store
        self._fingerprints = fingerprints
        self._clock = clock

    async def CheckLeads(self, request: CheckLeadsRequest, _: grpc.aio.ServicerContext[Any, Any]) -> CheckLeadsResponse:
        """Raises Malformed for a request that no state could make right, NotFound for an unknown revision."""
        if len(request.leads) > MOST_LEADS:
            raise Malformed.field("leads", f"expected at most {MOST_LEADS}")
        view = await self._catalogs.get(request.buyer_id, request.catalog_revision)
        persons = [
            self._fingerprints.of(request.buyer_id, phone=lead.phone, email=lead.email) for lead in request.leads
        ]
        asked = [
            (digest, lead_id)
            for lead_id, identities in zip(_lead_ids(request.leads), persons, strict=True)
            for _kind, digest in identities
        ]
        newest = await self._store.newest(request.buyer_id, asked)
        answers, position, results = _Answers(view, self._clock.now()), 0, []
        for lead, identities in zip(request.leads, persons, strict=True):
            seen = {kind: newest.get(position + offset) for offset, (kind, _digest) in enumerate(identities)}
            position += len(identities)
            result = CheckedLead(identities=[Identity(kind=kind, digest=digest) for kind, digest in identities])
            result.MergeFrom(answers.of(lead, seen))
            results.append(result)
        return CheckLeadsResponse(results=results)


class _Answers:
    """Answers of one batch, without the identities."""

    def __init__(self, view: CatalogView, now: datetime) -> None:
        self._view = view
        self._now = now
        # Most persons are new, and what is said of a new one depends on the orders alone.
        self._of_new: dict[tuple[object, ...], CheckedLead] = {}

    def of(self, lead: LeadToCheck, seen: Mapping[str, Seen | None]) -> CheckedLead:
        if any(seen.values()):
            return self._judged(lead, seen)
        key = (*seen, *((candidate.order, candidate.version) for candidate in lead.candidates))
        answer = self._of_new.get(key)
        if answer is None:
            answer = self._of_new[key] = self._judged(lead, seen)
        return answer

    def _judged(self, lead: LeadToCheck, seen: Mapping[str, Seen | None]) -> CheckedLead:
        result, checks, findings = CheckedLead(), list[Check](), 0
        for candidate in lead.candidates:
            order = self._view.order(candidate.order)
            terms = order.duplicates if order is not None else _NO_WINDOW
            verdict = judge(candidate.order, terms, lead.seller, seen, self._now)
            result.candidates.append(
                CandidateCheck(
                    order=candidate,
                    findings=[finding_message(finding) for finding in verdict.findings],
                    match=terms.match,
                    window_seconds=terms.window_days * SECONDS_A_DAY,
                )
            )
            checks += verdict.checks
            findings += len(verdict.findings)
        result.receipt = _RECEIPTS.write(checks, summary(seen, findings))
        return result


def _lead_ids(leads: Sequence[LeadToCheck]) -> list[UUID]:
    ids = []
    for index, lead in enumerate(leads):
        try:
            ids.append(UUID(lead.lead_id))
        except ValueError:
            raise Malformed.field(f"leads[{index}].lead_id", "expected a UUID") from None
    return ids
