"""Leads read as the gateway reads them and judged as validation judges them, in one process and without a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from deploy.local.up import CATALOG
from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.validation.v1.validation_service_pb2 import (
    LeadToValidate,
    Observations,
    ValidatedLead,
    ValidateLeadsRequest,
)
from services.gateway.assembly import Assembler
from services.gateway.reading import Format, read_single
from services.gateway.service import to_item
from services.intake.catalog.document import read_document
from services.validation.service import MOST_LEADS, ValidationService
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.catalog.terms import Catalog
from tests.clerk.corpus import LabelledLead
from tests.clerk.judged import Judged
from tests.unit.validation.terms import desks

#: What the stages after validation find. Leads of a later turn are left out too: they are about those before them.
LATER = frozenset({"duplicate_same_seller", "duplicate_other_seller", "source_not_allowed", "source_paused"})


class _OneCatalog:
    def __init__(self, catalog: Catalog) -> None:
        self._view = CatalogView(catalog)

    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        return self._view


@cache
def demo_catalog() -> Catalog:
    """The catalog that the demo applies."""
    document = read_document(CATALOG.read_text(encoding="utf-8"))
    assert document.catalog is not None, document.faults
    return document.catalog


async def judge(leads: Sequence[LabelledLead], now: datetime) -> list[Judged]:
    """What validation says of each lead that is its own to judge, each alone: nobody has been seen before."""
    catalog = demo_catalog()
    service = ValidationService(cast(CatalogReader, _OneCatalog(catalog)), desks())
    judged: list[Judged] = []
    leads = [lead for lead in leads if not lead.turn and not lead.reasons & LATER]
    for start in range(0, len(leads), MOST_LEADS):
        batch = leads[start : start + MOST_LEADS]
        request = ValidateLeadsRequest(
            buyer_id=catalog.buyer.slug,
            catalog_revision=catalog.revision,
            leads=[_to_validate(lead, catalog, now) for lead in batch],
        )
        answer = await service.ValidateLeads(request, cast(Any, None))
        judged += [_judged(lead, result) for lead, result in zip(batch, answer.results, strict=True)]
    return judged


def _to_validate(lead: LabelledLead, catalog: Catalog, now: datetime) -> LeadToValidate:
    payload = json.dumps(lead.at(now)).encode()
    posted = read_single(Format.JSON, "utf-8", payload, Assembler())
    item = to_item(
        posted,
        access_key="",
        payload=payload,
        sent_as=lead_pb2.SUBMISSION_FORMAT_JSON,
        received_at=now,
        traceparent="",
    )
    return LeadToValidate(
        lead_id="018f0000-0000-7000-8000-000000000000",
        seller=lead.seller,
        submission=item.submission,
        candidates=[
            lead_pb2.OrderRef(order=order.slug, version=order.version)
            for order in catalog.orders
            if order.seller == lead.seller and posted.order in ("", order.slug)
        ],
        observations=Observations(),
    )


def _judged(lead: LabelledLead, result: ValidatedLead) -> Judged:
    candidates = [candidate.findings for candidate in result.candidates]
    bought = not result.findings and any(not findings for findings in candidates)
    findings = [*result.findings, *(finding for held in candidates for finding in held)]
    named = [(reason_pb2.Reason.Name(finding.reason).removeprefix("REASON_").lower(), finding) for finding in findings]
    return Judged(
        lead,
        bought,
        frozenset(code for code, _ in named),
        tuple(f"{code} {finding.field}: {finding.message}" for code, finding in named),
    )
