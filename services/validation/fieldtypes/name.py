"""Names of people: first, last and full. Real names come from everywhere and may look rude, short or mashed.

The canonical form is what a careful clerk would write into the file: `SMITH, JANE A.` is Jane A. Smith, `Mr. o'brien`
is O'Brien, `Sammy Davis, jr.` is Sammy Davis Jr. Titles and nicknames are kept as parts only. What is plainly no name
(an e-mail address, digits, letters lost on the way) is refused as unreadable; what is plainly nobody's name by
`identity/made_up.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Literal

from services.validation.fieldtypes.fullname import KNOWN, Name, parse_full, parse_given, parse_surname
from services.validation.fieldtypes.repair import repaired
from services.validation.fieldtypes.text import is_missing
from services.validation.identity.made_up import Doubt, doubt_alone, doubt_together, doubt_whole, folded
from services.validation.verdict import MISSING, Finding, Reading, refused
from shared.verdict import Check

Kind = Literal["first_name", "last_name", "full_name"]

_READABLE = "name.readable"
_SAYS = {"first_name": "a first name", "last_name": "a last name", "full_name": "a full name"}
#: Most characters and words; the longest names of the world's registers stay below.
_LONGEST, _MOST_WORDS = 100, 12
_OUTER = " ,;:*_~|=\\^+-"
_PLAIN = re.compile(r"[A-Z][a-z]{2,30}")
_TWO_PLAIN = re.compile(r"([A-Z][a-z]{2,30}) ([A-Z][a-z]{2,30})")
_PART = "[A-Z\u00c0-\u00d6\u00d8-\u00de][a-z\u00df-\u00f6\u00f8-\u00ff]{2,30}"
#: Words in both cases already, some of them double: whatever they are called, parsing them changes nothing.
_ALL_PLAIN = re.compile(rf"{_PART}(?:[ -]{_PART}){{1,9}}")
#: Plain words that may mean something else than a name.
_NOT_PLAIN = KNOWN | {"none", "null", "nil", "nan", "undefined"}
_ADDRESS = re.compile(r"\S@\S|https?:|www\.|\.(?:com|net|org|info|biz)\b|</?\w", re.IGNORECASE)
_TITLE_ALONE = frozenset({"mr", "mrs", "ms", "dr", "mr.", "mrs.", "ms.", "dr."})
_MARKS = frozenset(" -'.\u02bb\u00b7\u30fb&")
_ORDINAL = re.compile(r" [234](?:nd|rd|th)$", re.IGNORECASE)
_COUPLE = re.compile(r"[^\s&] & [^\s&]")

_NO_ADDRESS = "Expected a name: this is an e-mail or web address."
_NO_PHONE = "Expected a name: this is a phone number."
_NO_DIGITS = "Expected a name without digits."
_NO_TITLE = "Expected a name, not only a form of address."
_LOST = "Expected the name as the consumer wrote it: letters were lost on the way, so send it as UTF-8."
_LETTERS = "Expected a name: letters, spaces, hyphens and apostrophes."
_TOO_LONG = f"Expected a name of at most {_LONGEST} characters and {_MOST_WORDS} words."
_NOBODY = "Expected the consumer's real name: this one has no letters."


def read_name(field: str, raw: str, kind: Kind | None = None) -> Reading:
    """A name of that kind, by default the one that the field is called. Findings beside a value: nobody bears it."""
    kind = kind or ("last_name" if field == "last_name" else "full_name" if field == "full_name" else "first_name")
    return _read_plain(field, raw, kind) or _read_any(field, raw, kind)


def _read_plain(field: str, raw: str, kind: Kind) -> Reading | None:
    """The usual case, quickly: one plain word, or two for a full name. None: look closer."""
    match = (_TWO_PLAIN if kind == "full_name" else _PLAIN).fullmatch(raw)
    if match is None:
        return None
    lower = raw.lower()
    if kind == "full_name":
        first, last = lower.split(" ")
        if first in _NOT_PLAIN or last in _NOT_PLAIN or doubt_alone(first, first=True) or doubt_together(first, last):
            return None
        parts = {"first": match[1], "last": match[2]}
    else:
        if lower in _NOT_PLAIN:
            return None
        parts = {"first": raw} if kind == "first_name" else {"last": raw}
    if doubt_alone(lower, first=kind != "last_name", last=kind == "last_name") is not None:
        return None
    return Reading(raw, (_readable(field, raw, kind),), (), parts)


def _read_any(field: str, raw: str, kind: Kind) -> Reading:
    text = repaired(raw)
    if not is_missing(text, name=True):
        text = _trimmed(text)
    if is_missing(text, name=True) or text == "None" or (text == "Null" and kind == "first_name"):
        return MISSING
    name = _canonical(text, kind)
    fault = _unreadable(name.value)
    plain = folded(name.value)
    doubt = doubt_alone(plain, first=kind != "last_name", last=kind == "last_name") if fault != _NO_ADDRESS else None
    if fault is not None and (doubt is None or doubt.reason != "test_data"):
        reason = "name_fake" if fault == _NOBODY else "field_invalid"
        return refused(_READABLE, field, fault, reason=reason)
    readable = _readable(field, name.value, kind)
    if doubt is None and kind == "full_name":
        first, last = folded(name.first), folded(name.last)
        doubt = doubt_alone(first, first=True) or doubt_together(first, last) or doubt_whole(plain)
    if doubt is not None:
        return _doubtful(name, doubt, field, readable)
    return Reading(name.value, (readable,), (), name.parts())


def judge_name(first: str, last: str, field: str) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Whether one person can bear both names, each of which was read without a finding. Either may be empty."""
    doubt = doubt_together(folded(first), folded(last))
    if doubt is not None:
        return _told(doubt, field)
    return _real(field), ()


