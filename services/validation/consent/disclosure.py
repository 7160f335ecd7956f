"""Whether a consent text is one of the approved disclosures.

Case, white space, punctuation and the kind of quotation mark are not the wording.
A `*` in an approved text stands for a run of words, such as the label of a button
or a name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from shared.catalog.terms import Disclosure

#: Most words that one `*` stands for.
MOST_WORDS = 12
#: Longest text that is looked at, in words; approved texts are far shorter.
_LONGEST = 1200

_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*|\*")
_TAG = re.compile(r"<[^<>]{0,200}>")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded; `*` is kept, as the wildcard that it is in an approved text."""
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub(" ", text))
    text = unicodedata.normalize("NFKC", text).casefold()
    return tuple(word.replace("’", "'").replace("ʼ", "'") for word in _WORD.findall(text)[:_LONGEST])


class Nearest(NamedTuple):
    """The approved disclosure most like a text that is none of them."""

    slug: str
    #: Likeness, 0 to 100.
    percent: int


class Approved:
    """One approved disclosure, ready to be compared with."""

    def __init__(self, disclosure: Disclosure) -> None:
        self.slug = disclosure.slug
        self._sellers = frozenset(disclosure.sellers)
        self._sites = frozenset(disclosure.sites)
        words = words_of(disclosure.text)
        self.folded = " ".join(words)
        self._segments = _segments(words)

    def usable(self, seller: str, site: str) -> bool:
        """Whether this seller may use it on this site."""
        return (not self._sellers or seller in self._sellers) and (not self._sites or site in self._sites)

    def matches(self, words: tuple[str, ...]) -> bool:
        """Whether the whole text has this wording.

        Follows every place in which the segments between wildcards can end, so that the work is at most
        words of the text times words of the wording, whatever the text.
        """
        first, *rest = self._segments
        if words[: len(first)] != first:
            return False
        ends = {len(first)}
        for segment in rest:
            starts = {end + run for end in ends for run in range(MOST_WORDS + 1)}
            length = len(segment)
            ends = {start + length for start in starts if words[start : start + length] == segment}
            # A slice beyond the end is shorter than asked, and an empty segment fits anywhere.
            ends = {end for end in ends if end <= len(words)}
            if not ends:
                return False
        return len(words) in ends


class Registry:
    """The approved disclosures of one catalog revision."""

    def __init__(self, disclosures: tuple[Disclosure, ...], *, keep: int = 1024) -> None:
        """`keep`: the most texts whose answer is remembered; sellers send the same text with every lead."""
        self._approved = {disclosure.slug: Approved(disclosure) for disclosure in disclosures}
        self.find = lru_cache(maxsize=keep)(self._find)

    def _find(self, text: str, seller: str, site: str, allowed: tuple[str, ...]) -> str | Nearest | None:
        """The slug of the usable disclosure that `text` is; else the nearest of all; None: nothing is approved.

        `allowed`: slugs that the order names; empty: any that the seller and the site may use.
        """
        words = words_of(text)
        usable = [
            approved
            for slug, approved in self._approved.items()
            if (not allowed or slug in allowed) and approved.usable(seller, site)
        ]
        for approved in usable:
            if approved.matches(words):
                return approved.slug
        folded = " ".join(words)
        likeness = [
            (fuzz.ratio(folded, approved.folded), approved.slug) for approved in usable or self._approved.values()
        ]
        if not likeness:
            return None
        percent, slug = max(likeness)
        return Nearest(slug, int(percent))


def _segments(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The runs of words between the wildcards; always at least one, perhaps empty."""
    segments: list[list[str]] = [[]]
    for word in words:
        if word != "*":
            segments[-1].append(word)
        else:
            segments.append([])
    return [tuple(segment) for segment in segments]
