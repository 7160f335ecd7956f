"""People, households and towns of the United States, drawn as often as they are met."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate

import zipcodes

from tests.matching.names import FAMILIES, MEN, SPANISH_FAMILIES, SPANISH_MEN, SPANISH_WOMEN, WOMEN

#: Streets by frequency (US Census, "Most Common Street Names", 1993) and then as one meets them.
_STREETS = """Second;Third;First;Fourth;Park;Fifth;Main;Sixth;Oak;Seventh;Pine;Maple;Cedar;Eighth;Elm;View;Washington;
Ninth;Lake;Hill;Walnut;Spring;North;Ridge;Church;Willow;Mill;Sunset;Railroad;Jackson;Cherry;West;South;Center;Highland;
Johnson;Forest;Jefferson;Hickory;Wilson;River;Meadow;Valley;Smith;East;Chestnut;Franklin;Adams;Spruce;Laurel;Davis;
Birch;Williams;Lee;Dogwood;Green;Poplar;Locust;Woodland;Taylor;Ash;Madison;Hillcrest;Sycamore;Broadway;Miller;Lakeview;
College;Central;Fox Run;Martin Luther King;Old Mill;Deer Creek;County Line;San Jacinto;Pecan Grove;Stone Gate;
Rolling Hills;Indian Trail;Country Club;Saint Andrews;Blue Heron;Quail Hollow""".replace("\n", "").split(";")
_KINDS = ("Street", "Street", "Avenue", "Avenue", "Drive", "Drive", "Road", "Road", "Lane", "Court", "Boulevard",
          "Circle", "Place", "Way", "Terrace", "Trail")  # fmt: skip
_PROVIDERS = ("gmail.com",) * 11 + ("yahoo.com",) * 5 + (
    "hotmail.com", "hotmail.com", "outlook.com", "aol.com", "aol.com", "icloud.com", "icloud.com", "comcast.net",
    "att.net", "msn.com", "live.com", "verizon.net", "sbcglobal.net", "me.com", "protonmail.com",
)  # fmt: skip
_WORDS = (
    "blue lucky big real tx crazy happy dark sweet super dog star rider fan girl guy mom dad cat truck wolf".split()
)

#: ZIP, town, state, area code.
_Place = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives; `unit` is empty for a house."""

    number: int
    street: str
    kind: str
    unit: str
    city: str
    state: str
    postal_code: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they are, whatever they tell."""

    woman: bool
    first: str
    middle: str
    family: str
    suffix: str
    #: Year, month, day.
    born: tuple[int, int, int]
    #: Ten digits.
    phone: str
    email: str
    home: Home


class Crowd:
    """Draws people, repeatably for one generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def person(self) -> Person:
        """Anybody."""
        rng = self.rng
        woman, family = rng.random() < 0.5, ranked(rng, FAMILIES, 9)
        first, born, home = self.first_name(woman=woman, family=family), self.birthday(), self.home()
        middle = ranked(rng, WOMEN if woman else MEN, 7)
        return Person(
            woman, first, middle, family, "", born, self.phone(home), self.mailbox(first, family, born[0]), home
        )

    def other(self, like: Person, **shared: object) -> Person:
        """Somebody else, of another first name unless `first` is told, who shares these details."""
        drawn = self.person()
        while "first" not in shared and drawn.first == like.first:
            drawn = self.person()
        person = replace(drawn, **shared)  # type: ignore[arg-type]
        if "first" not in shared and "family" in shared:
            person = replace(person, first=self.first_name(woman=person.woman, family=person.family))
            if person.first == like.first:
                return self.other(like, **shared)
        # A mailbox is chosen for the name; a phone where one lives.
        if "email" not in shared:
            person = replace(person, email=self.mailbox(person.first, person.family, person.born[0]))
        while "email" not in shared and _plain(person.email) == _plain(like.email):
            # One mailbox is nobody else's, however its dots are written.
            person = replace(person, email=self.mailbox(person.first, person.family, person.born[0]))
        return person if "phone" in shared else replace(person, phone=self.phone(person.home))

    def first_name(self, *, woman: bool, family: str) -> str:
        """A given name; with a Spanish family name mostly a Spanish one."""
        if family in SPANISH_FAMILIES and self.rng.random() < 0.6:
            return ranked(self.rng, SPANISH_WOMEN if woman else SPANISH_MEN, 3)
        return ranked(self.rng, WOMEN if woman else MEN, 7)

    def birthday(self, year: int = 0) -> tuple[int, int, int]:
        """A day; the year as borrowers and insured are old, unless told."""
        rng = self.rng
        return year or int(rng.triangular(1938, 2006, 1982)), rng.randint(1, 12), rng.randint(1, 28)

    def home(self, near: Home | None = None) -> Home:
        """A home anywhere, or in the same town as another."""
        rng = self.rng
        places = _places() if near is None else _towns()[near.city, near.state]
        postal_code, city, state, area_code = rng.choice(places)
        number = rng.randint(1, 99) if rng.random() < 0.1 else rng.randint(100, 12999)
        unit = rng.choice((f"{rng.randint(1, 40)}", f"{rng.randint(1, 12)}{rng.choice('ABCD')}"))
        return Home(
            number, ranked(rng, _STREETS, 12), rng.choice(_KINDS), unit if rng.random() < 0.27 else "", city, state,
            postal_code, area_code,
        )  # fmt: skip

    def phone(self, home: Home) -> str:
        """A number; one in eight was brought from elsewhere."""
        rng = self.rng
        area = home.area_code if rng.random() < 0.87 else rng.choice(_places())[3]
        return f"{area}{rng.randint(220, 989)}{rng.randint(0, 9999):04d}"

    def mailbox(self, first: str, family: str, year: int) -> str:
        """An address as people choose them; one in eight says nothing of a name."""
        rng = self.rng
        given, name = _plain(first), _plain(family)
        number = str(rng.choice(("", "", "", year % 100, year, rng.randint(1, 999), rng.randint(1, 99))))
        local = rng.choice((
            f"{given}.{name}{number}", f"{given}{name}{number}", f"{given[0]}{name}{number}",
            f"{given}{name[0]}{number or rng.randint(1, 9999)}", f"{given}_{name}{number}", f"{name}{given}{number}",
            f"{given}{number or rng.randint(10, 99999)}",
            f"{rng.choice(_WORDS)}{rng.choice(_WORDS)}{rng.randint(1, 9999)}",
        ))  # fmt: skip
        return f"{local}@{rng.choice(_PROVIDERS)}"


def ranked(rng: random.Random, names: list[str], offset: float) -> str:
    """A name by its rank: one `offset` places below another is borne half as often, at the top."""
    return rng.choices(names, cum_weights=_weights(len(names), offset))[0]


@cache
def _weights(count: int, offset: float) -> list[float]:
    return list(accumulate(1 / (rank + offset) for rank in range(1, count + 1)))


@cache
def _places() -> list[_Place]:
    return [
        (entry["zip_code"], entry["city"], entry["state"], entry["area_codes"][0])
        for entry in zipcodes.list_all()  # type: ignore[no-untyped-call]
        if entry["zip_code_type"] == "STANDARD" and entry["active"] and entry["area_codes"]
    ]


@cache
def _towns() -> dict[tuple[str, str], list[_Place]]:
    towns: dict[tuple[str, str], list[_Place]] = {}
    for place in _places():
        towns.setdefault(place[1:3], []).append(place)
    return towns


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
