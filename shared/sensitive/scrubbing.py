"""Takes Social Security numbers out of a submission, its evidence included, before anything keeps it.

A number is found by its field's name, by the type that the catalog gives the field,
or by its shape (`123-45-6789`) in any text. Its digits are then looked for in
everything else that was sent, in every encoding that a body may use. A body in which
they cannot be replaced for certain is withheld as a whole.

The common case, a lead without any, costs a few microseconds: one look at each
field's name (remembered) and one search for the shape.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from shared.sensitive.ssn import mask_ssn, plain_digits

#: In the place of a body that could not be masked.
WITHHELD = b"[withheld: the body held a Social Security number in a form that cannot be masked]"

#: Fewer digits are no number, not even one whose leading zeros a spreadsheet dropped.
_LEAST_DIGITS = 7

_NAME = re.compile(
    r"(?:^|[^a-z])(?:ssn|itin|tin|ss_?num(?:ber)?|ss_?no|ssn(?:um|no|umber))(?![a-z])|(?<!a)ssn$|social_?sec"
    r"|(?:^|[^a-z])social(?:_?(?:number|num|no))?$|tax_?payer_?(?:id|num)|tax_?id(?![a-z])"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHAPE = re.compile(r"(?<![0-9A-Za-z-])\d{3}([- ])\d{2}\1\d{4}(?![0-9A-Za-z-])", re.ASCII)
#: The shape where every digit is 0 and every blank a hyphen; in forms, the hyphen or blank may be escaped.
_FLAT = bytes.maketrans(b"0123456789+ ", b"0000000000--")
_FLAT_SHAPE = b"000-00-0000"
_FLAT_ESCAPED = (b"000%0D00%0D0000", b"000%0d00%0d0000", b"000%0000%000000")
#: Dashes and the blank that does not break, in UTF-8; and what wide digits begin with.
_DASHES = tuple(sign.encode() for sign in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00a0")
_WIDE = b"\xef\xbc"

_MARKS = re.compile(r"[^0-9A-Za-z]+")
_ESCAPED = re.compile(rb"\\u([0-9A-Fa-f]{4})")
#: What may stand between two digits of a number: marks, blanks and their escapes.
_GAP = rb"(?:[^0-9A-Za-z&%\\]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]{1,6};|\\/){0,12}?"
_BEFORE = rb"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"


class Scrubbed(NamedTuple):
    """What replaces what was sent."""

    #: Changed fields alone, by name.
    fields: Mapping[str, str]
    #: The body, as it may be kept.
    payload: bytes
    #: Digits of every number found, with its mask; for what else was sent.
    found: Mapping[str, str]


_CLEAN: Mapping[str, str] = {}


def scrub(
    fields: Mapping[str, str], payload: bytes, *, typed: Collection[str] = (), also: Sequence[str] = ()
) -> Scrubbed:
    """Mask every number in the fields and in the body that they came in.

    Args:
        fields: names and texts.
        payload: the body.
        typed: names of fields that hold such a number by their type.
        also: other texts that were sent, to be masked by `scrub_text` where something is found.
    """
    named = [name for name in fields if is_sensitive(name) or name in typed]
    shaped = has_shape("\0".join((*fields.values(), *also)).encode("utf-8", "replace")) or has_shape(payload)
    if not named and not shaped:
        return Scrubbed(_CLEAN, payload, _CLEAN)
    found: dict[str, str] = {}
    changed: dict[str, str] = {}
    for name in named:
        masked = _masked(fields[name], found)
        if masked != fields[name]:
            changed[name] = masked
    everything = (*fields.values(), *also, payload.decode("utf-8", "replace"), _loosely(payload))
    for text in everything if shaped else ():
        _shapes_in(text, found)
    raw = [fields[name] for name in changed]
    for name, text in fields.items():
        if name not in changed and (masked := scrub_text(text, found)) != text:
            changed[name] = masked
    return Scrubbed(changed, _scrub_body(payload, found, raw), found)


def scrub_text(text: str, found: Mapping[str, str]) -> str:
    """A text without the numbers in `found`."""
    squeezed = _MARKS.sub("", text if text.isascii() else plain_digits(text))
    if not any(digits in squeezed for digits in found):
        return text
    for digits, masked in found.items():
        text = _in_text(digits).sub(masked, text)
    plain = plain_digits(text)
    return text if plain == text else scrub_text(plain, found)


@lru_cache(maxsize=4096)
def is_sensitive(name: str) -> bool:
    """Whether a field of this name holds a Social Security or taxpayer number."""
    snake = _HUMP.sub("_", name).lower().replace("-", "_").replace(" ", "_").replace(".", "_")
    return _NAME.search(snake) is not None


def _masked(text: str, found: dict[str, str]) -> str:
    """The mask of a field that holds a number; a text with too few digits says nothing and stays."""
    plain = plain_digits(text)
    digits = re.sub(r"\D", "", plain)
    if len(digits) < _LEAST_DIGITS:
        return text
    masked = mask_ssn(text)
    if len(digits) <= 9:
        found[digits] = masked
    else:
        _shapes_in(plain, found)
        for run in re.findall(r"\d{7,}", plain):
            found.setdefault(run, mask_ssn(run))
        found.setdefault(digits, masked)
    return masked


def _shapes_in(text: str, found: dict[str, str]) -> None:
    for match in _SHAPE.finditer(plain_digits(text)):
        found.setdefault(re.sub(r"\D", "", match[0]), mask_ssn(match[0]))


def has_shape(text: bytes) -> bool:
    """Whether the shape is there; the searches of bytes cost some microseconds, where a pattern would cost fifty."""
    if not text.isascii():
        # One byte is found many times faster than three.
        if b"\xef" in text and _WIDE in text:
            return True
        if b"\xe2" in text or b"\xc2" in text:
            for dash in _DASHES:
                text = text.replace(dash, b"-")
    flat = text.translate(_FLAT)
    return _FLAT_SHAPE in flat or (b"000%0" in flat and any(shape in flat for shape in _FLAT_ESCAPED))


def _scrub_body(payload: bytes, found: Mapping[str, str], raw: Iterable[str]) -> bytes:
    if not payload or not found:
        return payload
    body = _replaced(payload, found, raw)
    decoded = _loosely(body)
    squeezed = _MARKS.sub("", plain_digits(decoded))
    if not any(digits in squeezed for digits in found) and not any(text.strip() in decoded for text in raw):
        return body
    for digits, masked in found.items():
        body = _in_body(digits).sub(lambda match, mask=masked.encode(): _quoted(match, mask), body)  # type: ignore[misc]
    decoded = _loosely(body)
    if any(text.strip() in decoded for text in raw):
        return WITHHELD
    decoded = plain_digits(decoded)
    return WITHHELD if any(_in_text(digits).search(decoded) for digits in found) else body


def _replaced(payload: bytes, found: Mapping[str, str], raw: Iterable[str]) -> bytes:
    """The usual body holds the field's text as it was read, once and not as a bare number."""
    for text in raw:
        masked = found.get(re.sub(r"\D", "", plain_digits(text)), "")
        sent = text.encode("utf-8", "replace")
        if masked and payload.count(sent) == 1 and payload[: payload.index(sent)][-1:] in (b'"', b"=", b">"):
            payload = payload.replace(sent, masked.encode())
    return payload


