"""An order's criteria: bounds and lists that a field must keep to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from services.validation.fieldtypes.when import age_on
from services.validation.verdict import Finding, Notes, Reading
from shared.catalog.terms import Criterion

_RULE = "order.criteria"
#: A criterion on `age` reads the date of birth, where the product has no field of that name.
AGE, BIRTH = "age", "date_of_birth"


class HeldCriterion:
    """One criterion, its values in the canonical form of its field."""

    def __init__(self, criterion: Criterion, read: Callable[[str], Reading] | None) -> None:
        """`read`: the reader of the field; None: values are compared as text."""
        self.field = criterion.field
        self._lowest = None if criterion.minimum is None else Decimal(str(criterion.minimum))
        self._highest = None if criterion.maximum is None else Decimal(str(criterion.maximum))
        self._one_of = _canonical(criterion.one_of, read)
        self._none_of = _canonical(criterion.none_of, read)
        self.expected = _expected(criterion)
        #: Whether a canonical value keeps to it; many fields take few values.
        self.holds = lru_cache(maxsize=2048)(self._holds)
        self._bounded = self._lowest is not None or self._highest is not None

    def _holds(self, value: str | None) -> bool:
        """A field that is not given breaks nothing: see `Criterion`."""
        if value is None:
            return True
        if self._bounded and not self._in_bounds(value):
            return False
        folded = value.casefold()
        return (not self._one_of or folded in self._one_of) and folded not in self._none_of

    def _in_bounds(self, value: str) -> bool:
        try:
            number = Decimal(value)
        except InvalidOperation:
            return False
        return (self._lowest is None or number >= self._lowest) and (self._highest is None or number <= self._highest)


def judge_criteria(
    criteria: tuple[HeldCriterion, ...],
    fields: Mapping[str, str],
    ages: Mapping[str, str],
    notes: Notes,
) -> None:
    """Holds a lead against every criterion. `ages`: derived values by field name."""
    for criterion in criteria:
        name = criterion.field
        value = fields.get(name) or ages.get(name)
        if criterion.holds(value):
            notes.passed(_RULE, name, "within" if value is not None else "not given", criterion.expected)
        else:
            field = BIRTH if name == AGE and name not in fields else name
            finding = Finding("criteria_not_met", field, f"Expected {name} {criterion.expected}.")
            notes.failed(_RULE, finding, "outside", criterion.expected)


def age_of(fields: Mapping[str, str], today: date) -> dict[str, str]:
    """The age in whole years on a day, under the name that criteria use; empty without a date of birth (ISO)."""
    born = fields.get(BIRTH)
    return {AGE: str(age_on(date.fromisoformat(born), today))} if born else {}


def _canonical(values: tuple[str, ...], read: Callable[[str], Reading] | None) -> frozenset[str]:
    canonical = (read(value).value if read is not None else None for value in values)
    return frozenset((known or value).casefold() for known, value in zip(canonical, values, strict=True))


def _expected(criterion: Criterion) -> str:
    parts = []
    if criterion.minimum is not None:
        parts.append(f"of at least {criterion.minimum:.15g}")
    if criterion.maximum is not None:
        parts.append(f"of at most {criterion.maximum:.15g}")
    if criterion.one_of:
        parts.append(f"among {', '.join(criterion.one_of)}")
    if criterion.none_of:
        parts.append(f"other than {', '.join(criterion.none_of)}")
    return " and ".join(parts) or "of any value"
