"""What the simple types share: one value in, one value or one sentence out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.verdict import MISSING, NO_PARTS, Reading, accepted, refused

#: Characters that keyboards of the world, word processors and PDF files put in the place of ASCII ones.
_ASCII = str.maketrans(
    {
        **{chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)},
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
        **dict.fromkeys("\u2018\u2019\u02bc\u00b4\u2032`", "'"),
        **dict.fromkeys("\u201c\u201d\u2033", '"'),
        "\u2044": "/",
        "\u3002": ".",
    }
)


class Read(NamedTuple):
    """One value, read by the rules of its type alone."""

    #: The canonical form; None: unreadable, or missing where `expected` is empty too.
    value: str | None
    parts: Mapping[str, str] = NO_PARTS
    #: Why it cannot be read, as a sentence that says what was expected and never repeats the value.
    expected: str = ""
    #: What was probably meant.
    likely: str = ""
    #: What the receipt says of a value that was read; never the value of a personal field.
    observed: str = ""


#: Placeholders that only this type knows, such as 0000-00-00.
NOTHING = Read(None)


def wrong(expected: str, likely: str = "") -> Read:
    """What could not be read."""
    return Read(None, NO_PARTS, expected, likely)


def plain_reader(field: str, rule: str, noun: str, parse: Callable[[str], Read], *, personal: bool = False) -> Reader:
    """A reader that tells one rule.

    Args:
        field: the field's name.
        rule: the rule that the receipt names.
        noun: what was expected, in the receipt of a value that was read.
        parse: reads present, tidied text.
        personal: what was probably meant is told to whoever asks, and stays out of answers that are stored.
    """

    def read_plain(text: str) -> Reading:
        read = parse(text)
        if read.value is not None:
            return accepted(read.value, rule, field, read.observed or noun, noun, read.parts)
        if not read.expected:
            return MISSING
        if personal:
            return refused(rule, field, read.expected)._replace(suggestion=read.likely)
        return refused(rule, field, read.expected, suggestion=read.likely)

    return read_plain


def ascii_like(text: str) -> str:
    """The text with wide digits, long dashes and curly quotes as their plain ASCII brothers."""
    return text if text.isascii() else text.translate(_ASCII)