@cache
def _real(field: str) -> tuple[Check, ...]:
    return (
        Check("name.made_up", True, field, "no sign of it", "a real name"),
        Check("name.test_data", True, field, "no sign of it", "no test"),
    )


def halves(parts: Mapping[str, str]) -> tuple[str, str]:
    """First and last name of a full one, by its parts; the suffix stays with the last name. Last may be empty."""
    last, suffix = parts.get("last", ""), parts.get("suffix", "")
    return parts.get("first", ""), f"{last} {suffix}" if last and suffix else last


def joined_name(first: str, last: str) -> str | None:
    """The full name of two canonical halves; None: together they are no readable name."""
    whole = f"{first} {last}"
    if _ALL_PLAIN.fullmatch(whole) and len(whole) <= _LONGEST and _NOT_PLAIN.isdisjoint(whole.lower().split(" ")):
        return whole
    value = _canonical(whole, "full_name").value
    return value if _unreadable(value) is None and not is_missing(value, name=True) else None


def _trimmed(text: str) -> str:
    """The text without what stands around a name by mistake."""
    text = text.strip(_OUTER)
    if '"' in text and (text.count('"') % 2 or text[0] == text[-1] == '"'):
        text = text.strip('"' + _OUTER)
    if text[:1] == ".":
        text = text.lstrip("." + _OUTER)
    if (
        text
        and (text[-1] in ")]" or text[0] in "([")
        and text.count("(") + text.count("[") != text.count(")") + text.count("]")
    ):
        text = text.strip("()[]" + _OUTER)
    if "+" in text and " " not in text:
        text = text.replace("+", " ")
    return text


def _readable(field: str, value: str, kind: Kind) -> Check:
    return Check(_READABLE, True, field, f"{value[:1]}***", _SAYS[kind])


def _canonical(text: str, kind: Kind) -> Name:
    """The name, parsed until it stays what it is: a title may stand behind a nickname, and that in quotes."""
    parse = {"first_name": parse_given, "last_name": parse_surname, "full_name": parse_full}[kind]
    name = parse(text)
    for _ in range(4):
        again = parse(_trimmed(name.value))
        if again.value == name.value:
            return name
        name = again._replace(
            prefix=again.prefix or name.prefix,
            nickname=again.nickname or name.nickname,
            suffix=again.suffix or name.suffix,
        )
    return name


def _unreadable(value: str) -> str | None:
    """Why no person's name looks so, as a sentence; None: it may be one."""
    if value.isascii() and value.replace(" ", "").isalpha() and len(value) <= _LONGEST:
        if value.lower() in _TITLE_ALONE and value != "DR":
            return _NO_TITLE
        return _TOO_LONG if value.count(" ") >= _MOST_WORDS else None
    if not value or not any(letter.isalpha() for letter in value):
        return _LOST if "\ufffd" in value else _NO_PHONE if sum(map(str.isdigit, value)) > 6 else _NOBODY
    if _ADDRESS.search(value):
        return _NO_ADDRESS
    if len(value) > _LONGEST or value.count(" ") >= _MOST_WORDS:
        return _TOO_LONG
    if value.lower() in _TITLE_ALONE:
        return _NO_TITLE
    digits = sum(map(str.isdigit, value))
    if digits:
        return _NO_PHONE if digits > 6 else _NO_DIGITS
    if "\ufffd" in value or re.search(r"\w\?|\?\w", value):
        return _LOST
    if "&" in value and not _COUPLE.search(value):
        return _LETTERS
    return None if all(map(_belongs, value)) else _LETTERS


def _belongs(letter: str) -> bool:
    return letter.isalpha() or letter in _MARKS or unicodedata.category(letter)[0] == "M"


def _doubtful(name: Name, doubt: Doubt, field: str, readable: Check) -> Reading:
    checks, findings = _told(doubt, field)
    return Reading(name.value, (readable, *checks), findings, name.parts())


def _told(doubt: Doubt, field: str) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    check = Check(doubt.rule, False, field, "", doubt.message, doubt.reason)
    return (check,), (Finding(doubt.reason, field, doubt.message),)
