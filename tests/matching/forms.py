"""How people get onto forms: what is asked, how it is written, and what goes wrong on the way.

The kinds of error are those of the literature (Damerau, CACM 7, 1964: four in five misspelt words are one insertion,
omission, substitution or transposition away; Christen and Pudjijono, "Accurate Synthetic Generation of Realistic
Personal Information", PAKDD 2009: typing by keyboard distance, scanning, hearing, swapped and missing fields). How
often each happens is taken from there and from how forms are filled in, not from the rules of the matcher, which it
measures.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.matching.crowd import Crowd, Home, Person, ranked
from tests.matching.names import CALLED, FAMILIES, HEARD

Fields = dict[str, str]

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEYPAD = ("123", "456", "789", " 0 ")
_SCANNED = (
    ("l", "1"), ("i", "1"), ("o", "0"), ("rn", "m"), ("m", "rn"), ("e", "c"), ("c", "e"), ("h", "b"), ("cl", "d"),
    ("u", "v"), ("v", "y"), ("n", "h"), ("s", "5"), ("g", "q"), ("t", "f"), ("a", "o"),
)  # fmt: skip
_SCANNED_DIGITS = {"0": "8", "1": "7", "3": "8", "5": "6", "6": "8", "8": "3", "7": "1", "9": "4", "4": "9", "2": "7"}
_SHORT = {"Street": "St", "Avenue": "Ave", "Drive": "Dr", "Road": "Rd", "Lane": "Ln", "Court": "Ct", "Boulevard":
          "Blvd", "Circle": "Cir", "Place": "Pl", "Way": "Way", "Terrace": "Ter", "Trail": "Trl"}  # fmt: skip
_TAGS = ("loans", "quotes", "spam", "junk", "auto", "x", "2026")


@dataclass(frozen=True, slots=True)
class Asks:
    """What a product's form asks, the same for everybody who sells to one order."""

    birth: bool
    street: bool
    city: bool

    @classmethod
    def drawn(cls, rng: random.Random) -> Asks:
        """Insurance and loans want a birthday, most products want a street, the ZIP says the city."""
        return cls(rng.random() < 0.6, rng.random() < 0.85, rng.random() < 0.85)