def _quoted(match: re.Match[bytes], mask: bytes) -> bytes:
    """A JSON number becomes a text, so that the body stays JSON."""
    body, start = match.string, match.start()
    bare = body[:start].rstrip()[-1:] in (b":", b"[") and body[match.end() : match.end() + 1] not in (b'"', b"'")
    return b'"' + mask + b'"' if bare and body.lstrip()[:1] in (b"{", b"[") else mask


def _in_text(digits: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\d)" + r"[^0-9A-Za-z]{0,12}?".join(digits) + r"(?!\d)")


def _in_body(digits: str) -> re.Pattern[bytes]:
    return re.compile(_BEFORE + _GAP.join(map(_encodings, digits)) + rb"(?:\.0+(?![0-9]))?(?![0-9])", re.IGNORECASE)


def _encodings(digit: str) -> bytes:
    """One digit as a body may write it: itself, escaped for forms, JSON or XML, and wide."""
    wide = chr(ord(digit) - ord("0") + 0xFF10)
    spelled = [re.escape(digit.encode()), wide.encode(), "".join(f"%{byte:02x}" for byte in wide.encode()).encode()]
    for sign in (digit, wide):
        code = ord(sign)
        spelled += [rb"\\u%04x" % code, b"&#0*%d;" % code, b"&#x0*%x;" % code]
    spelled.append(b"%%%02x" % ord(digit))
    return b"(?:" + b"|".join(spelled) + b")"


def _loosely(payload: bytes) -> str:
    """The body with every escape undone that any format knows."""
    if b"\\u" in payload:
        payload = _ESCAPED.sub(lambda code: chr(int(code[1], 16)).encode("utf-8", "replace"), payload)
    if b"%" in payload:
        payload = unquote_to_bytes(payload.replace(b"+", b" "))
    return unescape(payload.decode("utf-8", "replace"))
