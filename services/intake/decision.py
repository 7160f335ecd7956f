"""The decision: bought, or rejected with every reason.

The stages give findings about the lead, findings per candidate order, and
routing's choice. This file joins them. It decides nothing that a stage decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Reasoned(Protocol):
    """What the joining needs to know of a finding."""

    @property
    def reason(self) -> int: ...

    @property
    def field(self) -> str: ...


F = TypeVar("F", bound=Reasoned)


@dataclass(frozen=True, slots=True)
class Decision(Generic[F]):
    """What became of a lead."""

    accepted: bool
    #: The order that buys it, or whose reasons reject it; empty where none can be named.
    order: str
    #: Every reason, each code once per field, by code; empty where accepted.
    reasons: tuple[F, ...] = ()


def decide(
    *, lead_findings: Sequence[F], order_findings: Mapping[str, Sequence[F]], chosen: str, nearest: str
) -> Decision[F]:
    """Join the stages' findings into one decision.

    Args:
        lead_findings: what is wrong with the lead whatever the order.
        order_findings: what each candidate says, all stages together.
        chosen: routing's choice; empty for none.
        nearest: the order whose reasons the seller is told if none is chosen.

    Routing chooses only among orders without findings, and a lead with findings
    of its own satisfies no order. Both are checked again here, because a lead
    bought against a finding is money lost.
    """
    if chosen and not lead_findings and not order_findings.get(chosen):
        return Decision(accepted=True, order=chosen)
    told = nearest or chosen
    return Decision(accepted=False, order=told, reasons=merge(lead_findings, order_findings.get(told, ())))


def merge(*groups: Iterable[F]) -> tuple[F, ...]:
    """Join findings: each code once per field, sorted by code, then field; the first of equals stays."""
    seen: dict[tuple[int, str], F] = {}
    for group in groups:
        for finding in group:
            seen.setdefault((finding.reason, finding.field), finding)
    return tuple(seen[key] for key in sorted(seen))
