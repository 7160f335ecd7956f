"""Pairs of leads that are known to be of one person or of two, with the noise that lead forms really have.

Which noise, and how much of it, follows from what people do: typed on a phone, filled in by a browser, moved, married,
gave the other number. Strangers are mostly hard ones: households, namesakes and neighbours; any two leads drawn at
random would be told apart by anything.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.people.pools import CALLED, FAMILIES, KINDS, MEN, PLACES, PROVIDERS, RHYMES, STREETS, WOMEN

Fields = dict[str, str]


class Pair(NamedTuple):
    """Two leads, whether they are of one person, and what was done to them."""

    a: Fields
    b: Fields
    same: bool
    kind: str


def pairs(seed: int, count: int) -> Iterator[Pair]:
    """So many pairs, half of them of one person."""
    maker = Maker(random.Random(seed))
    for number in range(count):
        yield maker.same() if number % 2 else maker.different()


class Maker:
    """Makes people, and what becomes of them on forms."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def person(self) -> Fields:
        """Somebody with everything told."""
        woman = self.rng.random() < 0.5
        first = self.rng.choice(WOMEN if woman else MEN)
        # A third of people have one of the frequent names.
        family = self.rng.choice(FAMILIES[:46]) if self.rng.random() < 0.35 else self.rng.choice(FAMILIES)
        year = self.rng.randint(1940, 2005)
        fields = {"first_name": first, "last_name": family, "date_of_birth": self.day(year)} | self.home()
        fields["phone"] = self.phone(fields)
        fields["email"] = self.mailbox(first, family, year)
        return {name: value.title() if name in ("first_name", "last_name") else value for name, value in fields.items()}

    def day(self, year: int) -> str:
        """A birthday."""
        return f"{year}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"

    def home(self) -> Fields:
        """An address; one in four is an apartment."""
        city, state, zip3, _ = self.rng.choice(PLACES)
        number, street, kind = self.rng.randint(1, 9900), self.rng.choice(STREETS), self.rng.choice(KINDS)
        unit = f" Apt {self.rng.randint(1, 40)}" if self.rng.random() < 0.25 else ""
        line = f"{number} {street} {self.rng.choice(kind)}{unit}"
        return {"street": line, "city": city, "state": state, "postal_code": f"{zip3}{self.rng.randint(1, 60):02d}"}

    def phone(self, fields: Fields) -> str:
        """A number of the place."""
        codes = next(codes for city, _, _, codes in PLACES if city.lower() == fields["city"].lower())
        return f"+1{self.rng.choice(codes)}{self.rng.randint(2_000_000, 9_999_999)}"

    def mailbox(self, first: str, family: str, year: int) -> str:
        """An address as people choose them; some say nothing of a name."""
        rng = self.rng
        number = str(rng.choice(["", "", year % 100, rng.randint(1, 999), year]))
        local = rng.choice([
            f"{first}.{family}{number}", f"{first}{family}{number}", f"{first[0]}{family}{number}",
            f"{first}{number or rng.randint(10, 9999)}", f"{family}.{first}{number}", f"{first}_{family}{number}",
            f"{rng.choice(('cool', 'blue', 'tx', 'big', 'lucky'))}{rng.choice(('dog', 'rider', 'star', 'fan'))}"
            f"{rng.randint(1, 9999)}",
        ])  # fmt: skip
        return f"{local}@{rng.choice(PROVIDERS)}"

    # One person ------------------------------------------------------------------------------------------------------

    def same(self) -> Pair:
        """One person twice."""
        a = self.person()
        b = dict(a)
        changes: list[Callable[[Fields], None]] = self.rng.choices(
            [self.nickname, self.slip_name, self.new_mailbox, self.new_phone, self.moved, self.other_apartment,
             self.married, self.slip_phone, self.slip_birth, self.slip_street, self.spelt_mailbox, self.swapped,
             self.initial, self.double_name, self.other_format],
            weights=[14, 16, 14, 12, 10, 6, 5, 8, 7, 8, 8, 5, 3, 3, 12],
            k=self.rng.choice([1, 1, 1, 2, 2, 3]),
        )  # fmt: skip
        # How a form writes things comes after what they are.
        for change in sorted(dict.fromkeys(changes), key=lambda change: change.__name__ == "other_format"):
            change(b)
        self.leave_out(a, b)
        names = "+".join(dict.fromkeys(change.__name__ for change in changes))
        one, other = self.rng.sample([a, b], 2)
        return Pair(one, other, True, names)

    def leave_out(self, *both: Fields) -> None:
        """Forms differ in what they ask: many do not want a birthday, some no street, few leave out the mail."""
        for fields in both:
            for name, odds in (
                ("date_of_birth", 0.35),
                ("street", 0.2),
                ("email", 0.06),
                ("phone", 0.06),
                ("city", 0.1),
            ):
                if self.rng.random() < odds:
                    fields[name] = ""
            if not fields["phone"] and not fields["email"]:
                fields["phone"] = f"+1512{self.rng.randint(2_000_000, 9_999_999)}"

    def nickname(self, fields: Fields) -> None:
        names = CALLED.get(fields["first_name"].lower())
        fields["first_name"] = self.rng.choice(names).title() if names else self.slip(fields["first_name"])

    def slip_name(self, fields: Fields) -> None:
        name = self.rng.choice(("first_name", "last_name"))
        fields[name] = self.slip(fields[name])

    def new_mailbox(self, fields: Fields) -> None:
        year = int(fields["date_of_birth"][:4])
        fields["email"] = self.mailbox(fields["first_name"].lower(), fields["last_name"].lower(), year)

    def new_phone(self, fields: Fields) -> None:
        fields["phone"] = self.phone(fields)

    def moved(self, fields: Fields) -> None:
        """Half of those who move stay in town; the phone and the mail are taken along."""
        home = self.home()
        if self.rng.random() < 0.5:
            home |= {name: fields[name] for name in ("city", "state")}
            home["postal_code"] = f"{fields['postal_code'][:3]}{self.rng.randint(1, 60):02d}"
        fields |= home

    def other_apartment(self, fields: Fields) -> None:
        fields["street"] = f"{fields['street'].partition(' Apt')[0]} Apt {self.rng.randint(41, 99)}"

    def married(self, fields: Fields) -> None:
        new = self.rng.choice(FAMILIES).title()
        fields["last_name"] = self.rng.choice([new, f"{fields['last_name']}-{new}"])

    def slip_phone(self, fields: Fields) -> None:
        digits = fields["phone"][2:]
        place = self.rng.randrange(3, 9)
        swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        other = digits[:place] + str((int(digits[place]) + self.rng.randint(1, 9)) % 10) + digits[place + 1 :]
        fields["phone"] = f"+1{swapped if self.rng.random() < 0.5 and swapped != digits else other}"

    def slip_birth(self, fields: Fields) -> None:
        year, month, day = fields["date_of_birth"].split("-")
        fields["date_of_birth"] = self.rng.choice([
            f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{int(day) % 28 + 1:02d}",
            f"{int(year) + self.rng.choice((-1, 1))}-{month}-{day}",
            f"{year}-{month}-{int(day) % 28 + 1:02d}",
            f"{year}-{int(month) % 12 + 1:02d}-{day}",
        ])  # fmt: skip

    def slip_street(self, fields: Fields) -> None:
        number, _, rest = fields["street"].partition(" ")
        fields["street"] = f"{number} {self.slip(rest)}" if self.rng.random() < 0.7 else f"{self.slip(number)} {rest}"

    def spelt_mailbox(self, fields: Fields) -> None:
        local, _, domain = fields["email"].partition("@")
        if domain == "gmail.com":
            local = local[:2] + "." + local[2:] if "." not in local else local.replace(".", "")
        fields["email"] = f"{local.title()}+{self.rng.choice(('loans', 'x', 'spam'))}@{domain}"

    def swapped(self, fields: Fields) -> None:
        fields["first_name"], fields["last_name"] = fields["last_name"], fields["first_name"]

    def initial(self, fields: Fields) -> None:
        fields["first_name"] = fields["first_name"][0]

    def double_name(self, fields: Fields) -> None:
        fields["first_name"] += " " + self.rng.choice((WOMEN, MEN)[self.rng.random() < 0.5]).title()

    def other_format(self, fields: Fields) -> None:
        """Capitals, another short form of the street, ZIP+4, the full name in one field."""
        fields |= {name: fields[name].upper() for name in ("first_name", "last_name", "street", "city")}
        fields["postal_code"] += f"-{self.rng.randint(1000, 9999)}"
        for long, short in KINDS:
            fields["street"] = fields["street"].replace(f" {long.upper()}", f" {short}.")
        if self.rng.random() < 0.3:
            fields["full_name"] = f"{fields.pop('first_name')} {fields.pop('last_name')}"
            fields |= {"first_name": "", "last_name": ""}

    def slip(self, word: str) -> str:
        """One slip of a finger: a letter left out, doubled, swapped or hit beside."""
        if len(word) < 3:
            return word
        # Seldom in the first letter, which people look at.
        place = self.rng.randrange(0 if self.rng.random() < 0.08 else 1, len(word) - 1)
        other = self.rng.choice("0123456789" if word[place].isdigit() else "abcdefghijklmnoprstuvwy")
        return self.rng.choice([
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            word[:place] + other + word[place + 1 :],
        ])  # fmt: skip

    # Two persons -----------------------------------------------------------------------------------------------------

    def different(self) -> Pair:
        """Two persons, most of them easily mistaken."""
        makers = [self.spouse, self.twins, self.siblings, self.father_and_son, self.flatmates, self.namesakes,
                  self.namesakes_in_town, self.neighbours, self.nearly_namesakes, self.colleagues, self.same_birthday,
                  self.strangers]  # fmt: skip
        maker = self.rng.choices(makers, weights=[14, 7, 10, 6, 8, 12, 8, 6, 9, 5, 6, 5])[0]
        a = self.person()
        b = maker(a)
        born = a["date_of_birth"], b["date_of_birth"]
        self.leave_out(a, b)
        if maker == self.father_and_son and self.rng.random() < 0.9:
            # Without their birthdays nobody could tell them apart.
            a["date_of_birth"], b["date_of_birth"] = born
        for fields in (a, b):
            if self.rng.random() < 0.25:
                self.rng.choice([self.slip_name, self.other_format, self.slip_street])(fields)
        one, other = self.rng.sample([a, b], 2)
        return Pair(one, other, False, maker.__name__)

    def other(self, a: Fields, *shared: str, **given: str) -> Fields:
        """Somebody else who shares these details."""
        b = self.person()
        while b["first_name"] == a["first_name"]:
            b = self.person()
        b |= {name: a[name] for name in shared} | given
        if "email" not in shared and "email" not in given:
            self_year = int(b["date_of_birth"][:4])
            b["email"] = self.mailbox(b["first_name"].lower(), b["last_name"].lower(), self_year)
        return b

    _HOME = ("street", "city", "state", "postal_code")

    def household(self, *, phone: float, email: float) -> tuple[str, ...]:
        """What people who live together share."""
        return (*self._HOME, *(("phone",) if self.rng.random() < phone else ()),
                *(("email",) if self.rng.random() < email else ()))  # fmt: skip

    def spouse(self, a: Fields) -> Fields:
        return self.other(a, "last_name", *self.household(phone=0.6, email=0.3))

    def twins(self, a: Fields) -> Fields:
        b = self.other(a, "last_name", "date_of_birth", *self.household(phone=0.5, email=0.1))
        if self.rng.random() < 0.3:
            names = self.rng.sample(self.rng.choice(RHYMES), 2)
            a["first_name"], b["first_name"] = (name.title() for name in names)
        return b

    def siblings(self, a: Fields) -> Fields:
        year = int(a["date_of_birth"][:4]) + self.rng.choice((-5, -3, -2, -1, 1, 2, 4))
        return self.other(a, "last_name", *self.household(phone=0.4, email=0.1), date_of_birth=self.day(year))

    def father_and_son(self, a: Fields) -> Fields:
        """Of one name, and often told apart by nothing but their birthdays and the mail."""
        b = self.other(a, "last_name", *self.household(phone=0.4, email=0.0), first_name=a["first_name"])
        b["date_of_birth"] = self.day(int(a["date_of_birth"][:4]) + self.rng.choice((-1, 1)) * self.rng.randint(18, 38))
        if self.rng.random() < 0.4:
            a["last_name"], b["last_name"] = f"{a['last_name']} Sr", f"{b['last_name']} Jr"
        return b

    def flatmates(self, a: Fields) -> Fields:
        return self.other(a, *self.household(phone=0.15, email=0.0))

    def namesakes(self, a: Fields) -> Fields:
        return self.other(a, "last_name", first_name=a["first_name"])

    def namesakes_in_town(self, a: Fields) -> Fields:
        b = self.other(a, "last_name", "city", "state", first_name=a["first_name"])
        return b | {"postal_code": f"{a['postal_code'][:3]}{self.rng.randint(1, 60):02d}", "phone": self.phone(a)}

    def neighbours(self, a: Fields) -> Fields:
        number, _, rest = a["street"].partition(" ")
        return self.other(a, "city", "state", "postal_code", street=f"{int(number) + self.rng.choice((-2, 2))} {rest}")

    def nearly_namesakes(self, a: Fields) -> Fields:
        """Two names a letter apart in one town."""
        b = self.other(
            a, "city", "state", "postal_code", first_name=a["first_name"], last_name=self.slip(a["last_name"])
        )
        return b | {"phone": self.phone(a)}

    def colleagues(self, a: Fields) -> Fields:
        return self.other(a, "phone", "city", "state")

    def same_birthday(self, a: Fields) -> Fields:
        return self.other(a, "date_of_birth", self.rng.choice(("last_name", "postal_code", "city")))

    def strangers(self, a: Fields) -> Fields:
        return self.other(a)
