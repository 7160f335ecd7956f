"""The one spelling of a detail that identity goes by. Never one to write to, to call or to print."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Providers that deliver `a.nn@` to `ann@` (support.google.com/mail/answer/7436150).
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = re.compile(r"['’ʼ`´.]")
_UNIT = re.compile(r"\b(?:apt|apartment|unit|suite|ste|room|rm|lot|trlr|spc|no|number)\b\.? *#?|#")

#: Words of streets by their short form (USPS Publication 28, appendix C), the frequent ones of them.
_STREET_WORDS = {
    word: short
    for short, words in {
        "aly": "alley ally",
        "ave": "avenue av aven avenu avn",
        "blvd": "boulevard boul boulv bvd",
        "cir": "circle circ crcl crescent cres",
        "ct": "court crt",
        "cv": "cove",
        "dr": "drive driv drv",
        "expy": "expressway expy",
        "ext": "extension",
        "fwy": "freeway",
        "hts": "heights",
        "hwy": "highway hiway hway",
        "ln": "lane la",
        "lp": "loop",
        "mt": "mount",
        "pkwy": "parkway pky parkwy pkway",
        "pl": "place plc",
        "plz": "plaza",
        "pt": "point",
        "rd": "road",
        "rdg": "ridge",
        "sq": "square",
        "st": "street str strt saint",
        "ter": "terrace terr tce",
        "trl": "trail",
        "tpke": "turnpike",
        "way": "wy",
        "xing": "crossing",
        "n": "north",
        "s": "south",
        "e": "east",
        "w": "west",
        "ne": "northeast",
        "nw": "northwest",
        "se": "southeast",
        "sw": "southwest",
        "apt": "apartment unit suite ste",
    }.items()
    for word in words.split()
}


def folded(text: str) -> str:
    """Lower-case ASCII letters and digits with single spaces between words; letters lose their accents."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", _APOSTROPHES.sub("", text.lower())).strip()


@lru_cache(maxsize=4096)
def canonical_email(address: str) -> str:
    """The one spelling of a mailbox.

    Case never tells two mailboxes apart in practice. Everything from a plus is a tag (RFC 5233), at nearly every
    provider. Gmail ignores dots as well, and has two domains.
    """
    local, at, domain = address.strip().lower().rpartition("@")
    # A local part that begins with a plus is nobody's tag; leave it as it is.
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        # One that is nothing but dots is not one of Gmail's.
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}{at}{domain}"


def canonical_name(first: str, last: str, full: str) -> str:
    """First and last name, or the full one; empty where not both are told."""
    if first and last:
        name = folded(f"{first} {last}")
    else:
        family, comma, given = full.partition(",")
        name = folded(f"{given} {family}" if comma else full)
    return name if " " in name else ""


def canonical_address(street: str, postal_code: str) -> str:
    """House, street, apartment and the ZIP's first five digits; empty where one of them, or the number, is not told."""
    zip5 = postal_code.strip()[:5]
    words = street_words(street)
    if len(zip5) < 5 or not words or not any(c.isdigit() for c in street):
        return ""
    return f"{' '.join(words)} {zip5}"


def street_words(street: str) -> list[str]:
    """The words of a street line, shortened as the post office does; an apartment is `apt` and its number."""
    text = _UNIT.sub(" apt ", street.lower())
    return [_STREET_WORDS.get(word, word) for word in folded(text).split()]


def canonical_date(date: str) -> str:
    """An ISO date as it stands; anything else is no date to go by."""
    return date if len(date) == 10 and date[4] == date[7] == "-" else ""
