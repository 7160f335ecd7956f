"""Leads read as the gateway reads them and judged as validation judges them, in one process and without a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
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
from tests.unit.validation.terms import desks

#: What the stages after validation find: validation alone cannot know.
LATER = frozenset({"duplicate_same_seller", "duplicate_other_seller", "source_not_allowed", "source_paused", "velocity"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead, and all that was said against it."""

    lead: LabelledLead
    bought: bool
    reasons: frozenset[str]
    #: `code field: message`, for people.
    told: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Good and bought, or bad and refused for one of the reasons that fit."""
        lead = self.lead
        if lead.either:
            return True
        return self.bought if lead.good else not self.bought and bool(lead.reasons & self.reasons)

    @property
    def false_alarm(self) -> bool:
        """A good lead was refused."""
        return self.lead.good and not self.right

    def __str__(self) -> str:
        fields = self.lead.body["lead"]
        shown = {name: fields.get(name) for name in ("first_name", "last_name", "email", "phone", "postal_code")}
        label = "good" if self.lead.good else f"bad, {sorted(self.lead.reasons)}"
        said = "bought" if self.bought else "; ".join(self.told)
        return f"{label} ({self.lead.walk}) {shown}: {said}"


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
    """What validation says of each lead, each on its own: nobody has been seen before."""
    catalog = demo_catalog()
    service = ValidationService(cast(CatalogReader, _OneCatalog(catalog)), desks())
    judged: list[Judged] = []
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
