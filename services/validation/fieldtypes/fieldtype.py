"""What a field type is: how raw text becomes a canonical value, its parts, or what was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from services.validation.fieldtypes.text import LONGEST, is_missing, tidy
from services.validation.lists.reference import Reference
from services.validation.verdict import MISSING, Finding, Reading, refused

#: Raw text of a field → its reading. Never raises.
Reader = Callable[[str], Reading]


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What a reader must know beyond the text."""

    reference: Reference
    #: The field's name, as findings give it; empty: the type's name.
    field: str = ""
    #: Allowed values of a choice.
    choices: tuple[str, ...] = ()
    #: Other words (folded: letters and digits only, without case) for these choices.
    also: Mapping[str, str] | None = None
    #: Inclusive bounds of numbers, amounts and ranges, in whole units.
    minimum: float | None = None
    maximum: float | None = None
    #: The day against which ages are told; None: told elsewhere.
    today: date | None = None


class Parsed(NamedTuple):
    """One value, read for a person: what `ParseFields` answers."""

    #: The one canonical form; None: unreadable or missing. A value that reads well may still have faults.
    value: str | None
    #: What the value consists of, by name, such as `area` of a phone; each part canonical too.
    parts: Mapping[str, str]
    #: What is wrong with it; empty: valid, or missing.
    faults: tuple[Finding, ...]
    #: Empty, or what systems write instead of nothing.
    missing: bool
    #: What was probably meant, where there is exactly one; may stand beside a valid value.
    suggestion: str

    @property
    def valid(self) -> bool:
        """It was given, and nothing is wrong with it."""
        return not self.missing and not self.faults


@dataclass(frozen=True, slots=True)
class FieldType:
    """One type of fields. Decisions and people's questions read by the same reader, so that there is one truth."""

    name: str
    #: What is expected, in a few words for people: `a US state by name or code`.
    says: str
    #: Makes the reader of present text: tidied, of bounded length, never a placeholder.
    make: Callable[[Context], Reader]
    #: Raw values must never be shown or stored; the canonical value is masked.
    sensitive: bool = False
    #: How many answers a reader keeps: many fields take few values. 0: each value is new.
    remember: int = 2048
    #: The reader tells by itself what stands for nothing: `None` may be a choice, and `Na` is a name.
    tells_missing: bool = False

    def reader(self, context: Context) -> Reader:
        """The reader by which leads are decided; one per field, made once."""
        context = context if context.field else replace(context, field=self.name)
        read = self.make(context)
        if not self.tells_missing:
            read = _present(read)
        if self.remember:
            read = lru_cache(maxsize=self.remember)(read)
        return _bounded(context.field, read)

    def parse(self, raw: str, context: Context) -> Parsed:
        """One value, read on its own; whoever reads many makes a `reader` and takes `parsed` of what it says."""
        return parsed(self.reader(context)(raw))


def parsed(reading: Reading) -> Parsed:
    """A reading as an answer for people."""
    told = (finding.suggestion for finding in reading.findings if finding.suggestion)
    suggestion = reading.suggestion or next(told, "")
    missing = reading.value is None and not reading.findings
    return Parsed(reading.value, reading.parts, reading.findings, missing, suggestion)


def _present(read: Reader) -> Reader:
    def read_present(text: str) -> Reading:
        text = tidy(text)
        return MISSING if is_missing(text) else read(text)

    return read_present


def _bounded(field: str, read: Reader) -> Reader:
    too_long = refused("field.length", field, f"Expected at most {LONGEST} characters.", observed="too long")

    def read_bounded(text: str) -> Reading:
        return read(text) if len(text) <= LONGEST else too_long

    return read_bounded
