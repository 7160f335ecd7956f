"""Social Security numbers: judged and masked in one step, because afterwards nobody can judge them.

A masked number is a text that is its own mask: `***-**-6789` for a number that can
exist, `9**-**-6789` for a taxpayer number (ITIN), and `***-**-****` with the fault in
brackets for what cannot be one. Sources: SSA POMS RM 10201.030 (areas and groups
never assigned), SSA "Avoid Identity Theft" (advertised numbers), IRM 3.21.263.5.2 (ITIN ranges).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Kind = Literal["ssn", "itin"]

#: Faults by the word in brackets, with what was expected.
FAULTS = {
    "incomplete": "Expected a Social Security number of nine digits.",
    "never issued": "Expected a Social Security number that can have been issued.",
    "placeholder": "Expected the consumer's own Social Security number: this one is a placeholder.",
    "several": "Expected one Social Security number.",
}
#: A taxpayer number's middle digits: 50 to 65, 70 to 88, 90 to 92, 94 to 99.
_ITIN_GROUPS = frozenset({*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)})
#: Printed in advertisements, in specimens, or struck in a row.
_FAMOUS = frozenset(
    """078051120 219099999 457555462 123456789 111223333 222334444 333224444 123121234 123123123 012345678 987654321
    876543210 234567890 098765432 123454321 001010001 112233445""".split()
) | {f"98765432{last}" for last in range(10)}
_MASKED = re.compile(rf"\*\*\*-\*\*-(?:\d{{4}}|\*{{4}} \((?:{'|'.join(FAULTS)})\))|9\*\*-\*\*-\d{{4}}", re.ASCII)
_LABEL = re.compile(
    r"(?:my )?(?:ssn?|s\.s\.n?\.?|social(?: security)?|itin|tin)?\s?(?:number|num|no\.?|#)?\s?(?:is|[:=#])?\s*",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"(\d{3})\s?[-. /_]\s?(\d{2})\s?[-. /_]\s?(\d{4})|(\d{3})(\d{2})(\d{4})", re.ASCII)
_EVERY = re.compile(r"(?<![0-9A-Za-z])\d{3}([- ])\d{2}\1\d{4}(?![0-9A-Za-z])|(?<!\d)\d{9}(?!\d)", re.ASCII)


def mask_ssn(text: str) -> str:
    """The masked form of a number in any spelling; its own mask stays as it is. Never raises."""
    if _MASKED.fullmatch(text):
        return text
    plain = _LABEL.sub("", plain_digits(text).strip(" '\"().,;"), count=1)
    match = _SHAPE.fullmatch(plain)
    if match is None:
        return _faulty("several" if len(_EVERY.findall(plain)) > 1 else "incomplete")
    area, group, serial = match.groups()[:3] if match[1] else match.groups()[3:]
    digits = area + group + serial
    if digits in _FAMOUS or len(set(digits)) == 1:
        return _faulty("placeholder")
    if area in ("000", "666") or group == "00" or serial == "0000":
        return _faulty("never issued")
    if area[0] == "9":
        return f"9**-**-{serial}" if int(group) in _ITIN_GROUPS else _faulty("never issued")
    return f"***-**-{serial}"


def kind_of(masked: str) -> Kind | None:
    """What a masked number is; None: none that can be used."""
    if masked.endswith(")"):
        return None
    return "itin" if masked.startswith("9") else "ssn"


def fault_of(masked: str) -> str:
    """What was expected in the place of a masked number that is none; empty: it is one."""
    return FAULTS.get(masked.partition("(")[2].rstrip(")"), "")


def plain_digits(text: str) -> str:
    """The text with every script's digits as ASCII ones, and every dash a hyphen."""
    if text.isascii():
        return text
    return "".join(map(_plain, unicodedata.normalize("NFKC", text)))


def _plain(sign: str) -> str:
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    kind = unicodedata.category(sign)
    # Format characters are invisible: a number does not become another by one.
    return "-" if kind == "Pd" or sign == "\u2212" else "" if kind == "Cf" else " " if kind == "Zs" else sign


def _faulty(fault: str) -> str:
    return f"***-**-**** ({fault})"
