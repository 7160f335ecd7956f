"""Repairs of text that systems damaged on its way: entities, escapes, wrongly decoded letters, odd look-alikes.

Only damage that can be undone with certainty is undone; what lost letters for good is left for the reader to refuse.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from urllib.parse import unquote

from services.validation.fieldtypes.text import tidy

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d?);")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
#: First bytes of UTF-8 read as Windows-1252, before what a further byte would look like.
_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4]"
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
#: What people and telephones type for an apostrophe and for a hyphen. The Hawaiian ʻokina is a letter and stays.
_PLAIN = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4\u0060\u2032\uff07\u02b9\u055a\ua78c", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"')
)


def repaired(raw: str) -> str:
    """The text as it was typed, tidied, with plain apostrophes, hyphens and quotes. A fixed point."""
    if raw.isascii() and raw.isprintable() and not ("&" in raw or "%" in raw or "\\" in raw or "`" in raw):
        return " ".join(raw.split())
    text, before = _once(raw), raw
    for _ in range(3):
        # An entity may hide a percent sign, and that another entity: until nothing changes any more.
        if text == before:
            break
        text, before = _once(text), text
    return text


def _once(text: str) -> str:
    if "&" in text and _ENTITY.search(text):
        text = unescape(text)
    if "%" in text and _PERCENT.search(text):
        text = unquote(text, errors="strict") if _decodes(text) else text
    if "\\" in text:
        text = text.replace("\\'", "'").replace('\\"', '"')
    if not text.isascii():
        if _MOJIBAKE.search(text):
            text = _redecoded(text)
        # Full-width and mathematical letters are letters in costume.
        text = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    elif "`" in text:
        text = text.replace("`", "'")
    return tidy(text)


def _decodes(text: str) -> bool:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _redecoded(text: str) -> str:
    """UTF-8 that somebody read as Windows-1252, read right; text that is no such thing unchanged."""
    encoded = bytearray()
    for letter in text:
        try:
            encoded += letter.encode("cp1252")
        except UnicodeEncodeError:
            if ord(letter) > 0xFF:
                return text
            encoded.append(ord(letter))
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return text
