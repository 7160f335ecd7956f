"""What a lead costs, from first principles. Pure, and whole cents throughout: no float ever holds an amount.

1. The buyer's own lead costs nothing, and nothing below applies to it.
2. The base is the amount of the first line of `prices` whose conditions all hold. A price that the order's `sources`
   name for the lead's site stands in its place.
3. `price_rules` run once each, in the order of the file, on what the one before left. A rule applies where everything
   that it says holds; a field that the lead leaves out, or that is no number where a bound is asked for, does not hold.
4. `add` and `subtract` are amounts, `set` forgets what came before, `percent` adds that share of the amount so far.
   A share that is no whole cent is rounded to the nearest, and half a cent up. That is the rule of Council Regulation
   (EC) No 1103/97, article 5, and what people expect of a bill; no amount is negative, so `up` has one meaning.
   Each step is rounded by itself, so that every amount on a receipt can be checked by hand.
5. Nothing goes below nothing: a subtraction stops at 0.00, whatever an `add` behind it brings.
6. The floor, then the ceiling. Without a floor the price is one cent at least: a free lead is an own lead.
7. The price depends on the lead's type, state, source, minute of receipt and the fields that rules name, and on
   nothing else: the same lead under the same order version costs the same whoever asks, and whenever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from shared.catalog.buying import Price, PriceRule
from shared.catalog.money import Minor
from shared.catalog.terms import Order

#: The floor of an order that names none, in minor units.
LEAST = 1

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Facts(NamedTuple):
    """What a price may depend on, besides the lead's type.

    Attributes:
        state: USPS code; empty: not known.
        source: Its site; empty: none was readable.
        local: The minute of receipt, in the zone of the order's schedule.
        fields: The lead's canonical values; at least those that the order's rules name, where the lead has them.
    """

    state: str
    source: str
    local: datetime
    fields: Mapping[str, str]


class Step(NamedTuple):
    """One rule that changed, or could have changed, the price; amounts in minor units."""

    rule: str
    why: str
    effect: str
    before: int
    after: int


class Priced(NamedTuple):
    """A price in minor units with how it came about. `bounded`: the floor or the ceiling made it."""

    amount: int
    steps: tuple[Step, ...]
    bounded: bool


class Pricing:
    """An order's adjustments, made ready."""

    def __init__(self, order: Order) -> None:
        self._rules = tuple(_HeldRule.of(rule) for rule in order.price_rules)
        self._floor = order.price_floor if order.price_floor is not None else LEAST
        self._ceiling = order.price_ceiling
        self.bounds = f"at least {Minor(self._floor)}"
        if self._ceiling is not None:
            self.bounds = f"from {Minor(self._floor)} to {self._ceiling}"

    def price(self, base: int, facts: Facts) -> Priced:
        """The price of a lead whose base, by line or source, is given; see the file's description."""
        amount, steps = int(base), []
        for rule in self._rules:
            if rule.holds(facts):
                after = rule.change(amount)
                steps.append(Step(rule.name, rule.why, rule.effect, amount, after))
                amount = after
        bounded = max(amount, int(self._floor))
        if self._ceiling is not None:
            bounded = min(bounded, int(self._ceiling))
        return Priced(bounded, tuple(steps), bounded != amount)


def pricing_of(order: Order) -> Pricing | None:
    """An order's adjustments; None where what the line says is the price."""
    plain = not order.price_rules and order.price_floor is None and order.price_ceiling is None
    return None if plain else Pricing(order)


def share(amount: int, percent: int) -> int:
    """`percent` of an amount in minor units, rounded to the nearest, half a unit up; negative for a negative share."""
    magnitude = (amount * abs(percent) * 2 + 100) // 200
    return magnitude if percent >= 0 else -magnitude


