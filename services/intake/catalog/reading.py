"""From YAML nodes to terms: every value read as its type, every fault with its place. Pure.

msgspec alone would stop at the first fault; a person wants to hear them all. The types themselves
(`shared.catalog.terms`) stay the only description of what a file may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

import yaml
from msgspec import Struct, inspect
from rapidfuzz import fuzz, process

from services.intake.catalog.nodes import DocumentError, Fault, fault_at
from services.intake.catalog.scalars import place_inside
from shared.catalog.money import Minor

Path = tuple[str | int, ...]

#: After this many faults the rest is not looked for.
MAX_FAULTS: Final = 200

#: Words that Leadline itself writes into a snapshot.
_GIVEN: Final = frozenset({"revision", "version"})
_NOTHING: Final = frozenset({"", "~", "null"})
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Broken:
    """Stands for a value that could not be read; its fault has been noted."""


BROKEN: Final = Broken()


def path_text(path: Path) -> str:
    """A path as people write it: `orders[2].caps[0].leads`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question to put behind a message, or nothing where no known word is near."""
    nearest = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=65)
    return f"; did you mean `{nearest[0]}`?" if nearest else ""


def struct_type(kind: type[Struct]) -> inspect.StructType:
    """What msgspec knows of a struct's fields."""
    return cast(inspect.StructType, inspect.type_info(kind))


class Reader:
    """Reads one document and remembers where everything stood and what was wrong."""

    def __init__(self, text: str = "") -> None:
        """`text`: the document, in which places inside a value are looked for."""
        self._text = text
        self.faults: list[Fault] = []
        self._places: dict[Path, yaml.Node] = {}
        self._broken: set[Path] = set()

    def blame(self, path: Path, message: str, *, node: yaml.Node | None = None) -> Broken:
        """Note a fault at a path, or at the nearest thing around it that the document has.

        Raises:
            DocumentError: there are too many faults to go on.
        """
        place = path
        while node is None:
            node = self._places.get(place)
            place = place[:-1]
        self._broken.add(path)
        self.faults.append(fault_at(node, path_text(path), message))
        if len(self.faults) >= MAX_FAULTS:
            raise DocumentError(
                fault_at(node, path_text(path), f"more than {MAX_FAULTS} faults; the rest was not read")
            )
        return BROKEN

    def blame_inside(self, path: Path, offset: int, message: str) -> None:
        """Note a fault some characters into the value at a path.

        Raises:
            DocumentError: there are too many faults to go on.
        """
        self.blame(path, message)
        node = self._places.get(path)
        if node is not None:
            line, column = place_inside(node, self._text, offset)
            self.faults[-1] = replace(self.faults[-1], line=line, column=column)

    def is_doubtful(self, path: Path) -> bool:
        """True where something at, above or below the path could not be read, so that nothing can be said of it."""
        return any(broken[: len(path)] == path or path[: len(broken)] == broken for broken in self._broken)

    def members(self, node: yaml.Node, kind: inspect.StructType, path: Path) -> dict[str, yaml.Node]:
        """The values of a mapping by their words, once each, known words only; none where it is no mapping."""
        self._places[path] = node
        if not isinstance(node, yaml.MappingNode):
            self.blame(path, f"expected {_words(kind)}")
            return {}
        words = {item.name: item for item in kind.fields if item.name not in _GIVEN}
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            word = key.value if isinstance(key, yaml.ScalarNode) else ""
            if word in _GIVEN and any(item.name == word for item in kind.fields):
                self.blame((*path, word), f"`{word}` is given by Leadline; leave it out", node=key)
            elif word not in words:
                self.blame((*path, word or "?"), f"unknown word{did_you_mean(word, words) or _known(words)}", node=key)
            elif word in members:
                first = members[word].start_mark.line + 1
                self.blame((*path, word), f"`{word}` is already given on line {first}", node=key)
            else:
                members[word] = value
        return members

    def items(self, node: yaml.Node, path: Path) -> list[yaml.Node]:
        """The items of a list; none where it is no list."""
        self._places[path] = node
        if not isinstance(node, yaml.SequenceNode):
            self.blame(path, "expected a list, such as `[a, b]` or lines that begin with `- `")
            return []
        return list(node.value)

    def value(self, node: yaml.Node, kind: inspect.Type, path: Path) -> Any:
        """The value as its type, or BROKEN."""
        self._places[path] = node
        match kind:
            case inspect.Metadata(type=inner, extra_json_schema=schema):
                return self._scalar(node, inner, path, (schema or {}).get("description", ""))
            case inspect.UnionType(types=types):
                if _is_nothing(node) and any(isinstance(t, inspect.NoneType) for t in types):
                    return None
                return self.value(node, _alternative(node, types), path)
            case inspect.StructType():
                return self.struct(node, kind, path)
            case inspect.VarTupleType(item_type=item):
                return self._tuple(node, item, path)
            case inspect.DictType():
                return self._dict(node, kind, path)
            case _:
                return self._scalar(node, kind, path, "")

    def struct(self, node: yaml.Node, kind: inspect.StructType, path: Path) -> Any:
        """The struct; a broken word that has a default takes it, so that the rest can still be looked at."""
        members = self.members(node, kind, path)
        if not isinstance(node, yaml.MappingNode):
            return BROKEN
        values: dict[str, Any] = {}
        whole = True
        for item in kind.fields:
            if item.name in members:
                value = self.value(members[item.name], item.type, (*path, item.name))
                if value is not BROKEN:
                    values[item.name] = value
                    continue
            elif item.required:
                self.blame((*path, item.name), f"`{item.name}` is missing: expected {_expected(item.type)}", node=node)
            whole = whole and not item.required
        return kind.cls(**values) if whole else BROKEN

    def _tuple(self, node: yaml.Node, kind: inspect.Type, path: Path) -> Any:
        values = [self.value(item, kind, (*path, index)) for index, item in enumerate(self.items(node, path))]
        return BROKEN if path in self._broken or any(value is BROKEN for value in values) else tuple(values)

    def _dict(self, node: yaml.Node, kind: inspect.DictType, path: Path) -> Any:
        if not isinstance(node, yaml.MappingNode):
            return self.blame(path, "expected names with values, such as `{east: 2, west: 1}`")
        values: dict[str, Any] = {}
        for key, item in node.value:
            name = self.value(key, kind.key_type, (*path, getattr(key, "value", "?")))
            if name is BROKEN:
                continue
            if name in values:
                self.blame((*path, name), f"`{name}` is already given", node=key)
            values[name] = self.value(item, kind.value_type, (*path, name))
        return BROKEN if self.is_doubtful(path) else values

    def _scalar(self, node: yaml.Node, kind: inspect.Type, path: Path, description: str) -> Any:
        expected = f"expected {_expected(kind, description)}"
        if not isinstance(node, yaml.ScalarNode):
            return self.blame(
                path, f"{expected}, found {'a list' if isinstance(node, yaml.SequenceNode) else 'a mapping'}"
            )
        if _is_nothing(node):
            return self.blame(path, f"{expected}, found nothing")
        try:
            return _SCALARS[type(kind)](node.value, kind)
        except ValueError:
            options = getattr(kind, "values", ())
            return self.blame(path, expected + did_you_mean(node.value, map(str, options)))


