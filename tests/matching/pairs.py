"""Pairs of leads of which it is known whether they are of one person.

Half are. No two leads of one person are told in the same words: one to three things happened between them, or went
wrong on one of them. Of the others seven in eight are of people who are easily mistaken: a household, namesakes in a
town, the next tenant, whoever got the number; two leads drawn at random would be told apart by anything.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tests.matching.crowd import Crowd, Person
from tests.matching.forms import Asks, Fields, Forms
from tests.matching.names import NEAR_FAMILY, NEAR_GIVEN, SPANISH_MEN, SPANISH_WOMEN


class Pair(NamedTuple):
    """Two leads, whether they are of one person, and what makes them hard to tell."""

    a: Fields
    b: Fields
    same: bool
    kind: str


def pairs(seed: int, count: int) -> Iterator[Pair]:
    """So many pairs, the same for the same seed."""
    maker = Maker(random.Random(seed))
    for number in range(count):
        yield maker.same() if number % 2 else maker.different()


class Maker:
    """Makes labelled pairs."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.crowd = rng, Crowd(rng)
        self.forms = Forms(self.crowd)

    def same(self) -> Pair:
        """One person twice."""
        rng, forms = self.rng, self.forms
        person, asks = self.crowd.person(), Asks.drawn(rng)
        chances: list[tuple[object, float]] = [*forms.events(), *forms.slips()]
        while True:
            events = [event for event, _ in forms.events()]
            drawn = list(dict.fromkeys(rng.choices(
                [what for what, _ in chances], [weight for _, weight in chances], k=rng.choices((1, 2, 3), (5, 3, 2))[0]
            )))  # fmt: skip
            later = person
            for event in events:
                later = event(later) if event in drawn else later
            a, b = forms.filled(person, asks), forms.filled(later, asks)
            untouched = dict(b)
            for slip in (slip for slip, _ in forms.slips() if slip in drawn):
                slip(b)
            if b != untouched or later != person:
                break
        both = [forms.written(a), forms.written(b)]
        rng.shuffle(both)
        return Pair(both[0], both[1], True, "+".join(sorted(what.__name__ for what in drawn)))  # type: ignore[attr-defined]

    def different(self) -> Pair:
        """Two persons."""
        kinds = [
            (self.couple, 14), (self.twins, 5), (self.siblings, 8), (self.parent_and_child, 5),
            (self.namesakes_at_home, 4), (self.flatmates, 7),
            (self.namesakes_in_zip, 8), (self.namesakes_in_town, 6), (self.namesakes, 6),
            (self.near_namesakes, 7), (self.near_names_at_home, 3), (self.next_tenants, 5), (self.same_number, 5),
            (self.colleagues, 4), (self.neighbours, 6), (self.birthday_namesakes, 3), (self.crossed_names, 2),
            (self.in_town, 6), (self.strangers, 6),
        ]  # fmt: skip
        kind = self.rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        asks, (one, other) = Asks.drawn(self.rng), kind()
        both = []
        for person in (one, other):
            fields = self.forms.filled(person, asks)
            if self.rng.random() < 0.2:
                slips = self.forms.slips()
                self.rng.choices([slip for slip, _ in slips], [weight for _, weight in slips])[0](fields)
            both.append(self.forms.written(fields))
        self.rng.shuffle(both)
        return Pair(both[0], both[1], False, kind.__name__)

    # Who is easily mistaken for whom ---------------------------------------------------------------------------------

    def _shared(self, one: Person, *, phone: float, email: float) -> dict[str, object]:
        """What people of one home share."""
        shared: dict[str, object] = {"home": one.home}
        shared |= {"phone": one.phone} if self.rng.random() < phone else {}
        return shared | ({"email": one.email} if self.rng.random() < email else {})

    def couple(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        born = self.crowd.birthday(one.born[0] + self.rng.randint(-6, 6))
        family = one.family if self.rng.random() < 0.8 else self.crowd.person().family
        other = self.crowd.other(
            one, woman=not one.woman, family=family, born=born, **self._shared(one, phone=0.45, email=0.25)
        )
        return one, replace(other, first=self._another(one, woman=not one.woman))

    def twins(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        other = self.crowd.other(one, family=one.family, born=one.born, **self._shared(one, phone=0.35, email=0.1))
        return one, other

    def siblings(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        born = self.crowd.birthday(one.born[0] + self.rng.choice((-6, -4, -3, -2, -1, 1, 2, 3, 5)))
        return one, self.crowd.other(one, family=one.family, born=born, **self._shared(one, phone=0.3, email=0.08))

    def parent_and_child(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        born = self.crowd.birthday(one.born[0] + self.rng.randint(18, 40))
        return one, self.crowd.other(one, family=one.family, born=born, **self._shared(one, phone=0.35, email=0.1))

    def namesakes_at_home(self) -> tuple[Person, Person]:
        """Father and son: one house, one name. A third say which of the two they are."""
        one = self.crowd.person()
        born = self.crowd.birthday(one.born[0] + self.rng.randint(18, 40))
        other = self.crowd.other(
            one,
            first=one.first,
            woman=one.woman,
            family=one.family,
            born=born,
            **self._shared(one, phone=0.25, email=0.03),
        )
        senior, junior = self.rng.choice((("", ""), ("", ""), ("Sr", "Jr"), ("", "Jr"), ("", "III")))
        return replace(one, suffix=senior), replace(other, suffix=junior)

    def flatmates(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        return one, self.crowd.other(one, **self._shared(one, phone=0.05, email=0.0))

    def namesakes_in_zip(self) -> tuple[Person, Person]:
        """Maria Garcia and Maria Garcia of one ZIP."""
        one = self._frequent()
        home = replace(self.crowd.home(near=one.home), postal_code=one.home.postal_code)
        return one, self.crowd.other(one, first=one.first, woman=one.woman, family=one.family, home=home)

    def namesakes_in_town(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        home = self.crowd.home(near=one.home)
        return one, self.crowd.other(one, first=one.first, woman=one.woman, family=one.family, home=home)

    def namesakes(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        return one, self.crowd.other(one, first=one.first, woman=one.woman, family=one.family)

    def near_namesakes(self) -> tuple[Person, Person]:
        """Two of one ZIP whose family names, or first names, are a letter apart."""
        one = self.crowd.person()
        home = replace(self.crowd.home(near=one.home), postal_code=one.home.postal_code)
        if self.rng.random() < 0.5:
            families = self.rng.choice(NEAR_FAMILY).split("/")
            one = replace(one, family=families[0])
            return one, self.crowd.other(one, first=one.first, woman=one.woman, family=families[1], home=home)
        names = self.rng.choice(NEAR_GIVEN).split("/")
        one = replace(one, first=names[0])
        return one, self.crowd.other(one, first=names[1], family=one.family, home=home)

    def near_names_at_home(self) -> tuple[Person, Person]:
        """Eric and Erica of one house."""
        one, names = self.crowd.person(), self.rng.choice(NEAR_GIVEN).split("/")
        born = one.born if self.rng.random() < 0.3 else self.crowd.birthday(one.born[0] + self.rng.randint(-4, 4))
        one = replace(one, first=names[0])
        return one, self.crowd.other(
            one, first=names[1], family=one.family, born=born, **self._shared(one, phone=0.3, email=0.05)
        )

    def next_tenants(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        return one, self.crowd.other(one, home=one.home)

    def same_number(self) -> tuple[Person, Person]:
        """A number that was given up and given out again, in the same area."""
        one = self.crowd.person()
        return one, self.crowd.other(one, phone=one.phone, home=self.crowd.home(near=one.home))

    def colleagues(self) -> tuple[Person, Person]:
        one = replace(self.crowd.person(), email=self.rng.choice(("info", "office", "sales")) + "@smithandsons.com")
        shared = {"phone": one.phone, "email": one.email} if self.rng.random() < 0.5 else {"phone": one.phone}
        return one, self.crowd.other(one, home=self.crowd.home(near=one.home), **shared)

    def neighbours(self) -> tuple[Person, Person]:
        """Next door, or the next apartment; now and then cousins."""
        one = self.crowd.person()
        if one.home.unit:
            home = replace(one.home, unit=f"{self.rng.randint(1, 60)}C")
        else:
            home = replace(one.home, number=one.home.number + self.rng.choice((-2, 2, 4, 10)))
        family = one.family if self.rng.random() < 0.25 else self.crowd.person().family
        return one, self.crowd.other(one, family=family, home=home)

    def birthday_namesakes(self) -> tuple[Person, Person]:
        """Two of one family name who were born on one day, in one state."""
        one = self.crowd.person()
        home = self.crowd.home(near=one.home)
        return one, self.crowd.other(one, family=one.family, born=one.born, home=home)

    def crossed_names(self) -> tuple[Person, Person]:
        """Thomas James and James Thomas."""
        one = replace(self.crowd.person(), woman=False)
        names = self.rng.sample("Thomas James Martin Lewis Allen Scott Henry George Kelly Lee Ryan Jordan".split(), 2)
        one = replace(one, first=names[0], family=names[1])
        return one, self.crowd.other(one, first=names[1], family=names[0], home=self.crowd.home(near=one.home))

    def in_town(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        return one, self.crowd.other(one, home=self.crowd.home(near=one.home))

    def strangers(self) -> tuple[Person, Person]:
        one = self.crowd.person()
        return one, self.crowd.other(one)

    def _frequent(self) -> Person:
        """Somebody whose name is borne by many in every town."""
        one = self.crowd.person()
        if self.rng.random() < 0.5:
            first = self.rng.choice(SPANISH_WOMEN[:8] + SPANISH_MEN[:8])
            family = self.rng.choice("Garcia Martinez Rodriguez Hernandez Lopez Gonzalez".split())
            return replace(one, woman=first in SPANISH_WOMEN, first=first, family=family)
        first = self.rng.choice("James John Robert Michael Mary Linda Jennifer David".split())
        family = self.rng.choice("Smith Johnson Williams Brown Jones Davis Miller".split())
        return replace(one, first=first, family=family)

    def _another(self, one: Person, *, woman: bool) -> str:
        while (first := self.crowd.first_name(woman=woman, family=one.family)) == one.first:
            continue
        return first
