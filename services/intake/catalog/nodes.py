"""The YAML text of a catalog as nodes that know their place. Pure.

Every scalar stays text (`on`, `0123` and `1e3` mean what they look like), and a hostile document
is refused before it costs anything: by size, by depth, by number of nodes, by aliases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 24
MAX_NODES: Final = 100_000

_Loader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a catalog document."""

    #: From 1; 0 where it is about the whole document.
    line: int
    column: int
    #: Path of the field, such as `orders[2].caps[0].leads`; empty for the whole document.
    field: str
    #: What was expected.
    message: str


class DocumentError(Exception):
    """The document cannot be read any further; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def read(text: str) -> yaml.MappingNode:
    """The document's top mapping.

    Raises:
        DocumentError: it is too large, no YAML, uses aliases or tags, or is no mapping.
    """
    try:
        size = len(text.encode())
        if size > MAX_BYTES:
            raise DocumentError(_whole(f"the document has {size} bytes; at most {MAX_BYTES} (1 MiB) are read"))
        for event in _watched(yaml.parse(text, Loader=_Loader)):
            _refuse_indirection(event)
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeEncodeError:
        raise DocumentError(_whole("the document holds characters that are no Unicode text")) from None
    except yaml.MarkedYAMLError as error:
        raise DocumentError(_syntax_fault(error, text)) from None
    except yaml.YAMLError as error:
        raise DocumentError(_character_fault(error, text)) from None
    if node is None:
        raise DocumentError(_whole("the document is empty; expected a catalog with `buyer`, `sellers`, `orders` …"))
    if not isinstance(node, yaml.MappingNode):
        raise DocumentError(fault_at(node, "", "expected a catalog: `buyer:`, `sellers:`, `orders:` …"))
    return node


def fault_at(place: yaml.Node | yaml.Event, field: str, message: str) -> Fault:
    """A fault at a place of the text."""
    mark = place.start_mark
    return Fault(mark.line + 1, mark.column + 1, field, message) if mark is not None else _whole(message)


def _whole(message: str) -> Fault:
    return Fault(0, 0, "", message)


def _watched(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The events, until there are too many or they nest too deep: composing nodes recurses."""
    depth = count = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        count += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH:
            raise DocumentError(fault_at(event, "", f"lists and mappings may nest {MAX_DEPTH} deep, not deeper"))
        if count > MAX_NODES:
            raise DocumentError(fault_at(event, "", f"the document has more than {MAX_NODES} values"))
        yield event


def _refuse_indirection(event: yaml.Event) -> None:
    """A few aliases can stand for billions of values, and a diff that a person approves must show what it says."""
    if not isinstance(event, yaml.NodeEvent):
        return
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise DocumentError(
            fault_at(event, "", "anchors (`&`) and aliases (`*`) are not read; quote the text or repeat it")
        )
    if getattr(event, "tag", None) is not None:
        raise DocumentError(fault_at(event, "", "tags (`!`) are not read; quote the text"))


def _syntax_fault(error: yaml.MarkedYAMLError, text: str) -> Fault:
    message = "; ".join(part for part in (error.problem, error.context) if part)
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return _whole(f"this is not YAML: {message}")
    lines = text.splitlines()
    if mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        message = "indent with spaces; a tab is not allowed here"
    return Fault(mark.line + 1, mark.column + 1, "", f"this is not YAML: {message}")


def _character_fault(error: yaml.YAMLError, text: str) -> Fault:
    reason = getattr(error, "reason", None) or "it cannot be read"
    position = getattr(error, "position", None)
    line = text.encode()[:position].count(b"\n") + 1 if isinstance(position, int) else 0
    return Fault(line, 1 if line else 0, "", f"this is not YAML: {reason}")
