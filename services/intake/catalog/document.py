"""The catalog file: YAML text to a catalog, or to everything that is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from msgspec import inspect

from services.intake.catalog.draft import Draft, Finding
from services.intake.catalog.nodes import DocumentError, Fault, read
from services.intake.catalog.order_checks import check_orders
from services.intake.catalog.part_checks import check_parts
from services.intake.catalog.playbook_checks import check_playbooks
from services.intake.catalog.reading import BROKEN, Reader, struct_type
from services.intake.catalog.receiver_checks import check_receivers
from services.intake.catalog.rule_checks import check_rules
from shared.catalog.terms import Catalog

_CATALOG: Final = struct_type(Catalog)


@dataclass(frozen=True, slots=True)
class Document:
    """What a text turned out to be: a catalog without faults, or faults in the order of the text."""

    catalog: Catalog | None
    faults: tuple[Fault, ...]
    #: Whom it is about; empty where even that could not be read.
    buyer_id: str
    _reader: Reader = field(repr=False, compare=False)

    def locate(self, findings: Sequence[Finding]) -> tuple[Fault, ...]:
        """Findings of a later check as faults with their places in the text."""
        known = len(self._reader.faults)
        for path, message in findings:
            self._reader.blame(path, message)
        return tuple(sorted(self._reader.faults[known:]))


def read_document(text: str) -> Document:
    """Read a catalog file. Never raises: whatever is wrong is a fault with its line, column and field."""
    reader = Reader(text)
    draft: Draft | None = None
    try:
        draft = _read(reader, read(text))
        for path, message in _findings(draft):
            if not reader.is_doubtful(path):
                reader.blame(path, message)
        for path, offset, message in check_rules(draft):
            reader.blame_inside(path, offset, message)
    except DocumentError as stop:
        reader.faults.append(stop.fault)
    faults = tuple(sorted(set(reader.faults)))
    buyer_id = draft.buyer.slug if draft is not None and draft.buyer is not None else ""
    return Document(draft.catalog() if draft is not None and not faults else None, faults, buyer_id, reader)


def _findings(draft: Draft) -> Iterator[Finding]:
    for check in (check_parts, check_receivers, check_playbooks, check_orders):
        yield from check(draft)


def _read(reader: Reader, root: yaml.MappingNode) -> Draft:
    members = reader.members(root, _CATALOG, ())
    kinds = {item.name: item.type for item in _CATALOG.fields}
    buyer: Any = BROKEN
    if "buyer" in members:
        buyer = reader.value(members["buyer"], kinds["buyer"], ("buyer",))
    else:
        reader.blame(("buyer",), "`buyer` is missing: expected who buys, with `slug`, `name` …", node=root)
    parts: dict[str, dict[int, Any]] = {}
    names: dict[str, Sequence[str]] = {}
    for section, kind in kinds.items():
        if isinstance(kind, inspect.VarTupleType):
            parts[section], names[section] = _section(reader, members.get(section), kind.item_type, section)
    return Draft(buyer=None if buyer is BROKEN else buyer, **parts, names=names)


def _section(
    reader: Reader, node: yaml.Node | None, kind: inspect.Type, section: str
) -> tuple[dict[int, Any], tuple[str, ...]]:
    """The parts of one list by their place, and what each is called."""
    nodes = reader.items(node, (section,)) if node is not None else []
    parts = {}
    for index, item in enumerate(nodes):
        part = reader.value(item, kind, (section, index))
        if part is not BROKEN:
            parts[index] = part
    return parts, tuple(_name(item) for item in nodes)


def _name(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in ("slug", "site") and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return ""
