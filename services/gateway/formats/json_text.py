"""JSON that is strict about what other readers let pass: duplicate keys, odd numbers, depth. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from services.gateway.posted import VALUE_BYTES, Fault, Position, Unreadable

#: Deepest nesting of objects and arrays; the deepest format we read needs six.
DEPTH = 16

_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_BOM = b"\xef\xbb\xbf"


class _DuplicateError(Exception):
    """A key came twice in one object."""


class NumberText(str):
    """A JSON number as text; a type of its own because no quotes stood around it."""

    __slots__ = ()


def number_text(literal: str) -> NumberText:
    """A JSON number as plain text: the digits as sent, an exponent written out where it stays short."""
    if "e" in literal or "E" in literal:
        number = Decimal(literal)
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -30 <= exponent <= 30:
            return NumberText(format(number, "f"))
    return NumberText(literal)


_decoder = msgspec.json.Decoder(float_hook=number_text)


def read_json(body: bytes) -> Any:
    """Decode a JSON text (RFC 8259) to dicts, lists, str, int, bool and None; numbers with a fraction become text.

    Raises:
        Unreadable: malformed, cut short, not UTF-8, nested too deeply, or an object
            with a key twice (which RFC 8259 leaves undefined, so that two readers may
            see two different leads).
    """
    if body.startswith(_BOM):
        body = body[len(_BOM) :]
    try:
        value = _decoder.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise not_utf8(body) from None
    except msgspec.DecodeError as error:
        raise _malformed(body, str(error)) from None
    # Every key and every string that was sent has two quotes. More quotes than what was
    # decoded accounts for: a key came twice, or quotes could not be counted; look closely.
    if _quotes(body) != 2 * _quoted(value, DEPTH):
        _refuse_duplicates(body)
    return value


def not_utf8(body: bytes) -> Unreadable:
    """The refusal of a body that is not UTF-8, with the place."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return Unreadable("The body is not UTF-8.", position=Position.at(body, error.start))
    return Unreadable("The body holds text that is not UTF-8.")


def text_of(value: Any, name: str) -> str:
    """The plain text of a JSON scalar.

    Raises:
        Unreadable: an object or an array, naming the field.
    """
    if isinstance(value, str):
        return str(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if type(value) is int:
        # Python refuses to print integers of more than 4,300 digits; no field takes one.
        return str(value) if value.bit_length() < 8192 else "9" * (VALUE_BYTES + 1)
    raise Unreadable(
        "The lead cannot be read.", Fault(name, "a text, a number, true or false; not an object or an array")
    )


def _quotes(body: bytes) -> int:
    """How many quotes begin or end a string; -1 where an escaped backslash leaves it open which ones do."""
    if b"\\\\" in body:
        return -1
    return body.count(b'"') - body.count(b'\\"')


def _quoted(value: Any, depth: int) -> int:
    """How many keys and strings a decoded value holds."""
    if depth == 0:
        raise _too_deep()
    if type(value) is dict:
        count = len(value)
        inside: Iterable[Any] = value.values()
    elif type(value) is list:
        count, inside = 0, value
    else:
        return 1 if type(value) is str else 0
    for inner in inside:
        kind = type(inner)
        if kind is str:
            count += 1
        elif kind is dict or kind is list:
            count += _quoted(inner, depth - 1)
    return count


def _too_deep() -> Unreadable:
    return Unreadable("The JSON is nested too deeply.", Fault("", f"at most {DEPTH} levels"))


def _refuse_duplicates(body: bytes) -> None:
    def check(pairs: list[tuple[str, Any]]) -> None:
        seen = set()
        for name, _ in pairs:
            if name in seen:
                raise _DuplicateError(name)
            seen.add(name)

    try:
        json.JSONDecoder(object_pairs_hook=check, parse_int=str, parse_float=str).decode(body.decode())
    except _DuplicateError as error:
        name = str(error)
        shown = name[:100] if name.isprintable() else ""
        raise Unreadable("An object holds a key twice.", Fault(shown, "each key once")) from None


def _malformed(body: bytes, message: str) -> Unreadable:
    """The refusal, with the place. The fast reader's own place may lie a few bytes on, so the exact one is asked."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return not_utf8(body)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        at = len(text[: error.pos].encode())
        return Unreadable("The JSON is malformed or cut short.", position=Position.at(body, at))
    except (ValueError, RecursionError):
        return Unreadable("The JSON is malformed.")
    where = _AT_BYTE.search(message)
    if where:
        return Unreadable("The JSON is malformed.", position=Position.at(body, int(where[1])))
    return Unreadable("The JSON holds a number out of range or one half of a surrogate pair.")
