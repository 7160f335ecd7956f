"""The lists that there are, and what must hold of each before it may be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.validation.lists.listfile import Heading, ListError, key_of

_DOMAIN = r"(?=.{3,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)+"
#: Providers of ordinary people: on no list of throw-away domains, whatever its maker says.
_ORDINARY = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com", "comcast.net", "att.net",
    "verizon.net", "sbcglobal.net", "protonmail.com", "proton.me", "live.com", "msn.com", "me.com", "mac.com",
    "privaterelay.appleid.com", "mozmail.com", "duck.com", "hey.com", "fastmail.com", "gmx.com", "ymail.com",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One list, and what every edition of it has to satisfy."""

    name: str
    #: What it holds, for a person.
    holds: str
    #: What every entry looks like, the whole line.
    line: re.Pattern[str]
    #: Fewest and most entries.
    least: int
    most: int
    #: Keys that every edition has, and keys that none may have.
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    #: The days after which it is stale.
    good_for_days: int = 180
    #: Share of the entries by which one edition may be shorter or longer than the one before.
    shrinks: float = 0.1
    grows: float = 0.5

    def check(self, lines: Sequence[str], before: int | None) -> list[str]:
        """What is wrong with an edition; empty: nothing. `before`: entries of the one in use; None: there is none."""
        count, faults = len(lines), []
        if not self.least <= count <= self.most:
            faults.append(f"{count} entries: expected {self.least} to {self.most}")
        if before and not before * (1 - self.shrinks) <= count <= before * (1 + self.grows):
            allowed = f"{self.shrinks:.0%} fewer to {self.grows:.0%} more"
            faults.append(f"{count} entries after {before}: expected {allowed}")
        broken = [number for number, line in enumerate(lines, 1) if self.line.fullmatch(line) is None]
        if broken:
            faults.append(f"{len(broken)} entries are not of the list's form, the first is number {broken[0]}")
        keys = {key_of(line) for line in lines}
        faults += [f"{key} is missing" for key in self.must if key not in keys]
        faults += [f"{key} must not be on it" for key in self.never if key in keys]
        return faults

    def is_stale(self, day: date, today: date) -> bool:
        """Whether a list of that day is too old."""
        return today - day > timedelta(days=self.good_for_days)


ZIP_CODES = Kind(
    "zip-codes",
    "every ZIP code: type, state, place, area codes, city and what else its city is called",
    re.compile(r"\d{5}\t[SPUM][+-]\t[A-Z]{2}\t-?\d+\.\d+\t-?\d+\.\d+\t(?:\d{3}(?: \d{3})*)?\t[^\t]+\t[^\t]*"),
    40_000,
    45_000,
    must=("00501", "00601", "10001", "33101", "60601", "78701", "90210", "96701", "99501", "09012", "96910"),
    never=("00000", "00001", "00002", "00003", "00004", "99999"),
    good_for_days=365,
    shrinks=0.02,
    grows=0.02,
)
AREA_CODES = Kind(
    "area-codes",
    "the North American area codes: country, and state or province",
    re.compile(r"[2-9]\d\d\t(?:US|CA)\t[A-Z]{2}(?: [A-Z]{2})*"),
    380,
    600,
    must=("201", "212", "305", "415", "512", "787", "808", "907", "416"),
    never=("555", "911", "800", "888", "900"),
    good_for_days=365,
    shrinks=0.02,
    grows=0.1,
)
THROW_AWAY = Kind(
    "throw-away-domains",
    "providers of mail addresses that live for minutes",
    re.compile(_DOMAIN),
    20_000,
    400_000,
    must=("mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com"),
    never=_ORDINARY,
    good_for_days=180,
    grows=1.0,
)
FREE_MAIL = Kind(
    "free-mail-domains",
    "providers where anybody may have an address",
    re.compile(_DOMAIN),
    1_000,
    50_000,
    must=("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com"),
    never=("example.com", "irs.gov"),
    good_for_days=365,
)
TOP_LEVEL = Kind(
    "top-level-domains",
    "the endings that a domain can have",
    re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}"),
    1_000,
    3_000,
    must=("com", "net", "org", "edu", "gov", "mil", "us", "uk", "de", "io", "photography", "xn--p1ai"),
    never=("con", "local", "test", "example", "invalid", "localhost", "internal"),
    good_for_days=365,
    grows=1.0,
)
CRAWLERS = Kind(
    "crawlers",
    "how crawlers, libraries and headless browsers call themselves (+), and what is no name of theirs (-)",
    re.compile(r"[+-][^\t]+"),
    800,
    10_000,
    must=("+curl", "+python-requests"),
    never=("+Mozilla", "+Chrome", "+Safari", "+.*", "+."),
    good_for_days=365,
)
DATA_CENTRES = Kind(
    "data-centres",
    "address ranges in which machines live, not people: first, last, kind and operator",
    re.compile(r"[0-9a-f:.]+\t[0-9a-f:.]+\t(?:hosting|cdn|vpn|tor|bot)\t[^\t]+"),
    2_000,
    200_000,
    good_for_days=120,
    shrinks=0.2,
)
KINDS: tuple[Kind, ...] = (ZIP_CODES, AREA_CODES, THROW_AWAY, FREE_MAIL, TOP_LEVEL, CRAWLERS, DATA_CENTRES)


def kind_of(name: str) -> Kind:
    """The list of that name.

    Raises:
        ListError: there is none.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise ListError(f"no list is called {name!r}: expected one of {', '.join(kind.name for kind in KINDS)}")


def verify(heading: Heading, lines: Sequence[str], before: int | None) -> list[str]:
    """What is wrong with a whole edition; empty: nothing."""
    return kind_of(heading.name).check(lines, before)
