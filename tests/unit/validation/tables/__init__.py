"""What people send and what a careful clerk writes down: a file for each type, one value a line.

`raw => canonical`, perhaps ` | ` and parts (`first=Ann last=Lee`, `_` for a space). Nothing behind the arrow: missing.
`INVALID`: refused, where places are concerned with what was meant.
"""

from __future__ import annotations

from pathlib import Path


def rows(kind: str) -> list[tuple[str, str]]:
    """Raw and expected of every line."""
    text = (Path(__file__).parent / f"{kind}.txt").read_text("utf-8")
    pairs = (line.partition(" =>") for line in text.splitlines())
    return [(raw, expected.strip()) for raw, _, expected in pairs]


def told(parts: str) -> dict[str, str]:
    """The parts of a line, by name."""
    pairs = (part.split("=") for part in parts.split(" "))
    return {name: text.replace("_", " ") for name, text in pairs}
