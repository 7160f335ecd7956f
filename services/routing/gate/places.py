"""Where a person may be: states and time zones, by what the ZIP, the state and the phone tell. Pure.

People keep their number when they move, and travel; so a place is never told for certain. Whatever is said of a person
must hold at every place that is named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_AMERICAN = re.compile(r"\+1([2-9]\d\d)\d{7}")


class Place(NamedTuple):
    """A state of the USPS list and one of the zones that are kept there."""

    state: str
    zone: str


@dataclass(frozen=True, slots=True)
class Places:
    """Everywhere that a person may be.

    Attributes:
        all: the places, sorted; empty where one of them is abroad, whose law is not known here.
        certain: False where nothing that was told names a place, so that it is every place there is.
    """

    all: tuple[Place, ...]
    certain: bool = True

    @property
    def states(self) -> frozenset[str]:
        """The states among them."""
        return frozenset(place.state for place in self.all)


#: Somebody with a number of another country.
ABROAD = Places(())


class Atlas(NamedTuple):
    """The packaged list; see `refresh`."""

    #: By the first three digits.
    by_zip: dict[str, frozenset[Place]]
    by_area: dict[str, frozenset[Place]]
    by_state: dict[str, frozenset[Place]]
    #: Area codes of other countries.
    abroad: frozenset[str]
    #: The day and the packages that it is from.
    version: str


@cache
def atlas() -> Atlas:
    """The packaged list, read once."""
    lines = files("services.routing.gate").joinpath("data/places.txt").read_text(encoding="utf-8").splitlines()
    kinds: dict[str, dict[str, frozenset[Place]]] = {"zip": {}, "area": {}, "abroad": {}}
    for line in lines[1:]:
        kind, named, ranges = line.split("\t")
        places = frozenset(Place(*place.split(" ")) for place in named.split("|") if place)
        kinds[kind].update(dict.fromkeys(_beginnings(ranges), places))
    by_state: dict[str, frozenset[Place]] = {}
    for places in kinds["zip"].values():
        for place in places:
            by_state[place.state] = by_state.get(place.state, frozenset()) | {place}
    return Atlas(kinds["zip"], kinds["area"], by_state, frozenset(kinds["abroad"]), lines[0].lstrip("# "))


def _beginnings(ranges: str) -> Iterator[str]:
    for one in ranges.split():
        first, _, last = one.partition("-")
        yield from (f"{number:03}" for number in range(int(first), int(last or first) + 1))


@cache
def everywhere() -> Places:
    """Every place under United States law, but for the armed forces' posts abroad."""
    return Places(tuple(sorted({place for places in atlas().by_area.values() for place in places})), certain=False)


def places_of(state: str, postal_code: str, phone: str) -> Places:
    """Everywhere that a person may be.

    Args:
        state: USPS code; empty: not told.
        postal_code: five digits or ZIP+4; empty: not told.
        phone: E.164; empty: not told.

    Returns:
        The places of the ZIP (only those in the state, where the two agree), or of the whole state where no ZIP tells
        more, and the places of the phone's area code. A number that is of no known place, as a toll-free one, may be
        anywhere; so may somebody of whom nothing is told. `ABROAD` for a number of another country.
    """
    home, number = _home(state.strip().upper(), postal_code.strip()[:3]), _of_phone(phone)
    if number is None:
        return ABROAD
    if number == _ANYWHERE or not (home or number):
        return everywhere()
    return Places(tuple(sorted(home | number)))


_ANYWHERE = frozenset({Place("", "")})


def _home(state: str, first: str) -> frozenset[Place]:
    known = atlas()
    by_state = known.by_state.get(state, frozenset())
    by_zip = known.by_zip.get(first, frozenset())
    return (by_zip & by_state) or (by_zip | by_state)


def _of_phone(phone: str) -> frozenset[Place] | None:
    """The area code's places; `_ANYWHERE` where it names none; None: another country's."""
    if not phone:
        return frozenset()
    american = _AMERICAN.fullmatch(phone)
    if american is None or american[1] in atlas().abroad:
        return None
    return atlas().by_area.get(american[1], _ANYWHERE)
