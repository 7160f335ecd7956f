"""Where in the file a character of a value stands: quotes, escapes, folds and indents lie between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

#: Characters behind the letter of an escape in double quotes.
_ESCAPES = {"x": 2, "u": 4, "U": 8}


def place_inside(node: yaml.Node, text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character `offset` of a scalar's value; of its end where it is shorter.

    `text`: the whole document. Where the two cannot be brought together, the place where the value begins.
    """
    start, end = node.start_mark, node.end_mark
    line, column = start.line, start.column
    if isinstance(node, yaml.ScalarNode):
        raw = text[start.index : end.index]
        place = next((at for position, at in enumerate(_places(raw, node.value, node.style)) if position == offset), -1)
        if place >= 0:
            before = raw[:place]
            line += before.count("\n")
            column = place - before.rfind("\n") - 1 if "\n" in before else column + place
    return line + 1, column + 1


def _places(raw: str, value: str, style: str | None) -> Iterator[int]:
    """Where in the raw text each character of the value stands, then where the value ends."""
    at = 0
    if style in ("|", ">"):
        at = raw.find("\n") + 1
    elif style in ("'", '"'):
        at = 1
    for letter in value:
        if letter.isspace():
            # A space may be a fold of several lines; the next visible letter finds its own place again.
            yield at
            at = _behind_space(raw, at, style)
            continue
        at = _visible(raw, at, escapes=style == '"')
        if at >= len(raw):
            return
        yield at
        if style == '"' and raw[at] == "\\":
            at += _escape_length(raw, at)
        elif raw[at] != letter:
            return
        else:
            at += 2 if style == "'" and letter == "'" else 1
    yield min(at, len(raw))


def _behind_space(raw: str, at: int, style: str | None) -> int:
    if style == '"':
        if raw[at : at + 1] == "\n":
            # A fold ends with the next line's indent; a space that is meant there is escaped.
            return _visible(raw, at)
        behind = _visible(raw, at) if raw[at : at + 2] == "\\\n" else at
        if raw[behind : behind + 1] == "\\":
            return behind + _escape_length(raw, behind)
    return at + (at < len(raw) and raw[at].isspace())


def _escape_length(raw: str, at: int) -> int:
    return 2 + _ESCAPES.get(raw[at + 1 : at + 2], 0)


def _visible(raw: str, at: int, *, escapes: bool = True) -> int:
    """The next place that is no white space and, where there are escapes, no escaped end of a line."""
    while at < len(raw) and (raw[at].isspace() or (escapes and raw[at : at + 2] == "\\\n")):
        at += 2 if raw[at] == "\\" else 1
    return at
