"""Plausible people: common US names of many origins, real ZIPs with their cities and area codes, everyday mail.

Nobody here is real. Phones are numbers that the numbering plan allows; none is ever dialled by the demo.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache

import phonenumbers
import zipcodes

_FIRST = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret "
    "Donald Ashley Steven Kimberly Andrew Emily Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa "
    "Timothy Deborah Ronald Stephanie Jason Rebecca George Sharon Edward Laura Jeffrey Cynthia Ryan Dorothy Jacob Amy "
    "Nicholas Kathleen Gary Angela Eric Shirley Jonathan Emma Stephen Brenda Larry Pamela Justin Nicole Scott Anna "
    "Brandon Samantha Benjamin Katherine Samuel Christine Gregory Helen Alexander Debra Patrick Rachel Frank Carolyn "
    "Raymond Janet Jack Maria Dennis Olivia Jerry Heather Tyler Diane Aaron Julie Jose Joyce Adam Victoria Nathan "
    "Ruth Henry Virginia Zachary Lauren Douglas Kelly Peter Christina Kyle Joan Noah Evelyn Ethan Judith Jeremy "
    "Andrea Christian Hannah Walter Megan Keith Cheryl Austin Jacqueline Roger Martha Terry Madison Sean Teresa "
    "Priya Wei Nguyen Aaliyah DeShawn Siobhan Xiomara Bjorn Oluwaseun Ines Santiago Lakshmi Ahmed Fatima Yuki Ho"
).split()
_LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera "
    "Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart "
    "Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox "
    "Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders "
    "Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes "
    "Okafor Nakamura Kowalski Szczesny O'Brien O'Neill Ng Xu Schwarzkopf Tkachenko Al-Hassan McDonald Van-Dyke Butts "
    "Gaylord Dikshit Yamamoto Petrov Haddad Johansson Fischer Moreau Rossi Silva Santos Mbeki Adeyemi Kaur Singh Wu"
).split()
_STREETS = (
    "Maple Oak Cedar Elm Washington Lake Hill Walnut Spring Ridge Church Willow Mill Sunset Railroad Jackson "
    "Franklin Highland Forest Jefferson River Meadow Adams Chestnut Center Park Lincoln Birch Valley Madison"
).split()
_KINDS = ("St", "Ave", "Rd", "Dr", "Ln", "Ct", "Blvd", "Way", "Pl")
_MAIL = ("gmail.com", "gmail.com", "gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "aol.com",
         "comcast.net", "att.net", "verizon.net", "protonmail.com", "live.com", "me.com", "msn.com")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A ZIP that people live in."""

    postal_code: str
    city: str
    state: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who fills in the form."""

    first_name: str
    last_name: str
    email: str
    #: Ten digits.
    phone: str
    street: str
    place: Place


class People:
    """Makes people that differ in phone and e-mail, repeatably for one random generator."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._places = _places()
        self._phones: set[str] = set()
        self._mails: set[str] = set()

    def person(self, states: Collection[str] = (), *, without_zips: tuple[str, ...] = ()) -> Person:
        """Make a person; `states` limits where, `without_zips` are beginnings of ZIPs to avoid."""
        rng = self._rng
        place = self._place(states, without_zips)
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        street = f"{rng.randint(1, 9899)} {rng.choice(_STREETS)} {rng.choice(_KINDS)}"
        return Person(first, last, self.email(first, last), self.phone(place.area_code), street, place)

    def elsewhere(self, person: Person) -> Person:
        """The same person with the number of another state: moved house and kept the phone."""
        while (other := self._rng.choice(self._places)).state == person.place.state:
            continue
        return replace(person, phone=self.phone(other.area_code))

    def email(self, first: str, last: str) -> str:
        """Make a new everyday address for a name."""
        rng = self._rng
        first, last = (_letters(name) for name in (first, last))
        while True:
            form = rng.choice(("{f}.{l}{n}", "{f}{l}{n}", "{i}{l}{n}", "{f}_{l}{n}", "{l}.{f}{n}"))
            local = form.format(f=first, l=last, i=first[0], n=rng.randint(1, 9999))
            mail = f"{local}@{rng.choice(_MAIL)}"
            if mail not in self._mails:
                self._mails.add(mail)
                return mail

    def phone(self, area_code: str) -> str:
        """Make a new number of an area: valid in the numbering plan, not fictional, without a pattern."""
        rng = self._rng
        while True:
            exchange = str(rng.randint(220, 989))
            digits = f"{area_code}{exchange}{rng.randint(1000, 9999)}"
            if exchange[1:] == "11" or exchange == "555" or len(set(digits)) < 5 or digits in self._phones:
                continue
            if phonenumbers.is_valid_number(phonenumbers.parse(digits, "US")):
                self._phones.add(digits)
                return digits

    def _place(self, states: Collection[str], without_zips: tuple[str, ...]) -> Place:
        while True:
            place = self._rng.choice(self._places)
            if (not states or place.state in states) and not place.postal_code.startswith(without_zips or ("-",)):
                return place


@cache
def _places() -> tuple[Place, ...]:
    """Every ordinary ZIP of the fifty states and DC with an area code that the numbering plan knows."""
    return tuple(
        Place(entry["zip_code"], entry["city"], entry["state"], entry["area_codes"][0])
        for entry in zipcodes.list_all()  # type: ignore[no-untyped-call]
        if entry["zip_code_type"] == "STANDARD"
        and entry["active"]
        and entry["state"] not in ("PR", "VI", "GU", "AS", "MP", "AA", "AE", "AP")
        and entry["area_codes"]
        and phonenumbers.is_valid_number(phonenumbers.parse(f"{entry['area_codes'][0]}2345678", "US"))
    )


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
