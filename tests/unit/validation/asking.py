"""Asks the registry what a value is read as, as people do."""

from __future__ import annotations

from datetime import date
from functools import cache

from services.validation.fieldtypes.fieldtype import Context, Parsed, Reader, parsed
from services.validation.fieldtypes.registry import FIELD_TYPES
from tests.unit.validation.terms import reference

#: The day on which the tests' leads come.
TODAY = date(2026, 11, 22)
#: In the place of a canonical value: what the type must answer instead.
MISSING, INVALID = "(missing)", "(invalid)"


@cache
def reader(kind: str, choices: tuple[str, ...] = ()) -> Reader:
    """The reader of a type."""
    return FIELD_TYPES[kind].reader(Context(reference(), kind, choices, today=TODAY))


def ask(kind: str, text: str) -> Parsed:
    """What a value is read as."""
    return parsed(reader(kind)(text))


def answer(kind: str, text: str) -> str:
    """The canonical value, `MISSING` or `INVALID`."""
    found = ask(kind, text)
    return MISSING if found.missing else str(found.value) if found.valid else INVALID


def suggestion(kind: str, text: str) -> str:
    """What was probably meant by a value that is not read."""
    found = ask(kind, text)
    assert found.value is None, found.value
    return found.suggestion
