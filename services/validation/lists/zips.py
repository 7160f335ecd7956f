"""Every ZIP code: its kind, state, cities and area codes, and roughly how far it reaches."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import cos, hypot, radians
from unicodedata import combining, normalize
from zlib import crc32

#: ZIPs with which a seller's engineer forces an outcome; they mean something in tests only.
SANDBOX_ZIPS = frozenset({"00001", "00002", "00003", "00004"})

_CELL = 2.0  # grid cells per degree
_MILES_PER_DEGREE = 69.0
#: Farthest that a ZIP is taken to reach across a state line, in miles.
_FARTHEST = 25.0
#: A ZIP's own reach is told by the distance of its neighbours: its third is a little beyond its edge.
_NEIGHBOURS = 3
_MARKS = re.compile(r"['\u2018\u2019\u02bb.]")
_APART = re.compile(r"[^\w]+")
_SHORTER = {
    "saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt", "mountain": "mtn", "north": "n", "south": "s",
    "east": "e", "west": "w", "heights": "hts", "springs": "spgs", "township": "twp", "village": "vlg", "point": "pt",
    "beach": "bch", "junction": "jct", "center": "ctr", "centre": "ctr", "park": "pk", "island": "is",
}  # fmt: skip
_KINDS = {"S": "standard", "P": "po box", "U": "unique", "M": "military"}


class Zips:
    """The list `zip-codes`, in some five megabytes."""

    def __init__(self, lines: Iterable[str]) -> None:
        """`lines`: kind and use, state, latitude, longitude, area codes, city and its other names by ZIP, by tabs."""
        #: Place in the columns by the ZIP as a number; 0: no such ZIP.
        self._rank = array("H", bytes(2 * 100_000))
        self._kinds, self._states, self._cities, self._others, self._areas = [""], [""], [""], [""], [""]
        self._latitudes, self._longitudes = array("f", [0.0]), array("f", [0.0])
        self._cells: dict[tuple[int, int], array[int]] = {}
        known: dict[str, str] = {}
        for line in lines:
            zip5, kind, state, latitude, longitude, areas, city, others = line.split("\t")
            rank = len(self._states)
            self._rank[int(zip5)] = rank
            self._kinds.append(known.setdefault(kind, kind))
            self._states.append(known.setdefault(state, state))
            self._areas.append(known.setdefault(areas, areas))
            folded = city.casefold()
            self._cities.append(known.setdefault(folded, folded))
            self._others.append(others.casefold())
            self._latitudes.append(float(latitude))
            self._longitudes.append(float(longitude))
            self._cells.setdefault(_cell(float(latitude), float(longitude)), array("H")).append(rank)
        #: A hash of each name above the place in the columns, sorted: every place by what it is called.
        self._by_name = array("Q", sorted(self._named()))

    def __len__(self) -> int:
        return len(self._states) - 1

    def state(self, zip5: str) -> str | None:
        """The USPS state of a ZIP; None: there is no such ZIP."""
        return self._states[self._at(zip5)] or None

    def city(self, zip5: str) -> str:
        """The ZIP's main city, case-folded; empty: no such ZIP."""
        return self._cities[self._at(zip5)]

    def cities(self, zip5: str) -> tuple[str, ...]:
        """All that the ZIP's place is called, case-folded, the main city first; names that the USPS would rather not
        see are among them, for people use them."""
        rank = self._at(zip5)
        if not rank:
            return ()
        return (self._cities[rank], *filter(None, self._others[rank].split("|")))

    def is_called(self, zip5: str, city: str) -> bool:
        """Whether the ZIP's place is called so, by its main name or another one."""
        rank = self._at(zip5)
        return bool(rank) and self._bears(rank, place_key(city))

    def knows(self, city: str) -> bool:
        """Whether any ZIP's place is called so."""
        return next(self._places(place_key(city)), 0) > 0

    def size(self, city: str) -> int:
        """How many ZIPs have it as their main city, in the state where most do."""
        key = place_key(city)
        states = [self._states[rank] for rank in self._places(key) if place_key(self._cities[rank]) == key]
        return max(map(states.count, set(states)), default=0)

    def miles_to(self, zip5: str, city: str) -> float | None:
        """Miles from a ZIP to the nearest that is called so; None: none is, or where one of them lies is not known."""
        rank = self._at(zip5)
        if not rank or not self._latitudes[rank]:
            return None
        places = list(self._places(place_key(city)))
        located = [place for place in places if self._latitudes[place]]
        if not located or not {self._states[place] for place in places} <= {self._states[place] for place in located}:
            return None
        return min(self._miles(rank, place) for place in located)

    def _named(self) -> Iterator[int]:
        for rank in range(1, len(self._states)):
            names = {_key(name) for name in (self._cities[rank], *self._others[rank].split("|"))}
            yield from (_hashed(name) << 16 | rank for name in names if name)

    def _places(self, key: str) -> Iterator[int]:
        """Every place that is called so."""
        hashed, named = _hashed(key), self._by_name
        at = bisect_left(named, hashed << 16)
        while at < len(named) and named[at] >> 16 == hashed:
            rank = named[at] & 0xFFFF
            if self._bears(rank, key):
                yield rank
            at += 1

    def _bears(self, rank: int, key: str) -> bool:
        if place_key(self._cities[rank]) == key:
            return True
        others = self._others[rank]
        return bool(others) and any(place_key(name) == key for name in others.split("|"))

    def kind(self, zip5: str) -> str:
        """`standard`, `po box`, `unique` (one organisation) or `military`; empty: no such ZIP."""
        kind = self._kinds[self._at(zip5)]
        return _KINDS[kind[0]] if kind else ""

    def in_use(self, zip5: str) -> bool:
        """Whether mail is delivered under the ZIP today; those retired are still on the list."""
        return self._kinds[self._at(zip5)].endswith("+")

    def area_codes(self, zip5: str) -> tuple[str, ...]:
        """The area codes of the telephones there; empty: none known."""
        return tuple(self._areas[self._at(zip5)].split())

    def reaches(self, zip5: str, state: str) -> bool:
        """Whether a ZIP may hold addresses of `state`: its own, or one that begins nearer than the ZIP's neighbours.

        Some ZIPs do cross state lines (42223 lies in Kentucky and Tennessee), and nobody publishes them with the
        rest; so the state is believed where it begins within the ZIP's own size. Takes some 100 µs: for mismatches.
        """
        rank = self._at(zip5)
        if not rank or self._states[rank] == state:
            return bool(rank)
        own, other = [], _FARTHEST
        for neighbour in self._near(rank):
            distance = self._miles(rank, neighbour)
            if self._states[neighbour] == state:
                other = min(other, distance)
            elif neighbour != rank and self._states[neighbour] == self._states[rank]:
                own.append(distance)
        own.sort()
        size = own[_NEIGHBOURS - 1] if len(own) >= _NEIGHBOURS else _FARTHEST
        return other < min(size, _FARTHEST)

    def _at(self, zip5: str) -> int:
        return self._rank[int(zip5)] if len(zip5) == 5 and zip5.isascii() and zip5.isdigit() else 0

    def _near(self, rank: int) -> list[int]:
        row, column = _cell(self._latitudes[rank], self._longitudes[rank])
        cells = ((row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return [neighbour for cell in cells for neighbour in self._cells.get(cell, ())]

    def _miles(self, one: int, two: int) -> float:
        north = self._latitudes[one] - self._latitudes[two]
        east = (self._longitudes[one] - self._longitudes[two]) * cos(radians(self._latitudes[one]))
        return hypot(north, east) * _MILES_PER_DEGREE


def _key(name: str) -> str:
    """What is the same in all ways to write a place's name: `St. Louis`, `SAINT LOUIS`, `St Louis`."""
    plain = name.casefold()
    if not plain.isascii():
        plain = "".join(letter for letter in normalize("NFKD", plain) if not combining(letter))
    words = _APART.sub(" ", _MARKS.sub("", plain)).split()
    return "".join(_SHORTER.get(word, word) for word in words)


place_key = lru_cache(maxsize=4096)(_key)


def _hashed(key: str) -> int:
    return crc32(key.encode())


def _cell(latitude: float, longitude: float) -> tuple[int, int]:
    return int(latitude * _CELL), int(longitude * _CELL)