def _alternative(node: yaml.Node, types: Iterable[inspect.Type]) -> inspect.Type:
    """The type that a value of several is meant to be: a mapping stands for a struct, anything else for a scalar."""
    wanted = [kind for kind in types if not isinstance(kind, inspect.NoneType)]
    mapping = isinstance(node, yaml.MappingNode)
    return next((kind for kind in wanted if isinstance(kind, inspect.StructType) is mapping), wanted[0])


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NOTHING


def _known(words: Mapping[str, object]) -> str:
    return f"; known here: {', '.join(words)}"


def _words(kind: inspect.StructType) -> str:
    names = [item.name for item in kind.fields if item.name not in _GIVEN]
    needed = [item.name for item in kind.fields if item.required]
    return f"a mapping with {', '.join(f'`{name}:`' for name in needed or names[:3])}"


def _expected(kind: inspect.Type, description: str = "") -> str:
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return _expected(inner, (schema or {}).get("description", ""))
        case inspect.UnionType(types=types):
            return _expected(types[0] if not isinstance(types[0], inspect.NoneType) else types[1])
        case inspect.StructType():
            return _words(kind)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(sorted(map(str, values)))
        case inspect.IntType(ge=low, le=high):
            return "a whole number" + (f" from {low} to {high}" if high is not None else f", {low} or more")
        case inspect.StrType(max_length=longest) if not description:
            return f"a text of 1 to {longest} characters" if longest else "a text"
        case _:
            return description or _PLAIN.get(type(kind), "a value")


_PLAIN: Final[Mapping[type[inspect.Type], str]] = {
    inspect.FloatType: "a number such as 5000 or 0.5",
    inspect.DecimalType: "a number such as 5000 or 0.5",
    inspect.BoolType: "true or false",
    inspect.DateType: "a date such as 2026-12-31",
    inspect.CustomType: 'an amount such as "32.00"',
    inspect.VarTupleType: "a list",
    inspect.DictType: "names with values",
}


def _text(text: str, kind: Any) -> str:
    if kind.pattern is not None and not re.fullmatch(kind.pattern, text):
        raise ValueError
    if len(text) > (kind.max_length or 4000) or len(text.strip()) < (kind.min_length or 0):
        raise ValueError
    return text


def _integer(text: str, kind: Any) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    number = int(text)
    if (kind.ge is not None and number < kind.ge) or (kind.le is not None and number > kind.le):
        raise ValueError
    return number


def _number(text: str, _kind: Any) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return float(text)


def _decimal(text: str, _kind: Any) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return Decimal(text)


def _boolean(text: str, _kind: Any) -> bool:
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _day(text: str, _kind: Any) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


def _literal(text: str, kind: Any) -> str:
    if text not in kind.values:
        raise ValueError
    return text


def _amount(text: str, _kind: Any) -> Minor:
    return Minor.parse(text)


_SCALARS: Final[Mapping[type[inspect.Type], Callable[[str, Any], Any]]] = {
    inspect.StrType: _text,
    inspect.IntType: _integer,
    inspect.FloatType: _number,
    inspect.DecimalType: _decimal,
    inspect.BoolType: _boolean,
    inspect.DateType: _day,
    inspect.LiteralType: _literal,
    inspect.CustomType: _amount,
}