@dataclass(frozen=True, slots=True)
class _HeldRule:
    """A rule with its conditions parsed."""

    name: str
    why: str
    effect: str
    terms: PriceRule
    states: frozenset[str]
    sources: frozenset[str]
    weekdays: frozenset[int]
    after: int
    before: int
    values: frozenset[str]

    @classmethod
    def of(cls, rule: PriceRule) -> _HeldRule:
        return cls(
            name=rule.name,
            why=", ".join(_conditions(rule)) or "every lead",
            effect=_effect(rule),
            terms=rule,
            states=frozenset(rule.states),
            sources=frozenset(rule.sources),
            weekdays=frozenset(map(_DAYS.index, rule.weekdays)),
            after=_minutes(rule.after or "00:00"),
            before=_minutes(rule.before or "24:00"),
            values=frozenset(value.casefold() for value in rule.one_of),
        )

    def holds(self, facts: Facts) -> bool:
        """True where everything that the rule says holds."""
        return (
            (not self.states or facts.state in self.states)
            and (not self.sources or facts.source in self.sources)
            and (not self.weekdays or facts.local.weekday() in self.weekdays)
            and self._in_hours(facts.local.hour * 60 + facts.local.minute)
            and (self.terms.field is None or self._field_holds(facts.fields.get(self.terms.field, "")))
        )

    def _in_hours(self, minute: int) -> bool:
        if self.after < self.before:
            return self.after <= minute < self.before
        return minute >= self.after or minute < self.before

    def _field_holds(self, value: str) -> bool:
        if not value or (self.values and value.casefold() not in self.values):
            return False
        low, high = self.terms.minimum, self.terms.maximum
        if low is None and high is None:
            return True
        try:
            number = Decimal(value)
        except InvalidOperation:
            return False
        return number.is_finite() and (low is None or low <= number) and (high is None or number <= high)

    def change(self, amount: int) -> int:
        """The amount after this rule."""
        terms = self.terms
        if terms.set is not None:
            return int(terms.set)
        changed = amount + int(terms.add or 0) - int(terms.subtract or 0) + share(amount, terms.percent or 0)
        return max(changed, 0)


def words(order: Order) -> tuple[str, ...]:
    """What an order pays, in words: lines, prices of sources, rules and bounds, as they are looked at."""
    lines = [f"{line.amount}: {', '.join(_of_line(line)) or 'every lead'}" for line in order.prices]
    lines += [f"{one.price}: source {one.site}" for one in order.site_terms if one.price is not None]
    lines += [
        f"{_effect(rule)}: {', '.join(_conditions(rule)) or 'every lead'} ({rule.name})" for rule in order.price_rules
    ]
    pricing = pricing_of(order)
    return (*lines, pricing.bounds) if pricing is not None else tuple(lines)


def _of_line(line: Price) -> Iterable[str]:
    if line.form is not None:
        yield f"{line.form} form"
    if line.states:
        yield f"state {_any_of(line.states)}"
    if line.exclusivity is not None:
        yield line.exclusivity
    if line.incentivized is not None:
        yield "with a reward" if line.incentivized else "without a reward"
    if line.opt_in is not None:
        yield f"{line.opt_in} opt-in"


def _conditions(rule: PriceRule) -> Iterable[str]:
    if rule.states:
        yield f"state {_any_of(rule.states)}"
    if rule.sources:
        yield f"source {_any_of(rule.sources)}"
    if rule.weekdays:
        yield _any_of(rule.weekdays)
    if rule.after is not None or rule.before is not None:
        yield f"{rule.after or '00:00'} to {rule.before or '24:00'}"
    if rule.field is not None:
        yield from _of_field(rule.field, rule)


def _of_field(field: str, rule: PriceRule) -> Iterable[str]:
    if rule.one_of:
        yield f"{field} {_any_of(rule.one_of)}"
    low, high = rule.minimum, rule.maximum
    if low is not None and high is not None:
        yield f"{field} from {low} to {high}"
    elif low is not None:
        yield f"{field} at least {low}"
    elif high is not None:
        yield f"{field} at most {high}"


def _any_of(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _effect(rule: PriceRule) -> str:
    if rule.set is not None:
        return f"= {rule.set}"
    if rule.add is not None:
        return f"+ {rule.add}"
    if rule.subtract is not None:
        return f"- {rule.subtract}"
    percent = rule.percent or 0
    return f"{'+' if percent >= 0 else '-'} {abs(percent)} %"


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