class Forms:
    """Fills in forms for people."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.rng = crowd, crowd.rng

    # What becomes of a person between two forms, and what goes wrong on one ------------------------------------------

    def events(self) -> list[tuple[Callable[[Person], Person], float]]:
        """What happens in people's lives, with weights."""
        return [
            (self.other_mailbox, 12), (self.other_phone, 10), (self.moves_in_town, 6), (self.moves_away, 5),
            (self.other_apartment, 6), (self.marries, 7),
        ]  # fmt: skip

    def slips(self) -> list[tuple[Callable[[Fields], None], float]]:
        """What goes wrong, or goes otherwise, on a form, with weights."""
        return [
            (self.types_name, 15), (self.hears_name, 6), (self.scanned, 4), (self.nickname, 12), (self.initial, 3),
            (self.middle_name, 5), (self.swapped_names, 4), (self.goes_by_middle, 2), (self.spelt_mailbox, 8),
            (self.types_mailbox, 4), (self.slips_phone, 8), (self.types_street, 6), (self.slips_house, 3),
            (self.slips_zip, 3), (self.leaves_out_unit, 4), (self.swapped_day, 3), (self.slips_birth, 5),
            (self.leaves_out, 8), (self.provider_slip, 2),
        ]  # fmt: skip

    # Events

    def other_mailbox(self, person: Person) -> Person:
        return replace(person, email=self.crowd.mailbox(person.first, person.family, person.born[0]))

    def other_phone(self, person: Person) -> Person:
        return replace(person, phone=self.crowd.phone(person.home))

    def moves_in_town(self, person: Person) -> Person:
        return replace(person, home=self.crowd.home(near=person.home))

    def moves_away(self, person: Person) -> Person:
        return replace(person, home=self.crowd.home())

    def other_apartment(self, person: Person) -> Person:
        unit = f"{self.rng.randint(1, 60)}{self.rng.choice(('', 'A', 'B'))}"
        return replace(person, home=replace(person.home, unit=unit))

    def marries(self, person: Person) -> Person:
        """She takes his name, or adds it."""
        his = ranked(self.rng, FAMILIES, 9)
        if not person.woman:
            return self.moves_in_town(person)
        kept = self.rng.choice((his, his, f"{person.family}-{his}", f"{person.family} {his}"))
        return replace(person, family=kept)

    # The form itself

    def filled(self, person: Person, asks: Asks) -> Fields:
        """What a person tells when nothing goes wrong."""
        home = person.home
        fields = {
            "first_name": person.first,
            "last_name": f"{person.family} {person.suffix}".strip(),
            "email": person.email,
            "phone": person.phone,
            "street": _street(home) if asks.street else "",
            "city": home.city if asks.city else "",
            "state": home.state,
            "postal_code": home.postal_code,
            "date_of_birth": "{:04d}-{:02d}-{:02d}".format(*person.born) if asks.birth else "",
            "middle": person.middle,
        }
        # Forms want one of the two; some want one only, and some people give only one.
        missing = self.rng.random()
        if missing < 0.1:
            fields["email" if missing < 0.06 else "phone"] = ""
        return fields

    def written(self, fields: Fields) -> Fields:
        """The same as one form or another has it: capitals, short words, punctuation, one field for the name."""
        rng = self.rng
        told = {name: value for name, value in fields.items() if value and name != "middle"}
        style = rng.choice((str.title, str.title, str.title, str.upper, str.lower))
        for name in ("first_name", "last_name", "street", "city"):
            # `title` would make O'Neil of what already is McNeil.
            told |= {name: style(told[name])} if name in told and style is not str.title else {}
        if "street" in told and rng.random() < 0.5:
            told["street"] = _shortened(told["street"], rng.choice(("", ".")))
        if "phone" in told:
            told["phone"] = _phone(told["phone"], rng.randrange(5))
        if "date_of_birth" in told and rng.random() < 0.3:
            year, month, day = told["date_of_birth"].split("-")
            told["date_of_birth"] = rng.choice((f"{month}/{day}/{year}", f"{int(month)}/{int(day)}/{year}"))
        if rng.random() < 0.1 and {"first_name", "last_name"} <= told.keys():
            told["full_name"] = f"{told.pop('first_name')} {told.pop('last_name')}"
        if rng.random() < 0.08 and len(told["postal_code"]) == 5:
            told["postal_code"] += f"-{rng.randint(1000, 9999)}"
        return told

    # Slips

    def types_name(self, fields: Fields) -> None:
        for name in self.rng.choice((("first_name",), ("last_name",), ("last_name",), ("first_name", "last_name"))):
            fields[name] = self._typed(fields[name])

    def hears_name(self, fields: Fields) -> None:
        """A call centre writes what it hears."""
        name = self.rng.choice(("first_name", "last_name", "last_name"))
        told = fields[name].lower()
        fitting = [(heard, put) for heard, put in HEARD if heard in told[1:] or told.startswith(heard)]
        if fitting:
            heard, put = self.rng.choice(fitting)
            fields[name] = told.replace(heard, put, 1).title()
        else:
            fields[name] = self._typed(fields[name])

    def scanned(self, fields: Fields) -> None:
        """Read from paper: letters, or a digit of a number."""
        rng = self.rng
        name = rng.choice(("first_name", "last_name", "street", "phone", "postal_code"))
        told = fields[name].lower()
        if name in ("phone", "postal_code") and told:
            place = rng.randrange(len(told))
            fields[name] = told[:place] + _SCANNED_DIGITS[told[place]] + told[place + 1 :]
        fitting = [(seen, read) for seen, read in _SCANNED if seen in told[1:]]
        if fitting and name in ("first_name", "last_name", "street"):
            seen, read = rng.choice(fitting)
            fields[name] = (told[:1] + told[1:].replace(seen, read, 1)).title()

    def nickname(self, fields: Fields) -> None:
        names = CALLED.get(fields["first_name"])
        fields["first_name"] = self.rng.choice(names) if names else self._typed(fields["first_name"])

    def initial(self, fields: Fields) -> None:
        fields["first_name"] = fields["first_name"][:1] + self.rng.choice(("", ".", f" {fields['middle']}"))

    def middle_name(self, fields: Fields) -> None:
        fields["first_name"] += " " + self.rng.choice((fields["middle"], fields["middle"][:1], fields["middle"][:1]))

    def goes_by_middle(self, fields: Fields) -> None:
        fields["first_name"] = self.rng.choice((fields["middle"], f"{fields['first_name'][:1]} {fields['middle']}"))

    def swapped_names(self, fields: Fields) -> None:
        fields["first_name"], fields["last_name"] = fields["last_name"], fields["first_name"]

    def spelt_mailbox(self, fields: Fields) -> None:
        """A tag for whoever sells the address; in Gmail, dots."""
        local, at, domain = fields["email"].partition("@")
        if not at:
            return
        if domain == "gmail.com" and self.rng.random() < 0.6:
            place = self.rng.randrange(1, len(local))
            local = local.replace(".", "") if "." in local else f"{local[:place]}.{local[place:]}"
        if self.rng.random() < 0.6:
            local = f"{local}+{self.rng.choice(_TAGS)}"
        fields["email"] = f"{local}@{domain}" if self.rng.random() < 0.7 else f"{local}@{domain}".title()

    def types_mailbox(self, fields: Fields) -> None:
        local, at, domain = fields["email"].partition("@")
        fields["email"] = f"{self._typed(local).lower()}@{domain}" if at else ""

    def provider_slip(self, fields: Fields) -> None:
        """The provider misremembered: the same name at another one."""
        local, at, _ = fields["email"].partition("@")
        fields["email"] = f"{local}@{self.rng.choice(('gmail.com', 'yahoo.com', 'hotmail.com'))}" if at else ""

    def slips_phone(self, fields: Fields) -> None:
        phone = fields["phone"]
        if not phone:
            return
        place = self.rng.randrange(3, 9)
        if self.rng.random() < 0.5 and phone[place] != phone[place + 1]:
            fields["phone"] = phone[:place] + phone[place + 1] + phone[place] + phone[place + 2 :]
        else:
            fields["phone"] = phone[:place] + self._beside(phone[place], _KEYPAD) + phone[place + 1 :]

    def types_street(self, fields: Fields) -> None:
        number, _, rest = fields["street"].partition(" ")
        name, _, tail = rest.partition(" ")
        fields["street"] = f"{number} {self._typed(name)} {tail}".strip()

    def slips_house(self, fields: Fields) -> None:
        number, _, rest = fields["street"].partition(" ")
        if len(number) > 1 and self.rng.random() < 0.5:
            fields["street"] = f"{number[:-2]}{number[-1]}{number[-2]} {rest}"
        elif number:
            fields["street"] = f"{number[:-1]}{self._beside(number[-1], _ROWS)} {rest}"

    def slips_zip(self, fields: Fields) -> None:
        """A digit, or the ZIP of the next town."""
        code, place = fields["postal_code"], self.rng.randrange(1, 5)
        fields["postal_code"] = self.rng.choice((
            code[:place] + self._beside(code[place], _ROWS) + code[place + 1 :],
            code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :],
            f"{code[:3]}{self.rng.randint(1, 99):02d}",
        ))  # fmt: skip

    def leaves_out_unit(self, fields: Fields) -> None:
        fields["street"] = fields["street"].partition(" Apt")[0]

    def swapped_day(self, fields: Fields) -> None:
        year, _, rest = fields["date_of_birth"].partition("-")
        month, _, day = rest.partition("-")
        if rest and int(day) <= 12:
            fields["date_of_birth"] = f"{year}-{day}-{month}"

    def slips_birth(self, fields: Fields) -> None:
        """The next line of a list of days, months or years; a digit."""
        if not fields["date_of_birth"]:
            return
        year, month, day = (int(part) for part in fields["date_of_birth"].split("-"))
        step = self.rng.choice((-1, 1))
        year, month, day = self.rng.choice((
            (year + step, month, day), (year, (month + step - 1) % 12 + 1, day),
            (year, month, (day + step - 1) % 28 + 1), (year + 10 * step, month, day),
            (year, month, (day + 10 * step - 1) % 28 + 1),
        ))  # fmt: skip
        fields["date_of_birth"] = f"{year:04d}-{month:02d}-{day:02d}"

    def leaves_out(self, fields: Fields) -> None:
        """Somebody would rather not say."""
        names = [name for name in ("email", "phone", "street", "date_of_birth", "city") if fields[name]]
        name = self.rng.choice(names)
        if name not in ("email", "phone") or (fields["email"] and fields["phone"]):
            fields[name] = ""

    def _typed(self, word: str) -> str:
        """One slip of a finger; more often in the middle of a word than at its beginning."""
        rng = self.rng
        if len(word) < 3:
            return word
        place = rng.randrange(1, len(word)) if rng.random() < 0.9 else 0
        how = rng.random()
        if how < 0.3:
            return word[:place] + self._beside(word[place], _ROWS) + word[place + 1 :]
        if how < 0.6:
            return word[:place] + word[place + 1 :]
        if how < 0.8 and place + 1 < len(word):
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        return word[: place + 1] + rng.choice((word[place], self._beside(word[place], _ROWS))) + word[place + 1 :]

    def _beside(self, key: str, rows: tuple[str, ...]) -> str:
        """A key next to another."""
        for n, row in enumerate(rows):
            place = row.find(key.lower())
            if place >= 0:
                near = [row[p] for p in (place - 1, place + 1) if 0 <= p < len(row)]
                near += [rows[m][place] for m in (n - 1, n + 1) if 0 <= m < len(rows) and place < len(rows[m])]
                near = [other for other in near if other.isdigit() == key.isdigit() and other != " "]
                return self.rng.choice(near) if near else key
        return key


def _street(home: Home) -> str:
    unit = f" Apt {home.unit}" if home.unit else ""
    return f"{home.number} {home.street} {home.kind}{unit}"


def _shortened(street: str, stop: str) -> str:
    words = [next((f"{short}{stop}" for long, short in _SHORT.items() if word.lower() == long.lower()), word)
             for word in street.split()]  # fmt: skip
    return " ".join(words).replace("Apt ", "#") if stop else " ".join(words)


def _phone(digits: str, style: int) -> str:
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return (
        digits, f"+1{digits}", f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"1 {area}.{exchange}.{line}"
    )[style]  # fmt: skip
