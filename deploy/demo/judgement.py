"""The run held against its labels: the confusion table, the reasons, the money."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.play import Told


@dataclass(slots=True)
class Judgement:
    """What came of a run. Counts are of leads; amounts are minor units."""

    submitted: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    #: label → outcome → leads
    by_label: dict[str, Counter[str]] = field(default_factory=dict)
    #: label → reason → leads
    reasons_by_label: dict[str, Counter[str]] = field(default_factory=dict)
    charged_minor: int = 0
    decision_ms: list[float] = field(default_factory=list)
    #: Leads whose outcome is not what their label asks for.
    wrong: list[Told] = field(default_factory=list)

    def as_labels(self, good: bool) -> dict[str, int]:
        """Accepted and rejected of all good, or of all bad labels."""
        labels = [label for label in self.by_label if label.startswith("good") is good]
        return {outcome: sum(self.by_label[label][outcome] for label in labels) for outcome in ("accepted", "rejected")}


def judge(told: Sequence[Told]) -> Judgement:
    """Count a run and find what went against its labels."""
    judgement = Judgement(submitted=len(told))
    for one in told:
        label = one.lead.label
        judgement.outcomes[one.outcome] += 1
        judgement.by_label.setdefault(label, Counter())[one.outcome] += 1
        judgement.reasons.update(one.reasons)
        judgement.reasons_by_label.setdefault(label, Counter()).update(one.reasons)
        judgement.charged_minor += one.price_minor
        judgement.decision_ms.append(one.decision_ms)
        if one.outcome != ("accepted" if one.lead.good else "rejected"):
            judgement.wrong.append(one)
    return judgement


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile (`share` from 0 to 1); 0 for no values."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile."""
    return {name: round(percentile(values, share), 3) for name, share in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))}


def report(
    judgement: Judgement, *, seconds: float, ledger_charged_minor: int, speed: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """The document of `demo-report.json`."""
    return {
        "submitted": judgement.submitted,
        "accepted": judgement.outcomes["accepted"],
        "rejected": judgement.outcomes["rejected"],
        "pending": judgement.outcomes["pending"],
        "refused": judgement.outcomes["refused"],
        "reasons": dict(judgement.reasons.most_common()),
        "labels": {"good": judgement.as_labels(True), "bad": judgement.as_labels(False)},
        "by_label": {
            label: {"accepted": outcomes["accepted"], "rejected": outcomes["rejected"]}
            for label, outcomes in sorted(judgement.by_label.items())
        },
        "reasons_by_label": {
            label: dict(reasons.most_common()) for label, reasons in sorted(judgement.reasons_by_label.items())
        },
        "charged_minor": judgement.charged_minor,
        "ledger_charged_minor": ledger_charged_minor,
        "decision_ms": percentiles(judgement.decision_ms),
        "speed_to_lead_ms": speed,
        "leads_per_s": round(judgement.submitted / seconds, 1) if seconds else 0.0,
    }
