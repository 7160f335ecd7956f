"""The text of a buyer's rule before CEL reads it: which fields it asks, and what a rule may not hold. Pure.

CEL's own `has()` works on messages and maps, not on plain variables; so `has(lead.x)` becomes a variable of the
same length here, and every place in the text stays where it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

#: Longest pattern of `matches()`, in characters, and most repetitions that its `{n,m}` may count together.
LONGEST_PATTERN: Final = 200
MOST_REPETITIONS: Final = 64

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>[rR]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
      | (?P<number>0x[0-9a-fA-F]+|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<mark>&&|\|\||==|!=|<=|>=|//|.)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
#: Functions whose argument is written out, so that it is known to be good before a lead comes.
_WRITTEN_OUT: Final = frozenset({"matches", "timestamp", "duration"})
_MACROS: Final = frozenset({"all", "exists", "exists_one", "map", "filter"})
_COUNTED = re.compile(r"\{(\d+)(?:,(\d*))?\}")


class Slip(NamedTuple):
    """One thing wrong with an expression."""

    #: Characters from its beginning.
    offset: int
    #: What was expected.
    message: str


class Token(NamedTuple):
    """One word, mark, number or text of an expression."""

    kind: str
    text: str
    offset: int


class Literal(NamedTuple):
    """A text that stands where only one of some values makes sense, or only one form."""

    #: The field it is compared with, or the function whose argument it is.
    of: str
    token: Token


@dataclass(frozen=True, slots=True)
class RuleText:
    """What is known of an expression without CEL."""

    #: What CEL reads; as long as the text, every character in its place.
    code: str
    #: Fields whose value it uses, with the place of the first use.
    reads: dict[str, int]
    #: Fields of which it asks whether they were given.
    asks: dict[str, int]
    compared: tuple[Literal, ...]
    arguments: tuple[Literal, ...]
    slips: tuple[Slip, ...]


def read_rule(text: str) -> RuleText:
    """Takes an expression apart. Never raises: what is wrong is among the slips."""
    tokens = [
        Token(match.lastgroup or "", match[0], match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    reads: dict[str, int] = {}
    asks: dict[str, int] = {}
    slips = list(_refused(tokens))
    code = text
    position = 0
    while position < len(tokens):
        token, before = tokens[position], tokens[position - 1].text if position else ""
        if token.text == "has" and before != ".":
            asked, end = _asked(tokens, position)
            if asked is None:
                slips.append(Slip(token.offset, "has() asks for one field, such as has(lead.state)"))
            else:
                asks.setdefault(asked.text, asked.offset)
                close = tokens[end - 1].offset + 1
                code = code[: token.offset] + f"given.{asked.text}".ljust(close - token.offset) + code[close:]
            position = end
        elif token.text == "lead" and token.kind == "word" and before != ".":
            field = _member(tokens, position)
            if field is None:
                slips.append(Slip(token.offset, "expected a field behind `lead`, such as lead.state"))
            else:
                reads.setdefault(field.text, field.offset)
            position += 3 if field is not None else 1
        else:
            position += 1
    return RuleText(code, reads, asks, tuple(_compared(tokens)), tuple(_arguments(tokens, slips)), tuple(slips))


def content(literal: Token) -> str:
    """The characters that a text literal stands for, where it holds no escape; else as it is written."""
    body = literal.text.lstrip("rR")
    return body[1:-1]


def costly(pattern: str) -> str:
    """What would make a regular expression slow; empty: nothing.

    RE2 takes time in proportion to the pattern, its counts written out, times the text: so both are bounded.
    """
    if len(pattern) > LONGEST_PATTERN:
        return f"a pattern has at most {LONGEST_PATTERN} characters"
    counts = [int(most or least) for least, most in _COUNTED.findall(pattern)]
    if sum(counts) > MOST_REPETITIONS:
        return f"the repetitions of a pattern count to at most {MOST_REPETITIONS} together"
    if re.search(r"\)\{\d", pattern):
        return "a group is not repeated by count; write `*`, `+` or `?`, or the count inside the group"
    return ""


def _refused(tokens: Sequence[Token]) -> Iterator[Slip]:
    for token, following in zip(tokens, [*tokens, Token("", "", 0)][1:], strict=True):
        if token.text == "//":
            yield Slip(token.offset, "comments stand outside the expression, behind a `#` of the file")
        elif token.text in "{}" and token.kind == "mark":
            yield Slip(token.offset, "maps are no part of rules; a list is written [a, b]")
        elif token.text == "given" and token.kind == "word":
            yield Slip(token.offset, "there is no `given`; whether a field was given is asked with has(lead.NAME)")
        elif token.kind == "word" and token.text in _MACROS and following.text == "(":
            yield Slip(token.offset, f"`{token.text}` is no part of rules; a list is asked with `in`")
        elif token.kind == "word" and following.kind == "text" and token.text in ("b", "B", "br", "rb"):
            yield Slip(token.offset, "bytes are no part of rules; leave out the letter before the quote")


def _asked(tokens: Sequence[Token], position: int) -> tuple[Token | None, int]:
    """The field of a `has(lead.x)`, and where the tokens go on."""
    texts = [token.text for token in tokens[position : position + 6]]
    if len(texts) == 6 and texts[1:4] == ["(", "lead", "."] and texts[5] == ")" and tokens[position + 4].kind == "word":
        return tokens[position + 4], position + 6
    return None, position + 1


def _member(tokens: Sequence[Token], position: int) -> Token | None:
    """The field of a `lead.x`."""
    two = tokens[position + 1 : position + 3]
    return two[1] if len(two) == 2 and two[0].text == "." and two[1].kind == "word" else None


def _compared(tokens: Sequence[Token]) -> Iterator[Literal]:
    """Texts that a field is compared with: `lead.x == "a"`, `"a" != lead.x`, `lead.x in ["a", "b"]`."""
    for position, token in enumerate(tokens):
        field = _member(tokens, position) if token.text == "lead" else None
        if field is None:
            continue
        before, after = tokens[max(0, position - 2) : position], tokens[position + 3 : position + 5]
        if len(before) == 2 and before[1].text in ("==", "!=") and before[0].kind == "text":
            yield Literal(field.text, before[0])
        if len(after) == 2 and after[0].text in ("==", "!=") and after[1].kind == "text":
            yield Literal(field.text, after[1])
        if len(after) == 2 and after[0].text == "in" and after[1].text == "[":
            for member in tokens[position + 5 :]:
                if member.kind == "text":
                    yield Literal(field.text, member)
                elif member.text != ",":
                    break


def _arguments(tokens: Sequence[Token], slips: list[Slip]) -> Iterator[Literal]:
    for position, token in enumerate(tokens):
        rest = tokens[position + 1 : position + 4]
        if token.kind != "word" or token.text not in _WRITTEN_OUT or not rest or rest[0].text != "(":
            continue
        if len(rest) == 3 and rest[1].kind == "text" and rest[2].text == ")":
            yield Literal(token.text, rest[1])
        else:
            slips.append(Slip(token.offset, f"{token.text}() takes one text, written out in quotes"))
