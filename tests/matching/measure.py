"""Precision and recall with how far they can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from services.dedup.persons.blocks import blocks
from services.dedup.persons.person import read_person
from services.dedup.persons.score import match
from tests.matching.pairs import Pair

#: Of a normal distribution, for 95 %.
_Z = 1.959964


class Share(NamedTuple):
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself; 1 where there is nothing."""
        return self.hits / self.of if self.of else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """In which the share lies with 95 % (Wilson, JASA 22, 1927)."""
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, self.value
        middle, spread = p + _Z**2 / (2 * n), _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, (middle - spread) / (1 + _Z**2 / n)), min(1.0, (middle + spread) / (1 + _Z**2 / n))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:7.2%}  [{low:.2%}, {high:.2%}]"


class Judged(NamedTuple):
    """A pair, its score, and whether it would be found among millions: whether its people share a key."""

    pair: Pair
    score: int
    found: bool


def judged(pairs: Iterable[Pair]) -> list[Judged]:
    """Every pair as the matcher sees it."""
    seen = []
    for pair in pairs:
        a, b = read_person(pair.a), read_person(pair.b)
        seen.append(Judged(pair, match(a, b).score, not set(blocks(a)).isdisjoint(blocks(b))))
    return seen


def precision(seen: Iterable[Judged], threshold: int) -> Share:
    """Of those at or above a threshold: how many are one person."""
    above = [one.pair.same for one in seen if one.score >= threshold]
    return Share(sum(above), len(above))


def recall(seen: Iterable[Judged], threshold: int, *, by_key: bool = False) -> Share:
    """Of those who are one person: how many are at or above a threshold; `by_key`: and found by a key they share."""
    same = [one.score >= threshold and (one.found or not by_key) for one in seen if one.pair.same]
    return Share(sum(same), len(same))


def mistaken(seen: Iterable[Judged], threshold: int) -> list[tuple[str, Share]]:
    """Of each kind of two persons: how many are taken for one, the most often mistaken first."""
    of: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for one in seen:
        if not one.pair.same:
            of[one.pair.kind] += 1
            hits[one.pair.kind] += one.score >= threshold
    return sorted(((kind, Share(hits[kind], of[kind])) for kind in of), key=lambda row: (-row[1].value, row[0]))


def missed(seen: Iterable[Judged], threshold: int) -> list[tuple[str, Share]]:
    """Of whatever happened to one person: how many are still recognised, the least often first."""
    of: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for one in seen:
        if one.pair.same:
            for what in one.pair.kind.split("+"):
                of[what] += 1
                hits[what] += one.score >= threshold
    return sorted(((what, Share(hits[what], of[what])) for what in of), key=lambda row: (row[1].value, row[0]))
