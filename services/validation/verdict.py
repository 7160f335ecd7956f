"""What the rules say: checks for the receipt, findings for the seller, canonical values for everybody after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from shared.verdict import Check

NO_PARTS: Mapping[str, str] = MappingProxyType({})


class Finding(NamedTuple):
    """One reason not to buy, for the seller's engineer. `message` never holds personal data."""

    #: Public reason code, such as `phone_fake`.
    reason: str
    #: The lead's field, or a path such as `consent.text`; empty: the whole lead.
    field: str
    message: str
    #: A likely correction: a domain or a code, nothing else.
    suggestion: str = ""


class Reading(NamedTuple):
    """One field, read. No value and no findings: it was not really given."""

    value: str | None = None
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    #: What the value consists of, by name: the area code of a phone, the domain of an e-mail address.
    parts: Mapping[str, str] = NO_PARTS
    #: What was probably meant, where the value may stand all the same.
    suggestion: str = ""


#: A field that is empty, or holds what systems write instead of nothing.
MISSING = Reading()


def accepted(
    value: str,
    rule: str,
    field_name: str,
    observed: str = "",
    expected: str = "",
    parts: Mapping[str, str] = NO_PARTS,
) -> Reading:
    """A reading whose only rule was content."""
    return Reading(value, (Check(rule, True, field_name, observed, expected),), (), parts)


def refused(
    rule: str,
    field_name: str,
    message: str,
    *,
    reason: str = "field_invalid",
    observed: str = "",
    suggestion: str = "",
) -> Reading:
    """A field that cannot be read. `message` doubles as what the receipt says was expected."""
    return Reading(
        None,
        (Check(rule, False, field_name, observed or "unreadable", message, reason),),
        (Finding(reason, field_name, message, suggestion),),
    )


@lru_cache(maxsize=8192)
def _passed(rule: str, field_name: str, observed: str, expected: str, order: str) -> Check:
    return Check(rule, True, field_name, observed, expected, "", order)


@dataclass(slots=True)
class Notes:
    """Collects what the rules say about one lead, or about one lead and one order."""

    #: The order's name; empty: the lead alone.
    order: str = ""
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def passed(self, rule: str, field_name: str = "", observed: str = "", expected: str = "") -> None:
        """The rule was content."""
        # The hot path: some thirty times a lead, nearly always in words that were said before.
        self.checks.append(_passed(rule, field_name, observed, expected, self.order))

    def failed(self, rule: str, finding: Finding, observed: str = "", expected: str = "") -> None:
        """The rule was not content. `expected` defaults to the finding's sentence."""
        self.checks.append(
            Check(rule, False, finding.field, observed, expected or finding.message, finding.reason, self.order)
        )
        self.findings.append(finding)

    def add(self, checks: Iterable[Check], findings: Iterable[Finding]) -> None:
        """Takes over what a field's reader or a cached rule said."""
        self.checks.extend(checks)
        self.findings.extend(findings)


class LeadType(NamedTuple):
    """Which kind of lead it is; the values are those of the contract."""

    form: str
    exclusivity: str
    incentivized: bool
    own: bool
    opt_in: str
    #: Whether the lead itself shows its exclusivity; else the order's word stands for it.
    exclusivity_shown: bool = False


class CandidateVerdict(NamedTuple):
    """What one order says of a lead. No findings: satisfied."""

    order: str
    version: int
    findings: tuple[Finding, ...]


class Verdict(NamedTuple):
    """Everything that validation says of one lead."""

    fields: Mapping[str, str]
    unknown_fields: tuple[str, ...]
    lead_type: LeadType
    source: str
    findings: tuple[Finding, ...]
    candidates: tuple[CandidateVerdict, ...]
    checks: tuple[Check, ...]
    summary: str
