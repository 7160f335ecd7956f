"""Which leads of a decided batch brought a consent text that nobody approved."""

from __future__ import annotations

from collections.abc import Sequence

from services.validation.consent.disclosure import Nearest
from services.validation.consent.seen import SeenWordings
from services.validation.lead import Lead
from services.validation.plan import CatalogPlan
from services.validation.verdict import Verdict


class NewWordings:
    """Notes new texts once their leads are decided."""

    def __init__(self, seen: SeenWordings) -> None:
        self._seen = seen

    def note(self, plan: CatalogPlan, leads: Sequence[Lead], verdicts: Sequence[Verdict]) -> None:
        """Leads and verdicts are parallel; tests and pings are nobody's form."""
        for lead, verdict in zip(leads, verdicts, strict=True):
            if not lead.counted or not lead.consent.text.strip():
                continue
            order = next((candidate.order for candidate in verdict.candidates if _mismatch(candidate.findings)), None)
            if order is not None:
                self._add(plan, lead, verdict.source, order)

    def _add(self, plan: CatalogPlan, lead: Lead, site: str, order: str) -> None:
        found = plan.order(order)
        text = lead.consent.text.strip()
        allowed = found.order.consent.disclosures if found is not None else ()
        # Remembered from the decision a moment ago. Where days matter, that of the lead will do for the queue.
        day = int(lead.received_at // 86_400) if plan.registry.dated else 0
        nearest = plan.registry.find(text, lead.seller, site, allowed, day)
        if isinstance(nearest, str):
            return
        if not isinstance(nearest, Nearest) or not nearest.elsewhere:
            self._seen.add(plan.view.buyer.slug, lead.seller, site, text, nearest, lead.fields, lead.received_at)


def _mismatch(findings: Sequence[tuple[str, ...]]) -> bool:
    return any(finding[0] == "disclosure_mismatch" and finding[1] == "consent.text" for finding in findings)
