"""What an order's criteria must satisfy: fields that exist, of a type that can be held against them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

from services.intake.catalog.draft import Finding, crossed_bounds, repeated, unknown_field
from services.intake.catalog.reading import Path, did_you_mean
from shared.catalog.states import USPS_STATES
from shared.catalog.terms import Criterion, Order, Product, ProductField

_NUMERIC: Final = frozenset({"integer", "number", "money"})
#: Worked out of the date of birth, unless the product has a field of that name.
_AGE: Final = ProductField(name="age", type="integer", minimum=0, maximum=130)
_YES_OR_NO: Final = ("true", "false")
#: Standard fields that take few values.
_STANDARD: Final[Mapping[str, tuple[str, ...]]] = {
    "form": ("long", "short"),
    "opt_in": ("single", "double", "none"),
    "exclusivity": ("exclusive", "shared"),
    "incentivized": _YES_OR_NO,
}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


def check_criteria(product: Product, order: Order, path: Path) -> Iterator[Finding]:
    """Every criterion of an order."""
    fields = {"age": _AGE} | {field.name: field for field in product.fields}
    seen: set[str] = set()
    for index, criterion in enumerate(order.criteria):
        place = (*path, index)
        if criterion.field not in fields:
            yield from unknown_field(product, criterion.field, (*place, "field"))
        if criterion.field in seen:
            yield (*place, "field"), f"`{criterion.field}` already has a criterion; put both into one"
        seen.add(criterion.field)
        yield from _criterion(criterion, fields.get(criterion.field), place)


def _criterion(criterion: Criterion, field: ProductField | None, path: Path) -> Iterator[Finding]:
    bounded = criterion.minimum is not None or criterion.maximum is not None
    if not (bounded or criterion.one_of or criterion.none_of):
        yield path, "a criterion needs `minimum`, `maximum`, `one_of` or `none_of`"
    yield from crossed_bounds(criterion.minimum, criterion.maximum, path)
    refused = {value.casefold() for value in criterion.none_of}
    for index, value in enumerate(criterion.one_of):
        if value.casefold() in refused:
            yield (*path, "one_of", index), f"`{value}` is both wanted and refused"
    if bounded and (field is None or field.type not in _NUMERIC):
        word = "minimum" if criterion.minimum is not None else "maximum"
        yield (*path, word), f"bounds need a numeric field of the product, and `{criterion.field}` is none"
    elif bounded and field is not None:
        yield from _within_field(criterion, field, path)
    says = _values(criterion.field, field)
    for word in ("one_of", "none_of"):
        values: tuple[str, ...] = getattr(criterion, word)
        yield from repeated(tuple(value.casefold() for value in values), (*path, word))
        for index, value in enumerate(values):
            message = says(value) if value.strip() else "an empty value is none that a lead can have"
            if message:
                yield (*path, word, index), message


def _within_field(criterion: Criterion, field: ProductField, path: Path) -> Iterator[Finding]:
    whose = "an age" if field is _AGE else f"the product's `{field.name}`"
    if criterion.minimum is not None and field.maximum is not None and criterion.minimum > field.maximum:
        yield (*path, "minimum"), f"nothing can pass: {whose} ends at {field.maximum:g}"
    if criterion.maximum is not None and field.minimum is not None and criterion.maximum < field.minimum:
        yield (*path, "maximum"), f"nothing can pass: {whose} begins at {field.minimum:g}"


def _values(name: str, field: ProductField | None) -> Callable[[str], str]:
    """What is wrong with a value of the field's lists; empty: nothing."""
    if field is not None:
        match field.type:
            case "choice":
                return lambda value: _not_among(name, value, field.choices)
            case "boolean":
                return lambda value: _not_among(name, value, _YES_OR_NO)
            case "date" | "date_of_birth":
                return lambda value: "" if _is_date(value) else "expected a date such as 2026-12-31"
            case "integer" | "number" | "money":
                return lambda value: _no_number(value, field)
            case _:
                return _anything
    if name == "state":
        return lambda value: (
            "" if value in USPS_STATES else f"there is no state `{value}`; expected a USPS code such as TX"
        )
    if name == "postal_code":
        return lambda value: "" if re.fullmatch(r"[0-9]{5}", value) else "expected a ZIP of five digits in quotes"
    if name == "date_of_birth":
        return lambda value: "" if _is_date(value) else "expected a date such as 1980-12-31"
    return (lambda value: _not_among(name, value, _STANDARD[name])) if name in _STANDARD else _anything


def _anything(_value: str) -> str:
    return ""


def _not_among(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value.casefold() in {choice.casefold() for choice in choices}:
        return ""
    return f"`{name}` has no choice `{value}`" + (did_you_mean(value, choices) or f"; choices: {', '.join(choices)}")


def _no_number(value: str, field: ProductField) -> str:
    if not _NUMBER.fullmatch(value) or (field.type == "integer" and "." in value):
        return f"expected {'a whole number' if field.type == 'integer' else 'a number'}, as `{field.name}` is one"
    if field.minimum is not None and float(value) < field.minimum:
        return f"`{field.name}` begins at {field.minimum:g}"
    return (
        f"`{field.name}` ends at {field.maximum:g}"
        if field.maximum is not None and float(value) > field.maximum
        else ""
    )


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
