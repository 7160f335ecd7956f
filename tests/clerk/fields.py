"""Values held against the readers that decide, as `ParseFields` answers them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from leadline.validation.v1.validation_service_pb2 import FieldToParse, ParsedField
from services.validation.fields_service import answer_fields
from tests.clerk.corpus import REFERENCE, Case
from tests.unit.validation.terms import reference

#: Types whose canonical form is a number: as many zeros as one likes.
_NUMBERS = frozenset({"integer", "number", "money"})


@dataclass(frozen=True, slots=True)
class Answered:
    """A case and what the product said."""

    case: Case
    answer: ParsedField

    @property
    def said(self) -> str:
        """`valid`, `invalid` or `missing`."""
        return "missing" if self.answer.missing else "valid" if self.answer.valid else "invalid"

    @property
    def right(self) -> bool:
        """Whether the product agrees; a case that two clerks might judge differently is always right."""
        case = self.case
        if case.either:
            return True
        if self.said not in (case.expect, case.also):
            return False
        return self.said != "valid" or (self._same_value() and self._same_parts())

    @property
    def false_alarm(self) -> bool:
        """A good value was refused."""
        return not self.right and self.case.expect == "valid" and self.said != "valid"

    @property
    def let_through(self) -> bool:
        """A bad value was taken for good."""
        return not self.right and self.case.expect != "valid" and self.said == "valid"

    def _same_value(self) -> bool:
        wanted, told = self.case.canonical, self.answer.canonical
        if not wanted or wanted == "?":
            return True
        if self.case.type in _NUMBERS:
            try:
                return Decimal(wanted) == Decimal(told)
            except InvalidOperation:
                return False
        return wanted == told

    def _same_parts(self) -> bool:
        return all(self.answer.parts.get(name) == value for name, value in self.case.parts)

    def __str__(self) -> str:
        told = self.said if self.said != "valid" else f"valid, {self.answer.canonical!r} {dict(self.answer.parts)}"
        wanted = self.case.expect if self.case.expect != "valid" else f"valid {self.case.canonical!r}"
        fault = f" ({self.answer.faults[0].message})" if self.answer.faults else ""
        return f"{self.case}: said {told}{fault}; the clerk: {wanted}, {self.case.why}"


def answered(cases: list[Case]) -> list[Answered]:
    """What the product says of each case."""
    asked = (FieldToParse(type=case.type, value=case.value, choices=case.choices) for case in cases)
    results = answer_fields(asked, reference(), REFERENCE.date()).results
    return [Answered(case, answer) for case, answer in zip(cases, results, strict=True)]
