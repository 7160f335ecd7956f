"""An order's rules in CEL, held against a lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.validation.orders.criteria import AGE, BIRTH
from services.validation.verdict import Finding, Notes
from shared.catalog.rule_language import CompiledRule, Outcome, RuleError, RuleLanguage
from shared.catalog.terms import Rule

_RULE = "order.rule"


class HeldRule:
    """One rule of an order."""

    def __init__(self, rule: Rule, language: RuleLanguage) -> None:
        """A rule that another release approved and this one cannot read is never kept to."""
        self.message = rule.message
        self.expected = f"{rule.name}: {' '.join(rule.holds.split())}"
        self.compiled: CompiledRule | None
        try:
            self.compiled = language.compile(rule.holds)
        except RuleError:
            self.compiled = None
        #: The field that the seller can change; empty where it takes several.
        reads = self.compiled.reads if self.compiled is not None else ()
        self.field = reads[0] if len(reads) == 1 else ""
        if self.field == AGE and AGE not in language.own_derived:
            self.field = BIRTH

    def hold(self, fields: Mapping[str, str], today: datetime) -> Outcome:
        """What it says of a lead's canonical values."""
        return Outcome.IMPOSSIBLE if self.compiled is None else self.compiled.hold(fields, today)


def judge_rules(rules: tuple[HeldRule, ...], fields: Mapping[str, str], today: datetime, notes: Notes) -> None:
    """Holds a lead against every rule. `fields`: with what is derived, such as `age`; absent or empty: not given."""
    for rule in rules:
        outcome = rule.hold(fields, today)
        if outcome is Outcome.HOLDS:
            notes.passed(_RULE, rule.field, "holds", rule.expected)
        elif outcome is Outcome.NOT_TOLD:
            missing = [name for name in rule.compiled.reads if not fields.get(name)] if rule.compiled else []
            notes.passed(_RULE, rule.field, f"not told: {', '.join(missing)} not given", rule.expected)
        else:
            message = rule.message
            if outcome is Outcome.IMPOSSIBLE:
                message = f"{message} That cannot be worked out from the values given."
            notes.failed(_RULE, Finding("criteria_not_met", rule.field, message), outcome.value, rule.expected)
