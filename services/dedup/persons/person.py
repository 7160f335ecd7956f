"""A person as it is compared: details under any usual name, in one spelling, whatever is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.dedup.canonical import canonical_email, folded, street_words

_SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "rev"})
_PHONE_DIGITS = 10

#: Details by the names that they go by, without spaces, dots, hyphens, underscores and case.
_NAMES = {
    name: detail
    for detail, names in {
        "first_name": "firstname givenname given first fname forename",
        "middle_name": "middlename middle mname middleinitial",
        "last_name": "lastname surname familyname last lname",
        "full_name": "fullname name contactname",
        "suffix": "suffix namesuffix generation",
        "email": "email emailaddress mail",
        "phone": "phone phonenumber telephone mobile cell homephone primaryphone tel mobilephone cellphone",
        "house": "streetnumber housenumber streetno houseno",
        "street": "street address address1 streetaddress addressline1 streetname addr addr1",
        "street_2": "address2 addressline2 addr2",
        "unit": "unit apartment apt unitnumber",
        "city": "city suburb town locality place",
        "state": "state province region statecode",
        "postal_code": "postalcode zip zipcode postcode zip5",
        "date_of_birth": "dateofbirth dob birthdate birthday birth",
        "identifier": "ssn socsecid socialsecuritynumber socialsecurity nationalid taxid nin",
        "gender": "gender sex",
    }.items()
    for name in names.split()
}
_SQUASHED = re.compile(r"[_\-. ]")
_NO_DIGITS = re.compile(r"[^0-9]")


@dataclass(frozen=True, slots=True)
class Person:
    """What is told of somebody; empty where it is not."""

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    suffix: str = ""
    #: YYYYMMDD as told, though there may be no such day.
    birth: str = ""
    #: The last ten digits.
    phone: str = ""
    #: Of the canonical address.
    mailbox: str = ""
    domain: str = ""
    house: str = ""
    street: tuple[str, ...] = ()
    unit: str = ""
    #: A second line that is no apartment, such as a building.
    building: str = ""
    city: str = ""
    state: str = ""
    zip5: str = ""
    identifier: str = ""
    gender: str = ""

    @property
    def first(self) -> str:
        """The first given name; empty where none is told."""
        return self.given[0] if self.given else ""

    @property
    def last(self) -> str:
        """The family name in one word; empty where none is told."""
        return "".join(self.family)


def read_person(details: Mapping[str, str]) -> Person:
    """A person from details by name; what is not known by its name is passed over."""
    told: dict[str, str] = {}
    for name, value in details.items():
        detail = _NAMES.get(_SQUASHED.sub("", name).lower())
        if detail is not None and value and value.strip():
            told.setdefault(detail, value.strip())
    given, family, suffix = _name(told)
    mailbox, _, domain = canonical_email(told["email"]).rpartition("@") if "email" in told else ("", "", "")
    house, street, unit = _address(told)
    second = folded(told.get("street_2", ""))
    return Person(
        given=given,
        family=family,
        suffix=suffix,
        birth=_birth(told.get("date_of_birth", "")),
        phone=_phone(told.get("phone", "")),
        mailbox=mailbox,
        domain=domain,
        house=house,
        street=street,
        unit=unit,
        building=second if not unit or second.replace(" ", "") != unit else "",
        city=folded(told.get("city", "")),
        state=folded(told.get("state", "")),
        zip5=_NO_DIGITS.sub("", told.get("postal_code", ""))[:5],
        identifier=_NO_DIGITS.sub("", told.get("identifier", "")),
        gender=told.get("gender", "")[:1].lower(),
    )


def _name(told: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    given = folded(f"{told.get('first_name', '')} {told.get('middle_name', '')}").split()
    family = folded(told.get("last_name", "")).split()
    if not given and not family and "full_name" in told:
        last, comma, first = told["full_name"].partition(",")
        if comma and folded(first) not in _SUFFIXES:
            given, family = folded(first).split(), folded(last).split()
        else:
            words = [word for word in folded(told["full_name"]).split() if word not in _TITLES]
            tail = 2 if len(words) > 2 and words[-1] in _SUFFIXES else 1
            given, family = words[:-tail], words[-tail:]
    suffix = _SUFFIXES.get(folded(told.get("suffix", "")), "")
    for words in (given, family):
        if len(words) > 1 and words[-1] in _SUFFIXES:
            suffix = suffix or _SUFFIXES[words.pop()]
    return tuple(word for word in given if word not in _TITLES), tuple(family), suffix


def _birth(text: str) -> str:
    """ISO, compact, or with slashes: the year is where four digits are; else by American use, month first."""
    parts = re.split(r"[^0-9]+", text.strip("'\" "))
    parts = [part for part in parts if part]
    if len(parts) == 1 and len(parts[0]) == 8:
        return parts[0]
    if len(parts) < 3:
        return ""
    if len(parts[0]) == 4:
        year, month, day = parts[:3]
    elif len(parts[2]) == 4:
        month, day, year = parts[:3]
    else:
        return ""
    return f"{year}{int(month):02d}{int(day):02d}" if len(month) < 3 and len(day) < 3 else ""


def _phone(text: str) -> str:
    digits = _NO_DIGITS.sub("", text)
    return digits[-_PHONE_DIGITS:] if len(digits) >= 6 else ""


def _address(told: Mapping[str, str]) -> tuple[str, tuple[str, ...], str]:
    """House number, street, apartment."""
    words = street_words(f"{told.get('street', '')}")
    unit = folded(told.get("unit", "")).replace(" ", "")
    second = street_words(told.get("street_2", ""))
    if second[:1] == ["apt"]:
        unit = unit or "".join(second[1:])
    if "apt" in words:
        place = words.index("apt")
        unit = unit or "".join(words[place + 1 :])
        words = words[:place]
    house = folded(told.get("house", "")).replace(" ", "")
    if not house and words and words[0][:1].isdigit():
        house, words = words[0], words[1:]
    return house.lstrip("0"), tuple(words), unit
