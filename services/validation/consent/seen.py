"""Consent texts that nobody approved, gathered in memory until they are written down.

Texts that are equal but for the consumer's own details are one: those are taken out before anything is kept, and what
is left can be approved as it stands, with its wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from services.validation.consent.disclosure import Nearest
from services.validation.consent.record import private_words
from services.validation.consent.wording import WILDCARD, shown, taken_apart, words_of

#: Longest text that is kept: a disclosure of the catalog is no longer.
LONGEST = 4000
#: Addresses, numbers of five digits and more in whatever groups, dates and times.
_PERSONAL = re.compile(
    r"[^\s@<>()]+@[^\s@<>()]+\.\w+|\+?\(?\d(?:[\s().-]{0,3}\d){4,}"
    r"|\b\d{1,4}(?:[/:-]\d{1,4}|(?:\.\d{1,4}){2})(?:[/.:-]\d{1,4}){0,4}(?:\s?[ap]m)?\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_STARS = re.compile(r"\*(?:[\s,;:./|-]*\*)+")


@dataclass(slots=True)
class SeenWording:
    """A text of one seller on one site, and how often it came since it was last written down. Times: Unix seconds."""

    buyer_id: str
    wording_id: str
    seller: str
    site: str
    text: str
    nearest: str
    percent: int
    difference: str
    first_seen: float
    last_seen: float
    leads: int = 1


class SeenWordings:
    """Gathers texts; bounded, and never waits for anything."""

    def __init__(self, *, most: int = 500) -> None:
        """`most`: different texts held at once; beyond that, new ones are let go until these are written."""
        self._most = most
        self._seen: dict[tuple[str, str], SeenWording] = {}
        #: The same by what came: most leads of a form bring the same signs, and need no second look.
        self._as_sent: dict[tuple[str, str, str, str], SeenWording] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def add(
        self,
        buyer_id: str,
        seller: str,
        site: str,
        text: str,
        found: Nearest | None,
        sent: Mapping[str, str],
        at: float,
    ) -> None:
        """Note a text that was not approved. `sent`: the lead's own details, which are not kept."""
        as_sent = (buyer_id, seller, site, text)
        if (known := self._as_sent.get(as_sent)) is not None:
            _count(known, at)
            return
        private = private_words(sent)
        kept = without_details(text, private)
        wording_id = identify(seller, site, kept)
        known = self._seen.get((buyer_id, wording_id))
        if known is not None:
            _count(known, at)
        elif kept.strip(" *") and len(self._seen) < self._most:
            known = self._seen[buyer_id, wording_id] = SeenWording(
                buyer_id=buyer_id,
                wording_id=wording_id,
                seller=seller,
                site=site,
                text=kept,
                nearest=found.slug if found is not None else "",
                percent=found.percent if found is not None else 0,
                difference=_told(found, private),
                first_seen=at,
                last_seen=at,
            )
        if known is not None and len(self._as_sent) < self._most:
            self._as_sent[as_sent] = known

    def take(self) -> list[SeenWording]:
        """Everything gathered, in one order for all processes; nothing is held afterwards."""
        taken = [self._seen[key] for key in sorted(self._seen)]
        self._seen.clear()
        self._as_sent.clear()
        return taken

    def put_back(self, wordings: list[SeenWording]) -> None:
        """Hold again what could not be written."""
        for wording in wordings:
            known = self._seen.setdefault((wording.buyer_id, wording.wording_id), wording)
            if known is not wording:
                known.leads += wording.leads
                known.first_seen = min(known.first_seen, wording.first_seen)


def without_details(text: str, private: frozenset[str]) -> str:
    """A text as the consumer saw it, in one line, with a `*` for whatever is the consumer's own.

    Args:
        text: As the seller sent it.
        private: Words of the lead's own fields, folded.
    """
    line = " ".join(shown(text).replace(WILDCARD, " ").replace("\0", " ").split())[:LONGEST]
    line = _PERSONAL.sub(WILDCARD, line)
    line = _WORD.sub(lambda word: WILDCARD if not private.isdisjoint(words_of(word[0])) else word[0], line)
    return _STARS.sub(WILDCARD, line)


def identify(seller: str, site: str, text: str) -> str:
    """What names a text of a seller on a site: the same in any setting."""
    letters = taken_apart(words_of(text, wildcards=True)).letters
    return sha256("\0".join((seller, site, letters)).encode()).hexdigest()[:16]


def _count(known: SeenWording, at: float) -> None:
    known.leads += 1
    known.first_seen, known.last_seen = min(known.first_seen, at), max(known.last_seen, at)


def _told(found: Nearest | None, private: Collection[str]) -> str:
    if found is None:
        return ""
    return f"approved, but not here: {found.elsewhere}" if found.elsewhere else found.difference.told(private)
