"""The clerk's files: one value, or one lead, a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

_FOLDER = Path(__file__).parent
#: The instant against which the files tell their times and ages.
REFERENCE = datetime(2026, 11, 22, 15, tzinfo=UTC)

Expected = Literal["valid", "invalid", "missing"]


@dataclass(frozen=True, slots=True)
class Case:
    """One value and what a clerk takes it for."""

    type: str
    value: str
    expect: Expected
    #: Why, in the clerk's words.
    why: str
    #: The one canonical form, where the clerk is sure of it; empty: not told.
    canonical: str = ""
    #: Some of the parts, by name.
    parts: tuple[tuple[str, str], ...] = ()
    #: Allowed values, of a choice.
    choices: tuple[str, ...] = ()
    #: Another answer that is as right, such as `missing` for a form's own words.
    also: str = ""
    #: Two clerks might disagree: counted, never held against the product.
    either: bool = False

    def __str__(self) -> str:
        return f"{self.type} {self.value!r}"


@dataclass(frozen=True, slots=True)
class LabelledLead:
    """One lead as a seller posts it."""

    #: True: it has to be bought.
    good: bool
    #: Whose lead it is, or what is wrong with it.
    walk: str
    seller: str
    body: dict[str, Any]
    #: Codes of which a refusal must give at least one.
    reasons: frozenset[str] = frozenset()
    either: bool = False
    #: Leads of a later turn come after those of an earlier one.
    turn: int = 0

    def at(self, now: datetime) -> dict[str, Any]:
        """The body with its times as far from `now` as they are from REFERENCE."""
        body = json.loads(json.dumps(self.body))
        body["submitted_at"] = _moved(body["submitted_at"], now)
        if body["consent"] and body["consent"].get("captured_at"):
            body["consent"]["captured_at"] = _moved(body["consent"]["captured_at"], now)
        return dict(body)


def types() -> list[str]:
    """Every type that the clerk judges, sorted."""
    return sorted(path.stem for path in (_FOLDER / "fields").glob("*.jsonl"))


def cases(kind: str) -> list[Case]:
    """The clerk's values of a type."""
    return [
        Case(**{**line, "parts": tuple(line.get("parts", {}).items()), "choices": tuple(line.get("choices", ()))})
        for line in _lines(_FOLDER / "fields" / f"{kind}.jsonl")
    ]


def leads() -> list[LabelledLead]:
    """Every labelled lead, good ones first."""
    return [
        LabelledLead(good=line.pop("label") == "good", **{**line, "reasons": frozenset(line.get("reasons", ()))})
        for name in ("good", "bad")
        for line in _lines(_FOLDER / "leads" / f"{name}.jsonl")
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    # Not splitlines(): values hold characters that it takes for the end of a line.
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _moved(text: str, now: datetime) -> str:
    distance: timedelta = datetime.fromisoformat(text) - REFERENCE
    return (now + distance).isoformat(timespec="milliseconds").replace("+00:00", "Z")
