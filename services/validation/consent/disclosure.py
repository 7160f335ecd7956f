"""Whether a consent text is one of the approved disclosures, and if not, how it differs from the nearest.

A `*` in an approved text stands for a run of words, such as the label of a button or a name.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from services.validation.consent.difference import MOST_WORDS, Difference, allowed, difference
from services.validation.consent.wording import LABEL, WILDCARD, Words, taken_apart, words_of
from shared.catalog.terms import Disclosure

#: Why an approved wording does not count here.
Elsewhere = Literal["", "seller", "site", "order", "date"]
#: How a company's name may end without being another name; `n` and `a` are N.A., a national bank.
_COMPANY_FORMS = frozenset("inc incorporated llc llp lp ltd limited corp corporation co company plc na n a fsb".split())


class Nearest(NamedTuple):
    """The approved disclosure most like a text that is none of those that count."""

    slug: str
    #: Likeness, 0 to 100.
    percent: int
    difference: Difference
    #: Not empty: the text is word for word this disclosure, which does not count for this seller, site, order or day.
    elsewhere: Elsewhere = ""


class Approved:
    """One approved disclosure, ready to be compared with."""

    def __init__(self, disclosure: Disclosure) -> None:
        self.slug = disclosure.slug
        self._sellers = frozenset(disclosure.sellers)
        self._sites = frozenset(disclosure.sites)
        self._from = _day(disclosure.valid_from, 0)
        self._until = _day(disclosure.valid_until, 1 << 40)
        #: Whether it counts on some days only.
        self.dated = disclosure.valid_from is not None or disclosure.valid_until is not None
        self.words = words_of(disclosure.text, wildcards=True)
        self.letters = "".join(word for word in self.words if word not in (WILDCARD, LABEL))
        self._first, self._runs = _segments(self.words)

    def elsewhere(self, seller: str, site: str, order: tuple[str, ...], day: int) -> Elsewhere:
        """Why it does not count; empty: it does."""
        if order and self.slug not in order:
            return "order"
        if self._sellers and seller not in self._sellers:
            return "seller"
        if self._sites and site not in self._sites:
            return "site"
        return "" if not self.dated or self._from <= day <= self._until else "date"

    def matches(self, text: Words) -> bool:
        """Whether the whole text has this wording.

        Follows every place in which the segments between wildcards can end, so that the work is at most
        words of the text times words of the wording, whatever the text.
        """
        end = text.at.get(len(self._first)) if text.letters.startswith(self._first) else None
        ends = set() if end is None else {end}
        for label, segment in self._runs:
            reached: set[int] = set()
            for end in ends:
                reached.update(_after(text, end, segment, label=label))
            ends = reached
            if not ends:
                return False
        return len(text.words) in ends


class Registry:
    """The approved disclosures of one catalog revision."""

    def __init__(self, disclosures: tuple[Disclosure, ...], *, keep: int = 1024) -> None:
        """`keep`: the most texts whose answer is remembered; sellers send the same text with every lead."""
        self._approved = {disclosure.slug: Approved(disclosure) for disclosure in disclosures}
        #: Whether the day of the consent matters to any of them.
        self.dated = any(approved.dated for approved in self._approved.values())
        self.find = lru_cache(maxsize=keep)(self._find)
        self.names = lru_cache(maxsize=keep)(_names)

    def _find(self, text: str, seller: str, site: str, order: tuple[str, ...], day: int = 0) -> str | Nearest | None:
        """The slug of the disclosure that `text` is, if it counts; else the nearest; None: nothing is approved.

        Args:
            text: As the seller sent it.
            seller: Whose lead it is.
            site: The lead's source.
            order: Slugs that the order names; empty: any that the seller and the site may use.
            day: Of the consent, in days since 1970; only asked where `dated`.
        """
        apart = taken_apart(words_of(text))
        counting = []
        for approved in self._approved.values():
            if approved.elsewhere(seller, site, order, day):
                continue
            if approved.matches(apart):
                return approved.slug
            counting.append(approved)
        for approved in self._approved.values():
            if (elsewhere := approved.elsewhere(seller, site, order, day)) and approved.matches(apart):
                return Nearest(approved.slug, 100, Difference(100, ()), elsewhere)
        return _nearest(apart, counting or list(self._approved.values()))


def _nearest(text: Words, candidates: list[Approved]) -> Nearest | None:
    if not candidates:
        return None
    best = max(candidates, key=lambda approved: (fuzz.ratio(text.letters, approved.letters), approved.slug))
    found = difference(best.words, text.words)
    # All alike and still no match: what is left is no whole percent.
    return Nearest(best.slug, min(found.percent, 99), found)


def _after(text: Words, end: int, segment: str, *, label: bool) -> set[int]:
    """Words with which a text may go on after a wildcard that begins at word `end` and then this segment."""
    found = set()
    for start in range(end, min(end + MOST_WORDS, len(text.words)) + 1):
        if not allowed(text.words[end:start], label=label):
            break
        place = text.starts[start]
        if text.letters.startswith(segment, place) and (after := text.at.get(place + len(segment))) is not None:
            found.add(after)
    return found


def _segments(words: tuple[str, ...]) -> tuple[str, list[tuple[bool, str]]]:
    """The letters before the first wildcard, then for each wildcard whether it is a label, and the letters after."""
    segments: list[tuple[bool, list[str]]] = [(False, [])]
    for word in words:
        if word in (WILDCARD, LABEL):
            segments.append((word == LABEL, []))
        else:
            segments[-1][1].append(word.replace("'", "").replace("’", "").replace("ʼ", "").replace("`", ""))
    joined = [(label, "".join(run)) for label, run in segments]
    return joined[0][1], joined[1:]


def _names(text: str, name: str) -> bool:
    """Whether a text names somebody: all words of the name but the company's form, one after the other."""
    wanted = list(words_of(name))
    while len(wanted) > 1 and wanted[-1] in _COMPANY_FORMS:
        wanted.pop()
    apart, letters = taken_apart(words_of(text)), taken_apart(wanted).letters
    at = apart.letters.find(letters)
    while letters and at >= 0:
        if at in apart.at and at + len(letters) in apart.at:
            return True
        at = apart.letters.find(letters, at + 1)
    return False


def _day(day: date | None, otherwise: int) -> int:
    return (day - date(1970, 1, 1)).days if day is not None else otherwise
