"""A phone number as people and systems write it: its digits, and whether they begin with a country code.

Judges the writing alone; whether there is such a number is for others to say.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from services.validation.identity.made_up import is_mashed

ONE_NUMBER = "Expected one phone number: this field holds two."
DIGITS_ONLY = "Expected digits: letters stand where a phone number has digits."
READABLE = "Expected a phone number: ten digits for the United States, or + and the country code."
WITH_AREA = "Expected ten digits: the area code is missing."


class Dialled(NamedTuple):
    """The digits of one number."""

    #: From the country code on where `international`, else as dialled at home.
    digits: str
    international: bool = False
    extension: str = ""
    #: Why the text cannot be taken for one number; the digits are then what was probably meant.
    fault: str = ""


#: What people write beside a number.
_WORDS = frozenset(
    """a after afternoon afternoons am any anytime at before best between business c call callto cel celular cell
    cellphone cellular contact d day days daytime e eve evening evenings fax h hm home is line m main me mob mobile
    mobil morning mornings movil móvil my n night nights no nr num number o off office only or p ph phone please pm pref
    preferred primary sms t tel telefono teléfono telephone text texts the time to u us usa w whatsapp weekdays wk
    work""".split()
)
#: Longest text that is looked at, in characters.
_LONGEST = 100
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－⁃"), "-") | dict.fromkeys(map(ord, "·•∙・。．｡"), ".")
#: Ten digits that a spreadsheet took for a number: 5126274199.0, 5.126274199E+09.
_SPREADSHEET = re.compile(r"(1?\d{10})\.0+|([2-9])\.(\d{9})e\+?0?9")
_EXTENSION = re.compile(
    r"[\s.,;:(/-]*(?:(?:e?xt(?:ension|n|en\w*)?|x|#|poste|option|opt|p|w)[\s.:=#-]{0,3}|,{1,3}\s?)(\d{1,7})\s?\)?$"
)
_NO_EXTENSION = re.compile(r"[\s.,;:(-]*(?:e?xt(?:ension|n)?|x|#)[\s.:)-]*$")
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_BETWEEN = re.compile(r"[/,;|&\n]|\bor\b|\band\b|\by\b|(?<=\d) ?\+")
_AMERICAN_TWICE = re.compile(r"(?<!\d)\(?\d{3}\)?[ .-]{0,3}\d{3}[ .-]{0,3}\d{4}(?!\d)")
_LETTERS = re.compile(r"[^\W\d_]+")
_TIMES = re.compile(
    r"\b\d{1,2}(?::\d\d)? ?(?:am|pm)\b|\b(?:after|before|at|between) \d{1,2}\b(?: ?(?:to|-|and) \d{1,2}\b)?"
)
_LOOKALIKES = str.maketrans("oil", "011")
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_VANITY = re.compile(r"1?[2-9]\d\d(?=(?:\d*[a-z]){3})[\da-z]{7}")


def read_dialled(text: str) -> Dialled:
    """Reads tidied text. Never raises."""
    text = _folded(text)
    if len(text) > _LONGEST or "@" in text or _IP.fullmatch(text):
        return Dialled("", fault=READABLE)
    if match := _SPREADSHEET.fullmatch(text):
        return Dialled(match[1] or match[2] + match[3])
    text, extension = _without_extension(text)
    text, *others = _numbers(text)
    if others:
        return Dialled("", fault=ONE_NUMBER)
    if any(letter.isalpha() for letter in text):
        text = _TIMES.sub(" ", text)
        if _is_misspelt(text):
            return _sorted_out(text.translate(_LOOKALIKES), extension)._replace(fault=DIGITS_ONLY)
        if any(word not in _WORDS for word in _LETTERS.findall(text)):
            return _vanity(text, extension)
    return _sorted_out(text, extension)


def _folded(text: str) -> str:
    """ASCII digits, plain dashes and dots, small letters."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_DASHES))
        text = "".join(str(unicodedata.decimal(letter, letter)) for letter in text)
    return " ".join(text.lower().split()).strip(" '\"=`*.,;:!?")


def _without_extension(text: str) -> tuple[str, str]:
    match = _EXTENSION.search(text)
    if match is not None and _count(text[: match.start()]) >= 10:
        return text[: match.start()], match[1]
    return _NO_EXTENSION.sub("", text), ""


def _numbers(text: str) -> list[str]:
    """The numbers that a text holds; the same number twice is one."""
    pieces = [piece for piece in _BETWEEN.split(text) if _count(piece) >= 7]
    if len(pieces) < 2:
        pieces = _AMERICAN_TWICE.findall(text)
    if len(pieces) < 2:
        return [text]
    return list({_digits(piece)[-10:]: piece for piece in reversed(pieces)}.values())


def _is_misspelt(text: str) -> bool:
    """One or two letters stand where a digit of the same look is missing."""
    letters = [letter for letter in text if letter.isalpha()]
    digits = _digits(text.translate(_LOOKALIKES))
    return 0 < len(letters) <= 2 and set(letters) <= set("oil") and len(digits) == (11 if digits[0] == "1" else 10)


def _vanity(text: str, extension: str) -> Dialled:
    """A number whose letters are those of the keypad (ITU-T E.161), such as 1-800-FLOWERS."""
    kept = re.sub(r"[^a-z0-9]", "", text)
    if _VANITY.fullmatch(kept) and not is_mashed(re.sub(r"\d", "", kept)):
        return Dialled(kept.translate(_KEYPAD).removeprefix("1"), extension=extension)
    return Dialled("", fault=READABLE)


def _sorted_out(text: str, extension: str) -> Dialled:
    digits, plus = _digits(text), text.find("+")
    if plus >= 0 and _count(text[:plus]):
        return Dialled("", fault=READABLE)
    if plus >= 0:
        return Dialled(_without_prefix(digits), international=True, extension=extension)
    # 011 is how North America dials out, 00 how most of the world does.
    for prefix in ("011", "00"):
        if digits.startswith(prefix) and len(digits) > 8 and not digits.startswith("000"):
            return Dialled(_without_prefix(digits), international=True, extension=extension)
    if len(digits) == 12 and digits[:2] in ("01", "11"):
        digits = digits[2:]
    elif len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return Dialled(digits, extension=extension, fault="" if len(digits) == 10 else _count_fault(digits))


def _without_prefix(digits: str) -> str:
    for prefix in ("011", "00", "0"):
        if digits.startswith(prefix):
            digits = digits[len(prefix) :]
            break
    # Mexico's mobiles had a 1 after the country code until 2019, and many still write it.
    if len(digits) == 13 and digits.startswith("521"):
        return "52" + digits[3:]
    # `+1 (1) 512 …` and `+1 1 512 …`: the country code, and once more the 1 that is dialled before an area code.
    return digits[1:] if len(digits) == 12 and digits.startswith("11") else digits


def _count_fault(digits: str) -> str:
    if len(digits) == 7:
        return WITH_AREA
    if not 4 <= len(digits) <= 16:
        return READABLE
    return f"Expected ten digits, or + and the country code; found {len(digits)} digits."


def _digits(text: str) -> str:
    return "".join(letter for letter in text if "0" <= letter <= "9")


def _count(text: str) -> int:
    return len(_digits(text))
